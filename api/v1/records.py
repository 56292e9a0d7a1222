"""Records: those behind a number, those that match, and one with its whole history."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.v1.callers import By, Here, ReviewId
from api.v1.paging import Page, Paged, Paging
from api.v1.routes import WriteSession, router
from api.v1.searches import search_of_review
from api.v1.shapes import Made, RecordLine, RecordText, Said, Sentence
from api.web.deps import Place, ReadSession
from review.decisions.blinding import history, shown_state
from review.errors import Invalid, NotFound
from review.events import Actor
from review.permissions import Action, check
from review.prisma.counts import BOXES, Box, event_on
from review.reports.retrieval import remove
from review.searches.records import matches, record_of_review
from review.states.clusters import cluster_of
from review.states.flow import record_rows
from review.tables import Record, Search
from review.vocabulary import RemovalKind

reading, writing = router("records"), router("records", writes=True)
AsOf = Annotated[str | None, Query(max_length=20, description="An event's number, or a day (UTC).")]


class RecordFound(RecordLine):
    """A record in a list; where it stands, and why, where the list is of a PRISMA box."""

    stands: str | None = None
    exclusion_reason: str | None = None


class Duplicate(BaseModel):
    """A record of the same report, and the source that it came from."""

    id: UUID
    number: int
    source: str


class OtherAbstract(BaseModel):
    """An abstract besides the first one."""

    language: str | None
    text: str


class Happened(BaseModel):
    """One line of a record's history, as far as the caller may know it."""

    event: int
    at: datetime
    actor: str
    what: str
    why: str | None


class RecordWhole(RecordText):
    """A record as its source gave it, the others of its cluster, and what happened to them."""

    search: UUID
    source: str
    volume: str | None
    issue: str | None
    pages: str | None
    pmid: str | None
    isbn: str | None
    issn: str | None
    accession: str | None
    translated_title: str | None
    journal_abbreviation: str | None
    other_abstracts: list[OtherAbstract] | None
    extra: dict[str, Any]
    raw: str
    cluster: list[Duplicate]
    history: list[Happened]


class NewRemoval(Said):
    """Why a record leaves before screening, or comes back."""

    kind: RemovalKind
    why: Sentence


@reading.get("/reviews/{review}/records", response_model=Page[RecordFound])
def list_records(
    session: ReadSession,
    here: Here,
    by: By,
    paged: Paged,
    q: Annotated[str, Query(max_length=500, description="Part of a title or DOI.")] = "",
    search: UUID | None = None,
    cluster: Annotated[UUID | None, Query(description="Any record of the cluster.")] = None,
    box: Annotated[str | None, Query(description="A PRISMA key; by itself.")] = None,
    exclusion_reason: Annotated[str | None, Query(max_length=255)] = None,
    as_of: AsOf = None,
) -> dict[str, Any]:
    """Return records in import order: those that match, or those behind a PRISMA number."""
    if box is not None:
        if q or search or cluster:
            raise Invalid("Ask for a box by itself, or for records that match.")
        return rows_of_box(session, here, by, paged, box, reason=exclusion_reason, as_of=as_of)
    if exclusion_reason or as_of:
        raise Invalid("A reason and a moment go with a box.")
    query = select(Record).where(
        Record.review_id == here.review.id, Record.number > paged.after, matches(q)
    )
    if search is not None:
        query = query.where(
            Record.search_id == search_of_review(session, here.review.id, search).id
        )
    if cluster is not None:
        members = cluster_of(session, review_id=here.review.id, record_id=cluster)
        query = query.where(Record.id.in_(members))
    rows = session.scalars(query.order_by(Record.number).limit(paged.limit + 1)).all()
    return paged.follow(rows, lambda one: one.number)


@reading.get("/reviews/{review}/records/{record}")
def get_record(session: ReadSession, review_id: ReviewId, by: By, record: UUID) -> RecordWhole:
    """Return a record whole, with what the caller may know of its history."""
    found = record_of_review(session, review_id=review_id, record_id=record)
    cluster = cluster_of(session, review_id=review_id, record_id=record)
    others = session.execute(
        select(Record.id, Record.number, Search.source)
        .join(Search, Search.id == Record.search_id)
        .where(Record.id.in_(cluster))
        .order_by(Record.number)
    ).all()
    shown = {name: getattr(found, name, None) for name in RecordWhole.model_fields}
    return RecordWhole.model_validate(
        shown
        | {
            "search": found.search_id,
            "source": next(one.source for one in others if one.id == record),
            "cluster": [one._mapping for one in others],
            "history": [
                {"event": one.number, "at": one.at, "actor": one.actor, "what": one.what,
                 "why": one.why}
                for one in history(session, review_id=review_id, cluster=cluster, by=by)
            ],
        }
    )  # fmt: skip


@writing.post("/reviews/{review}/records/{record}/removal", status_code=201, response_model=Made)
def post_removal(
    said: NewRemoval, session: WriteSession, review_id: ReviewId, by: By, record: UUID
) -> object:
    """Take a record out before screening, or put it back."""
    return remove(
        session, review_id=review_id, record_id=record, kind=said.kind, why=said.why, by=by
    )


def rows_of_box(
    session: Session,
    here: Place,
    by: Actor,
    paged: Paging,
    name: str,
    *,
    reason: str | None = None,
    as_of: str | None = None,
) -> dict[str, Any]:
    """Return a page of the records behind a PRISMA number, for those who see counts."""
    review_id = here.review.id
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    box = _box(name)
    rows = record_rows(
        session,
        review_id=review_id,
        states=box.flow_states,
        stream=box.stream,
        kinds=box.kinds,
        reason=reason,
        as_of=event_on(session, review_id=review_id, as_of=as_of) if as_of else None,
        after=paged.after,
        limit=paged.limit + 1,
    )
    page = paged.follow(rows, lambda row: row[0].number)
    lines = RecordLine.model_fields
    page["items"] = [
        {line: getattr(record, line) for line in lines}
        | {"stands": shown_state(flow_state, here.roles), "exclusion_reason": why}
        for record, flow_state, why in page["items"]
    ]
    return page


def _box(name: str) -> Box:
    if name not in BOXES:
        raise NotFound("The diagram has no such box; the keys of the counts name those it has.")
    return BOXES[name]
