"""Original files, stored under the hash of their bytes; their names are only for display."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class FileStore:
    """A folder of files, each stored under its sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return the path of the file with this hash, whether it exists or not."""
        return self.folder / sha256[:2] / sha256

    def keep(self, source: Path) -> str:
        """Copy a file into the store, synced to disk, and return its sha256."""
        sha256 = sha256_of(source)
        target = self.path(sha256)
        if target.exists():
            sync_folder(target.parent)  # its writer may not have got there yet
            return sha256
        with written_whole(target) as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy)
        return sha256

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Wait until nobody else who uses the folder has the lock of this name, then have it.

        The lock ends with its process, however that ends.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as `written_whole` does."""
    with written_whole(path) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path, mode: str = "wb", **options: Any) -> Iterator[Any]:
    """Yield a file that takes its place, on the disk, when the block ends; if it fails, never.

    Nobody ever reads half of it, no power cut takes it away again, and only its owner can read it.
    ``options`` are those of `open`.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, mode, **options) as partial:
            yield partial
            partial.flush()
            os.fsync(partial.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing, for their owner alone."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: syncing a file does not sync its name (fsync(2))."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
