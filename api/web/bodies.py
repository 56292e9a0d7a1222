"""Reading what a request sends: no more than its route takes, and only while it keeps coming."""

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from review.errors import ReviewError

# As Apache's mod_reqtimeout has them for bodies: 20 seconds, and one more for every 500 bytes.
# https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html  No pause may be longer than the first.
PATIENCE = 20.0
LEAST_RATE = 500


class TooLarge(ReviewError):
    """What is sent is larger than the route takes."""

    def __init__(self, at_most: int) -> None:
        size = f"{at_most // 2**20} MB" if at_most >= 2**20 else f"{at_most // 2**10} kB"
        super().__init__(
            f"This is larger than the {size} that can be sent here at a time, so it was not read. "
            "Send less, or split it into smaller files."
        )


class TooSlow(ReviewError):
    """What is sent stopped, or arrives more slowly than people's lines are."""


def bounded(request: Request, at_most: int) -> Request:
    """Return the request, whose body is read only while it is small and quick enough.

    Raises TooLarge for a length above ``at_most`` bytes.  Reading raises TooLarge for a body of
    more bytes, whatever length it has declared, TooSlow for one that does not keep coming, and
    HTTPException for one that is cut short.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal():
        raise HTTPException(400)
    if len(declared) > 18 or int(declared) > at_most:
        raise TooLarge(at_most)
    n_read, waited, is_complete = 0, 0.0, False

    async def receive() -> Message:
        nonlocal n_read, waited, is_complete
        if is_complete:
            return await request.receive()
        began = time.monotonic()
        message = await _in_time(request, PATIENCE + min(0, n_read / LEAST_RATE - waited))
        waited += time.monotonic() - began  # by the sender: what we do between two parts is ours
        n_read += len(message.get("body", b""))
        if n_read > at_most:
            raise TooLarge(at_most)
        if message["type"] == "http.disconnect":
            raise HTTPException(400)
        is_complete = not message.get("more_body", False)
        return message

    return Request(request.scope, receive)


async def _in_time(request: Request, seconds: float) -> Message:
    try:
        return await asyncio.wait_for(request.receive(), seconds)
    except TimeoutError as error:
        raise TooSlow(
            "Sending this took too long or stopped, so nothing was saved. Check your connection, "
            "then send it again."
        ) from error
