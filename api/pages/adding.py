"""Adding a search: files first, what they seem to be, then how the search was run."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api import uploads
from api.days import day_of
from api.deps import By, Config, ReadSession, ReviewId, Store, WriteSession
from api.pages.jobs import started
from api.rendering import render
from api.security import sealed, unsealed
from review.errors import Invalid, Unreadable
from review.files import FileStore
from review.imports import preview
from review.jobs import JobKind
from review.permissions import Action, check
from review.reading import FILE_LIMIT
from review.reviews import protocol_of
from review.vocabulary import SearchKind

router = APIRouter()


@router.post("/reviews/{slug}/searches/files")
def show_files(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    settings: Config,
    store: Store,
    files: list[UploadFile],
) -> Response:
    """Keep the files and show what each seems to be; nothing is added to the review yet."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    given = [_looked_at(file, store, settings.key()) for file in files if file.filename]
    if not given:
        raise Invalid("Choose at least one file exported from the source.")
    if all("trouble" in one for one in given):
        raise Unreadable(" ".join(f"{one['name']}: {one['trouble']}" for one in given))
    return render(
        request,
        "adding.html",
        files=given,
        kinds=list(SearchKind),
        planned=protocol_of(session, review_id).searches,
    )


@router.post("/reviews/{slug}/searches")
def add(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    settings: Config,
    source: Annotated[str, Form()],
    kind: Annotated[SearchKind, Form()],
    file: Annotated[list[str], Form()],
    platform: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
    run_on: Annotated[str, Form()] = "",
    limits: Annotated[str, Form()] = "",
    hits: Annotated[str, Form(max_length=9)] = "",
) -> Response:
    """Read the files into a new search, in the background."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not source.strip() or len(source) > 255:
        raise Invalid("Name the source that was searched, in at most 255 characters.")
    day = day_of(run_on)
    fields = {
        "source": source,
        "kind": kind,
        "platform": platform,
        "query": query,
        "run_on": day.isoformat() if day else None,
        "limits": limits,
        "n_hits": _count(hits),
    }
    files = [_unsealed(one, settings.key()) for one in file]
    return started(
        request, session, review_id, by, JobKind.IMPORT, {"files": files, "fields": fields}
    )


def _looked_at(file: UploadFile, store: FileStore, key: bytes) -> dict[str, Any]:
    name = uploads.name_of(file)
    try:
        sha256 = uploads.keep(file, store, limit=FILE_LIMIT)
        seen = preview(store.path(sha256), name=name)
    except Unreadable as error:
        return {"name": name, "trouble": str(error)}
    return {"name": name, "seen": seen, "sealed": sealed(f"{sha256}/{name}", key)}


def _unsealed(given: str, key: bytes) -> dict[str, str]:
    sha256, _, name = unsealed(given, key).partition("/")
    return {"sha256": sha256, "name": name}


def _count(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise Invalid(f"'{text}' is not a number of hits.")
    return int(text)
