"""Save the blocks of a file in pieces, which nobody sees until the row of the file is written.

Each piece is a short transaction of its own, so that nobody waits for a long one.  What an import
that was killed left behind is deleted when the next one of the review begins.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from review.events import digest_of, row_line
from review.storage.database import Database
from review.tables import ImportFile, RejectedBlock, StoredRecord

ROWS_PER_PIECE = 200
CHARACTERS_PER_PIECE = 2_000_000  # as the file has them; a longer block is a piece of its own
PAUSE = 0.15
"""Seconds between two pieces on SQLite.  A writer that waits for its lock looks again every tenth
of a second (the delays of sqliteDefaultBusyCallback in SQLite's main.c), and so finds it free."""

BlockTable = type[StoredRecord] | type[RejectedBlock]
BLOCK_TABLES: tuple[BlockTable, ...] = (StoredRecord, RejectedBlock)
Row = tuple[BlockTable, dict[str, Any]]


def file_id_of(review_id: UUID, sha256: str) -> UUID:
    """Return the id of a file in a review, which is the same whenever its import begins."""
    return uuid5(review_id, sha256)


def save_blocks(
    database: Database,
    blocks: Iterable[dict[str, Any]],
    *,
    review_id: UUID,
    file_id: UUID,
    on_saved: Callable[[int], None] | None = None,
) -> str:
    """Write a file's blocks in pieces, and return their digest.

    ``on_saved`` is called with the number of blocks saved so far.  The caller makes sure that no
    other import of the review is going on.
    """
    lines: list[str] = []
    last_number = _last_number(database, review_id)
    rows = _rows(blocks, review_id=review_id, file_id=file_id, last_number=last_number)
    for piece in _pieces(rows):
        if lines:
            _let_others_write(database)
        with database.writing() as session:
            for table in BLOCK_TABLES:
                if of_table := [row for kind, row in piece if kind is table]:
                    session.execute(insert(table), of_table)
        lines += [row_line(table.__tablename__, row) for table, row in piece]
        if on_saved is not None:
            on_saved(len(lines))
    return digest_of(lines)


def n_saved(session: Session, *, review_id: UUID, file_id: UUID) -> int:
    """Return how many blocks of a file are saved."""
    counts = (
        select(func.count()).where(table.review_id == review_id, table.import_file_id == file_id)
        for table in BLOCK_TABLES
    )
    return sum(session.scalar(count) or 0 for count in counts)


def delete_leftovers(database: Database, review_id: UUID) -> None:
    """Delete, in pieces, what imports that did not end left in a review.

    The caller makes sure that no import of the review is going on.
    """
    with database.reading() as session:
        leftovers = [
            (table, record_id)
            for table in BLOCK_TABLES
            for record_id in session.scalars(
                select(table.id).where(table.review_id == review_id, _is_leftover(table))
            )
        ]
    for start in range(0, len(leftovers), ROWS_PER_PIECE):
        if start:
            _let_others_write(database)
        ids = [row_id for _, row_id in leftovers[start : start + ROWS_PER_PIECE]]
        with database.writing() as session:
            for table in BLOCK_TABLES:
                session.execute(delete(table).where(table.id.in_(ids)))


def _is_leftover(table: BlockTable) -> ColumnElement[bool]:
    return ~exists().where(ImportFile.id == table.import_file_id)


def _let_others_write(database: Database) -> None:
    if database.is_sqlite:
        time.sleep(PAUSE)


def _last_number(database: Database, review_id: UUID) -> int:
    with database.reading() as session:
        query = select(func.max(StoredRecord.number)).where(StoredRecord.review_id == review_id)
        return session.scalar(query) or 0


def _pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    piece: list[Row] = []
    length = 0
    for table, row in rows:
        length += len(row["raw"])
        if piece and (len(piece) == ROWS_PER_PIECE or length > CHARACTERS_PER_PIECE):
            yield piece
            piece, length = [], len(row["raw"])
        piece.append((table, row))
    if piece:
        yield piece


def _rows(
    blocks: Iterable[dict[str, Any]], *, review_id: UUID, file_id: UUID, last_number: int
) -> Iterator[Row]:
    """Yield the row of each block; records are numbered from the one after ``last_number``."""
    number = last_number
    for block in blocks:
        row = {
            "id": uuid5(file_id, str(block["number"])),
            "review_id": review_id,
            "import_file_id": file_id,
            "block": block["number"],
            "line": block["line"],
            "raw": block["raw"],
        }
        record: dict[str, Any] | None = block["record"]
        if record is None:
            yield RejectedBlock, row | {"reason": block["reason"]}
            continue
        number += 1
        others = record["other_abstracts"] or None
        yield StoredRecord, row | record | {"number": number, "other_abstracts": others}
