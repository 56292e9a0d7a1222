"""What a command imports, and that the list of commands says what the commands say."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.core import TyperGroup

from api.cli.lazy import LazyCommand
from api.cli.main import app
from tests.api.cli.shell import Shell

PRINT_IMPORTS = """
import json, sys

from api.cli import main

sys.argv = ["siftmap", *sys.argv[1:]]
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""

# What takes long to import and is of no use to a command that counts or checks.
HEAVY = {
    "alembic", "altair", "argon2", "charset_normalizer", "fastapi", "jinja2", "numpy", "openpyxl",
    "pandas", "pypdfium2", "rapidfuzz", "rich", "scipy", "sklearn", "starlette", "uvicorn",
}  # fmt: skip
HEAVIER_THAN_HELP = HEAVY | {"babel", "sqlalchemy", "yaml"}

LEFT_OUT = {
    "--help": HEAVIER_THAN_HELP | {"pydantic"},
    "user --help": HEAVIER_THAN_HELP,
    "bogus": HEAVIER_THAN_HELP,
    "verify": HEAVY,
    "prisma contracts": HEAVY,
    "review list": HEAVY - {"argon2"},
    "migrate": HEAVY - {"alembic"},
    "import --help": {"pandas", "sklearn", "scipy", "altair", "fastapi", "uvicorn"},
    "dedupe --help": {"sklearn", "scipy", "altair", "fastapi", "uvicorn"},
    "rank --help": {"altair", "fastapi", "uvicorn"},
    "heatmap --help": {"sklearn", "scipy", "fastapi", "uvicorn"},
    "worker --help": {"uvicorn"},
}

LOADED = {
    "serve --help": {"fastapi", "uvicorn", "sklearn", "pandas", "altair", "api.work.tasks"},
    "worker --help": {"sklearn", "pandas", "altair", "openpyxl", "rapidfuzz", "api.work.tasks"},
}


def imported_by(shell: Shell, command: str) -> set[str]:
    """Return the modules that a process has imported once the command has run."""
    process = subprocess.run(
        [sys.executable, "-c", PRINT_IMPORTS, *command.split()],
        cwd=shell.folder, env=os.environ | shell.environment,
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert "Traceback" not in process.stderr
    return set(json.loads(process.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", LEFT_OUT)
def test_a_command_imports_nothing_that_it_does_not_need(shell: Shell, command: str) -> None:
    assert imported_by(shell, command) & LEFT_OUT[command] == set()


@pytest.mark.slow
@pytest.mark.parametrize("command", LOADED)
def test_the_server_and_the_worker_import_everything_before_they_start(
    empty_shell: Shell, command: str
) -> None:
    assert imported_by(empty_shell, command) >= LOADED[command]


def commands_of(group: TyperGroup) -> Iterator[LazyCommand]:
    for command in group.commands.values():
        if isinstance(command, TyperGroup):
            yield from commands_of(command)
        else:
            assert isinstance(command, LazyCommand)
            yield command


@pytest.mark.parametrize("command", [*commands_of(app)], ids=lambda command: command.target)
def test_the_list_of_commands_repeats_how_each_docstring_begins(command: LazyCommand) -> None:
    loaded = command.load()

    assert loaded.name == command.name
    assert command.short_help == inspect.cleandoc(loaded.help).split("\n\n")[0]


def test_no_command_in_the_list_of_commands_is_cut_short(empty_shell: Shell) -> None:
    words = " ".join(empty_shell.run("--help").text.split())

    for command in app.commands.values():
        assert f"{command.name} {command.short_help or command.help}" in words
