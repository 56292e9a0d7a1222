"""`verify` finds what the log knows, says so in words, and never falls over what it meets."""

# ruff: noqa: S608 - the statements are made of our own words

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.events import MODEL, canonical, record_act
from review.reports.retrieval import remove
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Base, Event, FullText, ModelRun, Review
from review.verify import head_of, verify
from review.verify.checks import CHECKS
from review.vocabulary import Act, RemovalKind, Stage
from tests.factories import Cast, make_records
from tests.review.test_events import drop_triggers, make_everything, unguarded

# Tables whose rows the log knows only in part, and those that it does not know.
IN_PART = {"review": {"id", "slug", "title"}, "membership": {"review_id", "account_id", "role"},
           "model_run": {"id", "review_id", "stage", "fingerprint"}, "account": {"id"}}  # fmt: skip
UNKNOWN = {"rank", "job", "share_link", "feedback", "reservation", "skip", "own_term",
           "record_label", "invitation", "api_token", "answered_request", "login_session",
           "login_attempt", "known_contract"}  # fmt: skip


@pytest.fixture
def cast(database: Database) -> Cast:
    """A review in which every kind of act has been done."""
    with database.writing() as session:
        cast = make_everything(session)
        run = ModelRun(
            id=uuid4(), review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, fingerprint="f" * 8,
            parameters={}, n_training=0, n_included=0, up_to_event=1,
        )  # fmt: skip
        session.add(run)
        session.flush()
        record_act(
            session, review_id=cast.review_id, act=Act.RANK, by=MODEL,
            subject=("model_run", run.id),
            detail={"stage": run.stage, "fingerprint": run.fingerprint, "n_records": 0},
        )  # fmt: skip
    return cast


def allow_anything(connection: Connection) -> None:
    """Switch off triggers, and on PostgreSQL foreign keys too, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    else:
        drop_triggers(connection)


@contextmanager
def spoiling(connection: Connection) -> Iterator[Session]:
    """Yield a session in which anything can be written; all of it is undone at the end."""
    with connection.begin() as transaction:
        allow_anything(connection)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def faults_of(session: Session, **more: Any) -> list[str]:
    return [f"{fault.review}: {fault.what}" for fault in verify(session, **more)]


def faults_after(database: Database, *statements: str, **more: Any) -> list[str]:
    with unguarded(database) as connection, spoiling(connection) as session:
        for statement in statements:
            assert session.execute(text(statement)).rowcount >= 1, statement
        return faults_of(session, **more)


def test_there_is_no_fault_in_a_review_that_nobody_touched(database, cast):
    with database.reading() as session:
        assert faults_of(session) == []
        assert faults_of(session, head=head_of(session)) == []


# ------------------------------------------------------------------------- what is not an act


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE membership SET role = 'lead' WHERE role = 'advisor'",
         "has the role lead, which the log does not know of"),
        ("UPDATE membership SET role = 'lead' WHERE role = 'advisor'", "has lost the role advisor"),
        ("DELETE FROM membership WHERE role = 'adjudicator'", "has lost the role adjudicator"),
        ("DELETE FROM review", "of event refer to a review that is not there"),
        ("DELETE FROM account", "of membership refer to a account that is not there"),
        ("UPDATE review SET slug = 'another'", "another: the review's slug is 'another'"),
        ("UPDATE review SET title = 'Another'", "the review's title is 'Another'"),
        ("UPDATE model_run SET fingerprint = 'other'", "has been changed"),
        ("DELETE FROM model_run", "has been changed"),
    ],
)  # fmt: skip
def test_what_the_log_says_about_other_rows_is_compared(database, cast, statement, found):
    faults = faults_after(database, statement)

    assert any(found in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda path: path.write_bytes(b"%PDF-2"), "the full text of a.pdf has been changed"),
        (lambda path: path.unlink(), "the full text of a.pdf is not in the file store"),
        (lambda path: (path.unlink(), path.mkdir()), "the full text of a.pdf cannot be read"),
    ],
)
def test_full_texts_are_compared_with_their_hash(database, tmp_path: Path, damage, found):
    source, files = tmp_path / "a.pdf", FileStore(tmp_path / "files")
    source.write_bytes(b"%PDF-1")
    sha256 = files.keep(source)
    with database.writing() as session:
        cast = make_everything(session)
        [record] = make_records(session, cast.review_id)
        full_text = FullText(id=uuid4(), record_id=record, sha256=sha256, name="a.pdf", n_bytes=6)
        record_act(
            session, review_id=cast.review_id, act=Act.ADD_FULL_TEXT, by=cast.lead,
            rows=[full_text],
        )  # fmt: skip

    with database.reading() as session:
        assert not any("full text" in fault for fault in faults_of(session, files=files))
        damage(files.path(sha256))
        assert any(found in fault for fault in faults_of(session, files=files))


# ------------------------------------------------------------------------------------ the head


def cut_tail(session: Session, n: int) -> None:
    """Delete the newest events of the review, with every row that they wrote."""
    last = session.scalar(text("SELECT max(number) FROM event"))
    for table in Base.metadata.sorted_tables:
        if "event_number" in table.c:
            session.execute(table.delete().where(table.c.event_number > last - n))
    session.execute(text(f"DELETE FROM event WHERE number > {last - n}"))


@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize("writes_on", [False, True])
def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_kept(database, session, n, writes_on):
    cast = make_everything(session)
    records = make_records(session, cast.review_id, n + 1)
    for record in records:
        remove(session, review_id=cast.review_id, record_id=record, kind=RemovalKind.OTHER,
               why="No.", by=cast.lead)  # fmt: skip
    head = head_of(session)
    assert faults_of(session, head=head) == []

    allow_anything(session.connection())
    cut_tail(session, n)

    assert faults_of(session) == []  # nothing else shows it
    for record in records[:-n] if writes_on else []:
        for _ in range(n + 1):
            remove(session, review_id=cast.review_id, record_id=record, kind=RemovalKind.OTHER,
                   why="Again.", by=cast.lead)  # fmt: skip
    [fault] = faults_of(session, head=head)
    assert fault.startswith(f"{cast.slug}: ")
    assert "cut off" in fault


def test_a_head_is_good_for_ever_and_names_every_review(session):
    casts = [make_everything(session) for _ in range(2)]
    head = head_of(session)

    make_records(session, casts[0].review_id)

    assert len(head.split(",")) >= 2
    assert " " not in head
    assert faults_of(session, head=head) == []
    assert any(
        "which is not there" in fault
        for fault in faults_of(session, head=head.replace(casts[1].slug, "gone"))
    )


@pytest.mark.parametrize("head", ["a", "demo:1", "demo:0:" + "0" * 32, "demo:1:" + "x" * 32])
def test_what_was_never_a_head_is_refused(session, head):
    with pytest.raises(Invalid, match="not a head"):
        list(verify(session, head=head))


# -------------------------------------------------------------------------------- damaged values

DAMAGES = ("damaged", "", "{", "null", b"\xff\xfe", 2**40, -1, 0.5, None, "2020-13-45", "[]")


def is_known(table: Table, column: str) -> bool:
    if table.name in UNKNOWN:
        return False
    return column in IN_PART.get(table.name, {column})


def as_read(session: Session, table: Table) -> str:
    """Return a table as the program reads it, or why it cannot."""
    try:
        with session.begin_nested():
            rows = session.execute(select(table)).mappings()
            return "\n".join(sorted(canonical(dict(row)) for row in rows))
    except Exception as error:
        return repr(error)


def damage_cell(session: Session, table: Table, column: str, value: object) -> bool:
    """Give one row's cell another value; say whether the database took it."""
    [key, *_] = [c.name for c in table.primary_key][::-1]
    row = f"(SELECT {key} FROM {table.name} ORDER BY {key} LIMIT 1)"
    statement = f"UPDATE {table.name} SET {column} = :value WHERE {key} = {row}"
    if value == "another row's":
        other = f"(SELECT {column} FROM {table.name} ORDER BY {key} DESC LIMIT 1)"
        statement = statement.replace(":value", other)
    try:
        with session.begin_nested():
            session.execute(text(statement), {"value": value} if ":value" in statement else {})
    except DBAPIError:
        return False
    return True


def check_damage(connection: Connection, table: Table, column: str, value: object) -> bool:
    with spoiling(connection) as session:
        before = as_read(session, table)
        if not damage_cell(session, table, column, value) or as_read(session, table) == before:
            return False
        faults = faults_of(session)
        if is_known(table, column):
            assert faults, f"{table.name}.{column} = {value!r} was not found"
        assert not any("Traceback" in fault for fault in faults)
    return True


def filled_columns(connection: Connection) -> list[tuple[Table, str]]:
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        if connection.execute(select(table).limit(1)).first() is not None
        for column in table.columns
    ]


def test_a_damaged_value_anywhere_is_a_fault_in_words(database, cast):
    chance = random.Random(14)  # noqa: S311 - repeatable
    with unguarded(database) as connection:
        with connection.begin():
            cells = filled_columns(connection)
        damaged = sum(
            check_damage(connection, table, column, chance.choice([*DAMAGES, "another row's"]))
            for table, column in chance.sample(cells, 60)
        )

    assert damaged >= (15 if database.is_sqlite else 3)  # PostgreSQL takes no word for a number


@pytest.mark.soak
def test_every_damage_to_every_cell_is_a_fault_in_words(database, cast):
    with unguarded(database) as connection:
        with connection.begin():
            cells = filled_columns(connection)
        damaged = sum(
            check_damage(connection, table, column, value)
            for table, column in cells
            for value in (*DAMAGES, "another row's")
        )

    assert damaged >= (500 if database.is_sqlite else 100)


def test_a_row_that_is_deleted_from_any_table_is_missed(database, cast):
    with unguarded(database) as connection:
        with connection.begin():
            tables = {table for table, _ in filled_columns(connection)}
        for table in sorted(tables, key=lambda table: table.name):
            if table.name in UNKNOWN:
                continue
            key = [c.name for c in table.primary_key][-1]
            with spoiling(connection) as session:
                row = f"(SELECT {key} FROM {table.name} ORDER BY {key} DESC LIMIT 1)"
                session.execute(text(f"DELETE FROM {table.name} WHERE {key} = {row}"))
                is_last_event = table is Event.__table__  # only its rows show that it is missing
                faults = faults_of(session)

            assert faults or is_last_event or table.name == "account", table.name


@pytest.mark.parametrize("table", ["decision", "cluster_membership", "membership", "import_file"])
def test_a_table_that_is_missing_is_a_fault_in_words(database, cast, table):
    with unguarded(database) as connection, connection.begin() as transaction:
        cascade = "" if database.is_sqlite else " CASCADE"
        connection.exec_driver_sql(f"DROP TABLE {table}{cascade}")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            faults = faults_of(session)
        transaction.rollback()

    assert any("cannot be checked to the end" in fault for fault in faults)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_name_that_a_sentence_can_begin_with(check):
    assert check.startswith(("the ", "what "))


def test_a_damaged_review_does_not_hide_the_others(database, cast):
    with database.writing() as session:
        other = make_everything(session)
    with unguarded(database) as connection, spoiling(connection) as session:
        of_first = session.get_one(Review, cast.review_id).slug
        key = cast.review_id.hex if database.is_sqlite else cast.review_id
        session.execute(text(f"UPDATE event SET act = 'no' WHERE review_id = '{key}'"))
        session.execute(text("UPDATE removal SET why = 'other'"))
        faults = faults_of(session)

    assert {fault.partition(":")[0] for fault in faults} == {of_first, other.slug}
