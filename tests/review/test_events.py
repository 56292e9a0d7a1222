"""The log: gapless, append-only in the database itself, and no tampering goes unnoticed."""

# ruff: noqa: S608 - the statements are made of our own words

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Table, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from heatmap.feedback import answer_feedback, leave_feedback
from heatmap.publications import publish, share, withdraw
from review.corrections.records import correct_record
from review.corrections.searches import withdraw_search
from review.decisions.adjudication import adjudicate
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.decisions.reopening_requests import ask_to_reopen, refuse_reopening
from review.decisions.stopping import stop_screening
from review.duplicates.judgements import judge
from review.events import GENESIS, event_content, event_hash, record_act, row_line
from review.reports.retrieval import remove
from review.storage.database import Database
from review.storage.triggers import APPEND_ONLY
from review.studies.agreement import agree
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.lists import keep_list
from review.studies.known_contracts.matches import match_automatically
from review.studies.known_contracts.projects import KnownProject
from review.studies.studies import add_study
from review.tables import (
    AdjudicatedDecision,
    Adjudication,
    AdjudicationWithdrawal,
    AgreedCode,
    Base,
    Closing,
    ClusterMembership,
    Code,
    Comment,
    ConsensusAnswer,
    ConsensusProposal,
    Decision,
    DuplicateJudgement,
    Event,
    FullText,
    ImportedDecision,
    ImportFile,
    Record,
    RejectedBlock,
    Removal,
    Reopening,
    Retrieval,
    RoundRule,
    StudyContract,
    StudyReport,
    act_tables,
)
from review.tables.base import utc_now
from review.verify import verify
from review.vocabulary import Act, AgreedBy, Judgement, RemovalKind, Stage, Verdict
from screening.queue.assignments import assign
from screening.queue.calibration import begin, end
from screening.queue.schedule import set_schedule
from tests.factories import Cast, include_fully, make_records, make_review

# Nothing writes these here.
NEVER_EMPTY = set(APPEND_ONLY) - {"external_id", "full_text", "publication", "rejected_block"}


def make_everything(session: Session) -> Cast:
    """Make a review in which every kind of act has been done."""
    cast = make_review(session)
    in_review = {"review_id": cast.review_id}
    first, second, third, fourth, fifth, _ = make_records(session, cast.review_id, 6)
    include_fully(session, cast, first)
    include = decide(session, record_id=second, stage=Stage.TITLE_ABSTRACT,
                     verdict=Verdict.INCLUDE, by=cast.reviewer_a, note="Perhaps.", seconds=1.25,
                     marked_words=["paid for outcomes"], **in_review)  # fmt: skip
    exclude = decide(session, record_id=second, stage=Stage.TITLE_ABSTRACT,
                     verdict=Verdict.EXCLUDE, by=cast.reviewer_b, **in_review)  # fmt: skip
    adjudication = adjudicate(
        session, record_id=second, stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE,
        settles=[include.id, exclude.id], by=cast.adjudicator, **in_review,
    )  # fmt: skip
    reopen(session, record_id=second, stage=Stage.TITLE_ABSTRACT, why="Again.", by=cast.lead,
           **in_review)  # fmt: skip
    request = ask_to_reopen(session, record_id=first, stage=Stage.TITLE_ABSTRACT, why="A slip.",
                            by=cast.reviewer_a, **in_review)  # fmt: skip
    refuse_reopening(session, request_id=request.id, why="It is right.", by=cast.lead, **in_review)
    closing = Closing(
        id=uuid4(), stage=Stage.TITLE_ABSTRACT, reviewer_id=cast.reviewer_a.account_id
    )
    record_act(
        session, review_id=cast.review_id, act=Act.CLOSE_DECISIONS, by=cast.reviewer_a,
        rows=[closing],
    )  # fmt: skip
    remove(
        session,
        record_id=third,
        kind=RemovalKind.OTHER,
        why="Retracted.",
        by=cast.lead,
        **in_review,
    )
    judge(session, left_id=third, right_id=fourth, verdict=Judgement.DUPLICATE, by=cast.lead,
          **in_review)  # fmt: skip
    study = add_study(session, label="Doe 2001", reports=[first], by=cast.lead, **in_review)
    contract = add_contract(session, label="Peterborough", by=cast.lead, **in_review)
    listed = IndigoFile([KnownProject("A-1", "Peterborough")])
    keep_list(session, found=listed, name="all.zip", by=cast.lead, **in_review)
    match_automatically(session, by=cast.lead, **in_review)
    link_contract(session, study_id=study.id, contract_id=contract.id, by=cast.lead, **in_review)
    code(session, item="design", value="trial", study_id=study.id, by=cast.reviewer_a, **in_review)
    code(session, item="design", value="case", study_id=study.id, by=cast.reviewer_b, **in_review)
    agree(session, item="design", value="case", study_id=study.id, basis=AgreedBy.ADJUDICATION,
          by=cast.lead, **in_review)  # fmt: skip
    record_act(
        session, review_id=cast.review_id, act=Act.IMPORT_DECISIONS, by=cast.lead,
        rows=imported_decision_rows(fifth, cast.lead.account_id),
    )  # fmt: skip
    calibration = begin(session, stage=Stage.TITLE_ABSTRACT, label="First", n=1, by=cast.lead,
                        **in_review)  # fmt: skip
    end(session, calibration_set_id=calibration.id, by=cast.lead, **in_review)
    set_schedule(session, stage=Stage.FULL_TEXT, note="Soon.", by=cast.lead, **in_review)
    assign(session, account_id=cast.reviewer_a.account_id, workload=2, by=cast.lead, **in_review)
    record_act(session, review_id=cast.review_id, act=Act.COMMENT, by=cast.lead,
               rows=talking_rows(cast, second, adjudication.id))  # fmt: skip
    stop_screening(session, rule="95 %", numbers={"p": 0.04}, by=cast.lead, **in_review)
    [misplaced] = make_records(session, cast.review_id)
    wrong = session.get_one(Record, misplaced)
    withdraw_search(session, search_id=wrong.search_id, why="A mistake.", by=cast.lead, **in_review)
    correct_record(session, record_id=misplaced, fields={"year": "1999"}, source="The report.",
                   by=cast.lead, **in_review)  # fmt: skip
    published = publish(session, title="A map", by=cast.lead, **in_review)
    link, _ = share(session, publication_id=published.id, by=cast.lead, **in_review)
    said = leave_feedback(session, link=link, publication=published, text="One is missing.")
    answer_feedback(session, feedback_id=said.id, answer="Added.", by=cast.lead, **in_review)
    withdraw(session, publication_id=published.id, why="A mistake.", by=cast.lead, **in_review)
    return cast


def talking_rows(cast, record_id, adjudication_id):
    """Return rows of undoing, proposing, answering, commenting, and new rules."""
    on = {"record_id": record_id, "stage": Stage.TITLE_ABSTRACT, "round": 1}
    a, b = (reviewer.account_id for reviewer in cast.reviewers)
    proposal = ConsensusProposal(id=uuid4(), reviewer_id=a, verdict=Verdict.INCLUDE, **on)
    return [
        proposal,
        ConsensusAnswer(id=uuid4(), proposal_id=proposal.id, reviewer_id=b, agrees=False),
        AdjudicationWithdrawal(id=uuid4(), adjudication_id=adjudication_id),
        Comment(id=uuid4(), author_id=a, text="Why?", **on),
        RoundRule(id=uuid4(), protocol_version=1, why="The same for all.", **on),
    ]


def imported_decision_rows(record_id, reviewer_id):
    """Return the rows of an imported decision."""
    decision = Decision(
        id=uuid4(), record_id=record_id, stage=Stage.TITLE_ABSTRACT, round=1,
        reviewer_id=reviewer_id, verdict=Verdict.MAYBE, protocol_version=1, decided_at=utc_now(),
    )  # fmt: skip
    imported = ImportedDecision(
        id=uuid4(), decision_id=decision.id, named_author="Zoë", named_verdict="Maybe"
    )
    return [decision, imported]


def test_the_chain_is_gapless_and_every_link_follows(session):
    cast = make_everything(session)

    events = session.scalars(
        select(Event).where(Event.review_id == cast.review_id).order_by(Event.number)
    ).all()

    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.previous_hash for event in events] == [
        GENESIS, *[event.hash for event in events[:-1]]
    ]  # fmt: skip
    assert all(event.hash == event_hash(event_content(event)) for event in events)
    assert [fault.what for fault in verify(session)] == []


def test_every_act_names_who_did_it_and_when(session):
    cast = make_everything(session)

    events = session.scalars(select(Event).where(Event.review_id == cast.review_id)).all()
    decisions = session.scalars(select(Decision).where(Decision.review_id == cast.review_id)).all()

    actor = {event.number: event.actor_id for event in events}
    assert all(actor[decision.event_number] == decision.reviewer_id for decision in decisions)
    assert all(event.at.utcoffset().total_seconds() == 0 for event in events)


def check_refused(session: Session, statement: str, match: str = "append-only") -> None:
    with pytest.raises(DBAPIError, match=match), session.begin_nested():
        session.execute(text(statement))


def test_the_database_itself_refuses_to_change_or_delete_an_act(session):
    make_everything(session)

    for table in sorted(NEVER_EMPTY):
        n = session.scalar(text(f"SELECT count(*) FROM {table}"))
        assert n > 0, f"no {table} was made"
        check_refused(session, f"UPDATE {table} SET review_id = review_id")
        check_refused(session, f"DELETE FROM {table}")


@pytest.mark.parametrize("kind", ["postgresql"])
def test_postgresql_refuses_to_truncate_an_act(session):
    for table in APPEND_ONLY:
        check_refused(session, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_refuses_to_replace_an_act(session):
    """REPLACE deletes the row it meets, and fires no DELETE trigger unless told to."""
    make_everything(session)

    for table in sorted(NEVER_EMPTY):
        check_refused(session, f"REPLACE INTO {table} SELECT * FROM {table}")


# ------------------------------------------------------------------------------------- tampering


def drop_triggers(connection: Connection) -> None:
    for table in APPEND_ONLY:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{verb}")


def faults_after(connection: Connection, *statements: str) -> list[str]:
    """Do what somebody with the database's password could do; return what verify finds."""
    with connection.begin() as transaction:
        drop_triggers(connection)
        for statement in statements:
            assert connection.execute(text(statement)).rowcount >= 1, statement
        with Session(connection) as session:
            faults = [f"{fault.review}: {fault.what}" for fault in verify(session)]
        transaction.rollback()
    return faults


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    with database.writer.connect() as connection:
        if database.is_sqlite:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys = OFF")
        yield connection
        connection.invalidate()


EVENT = "(SELECT event_number FROM {table} ORDER BY event_number LIMIT 1)"
LAST = "(SELECT max(number) FROM event)"

# What is done, and the event that must be named: one that is given, or the one a table's first
# row belongs to.
TAMPERINGS: dict[str, tuple[tuple[str, ...], int | str]] = {
    "a verdict is flipped": (
        ("UPDATE decision SET verdict = 'exclude', exclusion_reason = 'date'"
         " WHERE event_number = " + EVENT.format(table="decision"),),
        "decision",
    ),
    "a decision is given to another reviewer": (
        ("UPDATE decision SET reviewer_id = (SELECT account_id FROM membership"
         " WHERE role = 'lead') WHERE event_number = " + EVENT.format(table="decision"),),
        "decision",
    ),
    "an abstract is changed": (
        ("UPDATE record SET abstract = 'Nothing.' WHERE number = 1",), "import_file"
    ),
    "a note is taken away": (
        ("UPDATE decision SET note = NULL WHERE note IS NOT NULL",), "noted"
    ),
    "an act's row is deleted": (
        ("DELETE FROM stop",), "stop"
    ),
    "an act's row is inserted": (
        ("INSERT INTO removal (id, event_number, review_id, record_id, kind, why)"
         " SELECT {new_id}, event_number, review_id, record_id, kind, why FROM removal",),
        "removal",
    ),
    "an act is moved to another event": (
        ("UPDATE removal SET event_number = 1",), 1
    ),
    "an event's actor is swapped": (
        ("UPDATE event SET actor_id = (SELECT reviewer_id FROM decision ORDER BY event_number"
         " LIMIT 1 OFFSET 1) WHERE number = " + EVENT.format(table="decision"),),
        "decision",
    ),
    "an event's act is reworded": (
        ("UPDATE event SET act = 'reopen' WHERE number = 4",), 4
    ),
    "an event's act is a word that nobody knows": (
        ("UPDATE event SET act = 'tidy_up' WHERE number = 4",), 4
    ),
    "an event's detail is changed": (
        ("UPDATE event SET detail = '{{}}' WHERE number = 2",), 2
    ),
    "an event is deleted": (
        ("DELETE FROM event WHERE number = 3",), 3
    ),
    "the last event is deleted": (
        (f"DELETE FROM event WHERE number = {LAST}",), "publication_withdrawal"
    ),
    "two events change places": (
        ("UPDATE event SET number = 1000 WHERE number = 5",
         "UPDATE event SET number = 5 WHERE number = 6",
         "UPDATE event SET number = 6 WHERE number = 1000"),
        5,
    ),
    "an event is inserted": (
        ("INSERT INTO event (review_id, number, act, actor_kind, at, n_rows, digest, detail,"
         " previous_hash, hash) SELECT review_id, number + 1, 'rank', 'model', at, 0, digest,"
         f" '{{{{}}}}', hash, digest FROM event WHERE number = {LAST}",),
        "after the last",
    ),
}  # fmt: skip


def test_tampering_is_found_and_the_first_bad_event_is_named(database):
    with database.writing() as session:
        make_everything(session)
        assert list(verify(session)) == []
        expected = {
            tampering: first_bad_event(session, at) for tampering, (_, at) in TAMPERINGS.items()
        }
    new_id = f"'{uuid4().hex if database.is_sqlite else uuid4()}'"
    found: dict[str, int | str] = {}

    with unguarded(database) as connection:
        for tampering, (statements, _) in TAMPERINGS.items():
            filled = [statement.format(new_id=new_id) for statement in statements]
            try:
                faults = faults_after(connection, *filled)
                found[tampering] = min(
                    int(number)
                    for fault in faults
                    for number in re.findall(r"\bevent (\d+)", fault)
                )
            except (LookupError, ValueError) as error:  # verify says what is wrong, never falls
                found[tampering] = repr(error)

    assert found == expected


def first_bad_event(session: Session, at: int | str) -> int:
    last_number = session.scalar(text("SELECT max(number) FROM event")) or 0
    match at:
        case int():
            return at
        case "after the last":
            return last_number + 1
        case "noted":
            where = "decision WHERE note IS NOT NULL"
        case _:
            where = at
    return session.scalar(text(f"SELECT min(event_number) FROM {where}")) or 0


def test_every_review_is_verified(database):
    with database.writing() as session:
        make_review(session)
        changed_cast = make_everything(session)
    changed_id = changed_cast.review_id.hex if database.is_sqlite else changed_cast.review_id

    with unguarded(database) as connection:
        faults = faults_after(
            connection, f"UPDATE stop SET rule = 'Bored.' WHERE review_id = '{changed_id}'"
        )

    assert [fault.partition(":")[0] for fault in faults] == [changed_cast.slug]


# ------------------------------------------------------------------------ one review and the next


def test_whatever_refers_to_a_row_of_a_review_cannot_refer_to_another_reviews():
    """Composite keys: a row that has a review, and points to one that has, points within it."""
    loose = [
        f"{table.name}.{key.column_keys}"
        for table in Base.metadata.sorted_tables
        if "review_id" in table.c
        for key in table.foreign_key_constraints
        if "review_id" in key.referred_table.c and "review_id" not in key.column_keys
    ]

    assert loose == []


def row_of(session: Session, table: Table, review_id: UUID) -> dict[str, Any]:
    row = session.execute(
        select(table).where(table.c.review_id == review_id).order_by(table.c.event_number).limit(1)
    ).mappings()
    return dict(row.one())


CROSSINGS = [
    (ImportFile, "search_id"),
    (Removal, "record_id"), (ClusterMembership, "record_id"), (ClusterMembership, "root_id"),
    (DuplicateJudgement, "left_id"), (DuplicateJudgement, "right_id"),
    (Decision, "record_id"), (Adjudication, "record_id"), (Reopening, "record_id"),
    (AdjudicatedDecision, "adjudication_id"), (AdjudicatedDecision, "decision_id"),
    (Retrieval, "record_id"), (StudyReport, "study_id"), (StudyReport, "record_id"),
    (StudyContract, "study_id"), (StudyContract, "contract_id"), (Code, "study_id"),
    (AgreedCode, "study_id"),
    (ConsensusProposal, "record_id"), (ConsensusAnswer, "proposal_id"), (Comment, "record_id"),
    (RoundRule, "record_id"),
]  # fmt: skip
UNIQUE_AGAIN = {"number": 99_999, "sha256": "f" * 64, "round": 99, "event_number": 1}


def test_a_row_that_points_into_another_review_is_refused(session):
    own_cast, foreign_cast = make_everything(session), make_everything(session)

    for table, column in CROSSINGS:
        own = row_of(session, table.__table__, own_cast.review_id)
        foreign = row_of(session, table.__table__, foreign_cast.review_id)
        unique = {name: value for name, value in UNIQUE_AGAIN.items() if name in own}
        row = own | unique | {"id": uuid4(), column: foreign[column]}
        if table is Decision:
            row |= {"idempotency_key": None}
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"), session.begin_nested():
            session.execute(insert(table), [row])


def test_the_same_rows_are_accepted_if_they_point_into_their_own_review(session):
    """The rows of the test above are refused for where they point, not for anything else."""
    cast = make_everything(session)

    for table, _ in CROSSINGS:
        if table in (AdjudicatedDecision, ConsensusAnswer):
            continue  # there is one for each thing that they refer to
        own = row_of(session, table.__table__, cast.review_id)
        unique = {name: value for name, value in UNIQUE_AGAIN.items() if name in own}
        with session.begin_nested() as savepoint:
            session.execute(insert(table), [own | unique | {"id": uuid4()}])
            savepoint.rollback()


def test_a_decision_supersedes_one_of_its_own_review_only(session):
    own, foreign = (
        row_of(session, Decision.__table__, make_everything(session).review_id) for _ in range(2)
    )
    superseding = select(Decision.supersedes_id).where(Decision.supersedes_id == foreign["id"])
    assert session.scalar(superseding) is None

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            insert(Decision),
            [own | {"id": uuid4(), "supersedes_id": foreign["id"], "round": 99}],
        )


def test_an_act_without_its_event_cannot_be_committed(database):
    with database.writing() as session:
        cast = make_everything(session)
        row = row_of(session, Removal.__table__, cast.review_id)

    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(insert(Removal), [row | {"id": uuid4(), "event_number": 10_000}])


def test_a_chain_cannot_fork(session):
    cast = make_everything(session)
    last = session.scalars(
        select(Event).where(Event.review_id == cast.review_id).order_by(Event.number.desc())
    ).first()
    twin = {c.name: getattr(last, c.name) for c in Event.__table__.columns}

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(insert(Event), [twin | {"number": last.number + 1}])


def test_every_act_table_is_append_only_and_part_of_the_log(database):
    names = {table.name for table in act_tables()} | {"event"}
    with database.reader.connect() as connection:
        catalogue = "sqlite_master WHERE type = 'trigger'"
        if not database.is_sqlite:
            catalogue = "pg_trigger WHERE NOT tgisinternal"
        column = "name" if database.is_sqlite else "tgname"
        query = f"SELECT {column} FROM {catalogue}"
        triggers = " ".join(connection.exec_driver_sql(query).scalars())
        present = set(inspect(connection).get_table_names())

    assert names <= present
    assert all(f"{name}_" in triggers for name in names)


# ------------------------------------------------------------------------------------ idempotency


def test_the_same_key_adds_no_second_event(session, cast):
    [record] = make_records(session, cast.review_id)
    asked: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": Stage.TITLE_ABSTRACT,
        "verdict": Verdict.INCLUDE, "idempotency_key": uuid4(),
    }  # fmt: skip
    first = [decide(session, by=cast.reviewer_a, **asked).id for _ in range(3)]
    theirs = decide(session, by=cast.reviewer_b, **asked)  # a key is its owner's own

    assert len(set(first)) == 1
    assert theirs.id != first[0]
    events = session.scalars(select(Event.act).where(Event.review_id == cast.review_id)).all()
    assert events.count(Act.DECIDE) == 2


def test_tables_that_nothing_writes_yet_are_append_only_too(session):
    cast = make_everything(session)
    record = row_of(session, Record.__table__, cast.review_id)
    rows = {
        FullText: {
            "record_id": record["id"], "sha256": "0" * 64, "name": "a.pdf", "n_bytes": 1,
            "event_number": 1,
        },
        RejectedBlock: {
            "import_file_id": record["import_file_id"], "block": 1, "line": 1, "raw": "",
            "reason": "",
        },
    }  # fmt: skip
    for table, row in rows.items():
        session.execute(insert(table), [row | {"id": uuid4(), "review_id": cast.review_id}])
        check_refused(session, f"DELETE FROM {table.__tablename__}")


def test_a_column_that_came_later_changes_no_digest_until_it_says_something():
    row = {"id": uuid4(), "title": "A title"}
    empty = row | {"journal_abbreviation": None, "other_abstracts": None}

    assert row_line("record", empty) == row_line("record", row)
    assert row_line("record", empty | {"journal_abbreviation": "J."}) != row_line("record", row)
    assert row_line("removal", row | {"why": None}) != row_line("removal", row)
