"""Every error as a problem document (RFC 9457)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    OperationalError,
    TimeoutError,  # noqa: A004
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.web.deps import SignInFirst
from api.web.errors import DISK_FULL, FULL_STATUS, note_disk_full, status_of
from protocols.problems import ProtocolErrors
from review.errors import ReviewError, Stale
from review.storage.disk import is_disk_full

MEDIA_TYPE = "application/problem+json"
MAX_PROBLEMS = 200


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457): `type` for programs, `title` and `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[str] | None = None
    """Each mistake in a sentence, if there are several."""
    current: dict[str, Any] | None = None
    """The current state, if what was sent is out of date."""


class OutOfDate(Stale):
    """Someone has acted since; carries the current state, as far as the caller may see it."""

    def __init__(self, message: str, current: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.current = current


# The errors that a route may answer with, for the API's own description.
TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible",
    408: "Not received",
    409: "Not saved: the current state does not allow it",
    413: "Too large",
    422: "Not saved: something in it is missing, malformed or not possible",
    500: "Not done: the server failed",
    503: "Not done: try again in a moment",
    507: "Not saved: the disk is full",
}


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of these statuses as problem documents."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(api: FastAPI) -> None:
    """Put the handlers on the API."""
    api.add_exception_handler(SignInFirst, _nobody)
    api.add_exception_handler(ReviewError, _review_error)
    api.add_exception_handler(ProtocolErrors, _protocol_errors)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(OperationalError, _busy)
    api.add_exception_handler(OSError, _system_error)
    api.add_exception_handler(TimeoutError, _busy)
    api.add_exception_handler(IntegrityError, _at_the_same_time)
    api.add_exception_handler(DataError, _cannot_store)
    api.add_exception_handler(OverflowError, _cannot_store)
    api.add_exception_handler(Exception, _failed)


def _problem(
    status: int,
    kind: str,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    content = {
        "type": f"urn:siftmap:problem:{kind}",
        "title": title or TITLES.get(status, "Not possible"),
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content | more, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _nobody(_request: Request, error: Exception) -> Response:
    return _problem(401, "sign-in-first", str(error), headers={"www-authenticate": "Bearer"})


def _review_error(_request: Request, error: Exception) -> Response:
    status, title = status_of(error)
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    current = error.current if isinstance(error, OutOfDate) else None
    more = {} if current is None else {"current": current}
    return _problem(status, kind, str(error), title=title, **more)


def _protocol_errors(_request: Request, error: Exception) -> Response:
    problems = [str(problem) for problem in cast(ProtocolErrors, error).problems]
    return _several("protocol", "This protocol has mistakes; nothing was changed.", problems)


def _malformed(_request: Request, error: Exception) -> Response:
    problems = [
        f"{'.'.join(str(part) for part in mistake['loc'])}: {mistake['msg']}"
        for mistake in cast(RequestValidationError, error).errors()
    ]
    return _several("malformed", "Something in the request is missing or malformed.", problems)


def _several(kind: str, detail: str, problems: Sequence[str]) -> Response:
    shown = [text.encode(errors="replace").decode()[:1000] for text in problems[:MAX_PROBLEMS]]
    return _problem(422, kind, detail, problems=shown)


def _system_error(request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return _disk_full(request, error)
    raise error


def _disk_full(request: Request, error: Exception) -> Response:
    note_disk_full(request, error)
    return _problem(FULL_STATUS, "disk-full", DISK_FULL)


def _http_error(request: Request, error: Exception) -> Response:
    if is_disk_full(error):  # while an upload was received
        return _disk_full(request, error)
    raised = cast(HTTPException, error)
    details = {
        404: "There is nothing at this address. See openapi.json for a list of addresses.",
        405: "This address does not accept this method. See openapi.json for those it accepts.",
    }
    status = raised.status_code
    detail = details.get(status, "The request was not understood: it is malformed or cut short.")
    return _problem(status, "http", detail, headers=raised.headers)


def _busy(request: Request, error: Exception) -> Response:
    if is_disk_full(error):
        return _disk_full(request, error)
    detail = "The database did not answer in time. Nothing was saved; send it again in a moment."
    return _problem(503, "busy", detail, headers={"retry-after": "1"})


def _at_the_same_time(_request: Request, _error: Exception) -> Response:
    detail = (
        "Someone saved something that conflicts with this at the same moment. Nothing was saved; "
        "look at the current state, then try again."
    )
    return _problem(409, "conflicting", detail)


def _cannot_store(_request: Request, _error: Exception) -> Response:
    detail = "The request has a number that is too large, or a character that cannot be stored."
    return _problem(422, "invalid", detail)


def _failed(_request: Request, _error: Exception) -> Response:
    # The exception itself goes to the server's log; nothing of it is in the response.
    detail = (
        "The server failed, and nothing was saved. The server's log says why; tell the person who "
        "runs it."
    )
    return _problem(500, "failed", detail)
