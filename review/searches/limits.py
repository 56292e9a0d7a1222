"""How large a search file may be; the settings say so too, so nothing heavy is imported here."""

from dataclasses import dataclass
from pathlib import Path

from review.errors import Unreadable

FILE_LIMIT = 512 * 1024 * 1024
"""Bytes in a search file; larger exports can be split in the program that made them."""

RECORDS_LIMIT = 100_000
"""Blocks in one file."""

SPLIT = (
    "Nothing of it was imported. Split it into smaller files, or export the search in parts, and "
    "import each."
)


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How large a file may be, and how many records it may have, so that it is read."""

    n_bytes: int = FILE_LIMIT
    n_records: int = RECORDS_LIMIT

    def check_size(self, path: Path) -> None:
        """Raise Unreadable for a file that is too large."""
        if path.stat().st_size > self.n_bytes:
            raise Unreadable(f"This file is larger than {self.n_bytes // 2**20} MB. {SPLIT}")

    def check_number(self, n: int) -> None:
        """Raise Unreadable for too many records."""
        if n > self.n_records:
            raise Unreadable(f"This file has more than {self.n_records:,} records. {SPLIT}")

    def check_rough_count(self, n: int) -> None:
        """Raise Unreadable if a count that may be wrong leaves no doubt that there are too many."""
        self.check_number(n // 2)


USUAL_LIMITS = FileLimits()
