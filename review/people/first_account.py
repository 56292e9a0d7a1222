"""The first account of a server, made with a link that works once."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from review.errors import NotFound
from review.people.accounts import add_account, oldest_email
from review.tables import Account

# Two people who open the link at once would add the same id, which the database refuses.
FIRST_ID = uuid5(UUID(int=0), "the first account")


def first_account_token(key: bytes) -> str:
    """Return the token of the link, which follows from the server's secret key."""
    digest = hmac.new(key, b"the first account", sha256).digest()
    return urlsafe_b64encode(digest[:24]).decode()


def check_first_account(session: Session, *, token: str, key: bytes) -> None:
    """Raise NotFound unless the token is right and nobody has an account yet."""
    is_right = hmac.compare_digest(token.encode(), first_account_token(key).encode())
    if not is_right or oldest_email(session) is not None:
        raise NotFound(
            "This link creates the first account of a server, and works once. If there is one "
            "already, sign in with it; otherwise copy the link again from where siftmap was "
            "started."
        )


def add_first_account(
    session: Session, *, token: str, key: bytes, email: str, name: str, password_hash: str
) -> Account:
    """Add the first account, an administrator; flushes.

    Raises NotFound as `check_first_account` does, Invalid for an unusable address.
    """
    check_first_account(session, token=token, key=key)
    return add_account(
        session,
        email=email,
        name=name,
        password_hash=password_hash,
        is_admin=True,
        account_id=FIRST_ID,
    )
