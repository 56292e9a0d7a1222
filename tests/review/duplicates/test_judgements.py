"""Duplicates: clusters whatever the order of answers, and no merge that loses a decision."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.corrections.searches import undo_correction, withdraw_file
from review.decisions.adjudication import adjudicate
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.duplicates.deduplication import deduplicate
from review.duplicates.judgements import judge, merge_above, undo
from review.duplicates.questions import questions
from review.errors import Conflicting, Invalid, NotAllowed, NotFound, ReviewError, Settled
from review.events import MODEL, OPERATOR, ActWriter, last_event, lock_review
from review.reports.retrieval import remove, retrieve
from review.reviews import amend_protocol
from review.states.clusters import Scope, cluster_of, clusters_of, members
from review.states.flow import FlowState, flow_states
from review.states.resolution import stage_state
from review.storage.database import Database
from review.studies.studies import add_study, link_report, study_of_report
from review.tables import ClusterMembership, Decision, DuplicateJudgement, Record
from review.verify import verify
from review.vocabulary import (
    Act,
    Judgement,
    RemovalKind,
    Resolution,
    RetrievalState,
    Stage,
    Verdict,
)
from tests.factories import (
    Cast,
    decide_both,
    include_fully,
    live_decisions_on,
    make_records,
    make_review,
    protocol_text,
)

INCLUDE, EXCLUDE = Verdict.INCLUDE, Verdict.EXCLUDE
DUPLICATE, DISTINCT = Judgement.DUPLICATE, Judgement.DISTINCT

TWINS = [
    {
        "title": "Social impact bonds and the employment of young people in London",
        "authors": ["Doe, Jane", "Roe, Richard"], "year": 2015, "journal": "Public Finance Review",
        "volume": "12", "pages": "101-120", "doi": "10.1000/sib.2015.1",
    },
    {
        "title": "Social impact bonds and the employment of young people in London.",
        "authors": ["Doe, J.", "Roe, R."], "year": 2015, "journal": "Public Finance Review",
        "volume": "12", "pages": "101-120", "doi": "10.1000/sib.2015.1",
    },
    {
        "title": "Homelessness and payment by results: evidence from Denver",
        "authors": ["Poe, Edgar"], "year": 2018, "journal": "Housing Studies", "volume": "3",
        "pages": "1-9", "doi": "10.1000/denver.2018",
    },
]  # fmt: skip


def make_judgement(
    session: Session, cast: Cast, left: UUID, right: UUID, verdict: Judgement
) -> int:
    return judge(
        session, review_id=cast.review_id, left_id=left, right_id=right, verdict=verdict,
        by=cast.lead,
    )  # fmt: skip


def partition(session: Session, cast: Cast) -> set[frozenset[UUID]]:
    member = members(Scope(cast.review_id))
    groups: dict[UUID, set[UUID]] = {}
    for record, root in session.execute(select(member.c.record_id, member.c.cluster_id)):
        groups.setdefault(root, set()).add(record)
    return {frozenset(group) for group in groups.values()}


def flow_state_of(session: Session, cast: Cast, record: UUID) -> FlowState:
    table = flow_states(session, review_id=cast.review_id)
    return FlowState(
        session.scalars(select(table.c.flow_state).where(table.c.record_id == record)).one()
    )


def add_model_judgements(
    session: Session, cast: Cast, pairs: list[tuple[UUID, UUID, float, Judgement]]
) -> None:
    """Write judgements of the model, as a deduplication would, without merging anything."""
    lock_review(session, cast.review_id)
    writer = ActWriter(session, review_id=cast.review_id, act=Act.DEDUPLICATE, by=MODEL)
    writer.insert(
        DuplicateJudgement,
        [
            {
                "id": uuid4(), "left_id": left, "right_id": right, "verdict": verdict,
                "score": score, "evidence": {"tie": str(position)},
            }
            for position, (left, right, score, verdict) in enumerate(pairs)
        ],
    )  # fmt: skip
    writer.finish()


ANSWERS = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1]),
        st.sampled_from([DUPLICATE, DUPLICATE, DISTINCT, Judgement.SAME_STUDY]),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda answer: answer[0],
)


@settings(max_examples=settings.default.max_examples // 4)
@given(answers=ANSWERS, data=st.data())
def test_clusters_are_stars_onto_the_earliest_whatever_the_order_of_answers(session, answers, data):
    cast = make_review(session)
    records = make_records(session, cast.review_id, 6)
    kept = without_contradictions(answers)
    orders = [kept, data.draw(st.permutations(kept))]
    partitions = []

    for order in orders:
        with session.begin_nested() as savepoint:
            for (left, right), verdict in order:
                ends = (left, right) if data.draw(st.booleans()) else (right, left)
                make_judgement(session, cast, records[ends[0]], records[ends[1]], verdict)
            partitions.append(partition(session, cast))
            clusters = clusters_of(session, review_id=cast.review_id, record_ids=records)
            faults = [fault.what for fault in verify(session)]
            savepoint.rollback()

    assert partitions[0] == partitions[1] == clusters_by_hand(records, kept)
    for group in clusters.values():
        assert list(group) == sorted(group, key=records.index)
    assert faults == []


def without_contradictions(answers):
    """Leave out the answers that contradict those before them."""
    kept = []
    for answer in answers:
        clusters = clusters_by_hand(list(range(6)), [*kept, answer])
        apart = [pair for pair, verdict in [*kept, answer] if verdict is not DUPLICATE]
        if not any(set(pair) <= group for pair in apart for group in clusters):
            kept.append(answer)
    return kept


def clusters_by_hand(records, answers):
    groups = [{record} for record in records]
    for (left, right), verdict in answers:
        if verdict is DUPLICATE:
            first, second = (
                next(group for group in groups if records[end] in group) for end in (left, right)
            )
            if first is not second:
                groups.remove(second)
                first |= second
    return {frozenset(group) for group in groups}


def test_a_contradiction_is_refused_and_changes_nothing(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    make_judgement(session, cast, a, b, DUPLICATE)
    make_judgement(session, cast, a, c, DISTINCT)
    before = partition(session, cast), last_event(session, cast.review_id)

    for left, right, verdict in [(b, c, DUPLICATE), (a, a, DUPLICATE)]:
        with pytest.raises((Conflicting, Invalid)), session.begin_nested():
            make_judgement(session, cast, left, right, verdict)

    assert (partition(session, cast), last_event(session, cast.review_id)) == before
    assert (
        session.scalar(select(func.count()).where(DuplicateJudgement.review_id == cast.review_id))
        == 2
    )


def test_undo_restores_the_clusters_before_and_only_once(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    first = make_judgement(session, cast, b, c, DUPLICATE)
    second = make_judgement(session, cast, a, b, DUPLICATE)

    undo(session, review_id=cast.review_id, event_number=second, by=cast.lead)
    after_undo = partition(session, cast)
    with pytest.raises(Conflicting, match="nothing to undo"):
        undo(session, review_id=cast.review_id, event_number=second, by=cast.lead)
    undo(session, review_id=cast.review_id, event_number=first, by=cast.lead)

    assert after_undo == {frozenset({a}), frozenset({b, c})}
    assert partition(session, cast) == {frozenset({record}) for record in (a, b, c)}
    assert [fault.what for fault in verify(session)] == []


def test_records_of_another_review_cannot_be_merged(session, cast):
    other_cast = make_review(session)
    [own] = make_records(session, cast.review_id)
    [foreign] = make_records(session, other_cast.review_id)

    for left, right in permutations((own, foreign)):
        with pytest.raises(NotFound):
            make_judgement(session, cast, left, right, DUPLICATE)


def test_decisions_stay_on_the_record_they_were_made_on_and_may_disagree(session, cast):
    a, b = make_records(session, cast.review_id, 2)
    decide_both(session, cast, a, INCLUDE)
    decide_both(session, cast, b, EXCLUDE)
    before = session.execute(select(Decision.id, Decision.record_id)).all()

    event_number = make_judgement(session, cast, a, b, DUPLICATE)
    merged_state = flow_state_of(session, cast, a)
    undo(session, review_id=cast.review_id, event_number=event_number, by=cast.lead)

    assert merged_state is FlowState.CONFLICT
    assert session.execute(select(Decision.id, Decision.record_id)).all() == before
    assert flow_state_of(session, cast, a) is FlowState.AWAITING_RETRIEVAL
    assert flow_state_of(session, cast, b) is FlowState.EXCLUDED


def test_the_partition_does_not_depend_on_the_order_of_answers_given_beside_the_models(
    session, cast
):
    """The model would merge a, b and c; a person says that b and c are both distinct from a."""
    a, b, c = make_records(session, cast.review_id, 3)
    add_model_judgements(session, cast, [(a, b, 0.99, DUPLICATE), (b, c, 0.95, DUPLICATE)])
    partitions = []

    for order in permutations([(a, b), (a, c)]):
        with session.begin_nested() as savepoint:
            for left, right in order:
                make_judgement(session, cast, left, right, DISTINCT)
            partitions.append(partition(session, cast))
            savepoint.rollback()

    assert partitions[0] == partitions[1] == {frozenset({a}), frozenset({b, c})}


def test_after_undoing_a_persons_answer_the_models_counts_again(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    kept_apart = make_judgement(session, cast, b, c, DISTINCT)
    add_model_judgements(session, cast, [(a, c, 0.95, DUPLICATE)])
    merged = make_judgement(session, cast, a, b, DUPLICATE)  # so a and c cannot be merged

    undo(session, review_id=cast.review_id, event_number=merged, by=cast.lead)

    assert kept_apart < merged
    assert partition(session, cast) == {frozenset({a, c}), frozenset({b})}


# ------------------------------------------------------- what a merge may not silently undo (S8)


def test_a_removed_copy_does_not_take_a_decided_record_out_of_the_screening(session, cast):
    decided, removed = make_records(session, cast.review_id, 2)
    decide_both(session, cast, decided, INCLUDE)
    remove(session, review_id=cast.review_id, record_id=removed, kind=RemovalKind.AUTOMATION,
           why="Not in a language of the review.", by=cast.lead)  # fmt: skip

    merge_if_allowed(session, cast, decided, removed)

    assert flow_state_of(session, cast, decided) is FlowState.AWAITING_RETRIEVAL


def test_a_copy_that_was_not_retrieved_does_not_lose_a_report_that_was_read(session, cast):
    read, lost = make_records(session, cast.review_id, 2)
    include_fully(session, cast, read)
    decide_both(session, cast, lost, INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=lost, why="No reply.",
             state=RetrievalState.NOT_RETRIEVED, by=cast.lead)  # fmt: skip

    merge_if_allowed(session, cast, read, lost)

    assert flow_state_of(session, cast, read) is FlowState.AWAITING_STUDY


def test_a_copy_that_was_unlinked_does_not_unlink_the_report_from_its_study(session, cast):
    linked, unlinked = make_records(session, cast.review_id, 2)
    for record in (linked, unlinked):
        include_fully(session, cast, record)
    add_study(session, review_id=cast.review_id, label="Kept", reports=[linked], by=cast.lead)
    study = add_study(
        session, review_id=cast.review_id, label="Left", reports=[unlinked], by=cast.lead
    )
    link_report(session, review_id=cast.review_id, study_id=study.id, record_id=unlinked,
                by=cast.lead, linked=False)  # fmt: skip

    merge_if_allowed(session, cast, linked, unlinked)

    assert flow_state_of(session, cast, linked) is FlowState.INCLUDED


def test_two_studies_do_not_become_one_by_merging_their_reports(session, cast):
    """A report belongs to at most one study (P10): somebody has to say which."""
    first, second = make_records(session, cast.review_id, 2)
    for record, label in ((first, "One"), (second, "Other")):
        include_fully(session, cast, record)
        add_study(session, review_id=cast.review_id, label=label, reports=[record], by=cast.lead)

    with pytest.raises(Conflicting):
        make_judgement(session, cast, first, second, DUPLICATE)

    studies = {
        study_of_report(session, review_id=cast.review_id, cluster=[record])
        for record in (first, second)
    }
    assert len(studies) == 2


def test_a_merge_does_not_unlock_a_decision_that_retrieval_has_used(session, cast):
    sought, copy = make_records(session, cast.review_id, 2)
    decide_both(session, cast, sought, INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=sought,
             state=RetrievalState.RETRIEVED, by=cast.lead)  # fmt: skip
    decide(session, review_id=cast.review_id, record_id=copy, stage=Stage.TITLE_ABSTRACT,
           verdict=INCLUDE, by=cast.reviewer_a)  # fmt: skip
    make_judgement(session, cast, sought, copy, DUPLICATE)
    live = live_decisions_on(session, cast, sought)

    with pytest.raises(Settled):
        decide(session, review_id=cast.review_id, record_id=sought, stage=Stage.TITLE_ABSTRACT,
               verdict=EXCLUDE, supersedes_id=live[0].id, by=cast.reviewer_a)  # fmt: skip


def test_a_new_round_begins_without_decisions_whatever_was_merged_and_undone(session, cast):
    """S1: reopened means unscreened, so no decision of an earlier act may turn up in the round."""
    root, copy = make_records(session, cast.review_id, 2)
    decide_both(session, cast, root, INCLUDE)
    reopen(session, review_id=cast.review_id, record_id=root, stage=Stage.TITLE_ABSTRACT,
           why="A criterion changed.", by=cast.lead)  # fmt: skip
    merged = make_judgement(session, cast, root, copy, DUPLICATE)
    decide_both(session, cast, copy, EXCLUDE)  # from a page shown before the merge
    undo(session, review_id=cast.review_id, event_number=merged, by=cast.lead)
    decide_both(session, cast, copy, EXCLUDE)

    reopen(session, review_id=cast.review_id, record_id=copy, stage=Stage.TITLE_ABSTRACT,
           why="Once more.", by=cast.lead)  # fmt: skip

    state = stage_state(
        session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, cluster=[copy]
    )
    assert state.resolution is Resolution.UNSCREENED


def test_an_adjudication_after_a_merge_resolves_both(session, cast):
    a, b = make_records(session, cast.review_id, 2)
    decide_both(session, cast, a, INCLUDE)
    decide_both(session, cast, b, EXCLUDE)
    make_judgement(session, cast, a, b, DUPLICATE)
    live = live_decisions_on(session, cast, b)

    adjudicate(session, review_id=cast.review_id, record_id=b, stage=Stage.TITLE_ABSTRACT,
               verdict=INCLUDE, settles=[decision.id for decision in live],
               by=cast.adjudicator)  # fmt: skip

    assert cluster_of(session, review_id=cast.review_id, record_id=b) == (a, b)
    assert len(live) == 4
    assert flow_state_of(session, cast, a) is FlowState.AWAITING_RETRIEVAL
    assert flow_state_of(session, cast, b) is FlowState.DUPLICATE


def merge_if_allowed(session: Session, cast: Cast, left: UUID, right: UUID) -> None:
    """Merge two records; a refusal that asks somebody to choose is fine too: it loses nothing."""
    try:
        with session.begin_nested():
            make_judgement(session, cast, left, right, DUPLICATE)
    except ReviewError:
        return


# ------------------------------------------------------------------------ runs over a whole review


def n_rows(database: Database, table: type[ClusterMembership] | type[DuplicateJudgement]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_second_run_adds_nothing_and_new_records_are_compared_with_old(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, TWINS)

    first = deduplicate(database, review_id=cast.review_id, by=OPERATOR)
    after_first = n_rows(database, ClusterMembership), n_rows(database, DuplicateJudgement)
    second = deduplicate(database, review_id=cast.review_id, by=OPERATOR)
    after_second = n_rows(database, ClusterMembership), n_rows(database, DuplicateJudgement)
    with database.writing() as session:
        [late] = make_records(session, cast.review_id, [TWINS[2]], source="PubMed")
    third = deduplicate(database, review_id=cast.review_id, by=OPERATOR)

    assert (first.n_duplicates, second.event_number, second.n_duplicates) == (1, None, 0)
    assert after_second == after_first
    assert third.n_duplicates == 1
    with database.reading() as session:
        group = cluster_of(session, review_id=cast.review_id, record_id=late)
        denver = session.get_one(Record, group[0])
        assert denver.doi == TWINS[2]["doi"]
        assert (len(group), questions(session, review_id=cast.review_id)) == (2, [])
        assert [fault.what for fault in verify(session)] == []


def test_a_person_is_never_overruled_by_a_later_run(database):
    with database.writing() as session:
        cast = make_review(session)
        a, b = make_records(session, cast.review_id, TWINS[:2])
        make_judgement(session, cast, a, b, DISTINCT)

    run = deduplicate(database, review_id=cast.review_id, by=OPERATOR)

    assert run.n_duplicates == 0
    with database.reading() as session:
        assert partition(session, cast) == {frozenset({a}), frozenset({b})}


def test_records_imported_while_a_run_compares_are_compared_by_the_next(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, TWINS[1:])
    late: list[UUID] = []

    def import_meanwhile(_done: float) -> None:
        if not late:
            with database.writing() as session:
                late.extend(make_records(session, cast.review_id, TWINS[:1], source="PubMed"))

    deduplicate(database, review_id=cast.review_id, by=OPERATOR, on_progress=import_meanwhile)
    assert late
    deduplicate(database, review_id=cast.review_id, by=OPERATOR)

    with database.reading() as session:
        assert len(cluster_of(session, review_id=cast.review_id, record_id=late[0])) == 2


def test_all_pairs_above_a_score_are_merged_and_split_as_one_act(session, cast):
    a, b, c, d, e, f = make_records(session, cast.review_id, 6)
    add_model_judgements(
        session, cast,
        [(a, b, 0.95, Judgement.POSSIBLE), (c, d, 0.9, Judgement.POSSIBLE),
         (e, f, 0.8, Judgement.POSSIBLE)],
    )  # fmt: skip
    as_lead = {"review_id": cast.review_id, "by": cast.lead}

    number = merge_above(session, **as_lead, score=0.9)

    assert partition(session, cast) == {
        frozenset({a, b}), frozenset({c, d}), frozenset({e}), frozenset({f})
    }  # fmt: skip
    assert [pair[:2] for pair in questions(session, review_id=cast.review_id)] == [(e, f)]
    with pytest.raises(Conflicting):
        merge_above(session, **as_lead, score=0.9)
    undo(session, **as_lead, event_number=number)
    assert len(partition(session, cast)) == 6
    assert len(questions(session, review_id=cast.review_id)) == 3
    assert list(verify(session)) == []


def test_merging_above_a_score_respects_every_answer(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    make_judgement(session, cast, a, c, DISTINCT)
    add_model_judgements(
        session, cast, [(a, b, 0.95, Judgement.POSSIBLE), (b, c, 0.9, Judgement.POSSIBLE)]
    )

    merge_above(session, review_id=cast.review_id, score=0.7, by=cast.lead)

    assert partition(session, cast) == {frozenset({a, b}), frozenset({c})}
    with pytest.raises(NotAllowed):
        merge_above(session, review_id=cast.review_id, score=0.7, by=cast.reviewer_a)


def test_records_kept_apart_stay_apart_with_their_copies_and_after_an_undo(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    as_reviewer = {"review_id": cast.review_id, "by": cast.reviewer_a, "verdict": DUPLICATE}
    make_judgement(session, cast, a, c, DISTINCT)
    make_judgement(session, cast, a, b, DUPLICATE)  # b is a copy of a

    with pytest.raises(Conflicting, match="are not duplicates"):
        judge(session, **as_reviewer, left_id=b, right_id=c)

    slip = make_judgement(session, cast, a, c, Judgement.SAME_STUDY)
    undo(session, review_id=cast.review_id, event_number=slip, by=cast.lead)
    with pytest.raises(Conflicting, match="are not duplicates"):
        judge(session, **as_reviewer, left_id=a, right_id=c)


@pytest.mark.parametrize(
    ("rules", "n_merged", "n_asked"),
    [
        ("", 2, 1),
        ("duplicates: {merge: identical}", 1, 2),
        ("duplicates: {merge: none}", 0, 3),
        ("duplicates: {ask_from: 1}", 2, 0),
        ("duplicates: {wrong_merges_accepted: 0}", 1, 2),
        ("duplicates: {wrong_merges_accepted: 7}", 2, 1),
        ("duplicates: {wrong_merges_accepted: 57}", 3, 0),
    ],
)
def test_the_protocol_says_which_duplicates_are_merged(database, rules, n_merged, n_asked):
    same = {"title": "Paying for outcomes in shelters of the north", "abstract": "", "year": 2010}
    near = {"title": "Homes before jobs: a bond for rough sleepers", "doi": "10.5555/2"}
    maybe = {"title": "Learning from contracts in four harbour towns", "year": 2011}
    with database.writing() as session:
        cast = make_review(session, text=f"{protocol_text()}{rules}\n")
        make_records(
            session,
            cast.review_id,
            [
                same, same,
                near, near | {"title": "Homes before jobs: bonds for rough sleepers"},
                maybe, maybe | {"journal": "Other Letters", "volume": "9", "year": 2012},
            ],
        )  # fmt: skip

    run = deduplicate(database, review_id=cast.review_id, by=cast.lead)

    assert (run.n_duplicates, run.n_questions) == (n_merged, n_asked)


def test_reviewers_say_what_is_a_duplicate_and_nothing_else(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    as_reviewer = {"review_id": cast.review_id, "by": cast.reviewer_a}

    number = judge(session, **as_reviewer, left_id=a, right_id=b, verdict=DUPLICATE)
    assert partition(session, cast) == {frozenset({a, b}), frozenset({c})}
    for verdict in (DISTINCT, Judgement.SAME_STUDY):
        with pytest.raises(NotAllowed):
            judge(session, **as_reviewer, left_id=b, right_id=c, verdict=verdict)

    undo(session, **as_reviewer, event_number=number)
    assert partition(session, cast) == {frozenset({a}), frozenset({b}), frozenset({c})}


def test_reviewers_neither_overrule_the_lead_nor_undo_the_answers_of_others(session, cast):
    a, b, c = make_records(session, cast.review_id, 3)
    as_reviewer = {"review_id": cast.review_id, "by": cast.reviewer_a}
    make_judgement(session, cast, a, b, DISTINCT)
    merged = make_judgement(session, cast, b, c, DUPLICATE)

    with pytest.raises(Conflicting, match="are not duplicates"):
        judge(session, **as_reviewer, left_id=a, right_id=b, verdict=DUPLICATE)
    with pytest.raises(Conflicting):  # through a third record no more than directly
        judge(session, **as_reviewer, left_id=a, right_id=c, verdict=DUPLICATE)
    with pytest.raises(NotAllowed):
        undo(session, **as_reviewer, event_number=merged)
    with pytest.raises(NotAllowed):
        judge(
            session, review_id=cast.review_id, left_id=b, right_id=c, verdict=DUPLICATE,
            by=cast.advisor,
        )  # fmt: skip
    assert partition(session, cast) == {frozenset({a}), frozenset({b, c})}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_learns_how_long_its_tables_are(database: Database) -> None:
    """It assumes ten rows for a table it never analysed, and loops over them for each record."""
    with database.writing() as session:
        cast = make_review(session)
        include_fully(session, cast, make_records(session, cast.review_id, 3)[0])
    database.analyse()

    with database.reading() as session:
        known = session.connection().exec_driver_sql("SELECT tbl FROM sqlite_stat1").scalars()
        assert {"record", "decision", "retrieval"} <= set(known)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_query_over_the_whole_review_compares_no_record_with_all_others(
    database: Database,
) -> None:
    """PostgreSQL expects one row instead of thousands, and would loop over all of them for each."""
    with database.writing() as session:
        cast = make_review(session)
        for record in make_records(session, cast.review_id, 3):
            include_fully(session, cast, record)
    database.analyse()

    with database.reading() as session:
        query = select(flow_states(session, review_id=cast.review_id)).compile(
            session.connection().engine, compile_kwargs={"literal_binds": True}
        )
        whole = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {query}").scalars())
        setting = session.connection().exec_driver_sql("SHOW enable_nestloop").scalar_one()

    assert "Hash" in whole
    assert "Nested Loop" not in whole
    assert setting == "on"  # lookups of a few records are better off with loops


def test_everything_is_compared_again_and_answers_of_people_stay(database):
    with database.writing() as session:
        cast = make_review(session)
        a, b, c = make_records(session, cast.review_id, TWINS)
    again = {"review_id": cast.review_id, "by": cast.lead, "everything": True}
    first = deduplicate(database, review_id=cast.review_id, by=cast.lead)
    with database.writing() as session:
        undo(session, review_id=cast.review_id, event_number=first.event_number, by=cast.lead)
        assert len(partition(session, cast)) == 3
    assert deduplicate(database, review_id=cast.review_id, by=cast.lead).n_compared == 0

    redone = deduplicate(database, **again)
    idle = deduplicate(database, **again)

    assert (redone.n_compared, redone.n_duplicates) == (3, first.n_duplicates)
    assert idle.n_duplicates == 0
    with database.writing() as session:
        assert frozenset({a, b}) in partition(session, cast)
        make_judgement(session, cast, a, b, DISTINCT)
    assert deduplicate(database, **again).n_duplicates == 0
    with database.reading() as session:
        assert partition(session, cast) == {frozenset({a}), frozenset({b}), frozenset({c})}
        assert [fault.what for fault in verify(session)] == []


def test_a_stricter_rule_takes_merges_apart_once_everything_is_compared_again(database):
    with database.writing() as session:
        cast = make_review(session)
        a, b, _ = make_records(session, cast.review_id, TWINS)
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    strict = protocol_text() + "duplicates: {merge: none}\n"
    with database.writing() as session:
        amend_protocol(session, review_id=cast.review_id, protocol_text=strict,
                       why="To see each.", by=cast.lead)  # fmt: skip
        assert frozenset({a, b}) in partition(session, cast)

    run = deduplicate(database, review_id=cast.review_id, by=cast.lead, everything=True)

    assert run.n_questions >= 1
    with database.reading() as session:
        assert frozenset({a, b}) not in partition(session, cast)
        assert [fault.what for fault in verify(session)] == []


def test_what_is_withdrawn_is_not_asked_about(database):
    with database.writing() as session:
        cast = make_review(session)
        text = {"title": "Learning from contracts in four harbour towns", "year": 2011}
        [left] = make_records(session, cast.review_id, [text])
        [right] = make_records(session, cast.review_id, [text | {"journal": "Other", "year": 2012}])
        add_model_judgements(session, cast, [(left, right, 0.7, Judgement.POSSIBLE)])
        assert len(questions(session, review_id=cast.review_id)) == 1
        file = session.get_one(Record, right).import_file_id
        number = withdraw_file(session, review_id=cast.review_id, file_id=file, why="Wrong.",
                               by=cast.lead)  # fmt: skip
        assert questions(session, review_id=cast.review_id) == []
        undo_correction(session, review_id=cast.review_id, event_number=number, by=cast.lead)
        assert len(questions(session, review_id=cast.review_id)) == 1
