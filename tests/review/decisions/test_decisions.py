"""Two independent decisions, changed decisions, conflicts and how they are resolved."""

from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.blinding import n_own_decisions, own_decisions
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.decisions.stopping import stop_screening
from review.errors import Conflicting, Invalid, NotAllowed, NotFound, Settled, Stale
from review.reports.retrieval import retrieve
from review.reviews import amend_protocol
from review.states.clusters import cluster_of
from review.states.resolution import StageState, stage_state
from review.studies.studies import add_study
from review.tables import Decision, Event
from review.tables.base import utc_now
from review.vocabulary import Act, Resolution, RetrievalState, Stage, Verdict
from tests.factories import (
    Cast,
    decide_both,
    include_fully,
    live_decisions_on,
    make_records,
    make_review,
    protocol_text,
)

INCLUDE, EXCLUDE, MAYBE = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE


def make_decision(session: Session, cast: Cast, record, verdict, by, **more) -> Decision:
    more.setdefault("stage", Stage.TITLE_ABSTRACT)
    return decide(
        session, review_id=cast.review_id, record_id=record, verdict=verdict, by=by, **more
    )


def stage_state_of(session: Session, cast: Cast, record, stage=Stage.TITLE_ABSTRACT) -> StageState:
    cluster = cluster_of(session, review_id=cast.review_id, record_id=record)
    return stage_state(session, review_id=cast.review_id, stage=stage, cluster=cluster)


@pytest.mark.parametrize(
    ("first", "second", "resolution"),
    [
        (INCLUDE, INCLUDE, Resolution.INCLUDE),
        (EXCLUDE, EXCLUDE, Resolution.EXCLUDE),
        (INCLUDE, EXCLUDE, Resolution.CONFLICT),
        (MAYBE, INCLUDE, Resolution.INCLUDE),
        (MAYBE, EXCLUDE, Resolution.CONFLICT),
        (MAYBE, MAYBE, Resolution.INCLUDE),
    ],
)
def test_two_decisions_resolve_a_record(session, cast, first, second, resolution):
    [record] = make_records(session, cast.review_id)

    before = stage_state_of(session, cast, record).resolution
    make_decision(session, cast, record, first, cast.reviewer_a)
    between = stage_state_of(session, cast, record).resolution
    make_decision(session, cast, record, second, cast.reviewer_b)

    assert before is Resolution.UNSCREENED
    assert between is Resolution.AWAITING_SECOND
    assert stage_state_of(session, cast, record).resolution is resolution


def test_a_decision_keeps_what_was_sent_by_whom_and_when(session, cast):
    [record] = make_records(session, cast.review_id)
    note = "Clearly in, for three reasons. " * 60
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text() + "# Plain",
                   why="A blank.", by=cast.lead)  # fmt: skip
    began = utc_now()

    made = make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, note=note, seconds=12.5,
                         exclusion_reason="date")  # fmt: skip
    session.expire(made)
    event = session.scalars(
        select(Event).where(Event.number == made.event_number, Event.review_id == cast.review_id)
    ).one()

    assert (made.note, made.seconds, made.exclusion_reason) == (note, 12.5, "date")
    assert (made.record_id, made.verdict, made.stage) == (record, EXCLUDE, Stage.TITLE_ABSTRACT)
    assert (made.round, made.protocol_version) == (1, 2)
    assert made.reviewer_id == event.actor_id == cast.reviewer_a.account_id
    assert (event.act, event.subject_kind, event.subject_id) == (Act.DECIDE, "record", record)
    assert began <= made.decided_at <= event.at <= utc_now()


def test_a_key_is_each_reviewers_own(session, cast):
    [record] = make_records(session, cast.review_id)
    key = uuid4()

    first, second = (
        make_decision(session, cast, record, INCLUDE, reviewer, idempotency_key=key)
        for reviewer in cast.reviewers
    )

    assert first.id != second.id
    assert second.reviewer_id == cast.reviewer_b.account_id


@pytest.mark.parametrize("closes_after", [20])
def test_only_live_decisions_are_counted_as_ones_own(session, cast):
    kept, changed, withdrawn = make_records(session, cast.review_id, 3)
    scope = {"review_id": cast.review_id, "stage": Stage.TITLE_ABSTRACT, "by": cast.reviewer_a}

    for record in (kept, changed, withdrawn):
        first = make_decision(session, cast, record, INCLUDE, cast.reviewer_a)
        if record != kept:
            verdict = EXCLUDE if record == changed else Verdict.WITHDRAWN
            make_decision(session, cast, record, verdict, cast.reviewer_a, supersedes_id=first.id)
    make_decision(session, cast, kept, INCLUDE, cast.reviewer_b)

    assert n_own_decisions(session, **scope) == 2
    listed = [(one.verdict, record.id) for one, record in own_decisions(session, **scope)]
    assert listed == [(EXCLUDE, changed), (INCLUDE, kept)]


def test_where_maybe_does_not_advance_two_maybes_are_a_conflict(session):
    cast = make_review(session, maybe=False)
    [record] = make_records(session, cast.review_id)

    decide_both(session, cast, record, MAYBE)

    assert stage_state_of(session, cast, record).resolution is Resolution.CONFLICT


def test_one_decision_is_enough_where_the_protocol_says_so(session):
    cast = make_review(session, needed=1)
    [record] = make_records(session, cast.review_id)

    make_decision(session, cast, record, INCLUDE, cast.reviewer_a)

    assert stage_state_of(session, cast, record).resolution is Resolution.INCLUDE
    with pytest.raises(Conflicting, match="does not need"):
        make_decision(session, cast, record, INCLUDE, cast.reviewer_b)


@pytest.mark.parametrize("closes_after", [20])
def test_a_reviewer_may_change_and_withdraw(session, cast):
    [record] = make_records(session, cast.review_id)
    first = make_decision(session, cast, record, INCLUDE, cast.reviewer_a)

    second = make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, supersedes_id=first.id)
    make_decision(
        session, cast, record, Verdict.WITHDRAWN, cast.reviewer_a, supersedes_id=second.id
    )
    withdrawn = stage_state_of(session, cast, record)
    make_decision(session, cast, record, INCLUDE, cast.reviewer_a)

    assert withdrawn.resolution is Resolution.UNSCREENED
    assert stage_state_of(session, cast, record).n_reviewers == 1


@pytest.mark.parametrize("closes_after", [20])
def test_a_decision_from_a_stale_page_is_refused(session, cast):
    [record] = make_records(session, cast.review_id)
    first = make_decision(session, cast, record, INCLUDE, cast.reviewer_a)
    make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, supersedes_id=first.id)

    with pytest.raises(Stale):
        make_decision(session, cast, record, MAYBE, cast.reviewer_a, supersedes_id=first.id)
    with pytest.raises(Stale):
        make_decision(session, cast, record, MAYBE, cast.reviewer_a)


def test_the_same_key_saves_once_and_another_content_is_refused(session, cast):
    [record] = make_records(session, cast.review_id)
    key = uuid4()

    first = make_decision(session, cast, record, INCLUDE, cast.reviewer_a, idempotency_key=key)
    again = make_decision(session, cast, record, INCLUDE, cast.reviewer_a, idempotency_key=key)

    assert again is first
    with pytest.raises(Conflicting, match="another decision"):
        make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, idempotency_key=key)


def test_only_reviewers_of_this_review_decide(session, cast):
    [record] = make_records(session, cast.review_id)
    other_review = make_review(session)
    [foreign] = make_records(session, other_review.review_id)

    for person in (cast.lead, cast.advisor, cast.adjudicator):
        with pytest.raises(NotAllowed):
            make_decision(session, cast, record, INCLUDE, person)
    with pytest.raises(NotFound):
        make_decision(session, cast, record, INCLUDE, cast.outsider)
    with pytest.raises(NotFound):
        make_decision(session, cast, foreign, INCLUDE, cast.reviewer_a)


def test_a_reason_belongs_to_an_exclusion_and_full_text_needs_one(session, cast):
    [record] = make_records(session, cast.review_id)

    with pytest.raises(Invalid, match="only when you exclude"):
        make_decision(session, cast, record, INCLUDE, cast.reviewer_a, exclusion_reason="date")
    with pytest.raises(Invalid, match="not one of"):
        make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, exclusion_reason="mood")
    decide_both(session, cast, record, INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=record,
             state=RetrievalState.RETRIEVED, by=cast.lead)  # fmt: skip
    with pytest.raises(Invalid, match="every exclusion needs one"):
        make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, stage=Stage.FULL_TEXT)


def test_an_adjudicator_resolves_a_conflict_citing_both_decisions(session, cast):
    [record] = make_records(session, cast.review_id)
    a = make_decision(session, cast, record, INCLUDE, cast.reviewer_a)
    b = make_decision(session, cast, record, EXCLUDE, cast.reviewer_b)
    resolve = {"review_id": cast.review_id, "record_id": record, "stage": Stage.TITLE_ABSTRACT,
               "verdict": INCLUDE, "by": cast.adjudicator}  # fmt: skip

    with pytest.raises(Stale):
        adjudicate(session, settles=[a.id], **resolve)
    adjudicate(session, settles=[a.id, b.id], **resolve)

    now = stage_state_of(session, cast, record)
    assert (now.resolution, now.is_adjudicated) == (Resolution.INCLUDE, True)
    with pytest.raises(Settled):
        make_decision(session, cast, record, INCLUDE, cast.reviewer_b, supersedes_id=b.id)
    with pytest.raises(Conflicting, match="already been resolved"):
        adjudicate(session, settles=[a.id, b.id], **resolve)


def test_a_reviewer_of_the_round_cannot_adjudicate_it(session, cast):
    other_review = make_review(session)
    [record] = make_records(session, cast.review_id)
    a = make_decision(session, cast, record, INCLUDE, cast.reviewer_a)
    b = make_decision(session, cast, record, EXCLUDE, cast.reviewer_b)
    resolve = {"review_id": cast.review_id, "record_id": record, "stage": Stage.TITLE_ABSTRACT,
               "verdict": INCLUDE, "settles": [a.id, b.id]}  # fmt: skip

    with pytest.raises(NotAllowed):
        adjudicate(session, by=cast.reviewer_a, **resolve)
    with pytest.raises(NotFound):
        adjudicate(session, by=other_review.adjudicator, **resolve)


def test_once_retrieval_has_used_a_resolution_only_reopening_changes_it(session, cast):
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, INCLUDE)
    live = live_decisions_on(session, cast, record, Stage.TITLE_ABSTRACT)
    retrieve(session, review_id=cast.review_id, record_id=record,
             state=RetrievalState.REQUESTED, by=cast.lead)  # fmt: skip

    with pytest.raises(Settled):
        make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, supersedes_id=live[0].id)
    reopen(session, review_id=cast.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
           why="The criterion was amended.", by=cast.lead)  # fmt: skip
    reopened = stage_state_of(session, cast, record)
    decide_both(session, cast, record, EXCLUDE)

    assert (reopened.resolution, reopened.round) == (Resolution.UNSCREENED, 2)
    assert stage_state_of(session, cast, record).resolution is Resolution.EXCLUDE


def test_full_text_screening_needs_inclusion_and_retrieval(session, cast):
    [record] = make_records(session, cast.review_id)

    with pytest.raises(Conflicting, match="does not need"):
        make_decision(session, cast, record, INCLUDE, cast.reviewer_a, stage=Stage.FULL_TEXT)
    decide_both(session, cast, record, INCLUDE)
    with pytest.raises(Conflicting, match="does not need"):
        make_decision(session, cast, record, INCLUDE, cast.reviewer_a, stage=Stage.FULL_TEXT)


def test_two_excludes_for_different_reasons_conflict_where_reasons_must_agree(session):
    cast = make_review(session, reasons=True)
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=record,
             state=RetrievalState.RETRIEVED, by=cast.lead)  # fmt: skip

    a = make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, stage=Stage.FULL_TEXT,
            exclusion_reason="intervention")  # fmt: skip
    b = make_decision(session, cast, record, EXCLUDE, cast.reviewer_b, stage=Stage.FULL_TEXT,
            exclusion_reason="population")  # fmt: skip
    before = stage_state_of(session, cast, record, Stage.FULL_TEXT)
    adjudicate(session, review_id=cast.review_id, record_id=record, stage=Stage.FULL_TEXT,
               verdict=EXCLUDE, exclusion_reason="population", settles=[a.id, b.id],
               by=cast.adjudicator)  # fmt: skip
    after = stage_state_of(session, cast, record, Stage.FULL_TEXT)

    assert before.resolution is Resolution.CONFLICT
    assert (after.resolution, after.exclusion_reason) == (Resolution.EXCLUDE, "population")


def test_the_first_reason_in_the_protocols_order_is_the_primary_one(session, cast):
    [record] = make_records(session, cast.review_id)

    make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, exclusion_reason="intervention")
    make_decision(session, cast, record, EXCLUDE, cast.reviewer_b, exclusion_reason="population")

    assert stage_state_of(session, cast, record).exclusion_reason == "population"


def test_an_amendment_changes_new_rounds_only(session, cast):
    begun, unscreened = make_records(session, cast.review_id, 2)
    make_decision(session, cast, begun, INCLUDE, cast.reviewer_a)

    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(needed=1),
                   why="Too few people.", by=cast.lead)  # fmt: skip
    make_decision(session, cast, unscreened, INCLUDE, cast.reviewer_a)

    assert stage_state_of(session, cast, begun).resolution is Resolution.AWAITING_SECOND
    assert stage_state_of(session, cast, unscreened).resolution is Resolution.INCLUDE


def test_a_stop_leaves_undecided_records_not_screened_but_not_later_ones(session, cast):
    decided_once, undecided = make_records(session, cast.review_id, 2)
    make_decision(session, cast, decided_once, INCLUDE, cast.reviewer_a)

    stop_screening(session, review_id=cast.review_id, rule="95 % recall", numbers={"p": 0.03},
                   by=cast.lead)  # fmt: skip
    [later] = make_records(session, cast.review_id)
    stopped = [
        stage_state_of(session, cast, record).resolution
        for record in (decided_once, undecided, later)
    ]
    stop_screening(session, review_id=cast.review_id, rule="resumed", numbers={},
                   by=cast.lead, resume=True)  # fmt: skip

    assert stopped == [
        Resolution.AWAITING_SECOND,
        Resolution.NOT_SCREENED,
        Resolution.UNSCREENED,
    ]
    assert stage_state_of(session, cast, undecided).resolution is Resolution.UNSCREENED


def test_a_decision_that_a_study_relies_on_can_no_longer_be_changed(session, cast):
    [record] = make_records(session, cast.review_id)
    include_fully(session, cast, record)
    live = live_decisions_on(session, cast, record, Stage.FULL_TEXT)
    add_study(session, review_id=cast.review_id, label="Doe 2001", reports=[record], by=cast.lead)

    with pytest.raises(Settled):
        make_decision(session, cast, record, EXCLUDE, cast.reviewer_a, stage=Stage.FULL_TEXT,
            exclusion_reason="date", supersedes_id=live[0].id)  # fmt: skip
