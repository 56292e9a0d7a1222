"""What every request goes through: who is calling, what they sent, and whether it is a repeat."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.dependencies.models import Dependant
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.v1.callers import CurrentCaller, admit, identify
from api.v1.problems import declared
from api.web.access import LONG_FORM, Guarded, Handler
from api.web.bodies import bounded
from api.web.deps import Db, settings_of
from api.web.security import SAFE
from review.errors import Invalid
from review.events import canonical
from review.people.idempotency import Answer, claim_key, keep_answer

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class AnsweredBefore(Exception):
    """A request under the same key was answered before."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(frozen=True)
class WriteTransaction:
    """The transaction of a request, and its claim on an idempotency key, if it sent one."""

    session: Session
    claim_id: UUID | None


class Route(Guarded):
    """A route that knows its caller before it reads, and stores its answer with what it did."""

    usual = LONG_FORM

    def get_route_handler(self) -> Handler:
        """Return the handler, wrapped in what all routes have in common."""
        handle = super().get_route_handler()
        dependants = list(_with_dependencies(self.dependant))
        known = {field.alias for part in dependants for field in part.query_params}
        fields = {field.alias for part in dependants for field in part.body_params}
        takes_filters = bool(self.openapi_extra)

        async def answer(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(identify, request)
            unknown = sorted(set(request.query_params) - known)
            if unknown and not takes_filters:
                raise Invalid(f"This address does not take the parameter '{unknown[0]}'.")
            if request.method in SAFE:
                return await handle(request)
            admit(settings_of(request), request.state.caller, self.needs.sender)
            request = bounded(request, self.limit(settings_of(request)))
            try:
                request.state.fingerprint = await _fingerprint(request, fields)
                response = await handle(request)
            except AnsweredBefore as before:
                return _replayed(before.answer)
            finally:
                await request.close()  # deletes uploaded files, whatever happened to them
            # The transaction is still open here: it commits before the answer is sent.
            writing: WriteTransaction | None = getattr(request.state, "writing", None)
            if writing is not None and writing.claim_id is not None:
                stored = {
                    "status": response.status_code,
                    "type": response.headers.get("content-type"),
                    "body": _without_secrets(self.endpoint, bytes(response.body)),
                }
                await run_in_threadpool(keep_answer, writing.session, writing.claim_id, stored)
            return response

        return answer


def router(*tags: str, writes: bool = False) -> APIRouter:
    """Return a router for routes that read, or for routes that write, under some tags."""
    statuses = [401, 403, 404, 422, 503, 507] + ([400, 408, 409, 413] if writes else [])
    return APIRouter(
        tags=list(tags),
        route_class=Route,
        generate_unique_id_function=lambda route: route.name,
        responses=declared(*sorted(statuses)),
    )


def _write(
    request: Request,
    database: Db,
    caller: CurrentCaller,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="A key of your choice for this request. If you send the request again "
            "under the same key, it changes nothing and gets the same response.",
        ),
    ] = None,
) -> Iterator[Session]:
    with database.writing() as session:
        claim_id = None
        if idempotency_key is not None:
            claim = claim_key(
                session,
                account_id=caller.account.id,
                key=idempotency_key,
                request_sha256=request.state.fingerprint,
            )
            if claim.answer is not None:
                raise AnsweredBefore(claim.answer)
            claim_id = claim.id
        request.state.writing = WriteTransaction(session, claim_id)
        yield session


# By default a yield dependency exits after the response: a failed commit would be a 200.
WriteSession = Annotated[Session, Depends(_write, scope="function")]


def shown_once(*fields: str) -> Callable[[Endpoint], Endpoint]:
    """Mark a route with secrets in its response: a repeated request gets null for these fields."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.shown_once = fields  # type: ignore[attr-defined]
        return endpoint

    return mark


def _without_secrets(endpoint: Callable[..., Any], body: bytes) -> str:
    secrets = getattr(endpoint, "shown_once", ())
    if not secrets:
        return body.decode()
    return json.dumps({**json.loads(body), **dict.fromkeys(secrets)})


def _with_dependencies(dependant: Dependant) -> Iterator[Dependant]:
    """Yield a route's function and everything that it depends on; each declares parameters."""
    yield dependant
    for dependency in dependant.dependencies:
        yield from _with_dependencies(dependency)


def _replayed(answer: Answer) -> Response:
    body, status = answer["body"], answer["status"]
    headers = {"idempotency-replayed": "true"}
    if answer["type"]:
        headers["content-type"] = answer["type"]
    return Response(body or None, status_code=status, headers=headers)


async def _fingerprint(request: Request, fields: Collection[str]) -> str:
    """Return the sha256 of an unsafe request's content; spacing and order of keys do not matter.

    Raises Invalid for a character or number that no database stores, and for a form field that
    the route does not take.
    """
    query = sorted(request.query_params.multi_items())
    content: list[Any] = [request.method, request.url.path, query]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await request.form()
        for name, value in form.multi_items():
            if name not in fields:
                raise Invalid(f"This address does not take the field '{name}'.")
            if isinstance(value, UploadFile):
                digest = await run_in_threadpool(_sha256, value)
                content.append([name, value.filename, digest])
            else:
                content.append([name, value])
    else:
        content.append(_parsed(await request.body()))
    try:
        written = canonical(content)
        sha256 = hashlib.sha256(written.encode()).hexdigest()
        json.dumps(content[-1], allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Invalid("The request has a character or number that cannot be stored.") from error
    if NUL.search(written):
        raise Invalid("The request has a character that cannot be stored.")
    return sha256


def _parsed(body: bytes) -> Any:
    """Return the parsed body; text that is not JSON as it is, which the route then refuses."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("latin-1").replace("\0", "")


def _sha256(file: UploadFile) -> str:
    digest = hashlib.file_digest(file.file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.file.seek(0)
    return digest
