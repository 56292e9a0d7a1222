"""Repeated requests: done only once, and answered as they were the first time.

The first statement of the transaction that does the work claims the key.  The same request sent
meanwhile waits there for that transaction to end.  Then it reads the answer; or, if the work was
refused and so nothing was stored, it does the work itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.tables import AnsweredRequest
from review.tables.base import utc_now

Answer = Mapping[str, Any]
KEY_LIFETIME = timedelta(days=30)  # after which a key may be used for another request


class KeyReused(Invalid):
    """The key was used before with another request; nothing was done."""


@dataclass(frozen=True)
class KeyClaim:
    """A key that this transaction claimed, or the answer that an earlier one stored under it."""

    id: UUID | None  # for keep_answer; None if there is an answer
    answer: Answer | None


def claim_key(session: Session, *, account_id: UUID, key: str, request_sha256: str) -> KeyClaim:
    """Claim a key for an account's request, or return the answer to the same request before.

    Must be the first statement of the transaction.  Raises KeyReused if the key was used for
    another request.
    """
    session.execute(
        delete(AnsweredRequest).where(
            AnsweredRequest.account_id == account_id, AnsweredRequest.at < utc_now() - KEY_LIFETIME
        )
    )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claimed_id = session.scalar(
        insert(AnsweredRequest)
        .values(
            id=uuid4(),
            account_id=account_id,
            key=key,
            request_sha256=request_sha256,
            answer={},
            at=utc_now(),
        )
        .on_conflict_do_nothing(index_elements=["account_id", "key"])
        .returning(AnsweredRequest.id)
    )
    if claimed_id is not None:
        return KeyClaim(id=claimed_id, answer=None)
    earlier = session.scalars(
        select(AnsweredRequest).where(
            AnsweredRequest.account_id == account_id, AnsweredRequest.key == key
        )
    ).one()
    if earlier.request_sha256 != request_sha256:
        raise KeyReused(
            "This Idempotency-Key was used before with another request. Nothing was done; send "
            "every new request with a new key."
        )
    return KeyClaim(id=None, answer=earlier.answer)


def keep_answer(session: Session, claim_id: UUID, answer: Answer) -> None:
    """Store the answer under a key claimed in this transaction, for repeats of the request."""
    session.execute(
        update(AnsweredRequest).where(AnsweredRequest.id == claim_id).values(answer=dict(answer))
    )
