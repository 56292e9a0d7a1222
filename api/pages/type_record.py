"""Typing one record by hand, such as a report that an expert sent."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from api.files import uploads
from api.pages.jobs import started
from api.web.access import needs
from api.web.days import day_of
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, Store, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from review.errors import Invalid
from review.exports import RIS_TAGS, ris_entry
from review.jobs import JobKind
from review.permissions import Action, check
from review.searches.searches import search_counts, search_of_review
from review.vocabulary import SearchKind

router = PageRouter()
R = "/reviews/{slug}/type-record"
TYPES = {
    "JOUR": "article", "RPRT": "report", "CHAP": "chapter", "BOOK": "book", "THES": "thesis",
    "CONF": "conference paper", "ELEC": "web page", "UNPB": "unpublished work", "GEN": "other",
}  # fmt: skip
Line = Annotated[str, Form(max_length=2000)]


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the form for one record."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = search_counts(session, review_id=review_id)
    return render(
        request,
        "searches/type_record.html",
        types=TYPES,
        kinds=list(SearchKind),
        searches=[row.search for row in rows if not row.search.is_withdrawn],
    )


@router.post(R)
@needs(Action.MANAGE)
def post_record(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    title: Line,
    authors: Annotated[str, Form(max_length=20_000)] = "",
    year: Annotated[str, Form(max_length=4)] = "",
    type: Annotated[str, Form(max_length=4)] = "GEN",  # noqa: A002 - the field's name
    journal: Line = "",
    doi: Line = "",
    url: Line = "",
    language: Line = "",
    abstract: Annotated[str, Form(max_length=50_000)] = "",
    search: OptionalId = None,
    source: Annotated[str, Form(max_length=255)] = "",
    kind: Annotated[SearchKind, Form()] = SearchKind.CONTACT,
    run_on: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Add the record to a search, an old or a new one, like one from a file."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not title.strip():
        raise Invalid("Type the title of the record.")
    if year and not year.isdecimal():
        raise Invalid(f"\u2018{year}\u2019 is not a year. Type four digits, or nothing.")
    row = dict.fromkeys(RIS_TAGS) | {
        "title": title, "authors": [name for name in authors.splitlines() if name.strip()],
        "year": year, "type": type if type in TYPES else "GEN", "journal": journal, "doi": doi,
        "url": url, "language": language, "abstract": abstract, "keywords": [],
        "other_abstracts": [],
    }  # fmt: skip
    sha256 = uploads.keep_text(ris_entry(row), store)
    arguments: dict[str, Any] = {
        "files": [{"sha256": sha256, "name": f"typed: {title.strip()[:80]}.ris"}]
    }
    arguments |= _search_arguments(session, review_id, search, source=source, kind=kind, day=run_on)
    return started(request, session, review_id, by=by, kind=JobKind.IMPORT, arguments=arguments)


def _search_arguments(
    session: ReadSession,
    review_id: UUID,
    search: UUID | None,
    *,
    source: str,
    kind: SearchKind,
    day: str,
) -> dict[str, Any]:
    if search is not None:
        search_of_review(session, review_id=review_id, search_id=search)
        return {"search": str(search), "fields": None}
    if not source.strip():
        raise Invalid("Say where the record is from: choose a search, or name a new source.")
    run_on = day_of(day)
    return {
        "fields": {
            "source": source.strip(),
            "kind": kind,
            "run_on": run_on.isoformat() if run_on else None,
        }
    }
