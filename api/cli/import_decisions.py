"""The command that imports the decisions of another program."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.parse_options import (
    ColumnOption,
    EncodingOption,
    FormatOption,
    pairs,
    parse_options,
)
from api.cli.progress import progress
from api.cli.terminal import AsJson, ReviewSlug, database, printable, review_id_of, settings, show
from review.decisions.import_report import IMPORTED, write_report
from review.decisions.import_rules import ImportRules
from review.decisions.imported import import_decisions as import_from_file
from review.storage.files import sha256_of
from review.vocabulary import Stage, Verdict


def import_decisions(
    slug: ReviewSlug,
    file: Annotated[Path, typer.Argument(help="The other program's export.")],
    stage: Annotated[
        Stage, typer.Option(help="The stage of the decisions.")
    ] = Stage.TITLE_ABSTRACT,
    verdict: Annotated[
        list[str] | None,
        typer.Option(help="A word of the file and what it means: 'Kept=include'; once for each."),
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(help="A person whom the file names, and the member: 'Ana=ana@example.org'."),
    ] = None,
    all_are: Annotated[
        Verdict | None, typer.Option(help="What a list without decisions means.")
    ] = None,
    read_as: FormatOption = None,
    encoding: EncodingOption = "",
    column: ColumnOption = None,
    out: Annotated[Path | None, typer.Option(help="A file for what happened to each row.")] = None,
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Import decisions from Rayyan, ASReview, Covidence or a table."""
    name = printable(file.name)
    with progress(name) as report:
        imported = import_from_file(
            database(),
            file,
            review_id=review_id_of(slug),
            rules=ImportRules(stage, pairs(verdict or []), pairs(person or []), all_are),
            by=actor_of(by),
            name=name,
            sha256=sha256_of(file),
            options=parse_options(read_as, encoding, column),
            limits=settings().limits,
            on_progress=report,
        )
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as target:
            write_report(imported, target)
    lines = [f"{n:,} {outcome}" for outcome, n in imported.counts.items()]
    show(
        {"event": imported.event_number, "counts": imported.counts},
        as_json=as_json,
        text="\n".join(lines or [f"0 {IMPORTED}"]),
    )
