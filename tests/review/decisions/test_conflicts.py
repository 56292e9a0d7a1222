"""Conflicts: listing, undoing a resolution, consensus, and talking about a record."""

from datetime import timedelta
from typing import Any

import pytest

from review.decisions.adjudication import adjudicate, withdraw_adjudication
from review.decisions.closing import close_decisions
from review.decisions.conflicts import ConflictFilter, Order, open_conflicts, summary
from review.decisions.consensus import answer, proposal_on, propose
from review.decisions.decisions import decide
from review.decisions.discussion import comment, discussion
from review.decisions.history import history
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.events import OPERATOR
from review.reports.retrieval import retrieve
from review.reviews import add_member, amend_protocol
from review.states.resolution import stage_state
from review.verify import verify
from review.vocabulary import Judgement, RetrievalState, Role, Stage, Verdict
from tests.factories import (
    decide_both,
    disagree,
    live_decisions_on,
    make_account,
    make_records,
    make_review,
    protocol_text,
)

INCLUDE, EXCLUDE = Verdict.INCLUDE, Verdict.EXCLUDE
TITLE_ABSTRACT, FULL_TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


def resolve(session, cast, record, verdict=INCLUDE):
    return adjudicate(
        session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT, verdict=verdict,
        settles=[decision.id for decision in live_decisions_on(session, cast, record)],
        by=cast.adjudicator,
    )  # fmt: skip


def resolution(session, cast, record, stage=TITLE_ABSTRACT):
    return stage_state(session, review_id=cast.review_id, stage=stage, cluster=[record]).resolution


def undo(session, cast, adjudication, by=None):
    return withdraw_adjudication(
        session, review_id=cast.review_id, adjudication_id=adjudication.id,
        by=by or cast.adjudicator,
    )  # fmt: skip


def listed(session, cast, by=None, **filters):
    conflicts = open_conflicts(session, review_id=cast.review_id, by=by or cast.adjudicator)
    shown = ConflictFilter(**filters).applied_to(conflicts)
    return [conflict.record.id for conflict in shown]


def test_a_resolution_can_be_undone_and_made_again(session, cast):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    first = resolve(session, cast, record, EXCLUDE)
    assert resolution(session, cast, record) == "exclude"

    undo(session, cast, first)
    assert resolution(session, cast, record) == "conflict"
    assert listed(session, cast) == [record]
    with pytest.raises(Conflicting):
        undo(session, cast, first)

    second = resolve(session, cast, record, INCLUDE)
    assert resolution(session, cast, record) == "include"
    undo(session, cast, second)
    assert resolution(session, cast, record) == "conflict"
    assert not list(verify(session))


def test_only_its_author_undoes_a_resolution_and_only_until_work_has_continued(session, cast):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    made = resolve(session, cast, record)
    add_member(session, review_id=cast.review_id, email=cast.emails["outsider"],
               role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip
    for other, refusal in ((cast.outsider, NotFound), (cast.reviewer_a, NotAllowed)):
        with pytest.raises(refusal):
            undo(session, cast, made, by=other)

    retrieve(session, review_id=cast.review_id, record_id=record,
             state=RetrievalState.REQUESTED, by=cast.lead)  # fmt: skip
    with pytest.raises(Conflicting, match="later work depends"):
        undo(session, cast, made)
    assert resolution(session, cast, record) == "include"


def test_conflicts_are_found_by_stage_words_search_pair_and_age(session, cast):
    third, email = make_account(session, "third")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=OPERATOR)
    a, b = make_records(session, cast.review_id, [{"title": "Bonds in Peru"}, {"title": "A bond"}])
    [c] = make_records(session, cast.review_id, [{"title": "Full text of bonds"}])
    disagree(session, cast, a)
    disagree(session, cast, b, people=(cast.reviewer_a, third))
    decide_both(session, cast, c, INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=c, state=RetrievalState.RETRIEVED,
             by=cast.lead)  # fmt: skip
    disagree(session, cast, c, stage=FULL_TEXT, reason="date")
    conflicts = open_conflicts(session, review_id=cast.review_id, by=cast.adjudicator)
    pair_of = {conflict.record.id: conflict.pair for conflict in conflicts}

    assert listed(session, cast) == [a, b, c]
    assert listed(session, cast, stage=FULL_TEXT) == [c]
    assert listed(session, cast, text="BONDS peru") == [a]
    assert listed(session, cast, order=Order.NEWEST) == [c, b, a]
    assert listed(session, cast, order=Order.TITLE) == [b, a, c]
    assert listed(session, cast, days=1) == []
    assert pair_of[a] == pair_of[c] != pair_of[b]
    assert listed(session, cast, pair=pair_of[b]) == [b]
    assert listed(session, cast, search_id=conflicts[2].record.search_id)[-1] == c


def test_the_first_decision_shown_is_not_always_the_same_reviewers(session, cast):
    for record in make_records(session, cast.review_id, 20):
        disagree(session, cast, record)
    conflicts = open_conflicts(session, review_id=cast.review_id, by=cast.adjudicator)

    first = {conflict.decisions[0].reviewer_id for conflict in conflicts}
    assert len(first) == 2  # 1 in 2**19 that chance alone fails this


def test_a_lead_sees_how_many_conflicts_there_are_and_who_resolves_them(session, cast):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)

    found = summary(session, review_id=cast.review_id, by=cast.lead)
    assert found.n == {TITLE_ABSTRACT: 1, FULL_TEXT: 0}
    assert found.adjudicators == ["Adjudicator"]
    with pytest.raises(NotAllowed):
        summary(session, review_id=cast.review_id, by=cast.adjudicator)


def test_consensus_needs_both(session):
    cast = make_review(session, consensus=True)
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    on: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT,
    }  # fmt: skip
    a, b = cast.reviewers

    proposal = propose(session, verdict=EXCLUDE, note="It is about loans.", by=a, **on)
    assert resolution(session, cast, record) == "conflict"
    with pytest.raises(NotAllowed, match="your own"):
        answer(session, review_id=cast.review_id, proposal_id=proposal.id, agrees=True, by=a)
    seen = proposal_on(session, by=b, **on)
    assert (seen.proposal.id, seen.is_own, seen.is_declined) == (proposal.id, False, False)

    answered = answer(
        session, review_id=cast.review_id, proposal_id=proposal.id, agrees=False, by=b
    )
    assert answered is None
    assert proposal_on(session, by=a, **on).is_declined
    assert resolution(session, cast, record) == "conflict"
    with pytest.raises(Conflicting, match="already"):
        answer(session, review_id=cast.review_id, proposal_id=proposal.id, agrees=True, by=b)

    third = propose(session, verdict=EXCLUDE, by=a, **on)
    propose(session, verdict=EXCLUDE, note="On second thoughts.", by=a, **on)
    with pytest.raises(Conflicting, match="newer"):
        answer(session, review_id=cast.review_id, proposal_id=third.id, agrees=True, by=b)
    second = propose(session, verdict=INCLUDE, by=b, **on)
    resolved = answer(session, review_id=cast.review_id, proposal_id=second.id, agrees=True, by=a)
    assert resolved.verdict is INCLUDE
    assert resolution(session, cast, record) == "include"
    assert not list(verify(session))


def test_nobody_resolves_their_own_conflict_alone_even_where_consensus_is_allowed(session):
    cast = make_review(session, consensus=True)
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"],
               role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip

    with pytest.raises(NotAllowed, match="Someone else"):
        adjudicate(
            session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
            verdict=INCLUDE, by=cast.reviewer_a,
            settles=[decision.id for decision in live_decisions_on(session, cast, record)],
        )  # fmt: skip


def test_consensus_is_for_those_who_disagree_where_the_protocol_allows_it(session, cast):
    [record, other] = make_records(session, cast.review_id, 2)
    disagree(session, cast, record)
    on: dict[str, Any] = {"review_id": cast.review_id, "stage": TITLE_ABSTRACT, "verdict": INCLUDE}
    with pytest.raises(Conflicting, match="does not allow"):
        propose(session, record_id=record, by=cast.reviewer_a, **on)

    amend_protocol(
        session, review_id=cast.review_id, protocol_text=protocol_text(consensus=True),
        why="We talk.", by=cast.lead,
    )  # fmt: skip
    disagree(session, cast, other)
    propose(session, record_id=other, by=cast.reviewer_a, **on)
    with pytest.raises(NotAllowed):  # who does not screen
        propose(session, record_id=other, by=cast.adjudicator, **on)


@pytest.mark.parametrize("closes_after", [20])
def test_nobody_reads_or_writes_about_a_record_while_a_decision_may_change(session, cast):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    on: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT,
    }  # fmt: skip
    for person in (*cast.reviewers, cast.adjudicator, cast.lead):
        assert discussion(session, by=person, **on) is None
        with pytest.raises(Conflicting):
            comment(session, text="Why?", by=person, **on)


def test_those_who_decided_and_those_who_resolve_talk_by_number_and_name(session, cast):
    [record, unread] = make_records(session, cast.review_id, 2)
    disagree(session, cast, record)
    on: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT,
    }  # fmt: skip
    comment(session, text=" It pays for results. ", by=cast.reviewer_a, **on)
    comment(session, text="Only in the discussion.", by=cast.reviewer_b, **on)
    comment(session, text="I read it again.", by=cast.adjudicator, **on)
    [first] = {
        number + 1
        for number, decision in enumerate(
            open_conflicts(session, review_id=cast.review_id, by=cast.adjudicator)[0].decisions
        )
        if decision.reviewer_id == cast.reviewer_a.account_id
    }
    names = [f"Reviewer {first}", f"Reviewer {3 - first}", "Adjudicator"]

    def seen(by):
        return [(entry.author, entry.text) for entry in discussion(session, by=by, **on)]

    texts = ["It pays for results.", "Only in the discussion.", "I read it again."]
    assert seen(cast.lead) == list(zip(names, texts, strict=True))
    assert seen(cast.adjudicator)[2] == ("You", texts[2])
    assert [author for author, _ in seen(cast.reviewer_b)] == [names[0], "You", names[2]]
    assert discussion(session, by=cast.advisor, **on) is None
    assert discussion(session, by=cast.reviewer_a, **on | {"record_id": unread}) is None
    for text in (" ", "x" * 2001):
        with pytest.raises(Invalid):
            comment(session, text=text, by=cast.reviewer_a, **on)


def test_conflicts_say_how_old_they_are(session, cast, monkeypatch):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    [conflict] = open_conflicts(session, review_id=cast.review_id, by=cast.adjudicator)
    later = conflict.since + timedelta(days=3, hours=5)
    monkeypatch.setattr("review.decisions.conflicts.utc_now", lambda: later)

    assert conflict.days == 3
    assert listed(session, cast, days=3) == [record]


def test_undoing_a_later_resolution_leaves_an_earlier_one_as_it_was(session, cast):
    first, second = make_records(session, cast.review_id, 2)
    disagree(session, cast, first)
    resolve(session, cast, first, INCLUDE)
    decide_both(session, cast, second, EXCLUDE)
    pair = {"review_id": cast.review_id, "left_id": first, "right_id": second, "by": cast.lead}
    judge(session, verdict=Judgement.DUPLICATE, **pair)
    later = resolve(session, cast, first, EXCLUDE)

    undo(session, cast, later)
    judge(session, verdict=Judgement.DISTINCT, **pair)

    assert resolution(session, cast, first) == "include"
    assert not list(verify(session))


def test_a_reviewer_who_withdrew_their_decision_is_not_named(session, cast):
    third, email = make_account(session, "third")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=OPERATOR)
    [record] = make_records(session, cast.review_id)
    on: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT,
    }  # fmt: skip
    amend_protocol(session, review_id=cast.review_id, why="Time.", by=cast.lead,
                   protocol_text=protocol_text(closes_after=20))  # fmt: skip
    first = decide(session, verdict=INCLUDE, by=third, **on)
    decide(session, verdict=Verdict.WITHDRAWN, supersedes_id=first.id, by=third, **on)
    disagree(session, cast, record)
    for reviewer in cast.reviewers:
        close_decisions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=reviewer)

    comment(session, text="I was not sure.", by=third, **on)

    [entry] = discussion(session, by=cast.reviewer_a, **on)
    assert entry.author == "A reviewer"


def test_a_single_maybe_is_nothing_to_agree_on(session):
    text = protocol_text(needed=1, maybe=False, consensus=True)
    cast = make_review(session, text=text)
    [record] = make_records(session, cast.review_id)
    on: dict[str, Any] = {
        "review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT,
    }  # fmt: skip
    decide(session, verdict=Verdict.MAYBE, by=cast.reviewer_a, **on)

    assert listed(session, cast, by=cast.reviewer_a) == []
    assert listed(session, cast) == [record]
    with pytest.raises(Conflicting):
        propose(session, verdict=INCLUDE, by=cast.reviewer_a, **on)


def test_an_adjudicator_never_reads_whose_decision_it_was(session, cast):
    [record] = make_records(session, cast.review_id)
    disagree(session, cast, record)
    resolve(session, cast, record)

    def names(by):
        lines = history(session, review_id=cast.review_id, cluster=[record], by=by)
        return [line.actor for line in lines if line.what.endswith((": include", ": exclude"))]

    assert names(cast.adjudicator) == ["a reviewer", "a reviewer"]
    assert names(cast.lead) == ["Reviewer_A", "Reviewer_B"]
