"""From errors to what the browser shows: one table of statuses, one page."""

import logging
from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, TimeoutError  # noqa: A004
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.bodies import TooLarge, TooSlow
from api.web.deps import SignInFirst, database_of
from api.web.rendering import is_fragment, render
from api.web.security import headers_over
from protocols.problems import ProtocolErrors
from review.errors import (
    Conflicting,
    Interrupted,
    Invalid,
    NotAllowed,
    NotFound,
    ReviewError,
    Unreadable,
)
from review.people.sign_in import TooManyAttempts
from review.storage.disk import is_disk_full

log = logging.getLogger("siftmap")

STATUS: dict[type[Exception], tuple[int, str]] = {
    NotFound: (404, "Not found"),
    TooManyAttempts: (429, "Not checked"),
    NotAllowed: (403, "Not allowed"),
    Unreadable: (422, "This file cannot be read"),
    Invalid: (422, "Not saved"),
    Conflicting: (409, "Not saved"),
    Interrupted: (503, "Try again in a minute"),
    TooLarge: (413, "Too large"),
    TooSlow: (408, "Not received"),
}
FULL_STATUS = 507  # Insufficient Storage (RFC 4918, section 11.5)
DISK_FULL = (
    "The server's disk is full, and nothing was saved. Ask the person who runs siftmap to free "
    "some space, then send it again."
)
# What is wrong with a part of a request, by pydantic's name for it.
MISTAKES = {
    "missing": "This is missing.",
    "string_too_long": "This is longer than {max_length} characters.",
    "enum": "This must be {expected}.",
    "int_parsing": "This is not a whole number.",
    "uuid_parsing": "There is nothing with this id.",
}


def install(app: FastAPI) -> None:
    """Put the handlers on the application."""
    app.add_exception_handler(SignInFirst, _sign_in)
    app.add_exception_handler(ReviewError, _review_error)
    app.add_exception_handler(ProtocolErrors, _protocol_errors)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _busy)
    app.add_exception_handler(OSError, _system_error)
    app.add_exception_handler(TimeoutError, _busy)
    app.add_exception_handler(DataError, _cannot_store)
    app.add_exception_handler(IntegrityError, _at_once)
    app.add_exception_handler(OverflowError, _cannot_store)
    app.add_exception_handler(Exception, _failed)


def status_of(error: Exception) -> tuple[int, str]:
    """Return the status and heading for an error."""
    for kind, answer in STATUS.items():
        if isinstance(error, kind):
            return answer
    return 400, "Not saved"


def _sign_in(request: Request, _error: Exception) -> Response:
    if is_fragment(request):
        sentence = "Nothing was saved. Copy your note if you wrote one, then sign in again."
        return _page(request, 401, "You are signed out", sentences=[sentence])
    target = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"/login?next={target}", status_code=303)


def _review_error(request: Request, error: Exception) -> Response:
    status, heading = status_of(error)
    if request.method == "GET" and heading == "Not saved":
        heading = "This address is not valid"
    return _page(request, status, heading, sentences=[str(error)])


def _protocol_errors(request: Request, error: Exception) -> Response:
    problems = [str(problem) for problem in cast(ProtocolErrors, error).problems]
    return _page(request, 422, "Nothing was changed: the protocol has mistakes", sentences=problems)


def _bad_request(request: Request, error: Exception) -> Response:
    sentences = [
        f"{'.'.join(str(part) for part in problem['loc'][1:]).replace('_', ' ')}: "
        f"{_mistake(problem)}"
        for problem in cast(RequestValidationError, error).errors()
    ]
    heading = "This address is not valid"
    if request.method == "POST":
        heading = "Not saved: something is missing or not valid"
    return _page(request, 422, heading, sentences=sentences)


def _mistake(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with one part of a request, in plain words where we have them."""
    words = MISTAKES.get(problem["type"])
    return str(problem["msg"]) if words is None else words.format(**problem.get("ctx", {}))


def _http_error(request: Request, error: Exception) -> Response:
    if is_disk_full(error):  # while an upload was received
        return _disk_full(request, error)
    status = cast(HTTPException, error).status_code
    heading = "Not found" if status == 404 else "Not possible"
    sentences = {
        400: "The form could not be read: a field is too long, or the upload was cut short. "
        "Send it again.",
        404: "There is no page at this address. Check the address, or start from your reviews.",
        405: "This address cannot be opened directly. Go back and use the page that leads here.",
    }
    sentence = sentences.get(status, "The request could not be read. Go back and try again.")
    return _page(request, status, heading, sentences=[sentence])


def _system_error(request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return _disk_full(request, error)
    raise error


def _disk_full(request: Request, error: Exception) -> Response:
    note_disk_full(request, error)
    return _page(request, FULL_STATUS, "Not saved: the disk is full", sentences=[DISK_FULL])


def note_disk_full(request: Request, error: Exception) -> None:
    """Let the operator know, in the server's log and at /readyz, that nothing can be saved."""
    database_of(request).notice_full_disk()
    log.error("not saved: the disk is full; free some space (%s)", error.__cause__ or error)


def _busy(request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return _disk_full(request, error)
    log.warning("not saved: the database did not answer in time (%s)", error.__cause__ or error)
    return _page(
        request,
        503,
        "Not saved",
        sentences=[
            "The database did not answer in time. Wait a moment, then go back and try again."
        ],
    )


def _cannot_store(request: Request, _error: Exception) -> Response:
    sentence = "It contains a number that is too large, or a character that cannot be stored."
    return _page(request, 422, "Not saved", sentences=[f"{sentence} Correct it and try again."])


def _at_once(request: Request, _error: Exception) -> Response:
    sentence = "The same change was being made at that moment, perhaps by a second click."
    return _page(request, 409, "Not saved", sentences=[f"{sentence} Reload the page to see it."])


def _failed(request: Request, _error: Exception) -> Response:
    # The exception itself goes to the server's log; the page shows nothing from it.  This answer
    # is made outside the middleware, so it brings its own headers.
    answer = _page(
        request,
        500,
        "Server error",
        sentences=[
            "The server failed to finish this. Reload the page before you try again: it shows what "
            "was saved. If it fails again, ask the person who runs siftmap to look in its log."
        ],
    )
    answer.headers.update({**headers_over(request.url.scheme), "cache-control": "no-store"})
    return answer


def _page(request: Request, status: int, heading: str, *, sentences: list[str]) -> Response:
    return render(
        request,
        "layout/_error.html" if is_fragment(request) else "layout/error.html",
        status_code=status,
        heading=heading,
        sentences=sentences,
        is_signed_out=status == 401,
        # Who has only a link has no page of ours to go back to.
        leads_back=not request.url.path.startswith(("/p/", "/invitations/")),
    )
