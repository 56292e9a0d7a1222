"""The desk where a lead's files are staged: kept, sealed into the form, and previewed."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, BeforeValidator
from starlette.requests import Request

from api.web.deps import AppSettings, CurrentActor, ReadSession, ReviewId, Store
from api.web.security import sealed, unsealed
from review.errors import Unreadable
from review.permissions import Action, check
from review.searches.formats import FIELDS, Format, checked_mapping
from review.searches.previews import (
    ParseOptions,
    Preview,
    preview,
    previous_options,
    remembered_mapping,
)

ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "iso8859-1", "iso8859-15", "mac_roman",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr",
)  # fmt: skip
GONE = "This file is no longer on the server. Choose it again."
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
        self.key, self.store, self.limits = settings.key(), store, settings.limits

    def seal(self, sha256: str, name: str) -> str:
        """Return the value that names a kept file in a form."""
        return sealed(f"{sha256}/{name}", self.key)

    def preview(self, kept: str, options: ParseOptions) -> Shown:
        """Return the preview of a file.

        What the person did not choose is as in the last import of this file, or of a table with
        the same headings.
        """
        sha256, name = unsealed_file(kept, self.key)
        path = self.store.path(sha256)
        if not path.is_file():
            return Shown(name, "", trouble=GONE)
        try:
            options = previous_options(
                self.session, options, review_id=self.review_id, sha256=sha256
            )
            seen = preview(path, name=name, options=options, limits=self.limits)
            if seen.columns and options.mapping is None:
                headings = [column.heading for column in seen.columns]
                known = remembered_mapping(
                    self.session, review_id=self.review_id, headings=headings
                )
                if known is not None:
                    seen = preview(
                        path, name=name, options=replace(options, mapping=known), limits=self.limits
                    )
        except Unreadable as error:
            return Shown(name, kept, trouble=str(error))
        return Shown(name, kept, seen)


AtDesk = Annotated[Desk, Depends(Desk)]


def unsealed_file(given: str, key: bytes) -> tuple[str, str]:
    """Return the sha256 and the name of a file that a form carries."""
    sha256, _, name = unsealed(given, key).partition("/")
    return sha256, name
