"""The files that people gave: each is in the file store, byte for byte."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.storage.database import pairs
from review.storage.files import FileStore, sha256_of
from review.tables import FullText, ImportFile


def faults(session: Session, review_id: UUID, *, files: FileStore) -> Iterator[str]:
    """Search files and full texts are there and have the hash that they are stored under."""
    for table, what in ((ImportFile, "original"), (FullText, "full text")):
        rows = session.execute(
            select(table.sha256, table.name)
            .where(table.review_id == review_id)
            .order_by(table.event_number)
        )
        for sha256, name in dict(pairs(rows)).items():
            path = files.path(sha256)
            try:
                if not path.exists():
                    yield f"the {what} of {name} is not in the file store"
                elif sha256_of(path) != sha256:
                    yield f"the {what} of {name} has been changed"
            except OSError as error:
                yield f"the {what} of {name} cannot be read: {error.strerror}"
