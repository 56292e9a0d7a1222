"""Browsers in which an account has signed in before, so that others cannot lock its owner out.

A sign-in leaves a signed cookie for a quarter of a year.  For that account and in that browser,
wrong passwords are counted on their own, and sign-ins wait in a queue of their own.  The cookie
signs nobody in.
"""

import secrets
import time

from starlette.requests import Request
from starlette.responses import Response

from api.web.deps import cookie_name, set_cookie, settings_of
from api.web.security import sealed, unsealed
from review.errors import NotAllowed
from review.people.secrets import hash_of

LIFETIME = 90 * 24 * 3600  # seconds


def remember_browser(request: Request, answer: Response, email: str) -> None:
    """Leave the cookie in a browser that has just signed in with this e-mail address."""
    text = f"known|{secrets.token_hex(16)}|{int(time.time())}|{_email_hash(email)}"
    value = sealed(text, settings_of(request).key())
    set_cookie(request, answer, _name(request), value=value, seconds=LIFETIME)


def is_known_browser(request: Request) -> bool:
    """Say whether any account has signed in in this browser."""
    return bool(_cookie_parts(request))


def known_browser(request: Request, email: str) -> str:
    """Return the id of a browser in which this account has signed in; empty for any other."""
    parts = _cookie_parts(request)
    return parts[1] if parts and parts[3] == _email_hash(email) else ""


def _cookie_parts(request: Request) -> list[str]:
    """Return the parts of the cookie; none if it is missing, forged or too old."""
    given = request.cookies.get(_name(request), "")
    try:
        parts = unsealed(given, settings_of(request).key()).split("|") if given else []
    except NotAllowed:
        return []
    is_valid = len(parts) == 4 and parts[0] == "known" and time.time() < int(parts[2]) + LIFETIME
    return parts if is_valid else []


def _name(request: Request) -> str:
    return f"{cookie_name(request)}-known"


def _email_hash(email: str) -> str:
    return hash_of(email.strip().lower())
