"""Headers on every answer, and proof that a form came from our own pages."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.errors import NotAllowed

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
# A year, which hstspreload.org asks for; for this host alone, since others may not have https.
HSTS = "max-age=31536000"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def headers_over(scheme: str) -> Mapping[str, str]:
    """Return the headers of every answer over http or https."""
    return HEADERS | ({"strict-transport-security": HSTS} if scheme == "https" else {})


def without_server(address: str) -> str:
    """Return an address without its server: a redirect must not trust the Host it was sent."""
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/\\")
    return f"{path}?{parts.query}" if parts.query else path


class SecurityHeaders:
    """ASGI middleware that puts the headers on every answer, and no-store on private ones.

    Redirects stay on this server, under the name that the browser knows it by.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in headers_over(scope["scheme"]).items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
                if urlsplit(headers.get("location", "")).netloc:
                    headers["location"] = without_server(headers["location"])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def form_token(key: bytes, session_token: str) -> str:
    """Return the token that a form of this signed-in session carries."""
    return hmac.new(key, f"form|{session_token}".encode(), hashlib.sha256).hexdigest()


def check_origin(request: Request, allowed: tuple[str, ...]) -> None:
    """Raise NotAllowed for an unsafe request that another site's page made."""
    if request.method in SAFE:
        return
    own = {f"{request.url.scheme}://{request.url.netloc}", *allowed}
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    # Under our own no-referrer policy browsers send "Origin: null" with our own forms too.
    is_ours = origin is None or origin in own if site is None else site in ("same-origin", "none")
    if not is_ours:
        raise NotAllowed("This form came from another site. Open the page here and send it again.")


def check_form_token(given: Any, key: bytes, session_token: str) -> None:
    """Raise NotAllowed unless the form carries the token of this session."""
    expected = form_token(key, session_token)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed("This page is out of date. Reload it and send the form again.")


def sealed(text: str, key: bytes) -> str:
    """Return ``text`` so that a form can carry it and come back with nothing else."""
    return f"{_seal(text, key)}.{text}"


def unsealed(given: str, key: bytes) -> str:
    """Return the text that ``sealed`` was given; raise NotAllowed for anything else."""
    seal, _, text = given.partition(".")
    if not hmac.compare_digest(seal.encode(), _seal(text, key).encode()):
        raise NotAllowed("This page is out of date. Choose the files again.")
    return text


def _seal(text: str, key: bytes) -> str:
    return hmac.new(key, f"seal|{text}".encode(), hashlib.sha256).hexdigest()
