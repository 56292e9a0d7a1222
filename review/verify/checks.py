"""Every check of a database, one after another; a damaged value is a fault and ends only its check.

What a check meets may be anything that a person with the database's password can write.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.storage.files import FileStore
from review.tables import Review
from review.verify import heads, log, originals, people, references, rules

DATABASE = "database"  # what a fault is of that is of no review
Check = Callable[[Session, UUID], Iterator[str]]

CHECKS: dict[str, Check] = {
    "the log": log.chain,
    "what acts wrote": log.digests,
    "the blocks of search files": log.blocks,
    "the review's name": people.review_row,
    "the members": people.members,
    "the external reviewers": people.external_reviewers,
    "the rankings": log.rankings,
    "the numbers of blocks": rules.accounting,
    "the clusters": rules.stars,
    "the flow": rules.sums,
    "the decisions": rules.decisions,
    "the authors of decisions": rules.authors,
    "the adjudications": rules.adjudications,
}


@dataclass(frozen=True)
class Fault:
    """Something that is wrong in a review, or in the database, with the example that shows it."""

    review: str
    what: str


def verify(session: Session, *, files: FileStore | None = None, head: str = "") -> Iterator[Fault]:
    """Yield every fault in the database, review by review; nothing where all is well.

    With ``files``, the original files are checked too.  ``head`` is one that `head_of` returned
    earlier; raises Invalid if it is not.
    """
    kept_heads = heads.parse(head)
    yield from _faults(session, DATABASE, {"the references": references.dangling})
    checks = dict(CHECKS)
    if files is not None:
        checks["the original files"] = partial(originals.faults, files=files)
    for review_id, slug in _reviews(session):
        try:
            yield from _faults(session, slug, checks, UUID(review_id))
        except ValueError:
            yield Fault(slug, f"the review's id is damaged: '{review_id}'")
    for kept in kept_heads:
        yield from _faults(session, kept.slug, {"the head": heads.faults}, kept)


def _reviews(session: Session) -> list[tuple[str, str]]:
    """Return the ids and names of all reviews as they are stored, damaged or not."""
    rows = session.execute(
        select(cast(Review.id, String), cast(Review.slug, String)).order_by(Review.slug)
    )
    return [(str(review_id), str(slug)) for review_id, slug in rows]


def _faults(
    session: Session, name: str, checks: dict[str, Callable[..., Iterator[str]]], *about: Any
) -> Iterator[Fault]:
    """Yield what the checks find; a check that cannot be completed is a fault itself."""
    for what, check in checks.items():
        found: list[str] = []
        try:
            with session.begin_nested():  # PostgreSQL answers nothing more after an error
                found.extend(check(session, *about))
        except Exception as error:  # whatever a damaged value leads to
            found.append(f"{what} cannot be checked to the end: {_in_words(error)}")
        yield from (Fault(name, fault) for fault in found)


def _in_words(error: Exception) -> str:
    message = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
    return f"it met a damaged value ({message or type(error).__name__})"
