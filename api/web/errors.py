"""From what went wrong to what the browser is told: one table, one page."""

from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, TimeoutError  # noqa: A004
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.deps import SignInFirst
from api.web.rendering import is_fragment, render
from api.web.security import HEADERS
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

STATUS: dict[type[Exception], tuple[int, str]] = {
    NotFound: (404, "Not found"),
    NotAllowed: (403, "Not allowed"),
    Unreadable: (422, "This file cannot be read"),
    Invalid: (422, "Not saved"),
    Conflicting: (409, "Not saved"),
    Interrupted: (503, "Not done"),
}


def install(app: FastAPI) -> None:
    """Put the handlers on the application."""
    app.add_exception_handler(SignInFirst, _sign_in)
    app.add_exception_handler(ReviewError, _review_error)
    app.add_exception_handler(ProtocolErrors, _protocol_errors)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _busy)
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
        said = "Nothing was saved. Copy your note if you wrote one, then sign in again."
        return _page(request, 401, "You are signed out", [said])
    target = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"/login?next={target}", status_code=303)


def _review_error(request: Request, error: Exception) -> Response:
    status, heading = status_of(error)
    if request.method == "GET" and heading == "Not saved":
        heading = "This address is not understood"
    return _page(request, status, heading, [str(error)])


def _protocol_errors(request: Request, error: Exception) -> Response:
    problems = [str(problem) for problem in cast(ProtocolErrors, error).problems]
    return _page(request, 422, "This protocol has mistakes; nothing was changed", problems)


def _bad_request(request: Request, error: Exception) -> Response:
    said = [
        f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}"
        for problem in cast(RequestValidationError, error).errors()
    ]
    heading = "This address is not understood"
    if request.method == "POST":
        heading = "Not saved: something is missing or malformed"
    return _page(request, 422, heading, said)


def _http_error(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    heading = "Not found" if status == 404 else "Not possible"
    said = {
        400: "The form was not understood: a field is too long, or the request was cut short.",
        404: "There is no page at this address. Check it, or start from your reviews.",
        405: "This address does not take that kind of request.",
    }
    return _page(request, status, heading, [said.get(status, "The request was not understood.")])


def _busy(request: Request, _error: Exception) -> Response:
    return _page(
        request,
        503,
        "Not saved",
        ["The database did not answer in time. Go back, wait a moment and send it again."],
    )


def _cannot_store(request: Request, _error: Exception) -> Response:
    said = "Something in it cannot be stored: a number that is too large, or a stray character."
    return _page(request, 422, "Not saved", [said])


def _at_once(request: Request, _error: Exception) -> Response:
    said = "The same was being done at that moment, perhaps by a second click. Look again."
    return _page(request, 409, "Not saved", [said])


def _failed(request: Request, _error: Exception) -> Response:
    # The exception itself goes on to the server's log; nothing of it reaches the page.  This
    # answer is made outside the middleware, so it brings its own headers.
    answer = _page(
        request,
        500,
        "Not done",
        [
            "The server failed at this. Look again before you repeat it: what was saved is shown. "
            "The log says why; tell who runs it."
        ],
    )
    answer.headers.update(HEADERS | {"cache-control": "no-store"})
    return answer


def _page(request: Request, status: int, heading: str, said: list[str]) -> Response:
    if is_fragment(request):
        return render(request, "layout/_error.html", heading=heading, said=said, status_code=status)
    return render(request, "layout/error.html", heading=heading, said=said, status_code=status)
