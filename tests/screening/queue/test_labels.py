"""Labels and highlight terms of one's own, and labels that are shared."""

import pytest
from sqlalchemy import func, select

from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.duplicates.judgements import judge
from review.errors import Invalid, NotFound
from review.reports.retrieval import retrieve
from review.tables import Event
from review.vocabulary import Judgement, RetrievalState, Stage, Verdict
from screening.queue.labels import (
    LONGEST_LABEL,
    MOST_LABELS,
    Label,
    add_label,
    labels_on,
    own_label_names,
    own_labels,
    remove_label,
)
from screening.queue.own_terms import MOST_TERMS, add_own_term, own_terms, remove_own_term
from tests.factories import decide_both, disagree, make_records, make_review

TITLES = Stage.TITLE_ABSTRACT


def label(session, cast, record, name, by=None, **more):
    add_label(session, review_id=cast.review_id, record_id=record, name=name,
              by=by or cast.reviewer_a, **more)  # fmt: skip


def seen(session, cast, record, by):
    return labels_on(session, review_id=cast.review_id, record_id=record, by=by)


def test_own_labels_are_for_their_author_alone(session, cast):
    [record] = make_records(session, cast.review_id, 1)
    label(session, cast, record, "  ask   Ben ")
    label(session, cast, record, "ask Ben")

    scope = {"review_id": cast.review_id, "by": cast.reviewer_a}
    assert own_labels(session, record_ids=[record], **scope) == {record: [Label("ask Ben", False)]}
    assert own_label_names(session, **scope) == ["ask Ben"]
    decide_both(session, cast, record, Verdict.EXCLUDE)
    assert seen(session, cast, record, cast.reviewer_b) == []
    assert seen(session, cast, record, cast.lead) == []

    remove_label(session, record_id=record, name="ask Ben", **scope)
    assert seen(session, cast, record, cast.reviewer_a) == []


def test_a_shared_label_is_seen_by_others_once_no_more_decisions_are_needed(session, cast):
    [record] = make_records(session, cast.review_id, 1)
    label(session, cast, record, "key study", is_shared=True)
    assert seen(session, cast, record, cast.reviewer_b) == []
    assert seen(session, cast, record, cast.reviewer_a) == [Label("key study", True)]
    decide(session, review_id=cast.review_id, record_id=record, stage=TITLES,
           verdict=Verdict.EXCLUDE, by=cast.reviewer_a)  # fmt: skip
    assert seen(session, cast, record, cast.reviewer_b) == []
    decide(session, review_id=cast.review_id, record_id=record, stage=TITLES,
           verdict=Verdict.EXCLUDE, by=cast.reviewer_b)  # fmt: skip

    [shared] = seen(session, cast, record, cast.reviewer_b)
    assert (shared.name, shared.is_shared, bool(shared.author)) == ("key study", True, True)


def test_labels_have_limits_and_no_events(session, cast):
    [record] = make_records(session, cast.review_id, 1)
    n_events = session.scalar(select(func.count()).select_from(Event))
    for number in range(MOST_LABELS):
        label(session, cast, record, f"label {number}")
    assert session.scalar(select(func.count()).select_from(Event)) == n_events

    with pytest.raises(Invalid, match="Remove one"):
        label(session, cast, record, "one more")
    with pytest.raises(Invalid, match="characters"):
        label(session, cast, record, "x" * (LONGEST_LABEL + 1))
    with pytest.raises(Invalid, match="name"):
        label(session, cast, record, "  ")
    elsewhere = make_review(session)
    [foreign] = make_records(session, elsewhere.review_id, 1)
    with pytest.raises(NotFound):
        label(session, cast, foreign, "mine")


def test_own_terms_are_kept_once_each_and_for_their_author_alone(session, cast):
    scope = {"review_id": cast.review_id, "by": cast.reviewer_a}
    assert add_own_term(session, term=" cash  transfer* ", **scope) == "cash transfer*"
    assert add_own_term(session, term="Cash Transfer*", **scope) == "cash transfer*"
    add_own_term(session, term="bond", **scope)

    assert own_terms(session, **scope) == ["bond", "cash transfer*"]
    assert own_terms(session, review_id=cast.review_id, by=cast.reviewer_b) == []
    remove_own_term(session, term="BOND", **scope)
    assert own_terms(session, **scope) == ["cash transfer*"]
    add_own_term(session, term="Öffentliche Verwaltung", **scope)
    remove_own_term(session, term="Öffentliche Verwaltung", **scope)
    assert own_terms(session, **scope) == ["cash transfer*"]
    for bad in ("", " * ", "x" * 101):
        with pytest.raises(Invalid):
            add_own_term(session, term=bad, **scope)
    for number in range(MOST_TERMS - 1):
        add_own_term(session, term=f"term {number}", **scope)
    with pytest.raises(Invalid, match="Remove one"):
        add_own_term(session, term="one more", **scope)


@pytest.mark.parametrize("people", ["reviewer_b", "adjudicator", "lead"])
def test_a_shared_label_is_hidden_as_long_as_anything_is_left_to_decide(session, cast, people):
    conflict, sought, at_full_text, excluded = make_records(session, cast.review_id, 4)
    disagree(session, cast, conflict)
    for record in (sought, at_full_text, excluded):
        decide_both(session, cast, record, Verdict.INCLUDE)
    for record in (at_full_text, excluded):
        retrieve(session, review_id=cast.review_id, record_id=record,
                 state=RetrievalState.RETRIEVED, by=cast.lead)  # fmt: skip
    decide_both(session, cast, excluded, Verdict.EXCLUDE, stage=Stage.FULL_TEXT, reason="date")
    for record in (conflict, sought, at_full_text, excluded):
        label(session, cast, record, "clearly out", is_shared=True)

    by = getattr(cast, people)
    assert [bool(seen(session, cast, record, by))
            for record in (conflict, sought, at_full_text, excluded)] == [
        False, False, False, True,
    ]  # fmt: skip


def test_a_shared_label_is_hidden_while_a_decision_can_be_changed(session):
    cast = make_review(session, closes_after=20)
    [record] = make_records(session, cast.review_id, 1)
    label(session, cast, record, "clearly out", is_shared=True)
    decide_both(session, cast, record, Verdict.EXCLUDE)
    assert seen(session, cast, record, cast.lead) == []
    for reviewer in cast.reviewers:
        close_decisions(session, review_id=cast.review_id, stage=TITLES, by=reviewer)
    assert [one.name for one in seen(session, cast, record, cast.lead)] == ["clearly out"]


def test_labels_of_a_copy_are_those_of_the_record(session, cast):
    first, copy = make_records(session, cast.review_id, 2)
    for record in (first, copy):
        label(session, cast, record, "ask Ben")
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    scope = {"review_id": cast.review_id, "by": cast.reviewer_a}

    assert own_labels(session, record_ids=[first], **scope) == {first: [Label("ask Ben", False)]}
    assert seen(session, cast, first, cast.reviewer_a) == [Label("ask Ben", False)]
    remove_label(session, record_id=first, name="ask Ben", **scope)
    assert own_labels(session, record_ids=[first, copy], **scope) == {}
