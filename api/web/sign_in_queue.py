"""The queue for forms with a password: what is one too many is refused before it costs anything.

To check a password takes a thread, a database connection and a tenth of a second of a processor.
So of the forms that need it, one at a time is passed on.  A few wait, in no thread of their own.
Any more are refused, with what was typed kept except the password.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.bodies import TooLarge, TooSlow, bounded
from api.web.deps import settings_of, token_of
from api.web.errors import status_of
from api.web.known_browsers import is_known_browser
from api.web.rendering import render, sign_in_page
from api.web.security import check_origin
from review.errors import NotAllowed, ReviewError
from review.people.sign_in import ATTEMPT_WINDOW

PASSWORD_FORMS = re.compile(r"/login|/account/password|/invitations/[^/]+/account")
MAX_FORM = 16 * 1024  # bytes
PLACES = 20  # in each queue, so that nobody waits much longer than two seconds
PLACES_OF_CLIENT = 10  # so that one client leaves some to others
SECONDS_EACH = 0.1  # for which a place is kept at least, even if no password was checked
# Refusals are sent about fifty a second, so that clients that ask again at once cost no more.
REFUSAL_EVERY = 0.02  # seconds
MAX_REFUSAL = 5.0  # seconds that anybody waits for a refusal
LOOK_EVERY = 0.02  # seconds, whether it is one's turn
RETRY_AFTER = {429: int(ATTEMPT_WINDOW.total_seconds()), 503: 5}  # seconds
BUSY = (
    "Too many people are signing in at this moment, so your password was not looked at. "
    "Wait a few seconds, then enter it again."
)
CUT_SHORT = "Only a part of the form arrived. Go back and send it again."


def client_of(request: Request) -> str:
    """Return the network address that a request comes from; of IPv6, the network of 64 bits.

    A host usually has all the addresses of such a network (RFC 6177).
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


@dataclass(frozen=True, eq=False)
class Place:
    """A form's place in a queue."""

    client: str


class Queue:
    """Places in the order of arrival; the first is being served."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def join(self, client: str) -> Place | None:
        """Return a new place at the end, or None if the queue, or the client's part, is full."""
        n_of_client = sum(place.client == client for place in self.places)
        if len(self.places) >= PLACES or n_of_client >= PLACES_OF_CLIENT:
            return None
        self.places.append(place := Place(client))
        return place

    async def wait_for_turn(self, place: Place) -> None:
        """Wait until the place is the first."""
        while self.places[0] is not place:
            await asyncio.sleep(LOOK_EVERY)


class SignInQueue:
    """ASGI middleware that lets forms with a password through one at a time, in two queues.

    Browsers in which somebody has signed in before have a queue of their own, so that a storm of
    strangers does not keep them out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.strangers, self.known = Queue(), Queue()
        self.n_refused = 0  # and not answered yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, at once or in its turn, or refuse it."""
        is_form = scope["type"] == "http" and scope["method"] == "POST"
        if not is_form or not PASSWORD_FORMS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        if _is_refused_unread(request):
            await self.app(scope, receive, send)
            return
        try:  # only who has sent all of a form takes a place
            body = await bounded(request, MAX_FORM).body()
        except (TooLarge, TooSlow, HTTPException) as error:
            await _unread(request, error)(scope, receive, send)
            return
        queue = self.known if is_known_browser(request) else self.strangers
        place = queue.join(client_of(request))
        if place is None:
            await self._wait_to_refuse()
            await _refusal(request, body)(scope, receive, _with_retry_after(send))
            return
        try:
            await queue.wait_for_turn(place)
            ends = time.monotonic() + SECONDS_EACH
            await self.app(scope, _replaying(body, receive), _with_retry_after(send))
            await asyncio.sleep(ends - time.monotonic())
        finally:
            queue.places.remove(place)

    async def _wait_to_refuse(self) -> None:
        self.n_refused += 1
        try:
            await asyncio.sleep(min(self.n_refused * REFUSAL_EVERY, MAX_REFUSAL))
        finally:
            self.n_refused -= 1


def _is_refused_unread(request: Request) -> bool:
    """Say whether the headers show that a form will be refused before any of it is read."""
    try:
        check_origin(request, settings_of(request).public_origins)
    except NotAllowed:
        return True
    return request.scope["path"] == "/account/password" and not token_of(request)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that has been read, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _with_retry_after(send: Send) -> Send:
    async def send_with_header(message: Message) -> None:
        seconds = RETRY_AFTER.get(message.get("status", 0))
        if message["type"] == "http.response.start" and seconds:
            MutableHeaders(scope=message).setdefault("retry-after", str(seconds))
        await send(message)

    return send_with_header


def _refusal(request: Request, body: bytes) -> Response:
    """Return the form once more, with what was typed except passwords, and why."""
    form = dict(parse_qsl(body.decode(errors="replace"), errors="replace"))
    path, email = request.url.path, form.get("email", "")
    if path == "/login":
        return sign_in_page(request, 503, email=email, target=form.get("next", "/"), wrong=BUSY)
    if path == "/account/password":
        return _error(request, 503, "Your password was not changed", sentence=BUSY)
    return render(
        request,
        "account/busy_invitation.html",
        status_code=503,
        wrong=BUSY,
        email=email,
        invited=form.get("name", ""),
        link=path.split("/")[2],
    )


def _unread(request: Request, error: ReviewError | HTTPException) -> Response:
    """Return why a form was not read: it is too large, too slow, or cut short."""
    if isinstance(error, HTTPException):
        status, heading, sentence = error.status_code, "Not received", CUT_SHORT
    else:
        (status, heading), sentence = status_of(error), str(error)
    answer = _error(request, status, heading, sentence=sentence)
    answer.headers["connection"] = "close"  # there may be more of it
    return answer


def _error(request: Request, status: int, heading: str, *, sentence: str) -> Response:
    return render(
        request,
        "layout/error.html",
        status_code=status,
        heading=heading,
        sentences=[sentence],
        leads_back=False,
    )
