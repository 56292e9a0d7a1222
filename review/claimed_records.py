"""Which records here the rows of another program's export are about."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.clusters import members
from review.frames import plain_fields, record_frame
from review.imports import find_file
from review.matching import Band, find_pairs, normalise
from review.reading import ParsedRecord
from review.tables import Record

TELLING = 4  # words of a title by which alone a row finds its record


def records_of(
    session: Session,
    review_id: UUID,
    sha256: str,
    rows: Mapping[int, ParsedRecord],
    tell: Callable[[float], None],
) -> dict[int, UUID]:
    """Return the record that each block of a file stands for, where that is sure.

    That is the record read from the block, where the very file was imported; the one that would
    be joined as its duplicate; or the only one with its title.
    """
    file = find_file(session, review_id=review_id, sha256=sha256)
    if file is not None:
        query = select(Record.block, Record.id).where(Record.import_file_id == file.id)
        return dict(session.execute(query).all())
    here = record_frame(session, review_id)
    if here.empty or not rows:
        return {}
    asked = pd.DataFrame([plain_fields(_fields(record)) for record in rows.values()])
    pairs = find_pairs(asked, against=here, on_progress=tell)
    n = len(here)
    sure = pairs[(pairs["band"] == Band.JOIN) & (pairs["left"] < n) & (pairs["right"] >= n)]
    best = sure.drop_duplicates("right")  # they come best first
    place = dict(zip(best["right"] - n, best["left"], strict=True))
    only = _only_ones(session, review_id, here)
    blocks = list(rows)
    found: dict[int, UUID] = {}
    for number, row in enumerate(asked.itertuples()):
        at = place.get(number, only.get(normalise.title(str(row.title))))
        if at is None:
            continue
        if number in place or _agree(row, here.iloc[at]):
            found[blocks[number]] = here["id"].iloc[at]
    return found


def _only_ones(session: Session, review_id: UUID, here: pd.DataFrame) -> dict[str, int]:
    """Return, by title, the places of records whose telling title no other report here has.

    A row that says little more than a title is about the one record here that has it.
    """
    member = members(review_id)
    home = dict(session.execute(select(member.c.record_id, member.c.cluster_id)).all())
    places: dict[str, list[int]] = {}
    for at, title in enumerate(map(normalise.title, here["title"].tolist())):
        if len(title.split()) >= TELLING:
            places.setdefault(title, []).append(at)
    return {
        title: ats[0]
        for title, ats in places.items()
        if len({home[here["id"].iloc[at]] for at in ats}) == 1
    }


def _agree(row: Any, record: Any) -> bool:
    """Say whether nothing that both say of a DOI or year tells them apart."""
    dois = {normalise.doi(one.doi) for one in (row, record)} - {""}
    years = {one.year for one in (row, record)} - {""}
    return len(dois) < 2 and len(years) < 2


def _fields(record: ParsedRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
