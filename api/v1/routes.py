"""The way every request of the API goes: who asks, what exactly, and was it answered before?"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.dependencies.models import Dependant
from fastapi.params import File
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from api.v1.callers import Person, identify
from api.v1.problems import declared
from api.web.deps import Base
from api.web.security import SAFE
from review.errors import Invalid
from review.events import canonical
from review.people.idempotency import Answer, claim_key, keep_answer
from review.searches.formats import FILE_LIMIT

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
MAX_TEXT = 4 * 2**20
MAX_UPLOAD = 4 * FILE_LIMIT  # of all files of a request; each has a limit of its own
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class AnsweredBefore(Exception):
    """The request was answered before, under the same key."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(frozen=True)
class Writing:
    """The transaction of a request, and the key it holds there."""

    session: Session
    claim_id: UUID | None


class Route(APIRoute):
    """A route that knows its caller before it reads, and keeps its answer with what it did."""

    def get_route_handler(self) -> Handler:
        """Return the handler, with what all routes have in common around it."""
        handle = super().get_route_handler()
        known = {one.alias for part in _parts(self.dependant) for one in part.query_params}
        fields = {one.alias for part in _parts(self.dependant) for one in part.body_params}
        takes_filters = bool(self.openapi_extra)
        taken = [one.field_info for part in _parts(self.dependant) for one in part.body_params]
        limit = MAX_UPLOAD if any(isinstance(one, File) for one in taken) else MAX_TEXT

        async def answer(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(identify, request)
            unknown = sorted(set(request.query_params) - known)
            if unknown and not takes_filters:
                raise Invalid(f"This address takes no '{unknown[0]}'.")
            if request.method in SAFE:
                return await handle(request)
            request = _limited(request, limit)
            try:
                request.state.said = await _fingerprint(request, fields)
                response = await handle(request)
            except AnsweredBefore as before:
                return _again(before.answer)
            finally:
                await request.close()  # of uploaded files, whatever became of them
            # The transaction is still open here: it commits before the answer is sent.
            writing: Writing | None = getattr(request.state, "writing", None)
            if writing is not None and writing.claim_id is not None:
                said = {
                    "status": response.status_code,
                    "type": response.headers.get("content-type"),
                    "body": _without_secrets(self.endpoint, bytes(response.body)),
                }
                await run_in_threadpool(keep_answer, writing.session, writing.claim_id, said)
            return response

        return answer


def router(*tags: str, writes: bool = False) -> APIRouter:
    """Return a router for routes that read, or for routes that write, under some tags."""
    statuses = (400, 401, 403, 404, 409, 413, 422, 503) if writes else (401, 403, 404, 422, 503)
    return APIRouter(
        tags=list(tags),
        route_class=Route,
        responses=declared(*statuses),
    )


def _write(
    request: Request,
    database: Base,
    person: Person,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="A key of your own for this request. Sent again under the same key, the "
            "request changes nothing and is answered as the first time.",
        ),
    ] = None,
) -> Iterator[Session]:
    with database.writing() as session:
        claim_id = None
        if idempotency_key is not None:
            claim = claim_key(
                session,
                account_id=person.account.id,
                key=idempotency_key,
                request_sha256=request.state.said,
            )
            if claim.answer is not None:
                raise AnsweredBefore(claim.answer)
            claim_id = claim.id
        request.state.writing = Writing(session, claim_id)
        yield session


# By default a yield dependency exits after the response: a failed commit would be a 200.
WriteSession = Annotated[Session, Depends(_write, scope="function")]


def shown_once(*fields: str) -> Callable[[Endpoint], Endpoint]:
    """Mark a route whose answer holds secrets: a repeated request is answered without them."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.shown_once = fields  # type: ignore[attr-defined]
        return endpoint

    return mark


def _without_secrets(endpoint: Callable[..., Any], body: bytes) -> str:
    secrets = getattr(endpoint, "shown_once", ())
    if not secrets:
        return body.decode()
    return json.dumps({**json.loads(body), **dict.fromkeys(secrets)})


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    """Yield a route's function and all that it depends on; each says what it takes."""
    yield dependant
    for one in dependant.dependencies:
        yield from _parts(one)


def _again(answer: Answer) -> Response:
    body, status = answer["body"], answer["status"]
    headers = {"idempotency-replayed": "true"}
    if answer["type"]:
        headers["content-type"] = answer["type"]
    return Response(body or None, status_code=status, headers=headers)


def _limited(request: Request, limit: int) -> Request:
    """Return the request, which is refused as soon as more than ``limit`` bytes of it are read."""
    too_large = HTTPException(413)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:18]) > limit:
        raise too_large
    n_read = 0

    async def receive() -> Message:
        nonlocal n_read
        message = await request.receive()
        n_read += len(message.get("body", b""))
        if n_read > limit:
            raise too_large
        return message

    return Request(request.scope, receive)


async def _fingerprint(request: Request, fields: Collection[str]) -> str:
    """Return the sha256 of all that an unsafe request says, whatever its spelling.

    Raises Invalid for a character or number that no database stores, and for a form's field that
    the route does not take.
    """
    said: list[Any] = [request.method, request.url.path, sorted(request.query_params.multi_items())]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await request.form()
        for name, value in form.multi_items():
            if name not in fields:
                raise Invalid(f"This address takes no field '{name}'.")
            if isinstance(value, UploadFile):
                digest = await run_in_threadpool(_sha256, value)
                said.append([name, value.filename, digest])
            else:
                said.append([name, value])
    else:
        said.append(_parsed(await request.body()))
    try:
        written = canonical(said)
        sha256 = hashlib.sha256(written.encode()).hexdigest()
        json.dumps(said[-1], allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Invalid("The request holds a character or number that cannot be stored.") from error
    if NUL.search(written):
        raise Invalid("The request holds a character that cannot be stored.")
    return sha256


def _parsed(body: bytes) -> Any:
    """Return what the body says; as text where it is no JSON, which the route then refuses."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("latin-1").replace("\0", "")


def _sha256(file: UploadFile) -> str:
    digest = hashlib.file_digest(file.file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.file.seek(0)
    return digest
