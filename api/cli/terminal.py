"""What every command shares: settings, the actor, progress, printing, and error messages."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any, NoReturn
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
ActAs = Annotated[str, typer.Option("--as", help="Act as this person, by e-mail address.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="The file's format, if it is detected wrongly.")
]
EncodingOption = Annotated[
    str, typer.Option(help="The file's encoding, if it is detected wrongly.")
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(help="A table's column and the field in it: 'Heading=title'; once for each."),
]
ReviewSlug = Annotated[str, typer.Argument(help="The review's short name.")]

UNDEFINED_TABLE = "42P01"  # PostgreSQL's code for a table that is not there

stderr_console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@cache
def settings() -> Settings:
    """Return the settings from the environment; raise Invalid with every mistake in them."""
    try:
        return Settings()
    except ValidationError as error:
        mistakes = [
            f"SIFTMAP_{str(mistake['loc'][0]).upper()}: {mistake['msg']}"
            for mistake in error.errors()
        ]
        raise Invalid("; ".join(mistakes)) from error


@cache
def database() -> Database:
    """Return the database of the settings, which must have been migrated."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    return Database(settings().url)


def actor_of(email: str) -> Actor:
    """Return the person with this e-mail address as an actor; the operator if it is empty."""
    if not email:
        return OPERATOR
    with database().reading() as session:
        return Actor.person(find_account(session, email).id)


def review_id_of(slug: str) -> UUID:
    """Return the id of the review called ``slug``."""
    with database().reading() as session:
        return find_review(session, slug).id


def parse_options(
    read_as: Format | None, encoding: str, columns: Sequence[str] | None
) -> ParseOptions:
    """Return how to read a file, as far as the options say.

    Ends the program with status 2 for a column option that is not 'Heading=field'.
    """
    mapping = {}
    for column in columns or ():
        heading, _, field = column.rpartition("=")
        if not heading or field not in ("", *FIELDS):
            fields = ", ".join(FIELDS)
            stderr_console.print(
                f"--column '{column}' is not understood. Write --column 'Heading=field'; the field "
                f"is one of {fields}."
            )
            raise SystemExit(2)
        mapping[heading] = field
    return ParseOptions(read_as, encoding or None, mapping or None)


def show(data: Any, *, as_json: bool, text: str) -> None:
    """Print ``data`` as JSON, or ``text`` for people."""
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str) if as_json else text)


def write_output(content: str | bytes, out: str) -> None:
    """Write to a file, or to standard output if ``out`` is ``-``."""
    data = content.encode() if isinstance(content, str) else content
    if out == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with open(out, "wb") as file:  # noqa: PTH123 - a path as text
        file.write(data)


@contextmanager
def progress(description: str, total: float = 1.0) -> Iterator[Callable[[float], None]]:
    """Yield a function that reports how much is done; on a terminal a bar shows it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr_console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)


def message_of(error: Exception) -> str:
    """Return what went wrong as a sentence, also for an error of the operating system."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def printable(text: str) -> str:
    """Return a file's name with a question mark for each character that is not UTF-8."""
    return text.encode(errors="replace").decode()


@contextmanager
def friendly_errors() -> Iterator[None]:
    """End the program with status 1 and a sentence if something goes wrong that can be expected.

    Everything else is a programming mistake: it passes, so that Python shows the traceback.
    """
    try:
        yield
    except ProtocolErrors as error:
        _fail(f"The protocol has mistakes; nothing was changed.\n{error}", error)
    except (ReviewError, OSError) as error:
        _fail(message_of(error), error)
    except UnicodeEncodeError as error:  # a surrogate is how Python passes on a byte it cannot read
        _fail("An argument is not valid UTF-8 text. Type it again.", error)
    except (OperationalError, ProgrammingError) as error:
        # A table that is not there is an OperationalError on SQLite, but not on PostgreSQL.
        code = getattr(error.orig, "sqlstate", None)
        if isinstance(error, ProgrammingError) and code != UNDEFINED_TABLE:
            raise
        _fail(
            "The database cannot be used. If it is new, run `siftmap migrate` first; otherwise "
            f"check SIFTMAP_DATABASE_URL. The database says: {error.orig}",
            error,
        )


def _fail(message: str, error: Exception) -> NoReturn:
    stderr_console.print(message)
    raise SystemExit(1) from error
