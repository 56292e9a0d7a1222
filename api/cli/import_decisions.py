"""The command that takes over decisions made in another program."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import (
    As,
    AsJson,
    Columns,
    InEncoding,
    ReadAs,
    Slug,
    acting,
    database,
    errors,
    progress,
    reading_of,
    review_id,
    show,
)
from review.decisions.import_report import IMPORTED, write_report
from review.decisions.import_rules import ImportRules
from review.decisions.imported import import_decisions as run_import
from review.storage.files import sha256_of
from review.vocabulary import Stage, Verdict


def import_decisions(
    slug: Slug,
    file: Annotated[Path, typer.Argument(help="The other program's export.")],
    stage: Annotated[Stage, typer.Option(help="The stage decided on.")] = Stage.TITLE_ABSTRACT,
    verdict: Annotated[
        list[str] | None,
        typer.Option(help="The file's word and ours: 'Kept=include'; once for each."),
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(help="A person the file names, and the member: 'Ana=ana@example.org'."),
    ] = None,
    all_are: Annotated[
        Verdict | None, typer.Option(help="What a list that says nothing more stands for.")
    ] = None,
    read_as: ReadAs = None,
    encoding: InEncoding = "",
    column: Columns = None,
    out: Annotated[Path | None, typer.Option(help="Write what became of each row here.")] = None,
    by: As = "",
    as_json: AsJson = False,
) -> None:
    """Take over decisions made in Rayyan, ASReview, Covidence or a table."""
    with progress(file.name) as tell:
        report = run_import(
            database(),
            file,
            review_id=review_id(slug),
            rules=ImportRules(stage, _pairs(verdict or []), _pairs(person or []), all_are),
            by=acting(by),
            name=file.name,
            sha256=sha256_of(file),
            options=reading_of(read_as, encoding, column),
            on_progress=tell,
        )
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as target:
            write_report(report, target)
    lines = [f"{n:,} {result}" for result, n in report.counts.items()]
    show(
        {"event": report.event_number, "counts": report.counts},
        as_json=as_json,
        text="\n".join(lines or [f"0 {IMPORTED}"]),
    )


def _pairs(said: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for one in said:
        word, equals, meaning = one.rpartition("=")
        if not equals:
            errors.print(f"Say what '{one}' stands for, as 'word=meaning'.")
            raise SystemExit(2)
        pairs[word] = meaning
    return pairs
