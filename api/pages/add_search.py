"""Adding a search: choose files, check their preview, then say how the search was run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, UploadFile
from pydantic import BaseModel, BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from api.files import uploads
from api.pages.jobs import started
from api.web.days import day_of
from api.web.deps import AppSettings, CurrentActor, ReadSession, ReviewId, Store, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from api.web.security import sealed, unsealed
from review.errors import Invalid, Unreadable
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.formats import FIELDS, FILE_LIMIT, Format, checked_mapping, table_of_hits
from review.searches.previews import (
    ParseOptions,
    Preview,
    preview,
    previous_options,
    remembered_mapping,
)
from review.vocabulary import SearchKind

router = PageRouter()
ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "iso8859-1", "iso8859-15", "mac_roman",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr",
)  # fmt: skip
READ_AS = {"formats": list(Format), "encodings": ENCODINGS, "fields": FIELDS}


class FilesForm(BaseModel):
    """Previewed files, and how each is to be parsed."""

    file: list[str]  # sealed, so that nobody names a file that they did not send
    format: list[Annotated[Format | None, BeforeValidator(lambda given: given or None)]] = []
    encoding: list[str] = []
    heading: list[str] = []  # of all tables, each after its file's number and a colon
    column: list[str] = []  # the field that each heading means

    def options(self, index: int) -> ParseOptions:
        """Return how the file number ``index`` is to be parsed."""
        headings = [heading.partition(":") for heading in self.heading]
        mapping = {
            name: field
            for (number, _, name), field in zip(headings, self.column, strict=False)
            if number == str(index)
        }
        return ParseOptions(
            format=self.format[index] if index < len(self.format) else None,
            encoding=(self.encoding[index] or None) if index < len(self.encoding) else None,
            mapping=checked_mapping(mapping) or None,
        )


class SearchForm(FilesForm):
    """The files of a search, and how the search was run."""

    source: str = ""
    kind: SearchKind = SearchKind.DATABASE
    platform: str = ""
    query: str = ""
    run_on: str = ""
    limits: str = ""
    hits: str = ""


SearchFormData = Annotated[SearchForm, Form()]


@dataclass(frozen=True)
class Shown:
    """The preview of a file that was sent, or why it cannot be read."""

    name: str
    sealed: str  # empty where the file was not kept
    seen: Preview | None = None
    trouble: str | None = None


class Desk:
    """Where a lead previews files before anything is added; for those who manage the review."""

    def __init__(
        self,
        request: Request,
        session: ReadSession,
        *,
        review_id: ReviewId,
        by: CurrentActor,
        settings: AppSettings,
        store: Store,
    ) -> None:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        self.request, self.session, self.review_id = request, session, review_id
        self.key, self.store = settings.key(), store

    def seal(self, sha256: str, name: str) -> str:
        """Return the value that names a kept file in a form."""
        return sealed(f"{sha256}/{name}", self.key)

    def look(self, kept: str, reading: ParseOptions) -> Shown:
        """Return the preview of a file.

        What the person did not choose is as in the last import of this file, or of a table with
        the same headings.
        """
        sha256, name = unsealed_file(kept, self.key)
        path = self.store.path(sha256)
        if not path.is_file():
            gone = "This file is no longer on the server. Choose it again."
            return Shown(name, "", trouble=gone)
        try:
            reading = previous_options(
                self.session, reading, review_id=self.review_id, sha256=sha256
            )
            seen = preview(path, name=name, options=reading)
            if seen.columns and reading.mapping is None:
                headings = [column.heading for column in seen.columns]
                known = remembered_mapping(
                    self.session, review_id=self.review_id, headings=headings
                )
                if known is not None:
                    seen = preview(path, name=name, options=replace(reading, mapping=known))
        except Unreadable as error:
            return Shown(name, kept, trouble=str(error))
        return Shown(name, kept, seen)

    def page(self, shown: Sequence[Shown], form: SearchForm) -> Response:
        """Return the page with the previews and with what was typed."""
        return render(
            self.request,
            "searches/add_search.html",
            status_code=422 if all(file.seen is None for file in shown) else 200,
            files=shown,
            form=form,
            **READ_AS,
            kinds=list(SearchKind),
            planned=protocol_of(self.session, self.review_id).searches,
        )


AtDesk = Annotated[Desk, Depends(Desk)]


@router.post("/reviews/{slug}/searches/files")
def show_files(desk: AtDesk, files: list[UploadFile]) -> Response:
    """Keep the files and show a preview of each; nothing is added to the review yet."""
    shown = []
    for file in files:
        if not file.filename:
            continue
        name = uploads.name_of(file)
        try:
            sha256 = uploads.keep(file, desk.store, limit=FILE_LIMIT)
        except Unreadable as error:
            shown.append(Shown(name, "", trouble=str(error)))
            continue
        shown.append(desk.look(desk.seal(sha256, name), ParseOptions()))
    if not shown:
        raise Invalid("Choose at least one file exported from the source.")
    return desk.page(shown, SearchForm(file=[]))


@router.post("/reviews/{slug}/searches/hits")
def show_hits(desk: AtDesk, hits: Annotated[str, Form(max_length=2_000_000)] = "") -> Response:
    """Preview the hits of a web search, typed or pasted, one per line."""
    sha256 = uploads.keep_text(table_of_hits(hits), desk.store)
    shown = desk.look(desk.seal(sha256, "typed hits.csv"), ParseOptions())
    n = str(shown.seen.n_blocks) if shown.seen else ""
    return desk.page([shown], SearchForm(file=[], kind=SearchKind.WEBSITE, hits=n))


@router.post("/reviews/{slug}/searches/preview")
def update_preview(desk: AtDesk, form: SearchFormData) -> Response:
    """Preview the files again with the person's corrections."""
    shown = [desk.look(kept, form.options(index)) for index, kept in enumerate(form.file)]
    return desk.page(shown, form)


@router.post("/reviews/{slug}/searches")
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
        "n_hits": _count(form.hits),
    }
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


def unsealed_file(given: str, key: bytes) -> tuple[str, str]:
    """Return the sha256 and the name of a file that a form carries."""
    sha256, _, name = unsealed(given, key).partition("/")
    return sha256, name


def _count(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 9:
        raise Invalid(f"'{text}' is not a number of hits. Type a number of at most nine digits.")
    return int(text)
