"""`siftmap import`: search files into one search of a review."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from api.cli.acting import ActAs, actor_of
from api.cli.errors import message_of
from api.cli.parse_options import ColumnOption, EncodingOption, FormatOption, parse_options
from api.cli.progress import progress
from api.cli.terminal import (
    AsJson,
    ReviewSlug,
    database,
    printable,
    review_id_of,
    settings,
    show,
)
from api.web.days import day_of
from review.errors import ReviewError
from review.events import Actor
from review.searches.imports import ImportResult, import_file
from review.searches.previews import ParseOptions
from review.searches.searches import SearchOnDemand
from review.storage.files import FileStore
from review.vocabulary import SearchKind


def import_files(
    slug: ReviewSlug,
    files: Annotated[list[Path], typer.Argument(help="Files exported from one source.")],
    source: Annotated[str, typer.Option(help="The source that was searched.")] = "",
    kind: Annotated[SearchKind, typer.Option(help="What kind of source it is.")] = (
        SearchKind.DATABASE
    ),
    platform: Annotated[str, typer.Option(help="Such as Ovid or EBSCO.")] = "",
    query: Annotated[str, typer.Option(help="The query, exactly as run.")] = "",
    run_on: Annotated[str, typer.Option(help="The day it was run, as 2026-11-22.")] = "",
    hits: Annotated[int | None, typer.Option(help="Hits that the source reported.")] = None,
    limits: Annotated[str, typer.Option(help="Limits and filters used.")] = "",
    read_as: FormatOption = None,
    encoding: EncodingOption = "",
    column: ColumnOption = None,
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Import files into one search of a review; importing the same file again adds nothing."""
    actor, review = actor_of(by), review_id_of(slug)
    search = SearchOnDemand(
        review,
        actor,
        {
            "source": source or printable(files[0].stem),
            "kind": kind,
            "platform": platform,
            "query": query,
            "run_on": day_of(run_on),
            "limits": limits,
            "n_hits": hits,
        },
    )
    options = parse_options(read_as, encoding, column)
    results = [
        _import(path, review_id=review, search_for=search, by=actor, options=options)
        for path in files
    ]
    database().analyse()
    show(results, as_json=as_json, text="\n".join(_line(result) for result in results))
    if any("error" in result for result in results):
        raise SystemExit(1)


def _import(
    path: Path,
    *,
    review_id: UUID,
    search_for: Callable[[Session], UUID],
    by: Actor,
    options: ParseOptions,
) -> dict[str, Any]:
    try:
        with progress(printable(path.name), total=path.stat().st_size or 1) as report:
            imported = import_file(
                database(),
                FileStore(settings().files_dir),
                path,
                review_id=review_id,
                search_for=search_for,
                by=by,
                name=printable(path.name),
                options=options,
                limits=settings().limits,
                on_progress=report,
            )
    except (ReviewError, OSError) as error:
        return {
            "file": printable(str(path)),
            "format": None,
            "encoding": None,
            "found": 0,
            "accepted": 0,
            "rejected": 0,
            "warnings": [],
            "error": message_of(error),
        }
    return _result(path, imported)


def _result(path: Path, imported: ImportResult) -> dict[str, Any]:
    file, is_repeat = imported.file, imported.was_known
    repeated = "The content of this file was imported before; nothing was added."
    return {
        "file": printable(str(path)),
        "format": file.format,
        "encoding": file.encoding,
        "found": 0 if is_repeat else file.n_found,
        "accepted": 0 if is_repeat else file.n_accepted,
        "rejected": 0 if is_repeat else file.n_rejected,
        "warnings": [repeated] if is_repeat else list(file.warnings),
    }


def _line(result: dict[str, Any]) -> str:
    if "error" in result:
        return f"{result['file']}: not imported. {result['error']}"
    summary = (
        f"{result['file']}: {result['format']}, {result['encoding']}: {result['found']:,} found, "
        f"{result['accepted']:,} accepted, {result['rejected']:,} rejected"
    )
    return "\n  ".join([summary, *result["warnings"][:5]])
