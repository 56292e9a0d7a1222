"""What goes wrong, and how a command says so."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from review.storage import migration
from tests.api.cli.shell import Shell, assert_fails_with, n_events_and_records
from tests.databases import Templates


@pytest.mark.parametrize(
    "command",
    [
        ("import", "nope", "scopus.ris"), ("dedupe", "nope"), ("rank", "nope"), ("prisma", "nope"),
        ("heatmap", "nope", "--format", "csv"),
        ("user", "add", "x@example.org", "--password", "a-long-password", "--review", "nope",
         "--role", "lead"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_review_that_does_not_exist(shell: Shell, command: tuple[str, ...]) -> None:
    assert_fails_with(shell.run(*command), "There is no review called 'nope' that you can open.")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("review", "create", "contracts", "--protocol", "blank"), "already a review called"),
        (("review", "create", "Not a Slug", "--protocol", "blank"), "cannot be part of an address"),
        (("review", "create", "new", "--protocol", "blnk"), "Did you mean 'blank'?"),
        (("user", "add", "ana@example.org", "--password", "a-long-password"), "already an account"),
        (("user", "add", "c@example.org", "--password", "short"), "password"),
        (("dedupe", "contracts", "--as", "who@example.org"), "no account for who@example.org"),
        (("dedupe", "contracts", "--as", "ben@example.org"), ""),
        (("rank", "contracts", "--as", "ben@example.org"), ""),
        (("import", "contracts", "x.ris", "--run-on", "yesterday"), "'yesterday' is not a date"),
        (("protocol", "check", "absent.yaml"), "absent.yaml"),
        (("prisma", "contracts", "--out", "/absent/flow.json"), "/absent/flow.json"),
    ],
)
def test_an_act_that_is_not_possible_fails_with_a_sentence(
    shell: Shell, command: tuple[str, ...], sentence: str
) -> None:
    before = n_events_and_records(shell, "contracts")

    assert_fails_with(shell.run(*command), sentence)

    assert n_events_and_records(shell, "contracts") == before


@pytest.fixture
def unmigrated(kind: str, templates: Templates, tmp_path: Path) -> Shell:
    """A terminal whose database has no tables: a new file, or the server's own database."""
    return Shell(tmp_path, templates.server or "" if kind == "postgresql" else "")


@pytest.mark.parametrize(
    "command",
    [
        ("review", "list"), ("review", "create", "new", "--protocol", "blank"), ("verify",),
        ("prisma", "contracts"), ("dedupe", "contracts"),
        ("user", "add", "a@example.org", "--password", "a-long-password"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_database_that_is_not_migrated(unmigrated: Shell, command: tuple[str, ...]) -> None:
    assert_fails_with(unmigrated.run(*command), "`siftmap migrate` first")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_older_database_is_not_migrated_by_the_way(
    kind: str, templates: Templates, tmp_path: Path, command: str
) -> None:
    """A new one is made ready; see `tests/browser/test_beginning.py`."""
    url = templates.empty(kind)
    migration.upgrade(url, revision="public_maps")

    assert_fails_with(Shell(tmp_path, url).run(command), "Run `siftmap migrate` first")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_process_ends_with_a_sentence_too(unmigrated: Shell) -> None:
    assert_fails_with(unmigrated.start("verify"), "`siftmap migrate` first")


@pytest.mark.parametrize(
    "command",
    [
        ("prisma", "\udcff"),
        ("user", "add", "\udcff@example.org", "--name", "X", "--password", "open sesame 42"),
    ],
)
def test_an_argument_that_is_no_utf_8_is_refused_with_a_sentence(
    shell: Shell, command: tuple[str, ...]
) -> None:
    result = shell.run(*command)

    assert_fails_with(result, "not valid UTF-8")


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_server_that_does_not_answer(unmigrated: Shell, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://postgres@/postgres?host={tmp_path}"

    assert_fails_with(
        replace(unmigrated, url=url).run("review", "list"), "check SIFTMAP_DATABASE_URL"
    )


@pytest.mark.parametrize("command", [("bogus",), ("prisma",), ("prisma", "r", "--format", "gif")])
def test_a_command_line_that_is_not_understood_prints_the_usage(
    empty_shell: Shell, command: tuple[str, ...]
) -> None:
    result = empty_shell.run(*command)

    assert (result.status, result.out) == (2, b"")
    assert result.err.startswith("Usage: ")
    assert "Traceback" not in result.err


def test_a_setting_out_of_range_is_named(
    empty_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIFTMAP_PORT", "99999")

    assert_fails_with(empty_shell.run("serve"), "SIFTMAP_PORT: ")


BROKEN = """
import sys

from api.cli import main, migrate


def broken_settings():
    raise {error}("A programming mistake.")


migrate.settings = broken_settings
sys.argv = ["siftmap", "migrate"]
main()
"""


@pytest.mark.parametrize("error", ["ValueError", "LookupError", "KeyError", "OverflowError"])
def test_a_programming_mistake_shows_its_traceback(empty_shell: Shell, error: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", BROKEN.format(error=error)],
        cwd=empty_shell.folder, env=os.environ | empty_shell.environment,
        capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("Traceback (most recent call last):")
    assert "broken_settings" in process.stderr
    assert "A programming mistake." in process.stderr.splitlines()[-1]


@pytest.mark.parametrize("code", [None, "42703", "42P01"])
def test_a_missing_table_is_expected_and_a_wrong_statement_is_not(
    empty_shell: Shell, monkeypatch: pytest.MonkeyPatch, code: str | None
) -> None:
    def complain() -> None:
        cause = Exception("The database complains.")
        cause.sqlstate = code  # type: ignore[attr-defined]
        raise ProgrammingError("SELECT 1", {}, cause)

    monkeypatch.setattr("api.cli.migrate.settings", complain)

    if code == "42P01":  # PostgreSQL: undefined table
        assert_fails_with(empty_shell.run("migrate"), "`siftmap migrate` first")
    else:
        with pytest.raises(ProgrammingError):
            empty_shell.run("migrate")
