"""The options that say how to read a file, where the guess is wrong."""

from collections.abc import Sequence
from typing import Annotated

import typer

from api.cli.errors import complain
from review.searches.formats import FIELDS, Format
from review.searches.previews import ParseOptions

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
            complain(
                f"--column '{column}' is not understood. Write --column 'Heading=field'; the field "
                f"is one of {fields}."
            )
            raise SystemExit(2)
        mapping[heading] = field
    return ParseOptions(read_as, encoding or None, mapping or None)


def pairs(options: Sequence[str]) -> dict[str, str]:
    """Return options written as 'word=meaning'; end the command where one is not."""
    found = {}
    for option in options:
        word, equals, meaning = option.rpartition("=")
        if not equals:
            complain(f"Say what '{option}' means, as 'word=meaning'.")
            raise SystemExit(2)
        found[word] = meaning
    return found
