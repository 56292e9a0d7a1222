"""The fields of records under the names that matching uses, as text."""

from itertools import chain
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.tables import Record, RecordCorrection


def record_frame(session: Session, review_id: UUID) -> pd.DataFrame:
    """Return all records of a review in import order: matching's fields, id and event_number.

    The event is the newest that said what the record says: its import, or a correction.
    """
    records = session.execute(
        select(
            Record.id,
            func.coalesce(_corrected_in(), Record.event_number).label("event_number"),
            Record.authors,
            Record.year,
            Record.title,
            Record.journal,
            Record.volume,
            Record.issue,
            Record.pages,
            Record.doi,
            Record.abstract,
            Record.isbn,
            Record.pmid,
            Record.type,
            Record.accession,
        )
        .where(Record.review_id == review_id)
        .order_by(Record.number)
    ).all()
    return pd.DataFrame([plain_fields(row._mapping) for row in records])


def _corrected_in() -> ScalarSelect[int | None]:
    return (
        select(func.max(RecordCorrection.event_number))
        .where(RecordCorrection.record_id == Record.id)
        .correlate(Record)
        .scalar_subquery()
    )


def fields_of(record: Record) -> dict[str, Any]:
    """Return a record's fields under the names that matching uses, as text."""
    columns = Record.__table__.columns
    return plain_fields({column.name: getattr(record, column.key) for column in columns})


def terms_of(protocol: Protocol) -> list[str]:
    """Return the protocol's own terms: of its question, highlights, terminology and codebook.

    Their words are not misspellings of one another, however alike they are.
    """
    names = [name for concept in protocol.terminology for name in chain(*concept.names.values())]
    values = [value for item in protocol.codebook for value in item.values]
    marked = [term for part in protocol.highlights for term in (*part.include, *part.exclude)]
    return [
        protocol.question,
        *names,
        *(text for value in values for text in (value.label, *value.synonyms)),
        *(term for term in marked if "*" not in term),
    ]


def plain_fields(row: Any) -> dict[str, Any]:
    """Return the columns of a record under the names that matching uses, as text."""
    plain = {name: "" if value is None else value for name, value in row.items()}
    plain["author"] = "; ".join(plain.pop("authors"))
    plain["number"] = plain.pop("issue")
    plain["year"] = str(plain["year"])
    return plain
