"""Bearer tokens for programs: shown once, stored as a hash, invalid once revoked."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.people.secrets import hash_of
from review.tables import Account, ApiToken
from review.tables.base import utc_now

PREFIX = "siftmap_"  # so that a token in a leaked file can be recognised


class TokenScope(StrEnum):
    """What a program may do with a token, if its owner may."""

    READ = "read"
    WRITE = "write"


def issue_token(
    session: Session,
    *,
    account_id: UUID,
    name: str,
    scopes: Sequence[TokenScope],
    expires_at: datetime | None = None,
) -> str:
    """Return a new token of an account, which is shown only now; flushes.

    Raises Invalid without a name or a scope, or for an end in the past.
    """
    program = " ".join(name.split())
    if not program or len(program) > 255 or "\0" in program:
        raise Invalid("Give the token a name of at most 255 characters: which program is it for?")
    if not scopes:
        raise Invalid("Choose what the token may do: read, write, or both.")
    if expires_at is not None and expires_at <= utc_now():
        raise Invalid("This token would already have expired. Choose a later day.")
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            id=uuid4(),
            account_id=account_id,
            name=program,
            token_sha256=hash_of(token),
            scopes=sorted({scope.value for scope in scopes}),
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def account_by_token(session: Session, token: str) -> tuple[Account, frozenset[TokenScope]] | None:
    """Return the owner of a token and its scopes.

    None if it is unknown, has expired or was revoked, or if its owner's account is disabled.
    """
    row = session.execute(
        select(Account, ApiToken.scopes)
        .join(ApiToken, ApiToken.account_id == Account.id)
        .where(
            ApiToken.token_sha256 == hash_of(token),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > utc_now()),
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    account, scopes = row
    return account, frozenset(TokenScope(scope) for scope in scopes)


def tokens_of(session: Session, account_id: UUID) -> Sequence[ApiToken]:
    """Return an account's tokens, the newest first, including expired and revoked ones."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.account_id == account_id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
    ).all()


def revoke_token(session: Session, *, account_id: UUID, token_id: UUID) -> None:
    """Revoke one of an account's tokens; repeating it is harmless.  Flushes.

    Raises NotFound if the account has no such token.
    """
    token = session.get(ApiToken, token_id)
    if token is None or token.account_id != account_id:
        raise NotFound("You have no such token.")
    if token.revoked_at is None:
        token.revoked_at = utc_now()
        session.flush()
