"""Words that reviewers mark as the reason for a decision: whose, until when, and who learns."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import select

from review.decisions.decisions import decide
from review.decisions.marked_words import checked_marks, own_marks
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid
from review.exports import ExportFormat, ExportKind, write_export
from review.tables import MarkedWords
from review.verify import verify
from review.vocabulary import Judgement, Stage, Verdict
from screening.ranking.training_data import MarkedTerms, training_data
from tests.factories import make_records

STAGE = Stage.TITLE_ABSTRACT
INCLUDE, EXCLUDE, MAYBE = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE


@pytest.fixture
def mark(session, cast):
    """Return a function that decides with marked words."""

    def decided(record, by, verdict, *words, **more):
        return decide(
            session, review_id=cast.review_id, record_id=record, stage=STAGE, by=by,
            verdict=verdict, marked_words=words, **more,
        )  # fmt: skip

    return decided


@pytest.fixture
def learned(session, cast):
    """Return a function that gives the marks that the ranking may learn from."""
    return lambda: training_data(session, review_id=cast.review_id, stage=STAGE).marks


def test_marks_are_normalised_and_each_is_kept_once():
    marks = checked_marks(
        [" paid  for\n outcomes", "", "Paid for outcomes", "café"], verdict=INCLUDE
    )

    assert marks == ["café", "paid for outcomes"]


@pytest.mark.parametrize(
    ("marks", "verdict", "message"),
    [
        (["x" * 201], INCLUDE, "at most 200 characters"),
        ([f"word {n}" for n in range(21)], INCLUDE, "at most 20 groups"),
        (["outcomes"], Verdict.WITHDRAWN, "not when you withdraw"),
    ],
)
def test_too_much_is_refused(marks, verdict, message):
    with pytest.raises(Invalid, match=message):
        checked_marks(marks, verdict=verdict)


@pytest.mark.parametrize("closes_after", [20])
def test_a_changed_decision_has_its_own_marks_and_the_earlier_ones_stay(session, cast, mark):
    [record] = make_records(session, cast.review_id)
    reader = cast.reviewer_a
    where = {"review_id": cast.review_id, "record_id": record, "stage": STAGE, "by": reader}

    first = mark(record, reader, INCLUDE, "paid for outcomes", "bond")
    before = own_marks(session, **where)
    second = mark(record, reader, EXCLUDE, "no outcomes", supersedes_id=first.id)
    after = own_marks(session, **where)
    mark(record, reader, Verdict.WITHDRAWN, supersedes_id=second.id)

    assert before == ["bond", "paid for outcomes"]
    assert after == ["no outcomes"]
    assert own_marks(session, **where) == ["no outcomes"]  # to be used again
    assert len(session.scalars(select(MarkedWords)).all()) == 3
    assert list(verify(session)) == []


def test_a_repeated_request_with_other_marks_is_refused(session, cast, mark):
    [record] = make_records(session, cast.review_id)
    key = uuid4()
    first = mark(record, cast.reviewer_a, INCLUDE, "bond", idempotency_key=key)

    again = mark(record, cast.reviewer_a, INCLUDE, " bond ", idempotency_key=key)

    assert again.id == first.id
    with pytest.raises(Conflicting):
        mark(record, cast.reviewer_a, INCLUDE, "loan", idempotency_key=key)


def test_the_ranking_learns_marks_only_once_the_record_is_resolved(session, cast, mark, learned):
    [record] = make_records(session, cast.review_id)

    mark(record, cast.reviewer_a, INCLUDE, "bond")
    before = learned()
    mark(record, cast.reviewer_b, MAYBE, "bond", "outcomes")

    assert before == MarkedTerms()
    assert learned() == MarkedTerms(included=("bond", "bond", "outcomes"))


def test_marks_of_a_conflict_are_not_learned_and_a_reopening_forgets_them(
    session, cast, mark, learned
):
    conflict, excluded = make_records(session, cast.review_id, 2)
    mark(conflict, cast.reviewer_a, INCLUDE, "bond")
    mark(conflict, cast.reviewer_b, EXCLUDE, "loan")
    for reviewer in cast.reviewers:
        mark(excluded, reviewer, EXCLUDE, "adhesive")

    before = learned()
    reopen(session, review_id=cast.review_id, record_id=excluded, stage=STAGE, why="Again.",
           by=cast.lead)  # fmt: skip

    assert before == MarkedTerms(excluded=("adhesive", "adhesive"))
    assert learned() == MarkedTerms()


def test_marks_on_duplicates_are_learned_once_for_each_decision(session, cast, mark, learned):
    first, copy = make_records(session, cast.review_id, 2)
    mark(first, cast.reviewer_a, INCLUDE, "bond")
    mark(copy, cast.reviewer_b, INCLUDE, "bond")

    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    assert learned() == MarkedTerms(included=("bond", "bond"))


def test_marks_are_exported_with_their_decisions(session, cast, mark, tmp_path):
    first, open_record = make_records(session, cast.review_id, 2)
    for reviewer in cast.reviewers:
        mark(first, reviewer, INCLUDE, "bond")
    mark(open_record, cast.reviewer_a, INCLUDE, "hidden")
    target = tmp_path / "export"

    write_export(session, review_id=cast.review_id, kind=ExportKind.DECISIONS,
                 format=ExportFormat.JSONL, target=target, by=cast.lead)  # fmt: skip

    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["marked_words"] for row in rows] == [["bond"], ["bond"]]
