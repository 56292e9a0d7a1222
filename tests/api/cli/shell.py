"""A terminal for tests of the command line, and what they check in it.

Tests start a process only where the program's own start, exit status or streams matter; the rest
run `main` here, which is the same in a tenth of the time.
"""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.cli import terminal
from api.cli.main import main
from api.settings import Settings
from review.events import last_event
from review.reviews import find_review
from review.storage.database import Database
from review.tables import Record

SIFTMAP = Path(sys.executable).with_name("siftmap")


RIS = """\
TY  - JOUR
TI  - {title}
AU  - Doe, Jane
AU  - Roe, Richard
PY  - {year}
JO  - Journal of Outcomes
VL  - {year}
SP  - {number}
DO  - 10.1234/outcomes.{number}
AB  - What the contract on {title} came to, for the people and for the payer.
ER  -

"""


TOPICS = ("homelessness", "employment", "reading at school", "reconviction", "births", "diabetes")


@dataclass(frozen=True)
class CommandResult:
    """How a command ended."""

    status: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """What a program reads."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.out.decode()


@dataclass(frozen=True)
class Shell:
    """A terminal in a folder, with the settings in its environment."""

    folder: Path
    url: str = ""  # none: SQLite in the data folder
    data: str = "data"

    @property
    def environment(self) -> dict[str, str]:
        variables = {"SIFTMAP_DATA_DIR": str(self.folder / self.data)}
        return variables | ({"SIFTMAP_DATABASE_URL": self.url} if self.url else {})

    @property
    def database_url(self) -> str:
        return self.url or Settings(data_dir=self.folder / self.data, database_url="").url

    def start(self, *arguments: object) -> CommandResult:
        """Start the program in a process of its own."""
        process = subprocess.run(
            [SIFTMAP, *map(str, arguments)],
            cwd=self.folder, env=os.environ | self.environment, input=b"",
            capture_output=True, check=False,
        )  # fmt: skip
        return CommandResult(process.returncode, process.stdout, process.stderr.decode())

    def run(self, *arguments: object) -> CommandResult:
        """Run the program's own `main` here."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        argv = ["siftmap", *map(str, arguments)]
        with (
            patch.dict(os.environ, self.environment), patch.object(sys, "argv", argv),
            redirect_stdout(out), redirect_stderr(err), chdir(self.folder), fresh_settings(),
            pytest.raises(SystemExit) as end,
        ):  # fmt: skip
            main()
        out.flush()
        status = end.value.code
        return CommandResult(
            status if isinstance(status, int) else 0, out.buffer.getvalue(), err.getvalue()
        )

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def query(self, question: Callable[[Session], Any]) -> Any:
        """Return what ``question`` finds in the database."""
        database = Database(self.database_url)
        try:
            with database.reading() as session:
                return question(session)
        finally:
            database.dispose()


class fresh_settings:  # noqa: N801 - used as a function
    """Read the settings again and close the connections, as a new process would."""

    def __enter__(self) -> None:
        terminal.settings.cache_clear()
        terminal.database.cache_clear()

    def __exit__(self, *_: object) -> None:
        if terminal.database.cache_info().currsize:
            terminal.database().dispose()
        self.__enter__()


def ris(numbers: range) -> str:
    blocks = (
        RIS.format(title=f"Bonds for {TOPICS[n % 6]} in town {n}", year=2001 + n, number=n)
        for n in numbers
    )
    return "".join(blocks).replace("ER  -\n", "ER  - \n")


def assert_fails_with(result: CommandResult, *sentences: str) -> None:
    """Check that a command failed with these sentences and not with a traceback."""
    assert (result.status, result.out) == (1, b""), result
    assert "Traceback" not in result.err
    for sentence in sentences:
        assert sentence in result.err


def n_events_and_records(shell: Shell, slug: str) -> tuple[int, int]:
    """Return the number of events and of records of a review."""

    def count(session: Session) -> tuple[int, int]:
        review = find_review(session, slug).id
        n = session.scalar(select(func.count(Record.id)).where(Record.review_id == review))
        return last_event(session, review), n or 0

    return shell.query(count)


def rows_of_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
