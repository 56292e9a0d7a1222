"""Matching the rows of another program's export to the records of a review."""

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

MIN_TITLE_WORDS = 4  # a shorter title alone does not identify a record


@dataclass(frozen=True)
class KnownRecords:
    """The records of a review that rows are compared with, all read at one moment."""

    frame: pd.DataFrame
    cluster_id: Mapping[UUID, UUID]  # of each record
    blocks: Mapping[int, tuple[UUID, str]]  # record and title by block, if the file was imported


def known_records(session: Session, review_id: UUID, sha256: str) -> KnownRecords:
    """Return the records of a review, among them those that came from this very file."""
    blocks: dict[int, tuple[UUID, str]] = {}
    if file := find_import_file(session, review_id=review_id, sha256=sha256):
        rows = session.execute(
            select(Record.block, Record.id, Record.title).where(Record.import_file_id == file.id)
        )
        blocks = {block: (record_id, title) for block, record_id, title in rows}
    return KnownRecords(
        frame=record_frame(session, review_id),
        cluster_id=cluster_ids(session, Scope(review_id)),
        blocks=blocks,
    )


def match_records(
    known: KnownRecords, rows: Mapping[int, ParsedRecord], on_progress: Callable[[float], None]
) -> dict[int, UUID]:
    """Return the record that each block of a file is about, where that is certain.

    That is the record imported from the block, where this very file was imported and the titles
    agree; else the record that would be merged with it as a duplicate; else the only record with
    its title.
    """
    matches: dict[int, UUID] = {}
    for block in rows.keys() & known.blocks.keys():
        record_id, title = known.blocks[block]
        if normalise.title(title) == normalise.title(rows[block].title):
            matches[block] = record_id
    unmatched = {block: row for block, row in rows.items() if block not in matches}
    if known.frame.empty or not unmatched:
        return matches
    fields = pd.DataFrame([plain_fields(_fields(row)) for row in unmatched.values()])
    fields = fields[[name for name in fields.columns if name in FIELDS]]
    keys = fields.astype(str).agg("\x1f".join, axis=1)
    # A table has one row for each reviewer: rows with the same fields are matched once.
    distinct_keys = keys.drop_duplicates()
    distinct_rows = fields.loc[distinct_keys.index].reset_index(drop=True)
    index_of = dict(zip(distinct_keys, _matched(known, distinct_rows, on_progress), strict=True))
    matches |= {
        block: known.frame["id"].iloc[index]
        for block, key in zip(unmatched, keys, strict=True)
        if (index := index_of[key]) is not None
    }
    return matches


def _matched(
    known: KnownRecords, rows: pd.DataFrame, on_progress: Callable[[float], None]
) -> list[int | None]:
    """Return the index, in the frame, of the record that each row is about."""
    pairs = find_pairs(rows, against=known.frame, on_progress=on_progress)
    n = len(known.frame)
    certain = pairs[(pairs["band"] == Band.MERGE) & (pairs["left"] < n) & (pairs["right"] >= n)]
    best = certain.drop_duplicates("right")  # find_pairs returns the best pairs first
    duplicate_of = dict(zip(best["right"] - n, best["left"], strict=True))
    by_title = _unique_titles(known)
    matched: list[int | None] = []
    for number, row in enumerate(rows.itertuples()):
        index = duplicate_of.get(number)
        if index is None:
            index = by_title.get(normalise.title(str(row.title)))
            if index is not None and not _agree(row, known.frame.iloc[index]):
                index = None
        matched.append(None if index is None else int(index))
    return matched


def _unique_titles(known: KnownRecords) -> dict[str, int]:
    """Return the index of a record for each title that is long enough and only one report has.

    A row with little more than a title is about the one report here that has this title.
    """
    ids = known.frame["id"].tolist()
    by_title: dict[str, list[int]] = {}
    for index, title in enumerate(map(normalise.title, known.frame["title"].tolist())):
        if len(title.split()) >= MIN_TITLE_WORDS:
            by_title.setdefault(title, []).append(index)
    return {
        title: indexes[0]
        for title, indexes in by_title.items()
        if len({known.cluster_id[ids[index]] for index in indexes}) == 1
    }


def _agree(row: Any, record: Any) -> bool:
    """Say whether no DOI or year tells a row and a record apart, where both have one."""
    dois = {normalise.doi(source.doi) for source in (row, record)} - {""}
    years = {source.year for source in (row, record)} - {""}
    return len(dois) < 2 and len(years) < 2


def _fields(record: ParsedRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
