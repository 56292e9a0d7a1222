"""What is kept of a secret that people or programs show us."""

import hashlib


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a token, which is all that the database knows of it.

    Our tokens are 256 random bits, so a fast hash is safe: there is nothing to guess.
    """
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
