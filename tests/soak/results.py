"""What trying the rows has shown: one entry for each row and database, in results.json."""

import json
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FILE = Path(__file__).with_name("results.json")
ROOT = FILE.parents[2]


@dataclass(frozen=True)
class Result:
    """What a row showed on one database."""

    row: str
    database: str
    met: bool
    figure: str
    command: str
    date: str
    commit: str


def results() -> list[Result]:
    """Return what is kept, by row and database."""
    return [Result(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))]


def keep(*, row: str, database: str, met: bool, figure: str, command: str) -> None:
    """Keep what a row showed on a database in place of what it showed before."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    new = Result(row, database, met, figure, command, today, _commit())
    others = [one for one in results() if (one.row, one.database) != (row, database)]
    entries = sorted([*others, new], key=lambda one: (one.row, one.database))
    text = json.dumps([asdict(one) for one in entries], indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")


def _commit() -> str:
    """Return the commit that was tried, with a mark if anything else than results differs."""
    written = [":!tests/soak/results.json", ":!docs/reliability.md"]
    is_changed = _git("status", "--porcelain", "--", ".", *written)
    return _git("rev-parse", "--short", "HEAD") + ("-changed" if is_changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
