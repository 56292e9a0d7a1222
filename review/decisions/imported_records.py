"""Which records here the rows of another program's export are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.columns import plain_fields, record_frame
from review.duplicates.matching import FIELDS, Band, find_pairs, normalise
from review.searches.formats import ParsedRecord
from review.searches.previews import find_import_file
from review.states.clusters import Scope, cluster_ids
from review.tables import Record

TELLING = 4  # words of a title by which alone a row finds its record


@dataclass(frozen=True)
class Known:
    """What is here for rows to be compared with, read at one moment."""

    frame: pd.DataFrame
    home: Mapping[UUID, UUID]  # the cluster of each record
    blocks: Mapping[int, tuple[UUID, str]]  # record and title, where the very file was imported


def known_records(session: Session, review_id: UUID, sha256: str) -> Known:
    """Return the records of a review, and those that were read from the file itself."""
    blocks: dict[int, tuple[UUID, str]] = {}
    if file := find_import_file(session, review_id=review_id, sha256=sha256):
        rows = session.execute(
            select(Record.block, Record.id, Record.title).where(Record.import_file_id == file.id)
        )
        blocks = {block: (record_id, title) for block, record_id, title in rows}
    return Known(record_frame(session, review_id), cluster_ids(session, Scope(review_id)), blocks)


def records_of(
    known: Known, rows: Mapping[int, ParsedRecord], tell: Callable[[float], None]
) -> dict[int, UUID]:
    """Return the record that each block of a file stands for, where that is sure.

    That is the record read from the block, where the very file was imported and says the same; the
    one that would be joined as its duplicate; or the only one with its title.
    """
    found: dict[int, UUID] = {}
    for block in rows.keys() & known.blocks.keys():
        record_id, title = known.blocks[block]
        if normalise.title(title) == normalise.title(rows[block].title):
            found[block] = record_id
    left = {block: row for block, row in rows.items() if block not in found}
    if known.frame.empty or not left:
        return found
    fields = pd.DataFrame([plain_fields(_fields(row)) for row in left.values()])
    fields = fields[[name for name in fields.columns if name in FIELDS]]
    words = fields.astype(str).agg("\x1f".join, axis=1)
    # Rows that say the same, one for each reviewer, are one question.
    kinds = words.drop_duplicates()
    asked = fields.loc[kinds.index].reset_index(drop=True)
    answers = dict(zip(kinds, _matched(known, asked, tell), strict=True))
    found |= {
        block: known.frame["id"].iloc[place]
        for block, word in zip(left, words, strict=True)
        if (place := answers[word]) is not None
    }
    return found


def _matched(known: Known, asked: pd.DataFrame, tell: Callable[[float], None]) -> list[int | None]:
    """Return the place in the frame of the record that each row is about."""
    pairs = find_pairs(asked, against=known.frame, on_progress=tell)
    n = len(known.frame)
    sure = pairs[(pairs["band"] == Band.MERGE) & (pairs["left"] < n) & (pairs["right"] >= n)]
    best = sure.drop_duplicates("right")  # they come best first
    joined = dict(zip(best["right"] - n, best["left"], strict=True))
    only = _only_ones(known)
    matched: list[int | None] = []
    for number, row in enumerate(asked.itertuples()):
        place = joined.get(number)
        if place is None:
            place = only.get(normalise.title(str(row.title)))
            if place is not None and not _agree(row, known.frame.iloc[place]):
                place = None
        matched.append(None if place is None else int(place))
    return matched


def _only_ones(known: Known) -> dict[str, int]:
    """Return, by title, the places of records whose telling title no other report here has.

    A row that says little more than a title is about the one record here that has it.
    """
    ids = known.frame["id"].tolist()
    places: dict[str, list[int]] = {}
    for at, title in enumerate(map(normalise.title, known.frame["title"].tolist())):
        if len(title.split()) >= TELLING:
            places.setdefault(title, []).append(at)
    return {
        title: ats[0]
        for title, ats in places.items()
        if len({known.home[ids[at]] for at in ats}) == 1
    }


def _agree(row: Any, record: Any) -> bool:
    """Say whether nothing that both say of a DOI or year tells them apart."""
    dois = {normalise.doi(one.doi) for one in (row, record)} - {""}
    years = {one.year for one in (row, record)} - {""}
    return len(dois) < 2 and len(years) < 2


def _fields(record: ParsedRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
