"""A full disk: how it shows in errors, and whether there is room."""

import errno
import shutil
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
SQLITE_FULL = 13  # sqlite.org/rescode.html#full
SQLITE_IOERR_SHMSIZE = 4874  # the index of the log could not grow: the disk is full
POSTGRESQL_FULL = "53100"  # disk_full, in appendix A of its manual
LEAST_FREE = 4 * 2**20  # bytes: SQLite's log grows to about 1,000 pages of 4 kB


def is_disk_full(error: BaseException | None) -> bool:
    """Say whether an error, or one that led to it, says that the disk is full."""
    while error is not None:
        original = getattr(error, "orig", error)
        if (
            getattr(original, "errno", None) in FULL
            or getattr(original, "sqlite_errorcode", None) in (SQLITE_FULL, SQLITE_IOERR_SHMSIZE)
            or getattr(original, "sqlstate", None) == POSTGRESQL_FULL
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def has_room(folder: Path) -> bool:
    """Say whether there is room for more than the next few writes; so if nobody can say."""
    try:
        return shutil.disk_usage(folder).free >= LEAST_FREE
    except OSError:
        return True
