"""Adding a search: choose files, check their preview, then say how the search was run."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Form, UploadFile
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from api.files import uploads
from api.files.desk import READ_AS, AtDesk, Desk, FilesForm, Shown, unsealed_file
from api.pages.jobs import started
from api.web.access import LONG_FORM, needs, several_files
from api.web.days import day_of
from api.web.deps import AppSettings, CurrentActor, ReviewId, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from review.errors import Invalid, Unreadable
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.formats import table_of_hits
from review.searches.previews import ParseOptions
from review.searches.searches import search_counts, search_of_review
from review.vocabulary import SearchKind

router = PageRouter()


class SearchForm(FilesForm):
    """The files of a search, and how the search was run."""

    source: str = ""
    kind: SearchKind = SearchKind.DATABASE
    platform: str = ""
    query: str = ""
    run_on: str = ""
    limits: str = ""
    hits: str = ""
    update_of: Annotated[UUID | None, BeforeValidator(lambda given: given or None)] = None


SearchFormData = Annotated[SearchForm, Form()]


@router.post("/reviews/{slug}/searches/files")
@needs(Action.MANAGE, at_most=several_files)
def show_files(desk: AtDesk, files: list[UploadFile]) -> Response:
    """Keep the files and show a preview of each; nothing is added to the review yet."""
    shown = []
    for file in files:
        if not file.filename:
            continue
        name = uploads.name_of(file)
        try:
            sha256 = uploads.keep(file, desk.store, limit=desk.limits.n_bytes)
        except Unreadable as error:
            shown.append(Shown(name, "", trouble=str(error)))
            continue
        shown.append(desk.preview(desk.seal(sha256, name), ParseOptions()))
    if not shown:
        raise Invalid("Choose at least one file exported from the source.")
    return _page(desk, shown, SearchForm(file=[]))


@router.post("/reviews/{slug}/searches/hits")
@needs(Action.MANAGE, at_most=LONG_FORM)
def show_hits(desk: AtDesk, hits: Annotated[str, Form(max_length=2_000_000)] = "") -> Response:
    """Preview the hits of a web search, typed or pasted, one per line."""
    sha256 = uploads.keep_text(table_of_hits(hits), desk.store)
    shown = desk.preview(desk.seal(sha256, "typed hits.csv"), ParseOptions())
    n = str(shown.seen.n_blocks) if shown.seen else ""
    return _page(desk, [shown], SearchForm(file=[], kind=SearchKind.WEBSITE, hits=n))


@router.post("/reviews/{slug}/searches/preview")
@needs(Action.MANAGE)
def update_preview(desk: AtDesk, form: SearchFormData) -> Response:
    """Preview the files again with the person's corrections."""
    shown = [desk.preview(kept, form.options(index)) for index, kept in enumerate(form.file)]
    return _page(desk, shown, form)


@router.post("/reviews/{slug}/searches")
@needs(Action.MANAGE)
def add(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    settings: AppSettings,
    form: SearchFormData,
) -> Response:
    """Import the files into a new search, in the background."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not form.source.strip() or len(form.source) > 255:
        raise Invalid("Name the source that you searched, in at most 255 characters.")
    day = day_of(form.run_on)
    fields = {
        "source": form.source,
        "kind": form.kind,
        "platform": form.platform,
        "query": form.query,
        "run_on": day.isoformat() if day else None,
        "limits": form.limits,
        "n_hits": hits_of(form.hits),
        "update_of": str(form.update_of) if form.update_of else None,
    }
    if form.update_of is not None:
        search_of_review(session, review_id=review_id, search_id=form.update_of)
    files = []
    for index, kept in enumerate(form.file):
        sha256, name = unsealed_file(kept, settings.key())
        files.append({"sha256": sha256, "name": name, **asdict(form.options(index))})
    return started(
        request,
        session,
        review_id,
        by=by,
        kind=JobKind.IMPORT,
        arguments={"files": files, "fields": fields},
    )


def _page(desk: Desk, shown: Sequence[Shown], form: SearchForm) -> Response:
    """Return the page with the previews and with what was typed."""
    return render(
        desk.request,
        "searches/add_search.html",
        status_code=422 if all(file.seen is None for file in shown) else 200,
        files=shown,
        form=form,
        **READ_AS,
        kinds=list(SearchKind),
        planned=protocol_of(desk.session, desk.review_id).searches,
        earlier=[
            line.search
            for line in search_counts(desk.session, review_id=desk.review_id)
            if not line.search.is_withdrawn
        ],
    )


def hits_of(text: str) -> int | None:
    """Return a number of hits, None for an empty text; raise Invalid for anything else."""
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 9:
        raise Invalid(f"'{text}' is not a number of hits. Type a number of at most nine digits.")
    return int(text)
