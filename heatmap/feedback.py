"""What readers of a published map tell the review, and what the lead answers.

Readers need no account, and nothing about them is kept but what they write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import Interrupted, Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.tables import Feedback, FeedbackAnswer, Publication, ShareLink
from review.tables.base import utc_now
from review.vocabulary import Act

LONGEST_TEXT, LONGEST_VIEW, LONGEST_REPLY_TO = 4000, 1000, 254
MOST_AN_HOUR = 20  # at one publication, from all its readers together
MOST_UNANSWERED = 500  # in one review


@dataclass(frozen=True)
class ReadFeedback:
    """One message of a reader, the publication it is about, and the answers to it."""

    feedback: Feedback
    publication: int
    answers: Sequence[FeedbackAnswer]


def leave_feedback(
    session: Session,
    *,
    link: ShareLink,
    publication: Publication,
    text: str,
    view: str = "",
    reply_to: str = "",
) -> Feedback:
    """Keep what a reader of a publication wrote; flushes.

    ``view`` is the query of the page that the reader looked at.  Raises Invalid for an empty or
    long text, Interrupted where many have been sent within the last hour or wait for an answer.
    """
    text, reply_to = text.strip(), reply_to.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid(f"Write what is missing or wrong, in at most {LONGEST_TEXT} characters.")
    if "\0" in text + view + reply_to:
        raise Invalid("The text has a character that cannot be stored. Remove it and try again.")
    if len(reply_to) > LONGEST_REPLY_TO or (reply_to and "@" not in reply_to):
        raise Invalid("Write an e-mail address for the answer, or leave it empty.")
    recent = select(func.count()).where(
        Feedback.publication_id == publication.id,
        Feedback.sent_at > utc_now() - timedelta(hours=1),
    )
    waiting = select(func.count()).where(
        Feedback.review_id == link.review_id,
        Feedback.id.not_in(select(FeedbackAnswer.feedback_id)),
    )
    if (session.scalar(recent) or 0) >= MOST_AN_HOUR or (
        session.scalar(waiting) or 0
    ) >= MOST_UNANSWERED:
        raise Interrupted(
            "The team cannot take more messages at the moment. Send yours again later."
        )
    feedback = Feedback(
        id=uuid4(),
        review_id=link.review_id,
        publication_id=publication.id,
        text=text,
        view=view[:LONGEST_VIEW],
        reply_to=reply_to or None,
    )
    session.add(feedback)
    session.flush()
    return feedback


def feedback_of(session: Session, *, review_id: UUID, by: Actor) -> list[ReadFeedback]:
    """Return what readers wrote: first what nobody has answered, then the newest first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = session.execute(
        select(Feedback, Publication.number)
        .join(Publication, Publication.id == Feedback.publication_id)
        .where(Feedback.review_id == review_id)
        .order_by(Feedback.sent_at.desc())
    ).all()
    answers = session.scalars(
        select(FeedbackAnswer)
        .where(FeedbackAnswer.review_id == review_id)
        .order_by(FeedbackAnswer.event_number)
    ).all()
    found = [
        ReadFeedback(feedback, number, [one for one in answers if one.feedback_id == feedback.id])
        for feedback, number in rows
    ]
    return sorted(found, key=lambda one: bool(one.answers))


def answer_feedback(
    session: Session, *, review_id: UUID, feedback_id: UUID, answer: str, by: Actor
) -> None:
    """Record what was done about a reader's message; flushes.

    Raises NotFound for an unknown message, Invalid for an empty or long answer.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    feedback = session.get(Feedback, feedback_id)
    if feedback is None or feedback.review_id != review_id:
        raise NotFound("There is no such message in this review.")
    if not answer.strip() or len(answer) > LONGEST_TEXT:
        raise Invalid(f"Write what was done, in at most {LONGEST_TEXT} characters.")
    record_act(
        session,
        review_id=review_id,
        act=Act.ANSWER_FEEDBACK,
        by=by,
        rows=[FeedbackAnswer(feedback_id=feedback_id, answer=answer.strip())],
        subject=("feedback", feedback_id),
    )
