"""What every command shares: settings, the database, printing."""

import json
import sys
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from api.cli.errors import complain
from api.settings import Settings
from review.errors import Invalid
from review.reviews import find_review
from review.storage.database import Database
from review.storage.durability import check_durable
from review.storage.files import make_folder
from review.storage.private_folder import make_private

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
OutFile = Annotated[str, typer.Option("--out", help="A file; - for standard output.")]
ReviewSlug = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's short name.")]


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
    """Return the database of the settings, which must have been migrated.

    Closes the data folder to other users first; raises Exposed if that is not possible, and
    UnsafeDatabase if the database could lose what it has confirmed.
    """
    prepare_data_folder()
    made = Database(settings().url)
    if warning := check_durable(made, is_allowed=settings().allow_unsafe_database):
        complain(warning)
    return made


def prepare_data_folder() -> None:
    """Make the data folder, or close it to other users of the computer and say so."""
    folder = settings().data_dir
    make_folder(folder)
    if n := make_private(folder):
        complain(
            f"Other users of this computer could read {folder}. It is now open to you alone: "
            f"{n:,} of its files and folders were changed."
        )


def review_id_of(slug: str) -> UUID:
    """Return the id of the review called ``slug``."""
    with database().reading() as session:
        return find_review(session, slug).id


def show(data: Any, *, as_json: bool, text: str) -> None:
    """Print ``data`` as JSON, or ``text`` for people."""
    print(as_json_text(data) if as_json else text)


def as_json_text(data: Any) -> str:
    """Return ``data`` as JSON that people can read too."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=str)


def write_output(content: str | bytes, out: str) -> None:
    """Write to a file, or to standard output if ``out`` is ``-``."""
    data = content.encode() if isinstance(content, str) else content
    if out == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with open(out, "wb") as file:  # noqa: PTH123 - a path as text
        file.write(data)


def printable(text: str) -> str:
    """Return a file's name with a question mark for each character that is not UTF-8."""
    return text.encode(errors="replace").decode()
