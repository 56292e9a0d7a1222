"""The data folder is for the server's user alone, from the first command on."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cli.shell import Shell, assert_fails_with

PASSWORD = "three plain words"


def open_to_others(folder: Path) -> list[str]:
    """Return what in a folder, itself included, others could read."""
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Return a terminal in an empty folder, whose umask lets everyone read what is written."""
    umask = os.umask(0o022)
    yield Shell(tmp_path)
    os.umask(umask)


def test_all_that_a_command_writes_is_closed_to_others(shell: Shell) -> None:
    for arguments in (["migrate"], ["user", "add", "lead@example.org", "--password", PASSWORD],
                      ["review", "create", "a", "--protocol", "blank", "--as", "lead@example.org"],
                      ["import", "a", shell.write("a.ris", "TY  - JOUR\nTI  - A title\nER  - \n")],
                      ["verify"]):  # fmt: skip
        result = shell.start(*arguments)
        assert result.status == 0, result.err

    assert open_to_others(shell.folder / "data") == []


def test_a_folder_that_others_could_read_is_closed_and_the_log_says_so(shell: Shell) -> None:
    shell.start("migrate")
    (shell.folder / "data").chmod(0o755)
    (shell.folder / "data" / "siftmap.sqlite").chmod(0o644)

    first, second = shell.start("verify"), shell.start("verify")

    assert "could read" in first.err
    assert "2 of its files and folders were changed" in first.err
    assert (first.status, second.status, second.err) == (0, 0, "")
    assert open_to_others(shell.folder / "data") == []


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["migrate"], ["review", "list"]])
def test_a_folder_of_another_user_is_refused(shell: Shell, command: list[str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a folder to another user needs root")
    shell.start("migrate")
    os.chown(shell.folder / "data", 12345, -1)

    result = shell.start(*command)

    assert_fails_with(result, "belongs to another user of this computer")
