"""How a file is parsed (as detected, as a person chose, or as before), with a preview."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Unreadable
from review.searches.formats import (
    USUAL_LIMITS,
    Block,
    FileLimits,
    Format,
    ParsedRecord,
    TableColumn,
    checked_encoding,
    columns_of,
    count_blocks,
    detect,
    read,
)
from review.tables import Event, ImportFile
from review.vocabulary import Act

MAX_REMEMBERED = 200  # files of the review that are searched for a table with the same headings


@dataclass(frozen=True)
class ParseOptions:
    """How to parse a file, as far as a person chose; what is None is detected from its content."""

    format: Format | None = None
    encoding: str | None = None
    mapping: Mapping[str, str] | None = None  # of a table: heading to field, "" for none

    def resolve(self, path: Path, *, name: str) -> tuple[Format, str]:
        """Return the format and encoding of a file, chosen or detected; raise Unreadable."""
        if self.format is not None and self.encoding is not None:
            return self.format, checked_encoding(self.encoding)
        detected = detect(path, name=name)
        return self.format or detected.format, checked_encoding(self.encoding or detected.encoding)


@dataclass(frozen=True)
class Preview:
    """How a file would be parsed, and its first records, before anything is imported."""

    format: Format
    encoding: str
    columns: Sequence[TableColumn]  # of a table
    n_blocks: int  # by the independent count, not by the parser
    records: Sequence[ParsedRecord]
    problems: Sequence[str]  # of the first blocks, or of the whole file

    @property
    def options(self) -> ParseOptions:
        """Return the options by which the file would be parsed, none of them left to detection."""
        mapping = {column.heading: column.field or "" for column in self.columns}
        return ParseOptions(self.format, self.encoding, mapping or None)


def preview(
    path: Path,
    *,
    name: str,
    options: ParseOptions | None = None,
    n: int = 3,
    limits: FileLimits = USUAL_LIMITS,
) -> Preview:
    """Return how a file would be parsed, with its first ``n`` blocks; raise Unreadable.

    Also for a file that is so far over the limits that importing it is certain to fail.
    A table whose columns are not known yet raises nothing: that is one of the problems.
    """
    options = options or ParseOptions()
    limits.check_size(path)
    format_, encoding = options.resolve(path, name=name)
    n_blocks = count_blocks(path, format=format_, encoding=encoding)
    limits.check_rough_count(n_blocks)
    columns = columns_of(path, format=format_, encoding=encoding, mapping=options.mapping)
    blocks: list[Block] = []
    problems: list[str] = []
    try:
        all_blocks = read(path, format=format_, encoding=encoding, mapping=options.mapping)
        blocks = list(islice(all_blocks, n))
    except Unreadable as error:
        if not columns:
            raise
        problems.append(str(error))
    return Preview(
        format=format_,
        encoding=encoding,
        columns=columns,
        n_blocks=n_blocks,
        records=[block.record for block in blocks if block.record],
        problems=problems
        + [f"line {block.line}: {block.reason}" for block in blocks if block.reason],
    )


def remembered_mapping(
    session: Session, *, review_id: UUID, headings: Collection[str]
) -> Mapping[str, str] | None:
    """Return the mapping by which a table with exactly these headings was last imported, if any."""
    details = session.scalars(
        select(Event.detail)
        .where(Event.review_id == review_id, Event.act == Act.IMPORT_FILE)
        .order_by(Event.number.desc())
        .limit(MAX_REMEMBERED)
    )
    mappings: Iterator[dict[str, str]] = (
        detail.get("mapping") or {} for detail in details if detail
    )
    return next((mapping for mapping in mappings if mapping.keys() == set(headings)), None)


def previous_options(
    session: Session, chosen: ParseOptions, *, review_id: UUID, sha256: str
) -> ParseOptions:
    """Return the ``chosen`` options, or if there are none, those of the file's last import."""
    file = find_import_file(session, review_id=review_id, sha256=sha256)
    if file is None or chosen != ParseOptions():
        return chosen
    detail = session.scalar(
        select(Event.detail).where(Event.review_id == review_id, Event.number == file.event_number)
    )
    return ParseOptions(Format(file.format), file.encoding, (detail or {}).get("mapping"))


def find_import_file(session: Session, *, review_id: UUID, sha256: str) -> ImportFile | None:
    """Return the review's file with these bytes, if it has one."""
    return session.scalar(
        select(ImportFile).where(ImportFile.review_id == review_id, ImportFile.sha256 == sha256)
    )
