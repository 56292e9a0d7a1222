"""How a full disk shows, from wherever it comes."""

import errno
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from review.storage.disk import has_room, is_disk_full


def caused(error: BaseException) -> BaseException:
    """Return another error that this one led to."""
    other = ValueError("The form could not be read.")
    other.__cause__ = error
    return other


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OperationalError("INSERT", {}, psycopg.errors.DiskFull("could not extend file")), True),
        (caused(OSError(errno.ENOSPC, "No space left on device")), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (OperationalError("INSERT", {}, psycopg.errors.LockNotAvailable("locked")), False),
        (ValueError("The disk is full of words."), False),
        (None, False),
    ],
)
def test_a_full_disk_is_recognised_and_nothing_else_is(error, is_full):
    assert is_disk_full(error) is is_full


def test_a_folder_that_nobody_can_look_at_is_not_called_full(tmp_path: Path):
    assert has_room(tmp_path)
    assert has_room(tmp_path / "missing")
