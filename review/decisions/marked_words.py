"""Words that reviewers mark as the reason for their decision ("This is why").

Marks belong to a decision: only its author sees them until the round is resolved, and they count
as long as the decision is live.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from review.decisions.situation import situation_of
from review.errors import Invalid
from review.events import Actor
from review.tables import Decision, MarkedWords
from review.vocabulary import Stage, Verdict

MOST_MARKS = 20  # for one decision
MOST_CHARACTERS = 200  # for one mark


def checked_marks(texts: Iterable[str], *, verdict: Verdict) -> list[str]:
    """Return marks as they are stored: in Unicode form C, with single spaces, each once.

    Raises Invalid for too many or too long ones, and for marks on a withdrawal.
    """
    marks: dict[str, str] = {}
    for text in texts:
        if words := " ".join(unicodedata.normalize("NFC", text).split()):
            marks.setdefault(words.casefold(), words)
    if marks and verdict is Verdict.WITHDRAWN:
        raise Invalid("Mark words only when you decide, not when you withdraw a decision.")
    if len(marks) > MOST_MARKS:
        raise Invalid(f"Mark at most {MOST_MARKS} groups of words for a decision.")
    if any(len(words) > MOST_CHARACTERS for words in marks.values()):
        raise Invalid(f"Mark fewer words at a time: at most {MOST_CHARACTERS} characters.")
    return sorted(marks.values())


def rows_of_marks(decision_id: UUID, marks: Sequence[str]) -> list[MarkedWords]:
    """Return the rows to write with a decision, from `checked_marks`."""
    return [MarkedWords(id=uuid4(), decision_id=decision_id, words=words) for words in marks]


def marks_of(session: Session, decision_ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """Return the marks of some decisions, each in alphabetical order; others have none.

    The caller makes sure that the person asking may see these decisions.
    """
    return _marks(session, MarkedWords.decision_id.in_(decision_ids))


def marks_in_review(session: Session, review_id: UUID) -> Mapping[UUID, list[str]]:
    """Return the marks of all decisions of a review, like `marks_of`."""
    return _marks(session, MarkedWords.review_id == review_id)


def own_marks(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> list[str]:
    """Return the marks of the caller's newest decision on a record in the current round.

    Those of a decision that was withdrawn are returned too, so that they can be used again.
    """
    _, marks = own_words(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    return marks


def own_words(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> tuple[str, list[str]]:
    """Return the note and the marks of the caller's newest decision, withdrawn or not.

    It is the newest on this record in the current round.
    """
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    newest = session.scalar(
        select(Decision)
        .where(
            Decision.record_id == record_id,
            Decision.stage == stage,
            Decision.round == situation.state.round,
            Decision.reviewer_id == by.account_id,
            Decision.verdict != Verdict.WITHDRAWN,
        )
        .order_by(Decision.event_number.desc())
        .limit(1)
    )
    if newest is None:
        return "", []
    return newest.note or "", marks_of(session, [newest.id]).get(newest.id, [])


def records_with_own_words(
    session: Session, *, record_ids: Collection[UUID], stage: Stage, by: Actor
) -> set[UUID]:
    """Return those of the records that the caller has decided on at the stage, in any round."""
    return set(
        session.scalars(
            select(Decision.record_id).where(
                Decision.record_id.in_(record_ids),
                Decision.stage == stage,
                Decision.reviewer_id == by.account_id,
            )
        )
    )


def _marks(session: Session, condition: ColumnElement[bool]) -> Mapping[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    query = select(MarkedWords.decision_id, MarkedWords.words).where(condition)
    for decision_id, words in session.execute(query.order_by(MarkedWords.words)):
        marks[decision_id].append(words)
    return marks
