"""Work that takes seconds, as plain functions that the server's child process can run.

Importing, comparing, learning and drawing hold Python's lock; in the web process they would make
every page wait.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import vl_convert
from sqlalchemy.orm import Session

from api.settings import Settings
from heatmap import drawing
from heatmap.cells import HeatMap
from review import imports
from review.database import Database
from review.duplicates import Deduplication, deduplicate
from review.errors import Interrupted, Unreadable
from review.events import Actor
from review.files import FileStore
from review.reading import Format
from review.vocabulary import Stage
from screening.ranking import Ranking, rank_records

P = ParamSpec("P")
T = TypeVar("T")


class ChildProcess:
    """The one process beside the server that does slow work, started when it is first needed."""

    def __init__(self, fonts: Path | None) -> None:
        self.fonts = fonts
        self._pool: ProcessPoolExecutor | None = None
        self._lock = Lock()

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work`` there and return what it returns.

        Raises Interrupted where the process was killed; the next call starts a new one.
        """
        pool = self._started()
        try:
            return pool.submit(work, *args, **kwargs).result()
        except BrokenProcessPool as error:
            self.stop()
            raise Interrupted(
                "The work was cut short before anything of it was saved. Send it again."
            ) from error

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # Spawned, not forked: a fork would share the database's connections.
                self._pool = ProcessPoolExecutor(
                    max_workers=1,
                    mp_context=get_context("spawn"),
                    initializer=use_fonts,
                    initargs=(self.fonts,),
                )
            return self._pool


def use_fonts(folder: Path | None) -> None:
    """Draw with the fonts in a folder too, for instance where the system has none for Chinese."""
    if folder is not None:
        vl_convert.register_font_directory(str(folder))


def import_file(
    database: Database,
    files: FileStore,
    path: Path,
    *,
    review_id: UUID,
    search_for: Callable[[Session], UUID],
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
    with staged.blocks, database.writing() as session:
        present = imports.find_file(session, review_id=review_id, sha256=staged.sha256)
        if present is not None:
            session.expunge(present)
            return imports.Imported(present, was_there=True)
        search_id = search_for(session)
        done = imports.commit(session, staged, review_id=review_id, search_id=search_id, by=by)
        session.expunge(done.file)
        return done


class SearchOnDemand:
    """Makes a search when its first new file is about to be committed, and not before."""

    def __init__(self, review_id: UUID, by: Actor, fields: Mapping[str, Any]) -> None:
        self.review_id = review_id
        self.by = by
        self.fields = fields
        self.id: UUID | None = None

    def __call__(self, session: Session) -> UUID:
        """Return the search's id."""
        if self.id is None:
            made = imports.add_search(session, review_id=self.review_id, by=self.by, **self.fields)
            self.id = made.id
        return self.id


def import_in_child(
    settings: Settings,
    given: Sequence[tuple[Path, str]],
    review_id: UUID,
    fields: Mapping[str, Any],
    by: Actor,
) -> tuple[UUID | None, list[str], list[str]]:
    """Import uploaded files, given as (path, name), into one search.

    Returns the search, None where no file was new; the names of files whose very bytes were read
    before; and a sentence for each file that cannot be read.
    """
    database = Database(settings.url)
    search = SearchOnDemand(review_id, by, fields)
    known, troubles = [], []
    try:
        for path, name in given:
            try:
                done = import_file(
                    database,
                    FileStore(settings.files_dir),
                    path,
                    review_id=review_id,
                    search_for=search,
                    by=by,
                    name=name,
                )
            except Unreadable as error:
                troubles.append(f"{name}: {error}")
            else:
                known += [name] if done.was_there else []
    finally:
        database.dispose()
    return search.id, known, troubles


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
