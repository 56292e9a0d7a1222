"""Uploaded files, kept by their bytes before anything is written about them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, File, UploadFile

from api.deps import Store
from api.v1.callers import managing
from review import full_texts
from review.errors import Invalid, Unreadable
from review.reading import FILE_LIMIT

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
        with _saved(file, FILE_LIMIT) as path:
            kept.append({"sha256": store.keep(path), "name": name_of(file)})
    return kept


Kept = Annotated[list[dict[str, str]], Depends(kept_files)]


def saved_pdf(
    file: Annotated[UploadFile, File(description="The full text, as PDF.")],
    _lead: Annotated[None, Depends(managing)],
) -> Iterator[tuple[Path, str]]:
    """Yield where a lead's uploaded document is, as long as the request lasts, and its name."""
    with _saved(file, full_texts.LIMIT) as path:
        yield path, name_of(file)


Document = Annotated[tuple[Path, str], Depends(saved_pdf)]


def name_of(file: UploadFile) -> str:
    """Return the file's own name, without any folders, to show and nothing else."""
    name = (file.filename or "file").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in name if one.isprintable())[:255] or "file"


@contextmanager
def _saved(file: UploadFile, limit: int) -> Iterator[Path]:
    if (file.size or 0) > limit:
        raise Unreadable(f"{name_of(file)} is larger than {limit // 2**20} MB.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        yield path
