"""The hash under which secrets of people and programs are stored."""

import hashlib


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal; the token itself is not stored.

    Our tokens are 256 random bits, so a fast hash is safe: there is nothing to guess.
    """
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
