"""`siftmap import-coding`: a spreadsheet in which the team has coded."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.errors import complain
from api.cli.parse_options import pairs
from api.cli.progress import progress
from api.cli.terminal import AsJson, ReviewSlug, database, printable, review_id_of, settings, show
from protocols.problems import suggest
from protocols.schema import Protocol
from review.reviews import protocol_of
from review.storage.files import FileStore, sha256_of
from review.studies.coding_sheets.columns import meanings
from review.studies.coding_sheets.importing import SheetChoices, write_left
from review.studies.coding_sheets.loading import SheetFile, load_sheet
from review.studies.coding_sheets.sheet import CodingSheet, read_sheet


def import_coding(
    slug: ReviewSlug,
    file: Annotated[
        Path, typer.Argument(help="The workbook or table.", exists=True, dir_okay=False)
    ],
    person: Annotated[
        list[str] | None,
        typer.Option(help="A coder named in the sheet, and the member: 'Ana=ana@example.org'."),
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option(help="Two names of one contract: 'In the sheet=In the review'."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="What a heading means, against what it seems to say: 'Project=contract', or the "
            "key of an item, or 'details:' and the key."
        ),
    ] = None,
    include: Annotated[
        bool,
        typer.Option("--include", help="Add and include reports that the review does not have."),
    ] = False,
    agreed: Annotated[
        bool,
        typer.Option("--agreed", help="The values are the team's: no second coder is waited for."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="A file for what was left open.")] = None,
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Import the codes of a spreadsheet: GO Lab's, or any with a row for each study and contract.

    Each value is credited to the coder named in the sheet.  Importing the same sheet again adds
    nothing.
    """
    review_id, name = review_id_of(slug), printable(file.name)
    with database().reading() as session:
        protocol = protocol_of(session, review_id)
    sheet = _read(file, name, protocol, meant=pairs(column or []))
    choices = SheetChoices(pairs(person or []), pairs(same or []), are_agreed=agreed)
    with progress(name) as report:
        loaded = load_sheet(
            database(),
            FileStore(settings().files_dir),
            SheetFile(sheet, name, sha256_of(file), choices, include),
            review_id=review_id,
            by=actor_of(by),
            limits=settings().limits,
            on_progress=report,
        )
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as target:
            write_left(sheet, loaded, target)
    show(
        {"event": loaded.event_number, "counts": loaded.counts},
        as_json=as_json,
        text="\n".join(f"{n:,} {what}" for what, n in loaded.counts.items()),
    )


def _read(path: Path, name: str, protocol: Protocol, *, meant: Mapping[str, str]) -> CodingSheet:
    """Return the sheet, read as --column says; end the command if that is not possible."""
    sheet = read_sheet(path, name=name, protocol=protocol)
    if not meant:
        return sheet
    _check(meant, [one.heading for one in sheet.columns], meanings(protocol))
    chosen = {one.place: meant.get(one.heading, one.means) for one in sheet.columns}
    return read_sheet(path, name=name, protocol=protocol, chosen=chosen)


def _check(meant: Mapping[str, str], headings: Collection[str], known: Collection[str]) -> None:
    """End the command if the sheet has no such heading, or a column cannot mean that."""
    for heading, meaning in meant.items():
        if heading not in headings:
            complain(f"The sheet has no column headed '{heading}'.")
            raise SystemExit(2)
        if meaning and meaning not in known:
            complain(
                f"'{meaning}' is not an item of the codebook. {suggest(meaning, known)}".strip()
            )
            raise SystemExit(2)
