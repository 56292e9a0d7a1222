"""How a file is read, before anything is read in earnest: told, said by a person, or as before."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Unreadable
from review.searches.formats import (
    Block,
    Format,
    ParsedRecord,
    TableColumn,
    columns_of,
    count_blocks,
    detect,
    read,
)
from review.tables import Event, ImportFile
from review.vocabulary import Act

REMEMBERED = 200  # files of the review that are looked through for the same headings


@dataclass(frozen=True)
class Reading:
    """How a file is read, where a person has said so: what is None is told from its content."""

    format: Format | None = None
    encoding: str | None = None
    mapping: Mapping[str, str] | None = None  # of a table: heading to field, "" for none

    def of(self, path: Path, *, name: str) -> tuple[Format, str]:
        """Return the format and encoding to read a file by; raise Unreadable."""
        if self.format is not None and self.encoding is not None:
            return self.format, self.encoding
        detected = detect(path, name=name)
        return self.format or detected.format, self.encoding or detected.encoding


@dataclass(frozen=True)
class Preview:
    """What a file is read as, and its first records, before anything is read in earnest."""

    format: Format
    encoding: str
    columns: Sequence[TableColumn]  # of a table
    n_blocks: int  # by the count that does without the reader
    records: Sequence[ParsedRecord]
    troubles: Sequence[str]  # of the first blocks, or of the whole file

    @property
    def reading(self) -> Reading:
        """Return how the file would be read, with nothing left to be told from its content."""
        mapping = {one.heading: one.field or "" for one in self.columns}
        return Reading(self.format, self.encoding, mapping or None)


def preview(path: Path, *, name: str, reading: Reading | None = None, n: int = 3) -> Preview:
    """Return what a file is read as, with its first ``n`` blocks; raise Unreadable.

    Raises nothing for a table whose columns are not known yet: that is said among the troubles.
    """
    reading = reading or Reading()
    format_, encoding = reading.of(path, name=name)
    columns = columns_of(path, format=format_, encoding=encoding, mapping=reading.mapping)
    blocks: list[Block] = []
    troubles: list[str] = []
    try:
        found = read(path, format=format_, encoding=encoding, mapping=reading.mapping)
        blocks = list(islice(found, n))
    except Unreadable as error:
        if not columns:
            raise
        troubles.append(str(error))
    return Preview(
        format=format_,
        encoding=encoding,
        columns=columns,
        n_blocks=count_blocks(path, format=format_, encoding=encoding),
        records=[block.record for block in blocks if block.record],
        troubles=troubles + [f"line {one.line}: {one.reason}" for one in blocks if one.reason],
    )


def remembered_mapping(
    session: Session, *, review_id: UUID, headings: Collection[str]
) -> Mapping[str, str] | None:
    """Return how a table with just these headings was last read into the review, if one was."""
    details = session.scalars(
        select(Event.detail)
        .where(Event.review_id == review_id, Event.act == Act.IMPORT_FILE)
        .order_by(Event.number.desc())
        .limit(REMEMBERED)
    )
    said: Iterator[dict[str, str]] = (detail.get("mapping") or {} for detail in details if detail)
    return next((one for one in said if one.keys() == set(headings)), None)


def as_before(session: Session, said: Reading, *, review_id: UUID, sha256: str) -> Reading:
    """Return how to read a file: as was said, else as its very bytes were read before."""
    file = find_file(session, review_id=review_id, sha256=sha256)
    if file is None or said != Reading():
        return said
    detail = session.scalar(
        select(Event.detail).where(Event.review_id == review_id, Event.number == file.event_number)
    )
    return Reading(Format(file.format), file.encoding, (detail or {}).get("mapping"))


def find_file(session: Session, *, review_id: UUID, sha256: str) -> ImportFile | None:
    """Return the file of the review that has these very bytes."""
    return session.scalar(
        select(ImportFile).where(ImportFile.review_id == review_id, ImportFile.sha256 == sha256)
    )
