"""The draft of a protocol's next version: saved as it grows, adopted or discarded by the lead."""

from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from protocols.loader import load
from review.errors import Conflicting, Invalid
from review.events import Actor
from review.permissions import Action, begin_act, check
from review.reviews import (
    amend_protocol,
    check_codes_keep_meaning,
    protocol_state,
    versions_of_protocol,
)
from review.tables import ProtocolDraft
from review.tables.base import utc_now


def draft_of(session: Session, review_id: UUID) -> ProtocolDraft | None:
    """Return the draft of the review's next version; None if nobody has begun one."""
    return session.get(ProtocolDraft, review_id)


def draft_text(session: Session, review_id: UUID) -> str:
    """Return the text of the draft, or that of the version in force where there is none."""
    draft = draft_of(session, review_id)
    return draft.text if draft else versions_of_protocol(session, review_id)[0].text


def save_draft(session: Session, *, review_id: UUID, text: str, by: Actor) -> None:
    """Keep a text as the draft; one that says what is in force already ends the draft.  Flushes.

    Nobody goes by a draft, so it is no act.  Raises ProtocolErrors for a faulty text, Conflicting
    if a coded item would get another type or level.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if by.account_id is None:
        raise Invalid("A draft is written by a person.")
    new, now = load(text).protocol, protocol_state(session, review_id)
    check_codes_keep_meaning(session, review_id, old=now.protocol, new=new)
    draft = draft_of(session, review_id)
    if new == now.protocol and text == versions_of_protocol(session, review_id)[0].text:
        discard_draft(session, review_id=review_id, by=by)
    elif draft is None:
        session.add(
            ProtocolDraft(
                review_id=review_id, text=text, based_on=now.number, saved_by=by.account_id
            )
        )
    else:
        draft.text, draft.saved_by, draft.saved_at = text, by.account_id, utc_now()
    session.flush()


def discard_draft(session: Session, *, review_id: UUID, by: Actor) -> None:
    """Throw the draft away; repeating it is harmless."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    session.execute(delete(ProtocolDraft).where(ProtocolDraft.review_id == review_id))


def adopt_draft(session: Session, *, review_id: UUID, seen: str, why: str, by: Actor) -> int:
    """Make the draft the next version of the protocol, and return its number; flushes.

    ``seen`` is the text that the person was shown.  Raises Conflicting if the draft is gone or has
    changed since, and what `amend_protocol` raises.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    draft = draft_of(session, review_id)
    if draft is None or _lines(draft.text) != _lines(seen):
        raise Conflicting(
            "The draft has changed since you looked at it. Look at the changes again, then adopt."
        )
    number = amend_protocol(session, review_id=review_id, protocol_text=draft.text, why=why, by=by)
    discard_draft(session, review_id=review_id, by=by)
    return number


def n_drafts(session: Session, *, review_id: UUID, by: Actor) -> int:
    """Return 1 if the review has a draft that waits to be adopted, else 0; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    query = select(func.count()).where(ProtocolDraft.review_id == review_id)
    return session.scalar(query) or 0


def _lines(text: str) -> str:
    """Return a text as a browser sends it back: with plain line breaks, and none at its start."""
    return text.replace("\r\n", "\n").lstrip("\n")
