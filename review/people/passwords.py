"""Hashing passwords, a few at a time and with memory that is given back."""

import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from review.errors import Invalid

MIN_PASSWORD = 12
# OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A thread that has hashed keeps its 19 MiB, so there are two of them, however many people sign in.
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="hashing")
_DUMMY_HASH = _HASHER.hash(secrets.token_hex(16))  # checked if there is no account


def check_new_password(password: str) -> None:
    """Raise Invalid for a password that is too short."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            f"Choose a password of at least {MIN_PASSWORD} characters, such as three words."
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; raise Invalid for one that is too short.

    It takes a tenth of a second or more, so it is called where no database session is open.
    """
    check_new_password(password)
    return _HASHING.submit(_HASHER.hash, password).result()


def is_password(password: str, known_hash: str | None) -> bool:
    """Say whether a password has this hash; without a hash it takes as long to say no."""
    try:
        _HASHING.submit(_HASHER.verify, known_hash or _DUMMY_HASH, password).result()
    except VerificationError:
        return False
    return known_hash is not None
