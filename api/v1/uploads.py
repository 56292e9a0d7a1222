"""Uploaded files, kept by their bytes before anything is written about them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, File, Form, UploadFile
from pydantic import Json

from api.files import uploads
from api.v1.callers import managing
from api.web.deps import Store
from review.errors import Invalid
from review.reports import full_texts
from review.searches.formats import FILE_LIMIT, Format, checked_encoding, checked_mapping

MAX_FILES = 100


def kept_files(
    files: Annotated[list[UploadFile], File(description="One file, or several.")],
    store: Store,
    _lead: Annotated[None, Depends(managing)],
) -> list[dict[str, str]]:
    """Keep what a lead uploads and return each file's sha256 and name."""
    if len(files) > MAX_FILES:
        raise Invalid(f"Send at most {MAX_FILES} files at a time.")
    kept = []
    for file in files:
        sha256 = uploads.keep(file, store, limit=FILE_LIMIT)
        kept.append({"sha256": sha256, "name": uploads.name_of(file)})
    return kept


Kept = Annotated[list[dict[str, str]], Depends(kept_files)]


def how_read(
    format: Annotated[Format | None, Form()] = None,  # noqa: A002 - the field's word
    encoding: Annotated[str | None, Form(max_length=40)] = None,
    mapping: Annotated[
        Json[dict[str, str]] | None,
        Form(description="Of tables, as JSON: which column holds which field; none for the rest."),
    ] = None,
) -> dict[str, Any]:
    """Return what a caller says of how files are to be read; the rest is told by their content."""
    return {
        "format": format,
        "encoding": checked_encoding(encoding) if encoding else None,
        "mapping": checked_mapping(mapping) if mapping else None,
    }


HowRead = Annotated[dict[str, Any], Depends(how_read)]


def saved_pdf(
    file: Annotated[UploadFile, File(description="The full text, as PDF.")],
    _lead: Annotated[None, Depends(managing)],
) -> Iterator[tuple[Path, str]]:
    """Yield where a lead's uploaded document is, as long as the request lasts, and its name."""
    with uploads.on_disk(file, limit=full_texts.MAX_BYTES) as path:
        yield path, uploads.name_of(file)


Document = Annotated[tuple[Path, str], Depends(saved_pdf)]
