"""Work that takes seconds, as plain functions that the server's child process can run.

Importing, comparing, learning and drawing hold Python's lock; in the web process they would make
every page wait.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from api.settings import Settings
from heatmap import drawing
from heatmap.cells import HeatMap
from review import imports
from review.database import Database
from review.duplicates import Deduplication, deduplicate
from review.events import Actor
from review.files import FileStore
from review.reading import Format
from review.vocabulary import Stage
from screening.ranking import Ranking, rank_records


def import_file(
    database: Database,
    files: FileStore,
    path: Path,
    *,
    review_id: UUID,
    search_for: Callable[[Any], UUID],
    by: Actor,
    name: str | None = None,
    format: Format | None = None,  # noqa: A002
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> imports.Imported:
    """Read one file and commit it as one act; ``search_for`` gives its search, made if need be."""
    staged = imports.stage(
        path,
        files=files,
        name=name,
        format=format,
        encoding=encoding,
        mapping=mapping,
        on_progress=on_progress,
    )
    with database.writing() as session:
        present = imports.find_file(session, review_id=review_id, sha256=staged.sha256)
        if present is not None:
            staged.blocks.close()
            session.expunge(present)
            return imports.Imported(present, was_there=True)
        search_id = search_for(session)
        done = imports.commit(session, staged, review_id=review_id, search_id=search_id, by=by)
        session.expunge(done.file)
        return done


def import_in_child(
    settings: Settings, path: Path, review_id: UUID, search_id: UUID, by: Actor, name: str
) -> tuple[str, int, int, bool]:
    """Import one uploaded file; return its name, records read, blocks rejected, was it there."""
    database = Database(settings.url)
    try:
        done = import_file(
            database,
            FileStore(settings.files_dir),
            path,
            review_id=review_id,
            search_for=lambda _: search_id,
            by=by,
            name=name,
        )
    finally:
        database.dispose()
    return name, done.file.n_accepted, done.file.n_rejected, done.was_there


def deduplicate_in_child(settings: Settings, review_id: UUID, by: Actor) -> Deduplication:
    """Find the duplicates among a review's records."""
    database = Database(settings.url)
    try:
        return deduplicate(database, review_id=review_id, by=by)
    finally:
        database.dispose()


def rank_in_child(settings: Settings, review_id: UUID, stage: Stage, by: Actor) -> Ranking:
    """Rank a review's records for a stage."""
    database = Database(settings.url)
    try:
        return rank_records(
            database,
            review_id=review_id,
            stage=stage,
            by=by,
            cache=settings.feature_cache(review_id),
        )
    finally:
        database.dispose()


def draw_in_child(heatmap: HeatMap, format: str) -> str | bytes:  # noqa: A002
    """Draw a map as svg, png or html."""
    draw: dict[str, Callable[[HeatMap], str | bytes]] = {
        "svg": drawing.svg,
        "png": drawing.png,
        "html": drawing.html,
    }
    return draw[format](heatmap)
