"""Uploaded files: they are stored under the hash of their bytes before any row is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, File, Form, UploadFile
from pydantic import Json

from api.files import uploads
from api.web.deps import AppSettings, Store
from review.errors import Invalid
from review.reports import full_texts
from review.searches.formats import Format, checked_encoding, checked_mapping

MAX_FILES = 100


def stored_files(
    files: Annotated[list[UploadFile], File(description="One file, or several.")],
    store: Store,
    settings: AppSettings,
) -> list[dict[str, str]]:
    """Store the files that a lead uploads; return the sha256 and name of each."""
    if len(files) > MAX_FILES:
        raise Invalid(f"Send at most {MAX_FILES} files at a time.")
    stored = []
    for file in files:
        sha256 = uploads.keep(file, store, limit=settings.import_bytes)
        stored.append({"sha256": sha256, "name": uploads.name_of(file)})
    return stored


UploadedFiles = Annotated[list[dict[str, str]], Depends(stored_files)]


def read_options(
    format: Annotated[Format | None, Form()] = None,  # noqa: A002 - the field's word
    encoding: Annotated[str | None, Form(max_length=40)] = None,
    mapping: Annotated[
        Json[dict[str, str]] | None,
        Form(description="For tables, as JSON: a heading → the field in its column, or nothing."),
    ] = None,
) -> dict[str, Any]:
    """Return how to read the files, as far as the caller says; the rest is detected."""
    return {
        "format": format,
        "encoding": checked_encoding(encoding) if encoding else None,
        "mapping": checked_mapping(mapping) if mapping else None,
    }


ReadOptions = Annotated[dict[str, Any], Depends(read_options)]


def saved_pdf(
    file: Annotated[UploadFile, File(description="The full text, as PDF.")],
) -> Iterator[tuple[Path, str]]:
    """Yield where a lead's uploaded document is until the request ends, and its name."""
    with uploads.on_disk(file, limit=full_texts.MAX_BYTES) as path:
        yield path, uploads.name_of(file)


UploadedDocument = Annotated[tuple[Path, str], Depends(saved_pdf)]
