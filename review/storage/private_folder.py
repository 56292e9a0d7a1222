"""The data folder, for the server's user alone: votes before they are resolved are in it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from review.errors import ReviewError

OTHERS = 0o077  # what the group and everyone else may do
OURS = ("siftmap*.sqlite*", "files", "secret-key", "features", "made", "texts")


class Exposed(ReviewError):
    """Other users of the computer could read the data, and we cannot change that."""


def make_private(folder: Path) -> int:
    """Close the data folder to other users; return how many files and folders were open to them.

    Raises Exposed if one belongs to another user or cannot be closed.  Nothing is touched but the
    folder itself and what siftmap keeps in it.
    """
    if not folder.is_dir():
        return 0
    return sum(_close(path) for path in _all_of_ours(folder.resolve()))


def _all_of_ours(folder: Path) -> Iterator[Path]:
    yield folder
    for pattern in OURS:
        for path in folder.glob(pattern):
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from path.rglob("*")


def _close(path: Path) -> bool:
    """Close one file or folder; say whether it was open to others."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return False
        if found.st_uid != os.geteuid():
            raise Exposed(
                f"{path} belongs to another user of this computer. Run siftmap as that user, or "
                "make the data folder and all in it your own (chown -R)."
            )
        if not found.st_mode & OTHERS:
            return False
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
        is_open = bool(path.lstat().st_mode & OTHERS)
    except FileNotFoundError:  # a worker was quicker and deleted it
        return False
    except PermissionError:
        is_open = True
    if is_open:
        raise Exposed(
            f"Other users of this computer can read {path}, and its permissions cannot be changed. "
            "Move the data folder to a disk that has permissions."
        )
    return True
