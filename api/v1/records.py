"""Records: those behind a PRISMA number, those that match, and one with its history."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.v1.callers import CurrentActor, CurrentReview, ReviewId
from api.v1.paging import Page, Paged, Paging
from api.v1.routes import WriteSession, router
from api.v1.shapes import (
    CreatedId,
    LongText,
    RecordedEvent,
    RecordLine,
    RecordText,
    RequestBody,
    Sentence,
)
from api.web.access import needs
from api.web.deps import ReadSession, ReviewContext
from protocols.names import other_names
from review.corrections.records import correct_record, undo_record_correction
from review.decisions.blinding import shown_state
from review.decisions.history import history
from review.errors import Invalid, NotFound
from review.events import Actor
from review.permissions import Action, check
from review.prisma.counts import BOXES, Box, event_on
from review.reports.retrieval import remove
from review.reviews import protocol_of
from review.searches.records import matching_records, record_of_review, records_with_sources
from review.searches.searches import search_of_review
from review.states.clusters import cluster_of
from review.states.flow import record_rows
from review.tables import BIBLIOGRAPHIC_FIELDS
from review.vocabulary import RemovalKind

read_router, write_router = router("records"), router("records", writes=True)
AsOf = Annotated[str | None, Query(max_length=20, description="An event's number, or a day (UTC).")]


class ListedRecord(RecordLine):
    """A record in a list; in a list of a PRISMA box also its flow state, and why."""

    flow_state: str | None = None
    exclusion_reason: str | None = None


class ClusterRecord(BaseModel):
    """A record of the same report, and the source that it came from."""

    id: UUID
    number: int
    source: str


class FurtherAbstract(BaseModel):
    """An abstract besides the first one."""

    language: str | None
    text: str


class HistoryLine(BaseModel):
    """One line of a record's history, as far as the caller may know it."""

    event: int
    at: datetime
    actor: str
    what: str
    why: str | None


class RecordDetail(RecordText):
    """A record as its source gave it, its cluster, and the history of them all."""

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
    other_abstracts: list[FurtherAbstract] | None
    extra: dict[str, Any]
    raw: str
    cluster: list[ClusterRecord]
    history: list[HistoryLine]


class NewRecordCorrection(RequestBody):
    """What a record should say: only the fields that change, authors one per line."""

    fields: Annotated[
        dict[str, LongText], Field(min_length=1, max_length=len(BIBLIOGRAPHIC_FIELDS))
    ]
    source: Sentence
    why: Sentence = ""


class NewRemoval(RequestBody):
    """Why a record is removed before screening, or put back."""

    kind: RemovalKind
    why: Sentence


@read_router.get("/reviews/{review}/records", response_model=Page[ListedRecord])
def list_records(
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
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
            raise Invalid("Send `box` without `q`, `search` and `cluster`.")
        return page_of_box(
            session, context, box=box, by=by, paged=paged, reason=exclusion_reason, as_of=as_of
        )
    if exclusion_reason or as_of:
        raise Invalid("Send `exclusion_reason` and `as_of` only together with `box`.")
    review_id = context.review.id
    if search is not None:
        search_of_review(session, review_id=review_id, search_id=search)
    members = (
        None if cluster is None else cluster_of(session, review_id=review_id, record_id=cluster)
    )
    rows = matching_records(
        session,
        review_id=review_id,
        text=q,
        search_id=search,
        among=members,
        names=other_names(protocol_of(session, review_id), q),
        after=paged.after,
        limit=paged.limit + 1,
    )
    return paged.page_of_next(rows, lambda record: record.number)


@read_router.get("/reviews/{review}/records/{record}")
def get_record(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, record: UUID
) -> RecordDetail:
    """Return a record with all its fields, and its history as far as the caller may see it."""
    chosen = record_of_review(session, review_id=review_id, record_id=record)
    cluster = cluster_of(session, review_id=review_id, record_id=record)
    members = [
        {"id": member.id, "number": member.number, "source": source}
        for member, source in records_with_sources(session, record_ids=cluster)
    ]
    entries = history(session, review_id=review_id, cluster=cluster, by=by)
    fields = {name: getattr(chosen, name, None) for name in RecordDetail.model_fields}
    return RecordDetail.model_validate(
        fields
        | {
            "search": chosen.search_id,
            "source": next(member["source"] for member in members if member["id"] == record),
            "cluster": members,
            "history": [
                {
                    "event": entry.number,
                    "at": entry.at,
                    "actor": entry.actor,
                    "what": entry.what,
                    "why": entry.why,
                }
                for entry in entries
            ],
        }
    )


@write_router.post("/reviews/{review}/records/{record}/corrections", status_code=201)
@needs(Action.MANAGE)
def post_correction(
    body: NewRecordCorrection,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record: UUID,
) -> RecordedEvent:
    """Correct what a record says, or add what its source left out."""
    number = correct_record(
        session, review_id=review_id, record_id=record, fields=body.fields, source=body.source,
        why=body.why, by=by,
    )  # fmt: skip
    return RecordedEvent(event=number)


@write_router.post("/reviews/{review}/records/{record}/corrections/{event}/undo", status_code=201)
@needs(Action.MANAGE)
def post_undo_correction(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, record: UUID, event: int
) -> RecordedEvent:
    """Undo a correction of a record, or an undoing."""
    number = undo_record_correction(
        session, review_id=review_id, record_id=record, event_number=event, by=by
    )
    return RecordedEvent(event=number)


@write_router.post(
    "/reviews/{review}/records/{record}/removal", status_code=201, response_model=CreatedId
)
@needs(Action.MANAGE)
def post_removal(
    body: NewRemoval, session: WriteSession, review_id: ReviewId, by: CurrentActor, record: UUID
) -> object:
    """Remove a record before screening, or put it back."""
    return remove(
        session, review_id=review_id, record_id=record, kind=body.kind, why=body.why, by=by
    )


def page_of_box(
    session: Session,
    context: ReviewContext,
    *,
    box: str,
    by: Actor,
    paged: Paging,
    reason: str | None = None,
    as_of: str | None = None,
) -> dict[str, Any]:
    """Return a page of the records behind a PRISMA number, for those who may see counts."""
    review_id = context.review.id
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    counted = _box(box)
    rows = record_rows(
        session,
        review_id=review_id,
        states=counted.flow_states,
        stream=counted.stream,
        kinds=counted.kinds,
        reason=reason,
        as_of=event_on(session, review_id=review_id, as_of=as_of) if as_of else None,
        after=paged.after,
        limit=paged.limit + 1,
    )
    page = paged.page_of_next(rows, lambda row: row[0].number)
    page["items"] = [
        {name: getattr(record, name) for name in RecordLine.model_fields}
        | {"flow_state": shown_state(flow_state, context.roles), "exclusion_reason": why}
        for record, flow_state, why in page["items"]
    ]
    return page


def _box(name: str) -> Box:
    if name not in BOXES:
        raise NotFound("The diagram has no such box. The keys of the counts are its boxes.")
    return BOXES[name]
