"""Words and phrases that a reviewer has marked in every text, for their own eyes only.

Nothing but the reviewer's own pages reads them: neither the ranking nor anybody else.
"""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.events import Actor
from review.permissions import Action, begin_act, check
from review.tables import OwnTerm

MOST_TERMS = 100
LONGEST_TERM = 100  # characters


def own_terms(session: Session, *, review_id: UUID, by: Actor) -> list[str]:
    """Return the caller's terms, in alphabetical order."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    own = (OwnTerm.review_id == review_id, OwnTerm.account_id == by.account_id)
    return sorted(session.scalars(select(OwnTerm.term).where(*own)), key=str.casefold)


def add_own_term(session: Session, *, review_id: UUID, term: str, by: Actor) -> str:
    """Add a term and return it as it is kept; one that is there already stays.  Flushes.

    A ``*`` before or after a word stands for any letters, as in the protocol.  Raises Invalid for
    an empty or long term, and for more than MOST_TERMS.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    term = " ".join(term.split())
    if not term.strip("* "):
        raise Invalid("Type or select the words to highlight.")
    if len(term) > LONGEST_TERM:
        raise Invalid(f"A term may have {LONGEST_TERM} characters at most. Select fewer words.")
    own = (OwnTerm.review_id == review_id, OwnTerm.account_id == by.account_id)
    kept = session.scalars(select(OwnTerm.term).where(*own)).all()
    if same := next((old for old in kept if old.casefold() == term.casefold()), None):
        return same
    if len(kept) >= MOST_TERMS:
        raise Invalid(f"You have reached the limit of {MOST_TERMS} terms. Remove one first.")
    session.add(OwnTerm(review_id=review_id, account_id=by.account_id, term=term))
    session.flush()
    return term


def remove_own_term(session: Session, *, review_id: UUID, term: str, by: Actor) -> None:
    """Remove one of the caller's terms, if it is there; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    own = (OwnTerm.review_id == review_id, OwnTerm.account_id == by.account_id)
    kept = session.execute(select(OwnTerm.id, OwnTerm.term).where(*own))
    meant = [id_ for id_, old in kept if old.casefold() == term.casefold()]
    session.execute(delete(OwnTerm).where(OwnTerm.id.in_(meant)))
