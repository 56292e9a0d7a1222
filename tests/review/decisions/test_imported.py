"""Decisions of other programs: an act of the person who imports them, with their named author."""

import json

import pytest
from sqlalchemy import select

from review.decisions.blinding import n_own_decisions, own_decisions, resolved_decisions
from review.decisions.decisions import decide
from review.decisions.history import history
from review.decisions.import_report import (
    IMPORTED,
    NO_DECISION,
    NO_REASON,
    NO_RECORD,
    NOT_NEEDED,
    NOT_UNDERSTOOD,
)
from review.decisions.import_rules import ImportRules
from review.decisions.imported import UNNAMED, import_decisions, preview_decisions
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
from screening.progress.history import screened_labels
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
def review(database):
    """A review with four unscreened records."""
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(
            session,
            cast.review_id,
            [{"title": title, "doi": f"10.5555/{n}"} for n, title in enumerate(TITLES)],
        )
    return cast, records


def rayyan(tmp_path, *rows, name="rayyan.csv"):
    """A file as Rayyan exports it, from rows of (title, {person: word})."""
    lines = ["key,title,doi,notes"]
    for n, (title, by_person) in enumerate(rows):
        inner = ", ".join(f'""{person}""=>""{word}""' for person, word in by_person.items())
        doi = f"10.5555/{TITLES.index(title)}" if title in TITLES else ""
        lines.append(f'rayyan-{n},"{title}",{doi},"RAYYAN-INCLUSION: {{{inner}}}"')
    path = tmp_path / name
    path.write_text("\n".join(lines))
    return path


def run_import(database, cast, path, **rules):
    rules.setdefault("stage", EARLY)
    return import_decisions(
        database, path, review_id=cast.review_id, rules=ImportRules(**rules), by=cast.lead,
        name=path.name, sha256="0" * 64,
    )  # fmt: skip


def flow_state_by_title(database, cast):
    with database.reading() as session:
        states = flow_states(session, review_id=cast.review_id)
        rows = session.execute(select(states.c.number, states.c.flow_state))
        return {TITLES[number - 1]: FlowState(state) for number, state in rows}


def faults(database):
    with database.reading() as session:
        return [str(fault) for fault in verify(session)]


def test_decisions_of_two_named_authors_resolve_records_and_name_them(database, review, tmp_path):
    cast, records = review
    path = rayyan(
        tmp_path,
        (TITLES[0], {"Ana": "Included", "Ben": "Included"}),
        (TITLES[1], {"Ana": "Included", "Ben": "Excluded"}),
        (TITLES[2], {"Ana": "Maybe"}),
        ("A report that no search here has found", {"Ana": "Included"}),
    )

    report = run_import(database, cast, path)

    assert report.counts == {IMPORTED: 5, NO_RECORD: 1}
    assert flow_state_by_title(database, cast) == {
        TITLES[0]: FlowState.AWAITING_RETRIEVAL,
        TITLES[1]: FlowState.CONFLICT,
        TITLES[2]: FlowState.AWAITING_SECOND,
        TITLES[3]: FlowState.UNSCREENED,
    }
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.act == Act.IMPORT_DECISIONS)).one()
        assert event.actor_id == cast.lead.account_id
        assert event.detail["name"] == "rayyan.csv"
        authors = session.scalars(select(ImportedDecision.named_author)).all()
        assert sorted(authors) == ["Ana", "Ana", "Ana", "Ben", "Ben"]
        reviewers = session.scalars(
            select(Account).join(Decision, Decision.reviewer_id == Account.id).distinct()
        ).all()
        assert {account.name for account in reviewers} == {"Ana (imported)", "Ben (imported)"}
        assert all(account.disabled_at and not account.password_hash for account in reviewers)
        for person, is_named in ((cast.lead, True), (cast.advisor, False)):
            entries = history(
                session, review_id=cast.review_id, by=person,
                cluster=cluster_of(session, review_id=cast.review_id, record_id=records[0]),
            )  # fmt: skip
            assert any("Ben" in f"{entry.what} {entry.actor}" for entry in entries) == is_named
        rows = list(resolved_decisions(session, review_id=cast.review_id, by=cast.lead))
        assert {row["named_author"] for row in rows} == {"Ana", "Ben"}
        assert {row["imported_by"] for row in rows} == {cast.lead.account_id}
    assert faults(database) == []


def test_the_same_file_again_adds_nothing(database, review, tmp_path):
    cast, _ = review
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included", "Ben": "Excluded", "Cy": "Maybe"}))
    run_import(database, cast, path)
    again = rayyan(tmp_path, (TITLES[2], {"Ana": "Included"}), name="more.csv")
    run_import(database, cast, again)

    first, second = run_import(database, cast, path), run_import(database, cast, again)

    assert (first.event_number, first.counts) == (
        None,
        {NOT_NEEDED: 3},
    )  # it is in conflict
    assert (second.event_number, second.counts) == (None, {NOT_NEEDED: 1})
    with database.reading() as session:
        names = session.scalars(select(Account.name).where(Account.name.endswith("(imported)")))
        assert sorted(names) == ["Ana (imported)", "Ben (imported)"]  # two decisions were needed


def test_one_person_never_counts_twice_even_under_another_account(database, review, tmp_path):
    cast, _ = review
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}))
    run_import(database, cast, path)

    again = run_import(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    assert again.counts == {NOT_NEEDED: 1}
    assert flow_state_by_title(database, cast)[TITLES[0]] is FlowState.AWAITING_SECOND


def test_files_that_name_nobody_count_as_one_unnamed_person(database, review, tmp_path):
    cast, _ = review
    for name, result in (("one.csv", IMPORTED), ("two.csv", NOT_NEEDED)):
        path = tmp_path / name
        path.write_text(f'title,doi,asreview_label\n"{TITLES[0]}",10.5555/0,1\n')
        assert run_import(database, cast, path).counts == {result: 1}


def test_a_record_receives_no_more_decisions_than_it_needs(database, review, tmp_path):
    cast, _ = review
    people = {"Ana": "Included", "Ben": "Included", "Cy": "Excluded"}

    report = run_import(database, cast, rayyan(tmp_path, (TITLES[0], people)))

    assert report.counts == {IMPORTED: 2, NOT_NEEDED: 1}
    assert flow_state_by_title(database, cast)[TITLES[0]] is FlowState.AWAITING_RETRIEVAL


def test_a_table_with_one_row_for_each_reviewer_loses_no_decision(database, review, tmp_path):
    cast, _ = review
    path = tmp_path / "rows.csv"
    row = f'"{TITLES[0]}: a longer title",10.5555/0,2001'
    path.write_text(f"title,doi,year,reviewer,decision\n{row},Ana,yes\n{row},Ben,no\n")

    assert run_import(database, cast, path).counts == {IMPORTED: 2}
    assert flow_state_by_title(database, cast)[TITLES[0]] is FlowState.CONFLICT


def test_a_file_that_was_imported_as_a_search_is_read_in_the_same_way(database, tmp_path):
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

    report = import_decisions(
        database, path, review_id=cast.review_id, rules=ImportRules(EARLY), by=cast.lead,
        name="other-name.csv", sha256=sha256_of(path),
    )  # fmt: skip

    assert report.counts == {IMPORTED: 2}


def test_imported_decisions_have_no_place_in_the_order_of_screening(database, review, tmp_path):
    cast, records = review
    run_import(
        database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Excluded", "Ben": "Excluded"}))
    )
    with database.writing() as session:
        decide_both(session, cast, records[1], Verdict.INCLUDE)

    with database.reading() as session:
        labels = screened_labels(session, review_id=cast.review_id, stage=EARLY)
    assert (labels.imported, labels.unranked, labels.ranked) == ([0], [1], [])


def test_a_member_is_not_asked_again_and_an_import_is_not_own_work(database, review, tmp_path):
    cast, records = review
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}), (TITLES[1], {"Ana": "Excluded"}))

    run_import(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    with database.reading() as session:
        reviewer_a = {"review_id": cast.review_id, "stage": EARLY, "by": cast.reviewer_a}
        queue = next_records(session, **reviewer_a)
        assert queue[0].id not in records[:2]
        assert own_decisions(session, **reviewer_a) == []
        assert n_own_decisions(session, **reviewer_a) == 0
        queue_b = next_records(session, review_id=cast.review_id, stage=EARLY, by=cast.reviewer_b)
        assert {record.id for record in queue_b} & set(records[:2])
    assert faults(database) == []


def test_decisions_made_here_stay_as_they_are(database, review, tmp_path):
    cast, records = review
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

    report = run_import(database, cast, path, people={"Ana": cast.emails["reviewer_a"]})

    assert report.counts == {NOT_NEEDED: 2, IMPORTED: 1}
    states = flow_state_by_title(database, cast)
    assert (states[TITLES[0]], states[TITLES[1]]) == (FlowState.EXCLUDED, FlowState.CONFLICT)


def test_words_mean_what_the_lead_chose(database, review, tmp_path):
    cast, _ = review
    path = tmp_path / "plain.csv"
    path.write_text(
        "title,doi,decision,reviewer,exclusion reason\n"
        f'"{TITLES[0]}",10.5555/0,behalten,Ana,\n'
        f'"{TITLES[1]}",10.5555/1,raus,Ana,Wrong population\n'
        f'"{TITLES[2]}",10.5555/2,raus,Ana,Not my cup of tea\n'
        f'"{TITLES[3]}",10.5555/3,später,Ana,\n'
    )
    preview = preview_decisions(path, name=path.name, options=ParseOptions())
    assert preview.verdicts == {"behalten": 1, "raus": 2, "später": 1}
    assert preview.people == {"Ana": 4}

    report = run_import(database, cast, path, verdicts={"behalten": "include", "raus": "exclude"})

    assert report.counts == {IMPORTED: 3, NOT_UNDERSTOOD: 1}
    with database.reading() as session:
        rows = session.execute(
            select(Decision.verdict, Decision.exclusion_reason, Decision.note)
            .order_by(Decision.record_id)
        ).all()  # fmt: skip
    assert sorted(map(tuple, rows), key=str) == [
        (Verdict.EXCLUDE, "population", None),
        (Verdict.EXCLUDE, None, "Reason given: Not my cup of tea"),
        (Verdict.INCLUDE, None, None),
    ]


def test_a_list_without_decisions_is_what_the_lead_chose(database, review, tmp_path):
    cast, _ = review
    path = tmp_path / "irrelevant.csv"
    path.write_text(f'Title,DOI,Notes\n"{TITLES[0]}",10.5555/0,\n')

    assert run_import(database, cast, path).counts == {NO_DECISION: 1}
    report = run_import(database, cast, path, all_are=Verdict.EXCLUDE)

    assert report.counts == {IMPORTED: 1}
    with database.reading() as session:
        imported = session.scalars(select(ImportedDecision)).one()
    assert imported.named_author == UNNAMED
    assert imported.named_verdict == "(the whole file) exclude"


def test_at_full_text_a_reason_and_a_retrieved_report_are_needed(database, review, tmp_path):
    cast, records = review
    path = tmp_path / "full.csv"
    path.write_text(f'title,doi,decision,reviewer\n"{TITLES[0]}",10.5555/0,exclude,Ana\n')
    assert run_import(database, cast, path, stage=Stage.FULL_TEXT).counts == {NOT_NEEDED: 1}

    from review.reports.retrieval import retrieve
    from review.vocabulary import RetrievalState

    with database.writing() as session:
        decide_both(session, cast, records[0], Verdict.INCLUDE)
        retrieve(
            session, review_id=cast.review_id, record_id=records[0],
            state=RetrievalState.RETRIEVED, by=cast.lead,
        )  # fmt: skip
    report = run_import(database, cast, path, stage=Stage.FULL_TEXT)
    assert report.counts == {NO_REASON: 1}


@pytest.mark.parametrize(
    ("row", "result"),
    [
        (f'"{TITLES[0]}",,', IMPORTED),
        (f'"{TITLES[0].upper()}.",,2001', IMPORTED),
        (f'"{TITLES[0]}",,1975', NO_RECORD),  # another year
        (f'"{TITLES[0]}",10.9999/other,2000', NO_RECORD),  # another DOI
        ("Bonds,,", NO_RECORD),  # too short
        ("A note on two reports,,", NO_RECORD),  # two records have it
    ],
)
def test_a_title_finds_its_record_where_only_one_has_it(database, review, tmp_path, row, result):
    cast, _ = review
    with database.writing() as session:
        same_title = [{"title": "A note on two reports", "year": year} for year in (1999, 2010)]
        make_records(session, cast.review_id, [*same_title, {"title": "Bonds"}])
    path = tmp_path / "titles.csv"
    path.write_text(f"title,doi,year,decision\n{row},include\n")

    assert run_import(database, cast, path).counts == {result: 1}


def test_only_the_lead_imports_and_only_members_can_be_chosen(database, review, tmp_path):
    cast, _ = review
    path = rayyan(tmp_path, (TITLES[0], {"Ana": "Included"}))
    with pytest.raises(NotAllowed):
        import_decisions(
            database, path, review_id=cast.review_id, rules=ImportRules(EARLY), by=cast.reviewer_a,
            name="x.csv", sha256="0" * 64,
        )  # fmt: skip
    with pytest.raises(Invalid, match="is not a member of this review"):
        run_import(database, cast, path, people={"Ana": cast.emails["outsider"]})
    with database.reading() as session:
        assert session.scalars(select(Decision.id)).all() == []


def test_verify_finds_a_decision_that_lost_its_named_author(database, review, tmp_path):
    cast, _ = review
    run_import(database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Included"})))
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


def test_the_report_is_plain_data(database, review, tmp_path):
    cast, _ = review
    report = run_import(database, cast, rayyan(tmp_path, (TITLES[0], {"Ana": "Included"})))

    json.dumps(report.counts)
    assert (report.rows[0].line, report.rows[0].record, report.rows[0].author) == (
        2,
        1,
        "Ana",
    )
