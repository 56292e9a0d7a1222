"""Files that people send: kept by their bytes, shown under a name that leads nowhere."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

from review.errors import Unreadable
from review.storage.files import FileStore


def name_of(file: UploadFile) -> str:
    """Return the file's own name, without any folders, to show and nothing else."""
    name = (file.filename or "file").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in name if sign.isprintable())[:255] or "file"


@contextmanager
def on_disk(file: UploadFile, *, limit: int) -> Iterator[Path]:
    """Yield a copy that is gone afterwards; raise Unreadable for a file that is too large."""
    if (file.size or 0) > limit:
        raise Unreadable(f"{name_of(file)} is larger than {limit // 2**20} MB.")
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(file.file, copy)
        copy.flush()
        yield Path(copy.name)


def text_of(file: UploadFile, *, limit: int) -> str:
    """Return the text of a file in UTF-8, with plain line breaks; raise Unreadable otherwise."""
    with on_disk(file, limit=limit) as copy:
        try:
            return copy.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"{name_of(file)} is not text in UTF-8. Save it as UTF-8 first."
            ) from error


def keep_text(text: str, store: FileStore) -> str:
    """Keep a text as a file in UTF-8 and return the sha256 of its bytes."""
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(text.encode(errors="replace"))
        copy.flush()
        return store.keep(Path(copy.name))


def keep(file: UploadFile, store: FileStore, *, limit: int) -> str:
    """Keep the file and return the sha256 of its bytes."""
    with on_disk(file, limit=limit) as path:
        return store.keep(path)
