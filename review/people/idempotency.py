"""Requests that a program repeats: answered as the first time, and done only once.

A key is claimed by the first statement of the transaction that does the work.  A twin that comes
meanwhile waits there for that transaction to end: then it reads the answer, or, where the work
was refused and so nothing was stored, does it itself.
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
LIFETIME = timedelta(days=30)  # after which a key may be used for something else


class KeyReused(Invalid):
    """The key came before with another request; nothing was done."""


@dataclass(frozen=True)
class Claim:
    """A key that this transaction holds, or the answer that an earlier one gave under it."""

    id: UUID | None
    answer: Answer | None


def claim_key(session: Session, *, account_id: UUID, key: str, said_sha256: str) -> Claim:
    """Claim a key for what an account asks; give the answer of old where it asked the same before.

    Must be the first thing in the transaction.  Raises KeyReused where what was asked under
    the key was something else.
    """
    session.execute(
        delete(AnsweredRequest).where(
            AnsweredRequest.account_id == account_id, AnsweredRequest.at < utc_now() - LIFETIME
        )
    )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claimed = session.scalar(
        insert(AnsweredRequest)
        .values(
            id=uuid4(),
            account_id=account_id,
            key=key,
            said_sha256=said_sha256,
            answer={},
            at=utc_now(),
        )
        .on_conflict_do_nothing(index_elements=["account_id", "key"])
        .returning(AnsweredRequest.id)
    )
    if claimed is not None:
        return Claim(id=claimed, answer=None)
    earlier = session.scalars(
        select(AnsweredRequest).where(
            AnsweredRequest.account_id == account_id, AnsweredRequest.key == key
        )
    ).one()
    if earlier.said_sha256 != said_sha256:
        raise KeyReused(
            "This Idempotency-Key came before with another request. Nothing was done; send every "
            "new request under a new key."
        )
    return Claim(id=None, answer=earlier.answer)


def keep_answer(session: Session, claim_id: UUID, answer: Answer) -> None:
    """Keep the answer under a key claimed in this transaction, for those who repeat the request."""
    session.execute(
        update(AnsweredRequest).where(AnsweredRequest.id == claim_id).values(answer=dict(answer))
    )
