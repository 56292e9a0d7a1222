"""What every command shares: settings, who acts, progress, printing, and how errors end."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import OperationalError, ProgrammingError

from api.settings import Settings
from protocols.problems import ProtocolErrors
from review.errors import Invalid, ReviewError
from review.events import OPERATOR, Actor
from review.people.accounts import find_account
from review.reviews import find_review
from review.searches.formats import FIELDS, Format
from review.searches.previews import ParseOptions
from review.storage.database import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
As = Annotated[str, typer.Option("--as", help="Act as this person, by e-mail address.")]
ReadAs = Annotated[Format | None, typer.Option("--format", help="Where the guess is wrong.")]
InEncoding = Annotated[str, typer.Option(help="Where the guess is wrong.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(help="A table's column and what it holds: 'Heading=title'; once for each."),
]
Slug = Annotated[str, typer.Argument(help="The review's short name.")]

errors = Console(stderr=True, highlight=False, soft_wrap=True)


@cache
def settings() -> Settings:
    """Return the settings from the environment; raise Invalid naming each that makes no sense."""
    try:
        return Settings()
    except ValidationError as error:
        said = [f"SIFTMAP_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
        raise Invalid("; ".join(said)) from error


@cache
def database() -> Database:
    """Return the database of the settings, which must have been migrated."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    return Database(settings().url)


def acting(email: str) -> Actor:
    """Return the actor that ``--as`` names; the operator where it names nobody."""
    if not email:
        return OPERATOR
    with database().reading() as session:
        return Actor.person(find_account(session, email).id)


def review_id(slug: str) -> UUID:
    """Return the id of the review called ``slug``."""
    with database().reading() as session:
        return find_review(session, slug).id


def reading_of(
    read_as: Format | None, encoding: str, columns: Sequence[str] | None
) -> ParseOptions:
    """Return how a person said that a file is to be read."""
    mapping = {}
    for said in columns or ():
        heading, _, field = said.rpartition("=")
        if not heading or field not in ("", *FIELDS):
            fields = ", ".join(FIELDS)
            errors.print(f"Say --column 'Heading=field', with one of {fields}; not '{said}'.")
            raise SystemExit(2)
        mapping[heading] = field
    return ParseOptions(read_as, encoding or None, mapping or None)


def show(data: Any, *, as_json: bool, text: str) -> None:
    """Print ``data`` as JSON, or ``text`` for people."""
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str) if as_json else text)


def write(content: str | bytes, out: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    data = content.encode() if isinstance(content, str) else content
    if out == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with open(out, "wb") as file:  # noqa: PTH123 - the path is the caller's text
        file.write(data)


@contextmanager
def progress(what: str, total: float = 1.0) -> Iterator[Callable[[float], None]]:
    """Yield a function that is told how much is done; a bar shows it on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def plainly(error: Exception) -> str:
    """Return what went wrong as a sentence, also where the system itself says it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error)


@contextmanager
def said_plainly() -> Iterator[None]:
    """End with status 1 and a sentence where something foreseen goes wrong."""
    try:
        yield
    except ProtocolErrors as error:
        errors.print(f"The protocol has mistakes; nothing was changed.\n{error}", markup=False)
        raise SystemExit(1) from error
    except (ReviewError, LookupError, ValueError, OSError, OverflowError) as error:
        errors.print(plainly(error), markup=False)
        raise SystemExit(1) from error
    except (OperationalError, ProgrammingError) as error:
        errors.print(
            "The database cannot be used as it is. If it is new, run `siftmap migrate` first; "
            f"otherwise check SIFTMAP_DATABASE_URL. It says: {error.orig}",
            markup=False,
        )
        raise SystemExit(1) from error
