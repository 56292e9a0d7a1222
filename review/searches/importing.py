"""One file at a time into a review: known already, or read and committed with its search."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from review.events import Actor
from review.searches import imports
from review.searches.previews import Reading, find_file
from review.storage.database import Database
from review.storage.files import FileStore


def import_file(
    database: Database,
    files: FileStore,
    path: Path,
    *,
    review_id: UUID,
    search_for: Callable[[Session], UUID],
    by: Actor,
    name: str | None = None,
    reading: Reading | None = None,
    on_progress: Callable[[int], None] | None = None,
    on_commit: Callable[[Session, imports.Imported], None] | None = None,
) -> imports.Imported:
    """Read one file and commit it as one act; ``search_for`` gives its search, made if need be.

    ``on_commit`` may write more in the same transaction, such as how far a job came.
    """
    staged = imports.stage(path, files=files, name=name, reading=reading, on_progress=on_progress)
    with staged.blocks, database.writing() as session:
        present = find_file(session, review_id=review_id, sha256=staged.sha256)
        if present is not None:
            done = imports.Imported(present, was_there=True)
        else:
            search_id = search_for(session)
            done = imports.commit(session, staged, review_id=review_id, search_id=search_id, by=by)
        if on_commit is not None:
            on_commit(session, done)
        session.expunge(done.file)
        return done


class SearchOnDemand:
    """Makes a search when its first new file is about to be committed, and not before."""

    def __init__(
        self, review_id: UUID, by: Actor, fields: Mapping[str, Any], made: UUID | None = None
    ) -> None:
        self.review_id = review_id
        self.by = by
        self.fields = fields
        self.id = made

    def __call__(self, session: Session) -> UUID:
        """Return the search's id."""
        if self.id is None:
            made = imports.add_search(session, review_id=self.review_id, by=self.by, **self.fields)
            self.id = made.id
        return self.id
