"""Commands that bring records in, find their duplicates and rank them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from api.cli.terminal import (
    As,
    AsJson,
    Columns,
    InEncoding,
    ReadAs,
    Slug,
    acting,
    database,
    plainly,
    progress,
    reading_of,
    review_id,
    settings,
    show,
)
from api.web.days import day_of
from review.duplicates.judgements import deduplicate
from review.errors import ReviewError
from review.events import Actor
from review.searches.imports import ImportResult, import_file
from review.searches.previews import ParseOptions
from review.searches.searches import SearchOnDemand
from review.storage.files import FileStore
from review.vocabulary import SearchKind, Stage
from screening.ranking.runs import rank_records


def import_files(
    slug: Slug,
    files: Annotated[list[Path], typer.Argument(help="Files exported from one source.")],
    source: Annotated[str, typer.Option(help="The source that was searched.")] = "",
    kind: Annotated[SearchKind, typer.Option(help="What kind of source it is.")] = (
        SearchKind.DATABASE
    ),
    platform: Annotated[str, typer.Option(help="Such as Ovid or EBSCO.")] = "",
    query: Annotated[str, typer.Option(help="The query, exactly as run.")] = "",
    run_on: Annotated[str, typer.Option(help="The day it was run, as 2026-11-22.")] = "",
    hits: Annotated[int | None, typer.Option(help="Hits the source reported.")] = None,
    limits: Annotated[str, typer.Option(help="Limits and filters used.")] = "",
    read_as: ReadAs = None,
    encoding: InEncoding = "",
    column: Columns = None,
    by: As = "",
    as_json: AsJson = False,
) -> None:
    """Read search files into one search of a review; the same bytes again add nothing."""
    actor, review = acting(by), review_id(slug)
    day = day_of(run_on)
    search = SearchOnDemand(
        review,
        actor,
        {
            "source": source or files[0].stem,
            "kind": kind,
            "platform": platform,
            "query": query,
            "run_on": day,
            "limits": limits,
            "n_hits": hits,
        },
    )
    reading = reading_of(read_as, encoding, column)
    results = [_import(path, review, search, actor, reading) for path in files]
    database().analyse()
    show(results, as_json=as_json, text="\n".join(_line(result) for result in results))
    if any("error" in result for result in results):
        raise SystemExit(1)


def _import(
    path: Path,
    review: UUID,
    search: Callable[[Session], UUID],
    actor: Actor,
    reading: ParseOptions,
) -> dict[str, Any]:
    try:
        with progress(path.name, total=path.stat().st_size or 1) as tell:
            done = import_file(
                database(),
                FileStore(settings().files_dir),
                path,
                review_id=review,
                search_for=search,
                by=actor,
                options=reading,
                on_progress=tell,
            )
    except (ReviewError, OSError) as error:
        return {
            "file": str(path),
            "format": None,
            "encoding": None,
            "found": 0,
            "accepted": 0,
            "rejected": 0,
            "warnings": [],
            "error": plainly(error),
        }
    return _result(path, done)


def _result(path: Path, done: ImportResult) -> dict[str, Any]:
    file = done.file
    said = ["These bytes were imported before; nothing was added."] if done.was_known else []
    return {
        "file": str(path),
        "format": file.format,
        "encoding": file.encoding,
        "found": 0 if done.was_known else file.n_found,
        "accepted": 0 if done.was_known else file.n_accepted,
        "rejected": 0 if done.was_known else file.n_rejected,
        "warnings": said or list(file.warnings),
    }


def _line(result: dict[str, Any]) -> str:
    if "error" in result:
        return f"{result['file']}: not imported. {result['error']}"
    said = (
        f"{result['file']}: {result['format']}, {result['encoding']}: {result['found']:,} found, "
        f"{result['accepted']:,} accepted, {result['rejected']:,} rejected"
    )
    return "\n  ".join([said, *result["warnings"][:5]])


def dedupe(slug: Slug, by: As = "", as_json: AsJson = False) -> None:
    """Find duplicates among a review's records; doubtful pairs wait on the duplicates page."""
    actor, review = acting(by), review_id(slug)
    with progress("Comparing") as tell:
        done = deduplicate(database(), review_id=review, by=actor, on_progress=tell)
    show(
        {
            "compared": done.n_compared,
            "duplicates": done.n_duplicates,
            "questions": done.n_questions,
            "event": done.event_number,
        },
        as_json=as_json,
        text=f"Records compared: {done.n_compared:,}. Duplicates found: {done.n_duplicates:,}. "
        f"Pairs for a person to settle: {done.n_questions:,}.",
    )


def rank(
    slug: Slug,
    stage: Annotated[Stage, typer.Option(help="The stage to rank for.")] = Stage.TITLE_ABSTRACT,
    by: As = "",
    as_json: AsJson = False,
) -> None:
    """Rank a review's records for screening."""
    actor, review = acting(by), review_id(slug)
    with progress("Ranking") as tell:
        done = rank_records(
            database(),
            review_id=review,
            stage=stage,
            by=actor,
            cache=settings().feature_cache(review),
            on_progress=tell,
        )
    show(
        {
            "records": done.n_records,
            "training": done.n_training,
            "included": done.n_included,
            "fingerprint": done.fingerprint,
        },
        as_json=as_json,
        text=f"Ranked {done.n_records:,} records, learned from {done.n_training:,} resolved ones "
        f"({done.n_included:,} included).",
    )
