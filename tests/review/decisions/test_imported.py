"""Decisions of other programs: attributed to whoever imports them, with the claimed author."""

import json

import pytest
from sqlalchemy import select

from review.decisions.blinding import history, n_own_decisions, own_decisions, settled_decisions
from review.decisions.decisions import decide
from review.decisions.imported import (
    NO_SUCH_REASON,
    NOBODY,
    NOT_AWAITED,
    NOT_UNDERSTOOD,
    NOTHING_SAID,
    TAKEN,
    UNKNOWN,
    Rules,
    import_decisions,
    look_through,
)
from review.errors import Invalid, NotAllowed
from review.searches.imports import import_file
from review.searches.previews import ParseOptions
from review.searches.searches import SearchOnDemand
from review.states.clusters import cluster_of
from review.states.flow import FlowState, flow_states
from review.storage.files import FileStore, sha256_of
from review.tables import Account, Decision, Event, ImportedDecision
from review.verify import verify
from review.vocabulary import Act, SearchKind, Stage, Verdict
from screening.progress.history import labels_as_read
from screening.queue.next_records import next_records
from tests.factories import decide_both, make_records, make_review

TITLES = [
    "Paying for outcomes in shelters of the north",
    "Homes before jobs, a bond for rough sleepers",
    "Learning from contracts in four harbour towns",
    "Tensile strength of epoxy joints in salt spray",
]
EARLY = Stage.TITLE_ABSTRACT


@pytest.fixture
def here(database):
    """A review with four records that wait."""
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(
            session,
            cast.review_id,
            [{"title": title, "doi": f"10.5555/{n}"} for n, title in enumerate(TITLES)],
        )
    return cast, records


def rayyan(tmp_path, *said, name="rayyan.csv"):
    """A file as Rayyan exports it: (title, {person: word}) a row."""
    lines = ["key,title,doi,notes"]
    for n, (title, by_person) in enumerate(said):
        inner = ", ".join(f'""{person}""=>""{word}""' for person, word in by_person.items())
        doi = f"10.5555/{TITLES.index(title)}" if title in TITLES else ""
        lines.append(f'rayyan-{n},"{title}",{doi},"RAYYAN-INCLUSION: {{{inner}}}"')
    path = tmp_path / name
    path.write_text("\n".join(lines))
    return path


def take(database, cast, path, **rules):
    rules.setdefault("stage", EARLY)
    return import_decisions(
        database, path, review_id=cast.review_id, rules=Rules(**rules), by=cast.lead,
        name=path.name, sha256="0" * 64,
    )  # fmt: skip


def leaf_by_title(database, cast):
    with database.reading() as session:
        states = flow_states(session, review_id=cast.review_id)
        rows = session.execute(select(states.c.number, states.c.flow_state))
        return {TITLES[number - 1]: FlowState(place) for number, place in rows}


def faults(database):
    with database.reading() as session:
        return [str(fault) for fault in verify(session)]


def test_decisions_of_two_claimed_people_settle_records_and_name_them(database, here, tmp_path):
    cast, records = here
    path = rayyan(
        tmp_path,
        (TITLES[0], {"Ana": "Included", "Ben": "Included"}),
        (TITLES[1], {"Ana": "Included", "Ben": "Excluded"}),
        (TITLES[2], {"Ana": "Maybe"}),
        ("A report that nobody searched for here at all", {"Ana": "Included"}),
    )

    done = take(database, cast, path)

    assert done.counts == {TAKEN: 5, UNKNOWN: 1}
    assert leaf_by_title(database, cast) == {
        TITLES[0]: FlowState.AWAITING_RETRIEVAL,
        TITLES[1]: FlowState.CONFLICT,
        TITLES[2]: FlowState.AWAITING_SECOND,
        TITLES[3]: FlowState.UNSCREENED,
    }
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.act == Act.IMPORT_DECISIONS)).one()
        assert event.actor_id == cast.lead.account_id
        assert event.detail["name"] == "rayyan.csv"
        claimed = session.scalars(select(ImportedDecision.named_author)).all()
        assert sorted(claimed) == ["Ana", "Ana", "Ana", "Ben", "Ben"]
        deciders = session.scalars(
            select(Account).join(Decision, Decision.reviewer_id == Account.id).distinct()
        ).all()
        assert {one.name for one in deciders} == {"Ana (imported)", "Ben (imported)"}
        assert all(one.disabled_at and not one.password_hash for one in deciders)
        told = history(
            session, review_id=cast.review_id, by=cast.advisor,
            cluster=cluster_of(session, review_id=cast.review_id, record_id=records[0]),
        )  # fmt: skip
        assert any("imported as decided by Ben" in line.what for line in told)
        rows = list(settled_decisions(session, review_id=cast.review_id, by=cast.lead))
        assert {row["named_author"] for row in rows} == {"Ana", "Ben"}
        assert {row["imported_by"] for row in rows} == {cast.lead.account_id}
    assert faults(database) == []


def test_the_same_file_again_adds_nothing(database, here, tmp_path):
    cast, _ = here
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included", "Ben": "Excluded", "Cy": "Maybe"}))
    take(database, cast, path)
    again = rayyan(tmp_path, (TITLES[2], {"Ana": "Included"}), name="more.csv")
    take(database, cast, again)

    first, second = take(database, cast, path), take(database, cast, again)

    assert (first.event_number, first.counts) == (None, {NOT_AWAITED: 3})  # it is in conflict
    assert (second.event_number, second.counts) == (None, {NOT_AWAITED: 1})
    with database.reading() as session:
        names = session.scalars(select(Account.name).where(Account.name.endswith("(imported)")))
        assert sorted(names) == ["Ana (imported)", "Ben (imported)"]  # two decisions were needed


def test_one_person_never_counts_twice_whoever_they_are_said_to_be(database, here, tmp_path):
    cast, _ = here
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}))
    take(database, cast, path)

    again = take(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    assert again.counts == {NOT_AWAITED: 1}
    assert leaf_by_title(database, cast)[TITLES[0]] is FlowState.AWAITING_SECOND


def test_files_that_name_nobody_are_one_unnamed_person(database, here, tmp_path):
    cast, _ = here
    for name, count in (("one.csv", TAKEN), ("two.csv", NOT_AWAITED)):
        path = tmp_path / name
        path.write_text(f'title,doi,asreview_label\n"{TITLES[0]}",10.5555/0,1\n')
        assert take(database, cast, path).counts == {count: 1}


def test_no_more_are_taken_than_a_record_needs(database, here, tmp_path):
    cast, _ = here
    people = {"Ana": "Included", "Ben": "Included", "Cy": "Excluded"}

    done = take(database, cast, rayyan(tmp_path, (TITLES[0], people)))

    assert done.counts == {TAKEN: 2, NOT_AWAITED: 1}
    assert leaf_by_title(database, cast)[TITLES[0]] is FlowState.AWAITING_RETRIEVAL


def test_a_table_with_one_row_for_each_reviewer_loses_none(database, here, tmp_path):
    cast, _ = here
    path = tmp_path / "rows.csv"
    row = f'"{TITLES[0]}: a longer title",10.5555/0,2001'
    path.write_text(f"title,doi,year,reviewer,decision\n{row},Ana,yes\n{row},Ben,no\n")

    assert take(database, cast, path).counts == {TAKEN: 2}
    assert leaf_by_title(database, cast)[TITLES[0]] is FlowState.CONFLICT


def test_a_file_that_was_read_as_a_search_is_read_in_the_same_way(database, tmp_path):
    with database.writing() as session:
        cast = make_review(session)
    path = tmp_path / "kop.csv"
    path.write_text("Kop,decision,reviewer\nHuizen,yes,Ana\nBanen,no,Ana\n")
    search = SearchOnDemand(
        cast.review_id, cast.lead, {"source": "Een bron", "kind": SearchKind.DATABASE}
    )
    import_file(
        database, FileStore(tmp_path / "files"), path, review_id=cast.review_id,
        search_for=search, by=cast.lead, options=ParseOptions(mapping={"Kop": "title"}),
    )  # fmt: skip

    done = import_decisions(
        database, path, review_id=cast.review_id, rules=Rules(EARLY), by=cast.lead,
        name="other-name.csv", sha256=sha256_of(path),
    )  # fmt: skip

    assert done.counts == {TAKEN: 2}


def test_what_was_read_elsewhere_says_nothing_of_recall_here(database, here, tmp_path):
    cast, records = here
    take(database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Excluded", "Ben": "Excluded"})))
    with database.writing() as session:
        decide_both(session, cast, records[1], Verdict.INCLUDE)

    with database.reading() as session:
        assert labels_as_read(session, review_id=cast.review_id, stage=EARLY) == [1]


def test_a_member_is_not_asked_again_and_it_is_no_work_done_here(database, here, tmp_path):
    cast, records = here
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}), (TITLES[1], {"Ana": "Excluded"}))

    take(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    with database.reading() as session:
        mine = {"review_id": cast.review_id, "stage": EARLY, "by": cast.reviewer_a}
        waiting = next_records(session, **mine)
        assert waiting[0].id not in records[:2]
        assert own_decisions(session, **mine) == []
        assert n_own_decisions(session, **mine) == 0
        others = next_records(session, review_id=cast.review_id, stage=EARLY, by=cast.reviewer_b)
        assert {one.id for one in others} & set(records[:2])
    assert faults(database) == []


def test_what_was_decided_here_stays_as_it_is(database, here, tmp_path):
    cast, records = here
    with database.writing() as session:
        decide_both(session, cast, records[0], Verdict.EXCLUDE)
        decide(
            session, review_id=cast.review_id, record_id=records[1], stage=EARLY,
            verdict=Verdict.INCLUDE, by=cast.reviewer_a,
        )  # fmt: skip
    path = rayyan(
        tmp_path,
        (TITLES[0], {"Ana": "Included"}),
        (TITLES[1], {"Ana": "Excluded", "Ben": "Excluded"}),
    )

    done = take(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    assert done.counts == {NOT_AWAITED: 2, TAKEN: 1}
    found = leaf_by_title(database, cast)
    assert (found[TITLES[0]], found[TITLES[1]]) == (FlowState.EXCLUDED, FlowState.CONFLICT)


def test_words_are_understood_as_the_lead_says(database, here, tmp_path):
    cast, _ = here
    path = tmp_path / "plain.csv"
    path.write_text(
        "title,doi,decision,reviewer,exclusion reason\n"
        f'"{TITLES[0]}",10.5555/0,behalten,Ana,\n'
        f'"{TITLES[1]}",10.5555/1,raus,Ana,Wrong population\n'
        f'"{TITLES[2]}",10.5555/2,raus,Ana,Not my cup of tea\n'
        f'"{TITLES[3]}",10.5555/3,später,Ana,\n'
    )
    seen = look_through(path, name=path.name, reading=ParseOptions())
    assert seen.verdicts == {"behalten": 1, "raus": 2, "später": 1}
    assert seen.people == {"Ana": 4}

    done = take(database, cast, path, verdicts={"behalten": "include", "raus": "exclude"})

    assert done.counts == {TAKEN: 3, NOT_UNDERSTOOD: 1}
    with database.reading() as session:
        said = session.execute(
            select(Decision.verdict, Decision.exclusion_reason, Decision.note)
            .order_by(Decision.record_id)
        ).all()  # fmt: skip
    assert sorted(map(tuple, said), key=str) == [
        (Verdict.EXCLUDE, "population", None),
        (Verdict.EXCLUDE, None, "Reason given: Not my cup of tea"),
        (Verdict.INCLUDE, None, None),
    ]


def test_a_list_that_says_nothing_is_what_the_lead_says_it_is(database, here, tmp_path):
    cast, _ = here
    path = tmp_path / "irrelevant.csv"
    path.write_text(f'Title,DOI,Notes\n"{TITLES[0]}",10.5555/0,\n')

    assert take(database, cast, path).counts == {NOTHING_SAID: 1}
    done = take(database, cast, path, all_are=Verdict.EXCLUDE)

    assert done.counts == {TAKEN: 1}
    with database.reading() as session:
        claim = session.scalars(select(ImportedDecision)).one()
    assert claim.named_author == NOBODY
    assert claim.named_verdict == "(the whole file) exclude"


def test_at_full_text_a_reason_is_needed_and_the_record_must_be_there(database, here, tmp_path):
    cast, records = here
    path = tmp_path / "full.csv"
    path.write_text(f'title,doi,decision,reviewer\n"{TITLES[0]}",10.5555/0,exclude,Ana\n')
    assert take(database, cast, path, stage=Stage.FULL_TEXT).counts == {NOT_AWAITED: 1}

    from review.reports.retrieval import retrieve
    from review.vocabulary import RetrievalState

    with database.writing() as session:
        decide_both(session, cast, records[0], Verdict.INCLUDE)
        retrieve(
            session, review_id=cast.review_id, record_id=records[0],
            state=RetrievalState.RETRIEVED, by=cast.lead,
        )  # fmt: skip
    done = take(database, cast, path, stage=Stage.FULL_TEXT)
    assert done.counts == {NO_SUCH_REASON: 1}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (f'"{TITLES[0]}",,', TAKEN),
        (f'"{TITLES[0].upper()}.",,2001', TAKEN),
        (f'"{TITLES[0]}",,1975', UNKNOWN),  # another year
        (f'"{TITLES[0]}",10.9999/other,2000', UNKNOWN),  # another DOI
        ("Bonds,,", UNKNOWN),  # too little
        ("A note on two reports,,", UNKNOWN),  # which of the two?
    ],
)
def test_a_title_finds_its_record_where_only_one_has_it(database, here, tmp_path, row, what):
    cast, _ = here
    with database.writing() as session:
        again = [{"title": "A note on two reports", "year": year} for year in (1999, 2010)]
        make_records(session, cast.review_id, [*again, {"title": "Bonds"}])
    path = tmp_path / "titles.csv"
    path.write_text(f"title,doi,year,decision\n{row},include\n")

    assert take(database, cast, path).counts == {what: 1}


def test_only_who_manages_takes_over_and_only_members_are_stood_for(database, here, tmp_path):
    cast, _ = here
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}))
    with pytest.raises(NotAllowed):
        import_decisions(
            database, path, review_id=cast.review_id, rules=Rules(EARLY), by=cast.reviewer_a,
            name="x.csv", sha256="0" * 64,
        )  # fmt: skip
    with pytest.raises(Invalid, match="no member here"):
        take(database, cast, path, people={"Ana": cast.emails["outsider"]})
    with database.reading() as session:
        assert session.scalars(select(Decision.id)).all() == []


def test_verify_tells_a_decision_that_was_put_into_another_mouth(database, here, tmp_path):
    cast, _ = here
    take(database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Included"})))
    with database.writing() as session:
        row = session.scalars(select(ImportedDecision)).one()
        if database.is_sqlite:
            session.connection().exec_driver_sql("DROP TRIGGER imported_decision_no_delete")
        else:
            session.connection().exec_driver_sql(
                "ALTER TABLE imported_decision DISABLE TRIGGER ALL"
            )
        session.delete(row)

    assert any("does not say who made it" in fault for fault in faults(database))


def test_outcomes_are_plain_data(database, here, tmp_path):
    cast, _ = here
    done = take(database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Included"})))

    json.dumps(done.counts)
    assert (done.outcomes[0].line, done.outcomes[0].record, done.outcomes[0].author) == (
        2,
        1,
        "Ana",
    )
