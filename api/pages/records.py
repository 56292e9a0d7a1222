"""The records behind a number, and one record with its history."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render, words
from api.web.routing import PageRouter
from protocols.names import other_names
from review.corrections.records import record_corrections
from review.decisions.blinding import shown_state
from review.decisions.discussion import Entry, discussion
from review.decisions.history import history
from review.decisions.reopening import reopen
from review.errors import Invalid, NotFound
from review.events import Actor
from review.permissions import Action, check
from review.prisma.boxes import title_of
from review.prisma.counts import BOXES, Box, event_on
from review.reports.retrieval import remove
from review.reviews import protocol_of, reason_labels
from review.searches.records import matching_records, record_of_review, records_with_sources
from review.states.clusters import cluster_of
from review.states.flow import FlowState, record_rows
from review.tables import Record
from review.vocabulary import RemovalKind, Stage
from screening.queue.labels import labels_on

router = PageRouter()
PAGE = 50


@router.get("/reviews/{slug}/records")
def records(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    box: Annotated[list[str] | None, Query(max_length=2)] = None,
    reason: str | None = None,
    source: str | None = None,
    as_of: str | None = None,
    state: FlowState | None = None,
    q: str = "",
    no_abstract: bool = False,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Show the records behind a PRISMA number, or those whose title or authors match ``q``.

    With ``no_abstract``, only matches without an abstract.
    """
    found: list[tuple[Record, str, str | None]]
    if state is not None:
        check(session, review_id=review_id, by=by, action=Action.SEE_PROGRESS)
        found = record_rows(session, review_id=review_id, states=[state], after=after, limit=PAGE)
    elif not box:
        matching = _matching(session, review_id, q, no_abstract=no_abstract, after=after)
        found = [(record, "", None) for record in matching]
    else:
        check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
        chosen = both_columns(box)
        found = record_rows(
            session,
            review_id=review_id,
            states=chosen.flow_states,
            stream=chosen.stream,
            kinds=chosen.kinds,
            reason=reason,
            source=source,
            as_of=event_on(session, review_id=review_id, as_of=as_of) if as_of else None,
            after=after,
            limit=PAGE,
        )
    labels = reason_labels(session, review_id) if box or state else {}
    return render(
        request,
        "records/records.html",
        rows=[
            (record, shown_state(flow_state, here.roles), why) for record, flow_state, why in found
        ],
        boxes=box or ([state] if state else []),
        title=_title(box, state),
        part=labels.get(reason, reason) if reason else source,
        reason_labels=labels,
        query=_query(request),
        as_of=as_of,
        q=q,
        no_abstract=no_abstract,
        more=found[-1][0].number if len(found) == PAGE else None,
    )


@router.get("/reviews/{slug}/records/{record_id}")
def record(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    record_id: UUID,
    joined: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Show a record as its source gave it, and the history that the person may see."""
    found = record_of_review(session, review_id=review_id, record_id=record_id)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    return render(
        request,
        "records/record.html",
        record=found,
        cluster=records_with_sources(session, record_ids=cluster),
        history=history(session, review_id=review_id, cluster=cluster, by=by),
        protocol=protocol_of(session, review_id),
        stages=list(Stage),
        merged=joined,
        corrected=record_corrections(session, review_id=review_id, record_id=record_id, by=by),
        discussions=_discussions(session, review_id=review_id, record_id=record_id, by=by),
        labels_here=labels_on(session, review_id=review_id, record_id=record_id, by=by)
        if here.may(Action.READ)
        else None,
    )


@router.post("/reviews/{slug}/records/{record_id}/reopen")
@needs(Action.MANAGE)
def post_reopen(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    stage: Annotated[Stage, Form()],
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """Start a new round for a record at a stage."""
    reopen(session, review_id=review_id, record_id=record_id, stage=stage, why=why, by=by)
    return RedirectResponse(path(request, "records", record_id), status_code=303)


@router.post("/reviews/{slug}/records/{record_id}/removal")
@needs(Action.MANAGE)
def post_removal(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    kind: Annotated[RemovalKind, Form()],
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """Remove a record before screening, or put it back."""
    remove(session, review_id=review_id, record_id=record_id, kind=kind, why=why, by=by)
    return RedirectResponse(path(request, "records", record_id), status_code=303)


def both_columns(names: list[str]) -> Box:
    """Return the box of that name, or of both columns where two names differ only in that."""
    if unknown := [name for name in names if name not in BOXES]:
        raise NotFound(f"The diagram has no box '{unknown[0]}'.")
    first, *others = [BOXES[name] for name in names]
    if any(other.flow_states != first.flow_states for other in others):
        raise NotFound("These two boxes show different kinds of records. Open them one at a time.")
    return replace(first, stream=None) if others else first


def _query(request: Request) -> str:
    """Return the query of the address without the page, for the link to the next page."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    return urlencode(kept)


def _matching(
    session: ReadSession, review_id: UUID, q: str, *, no_abstract: bool, after: int
) -> list[Record]:
    if len(q) > 500:
        raise Invalid("Search for at most 500 characters.")
    names = other_names(protocol_of(session, review_id), q)
    return list(
        matching_records(
            session,
            review_id=review_id,
            text=q,
            names=names,
            lacks_abstract=no_abstract,
            after=after,
            limit=PAGE,
        )
    )


def _discussions(
    session: Session, *, review_id: UUID, record_id: UUID, by: Actor
) -> dict[Stage, list[Entry]]:
    """Return the discussions of a record that the person may take part in."""
    on: dict[str, Any] = {"review_id": review_id, "record_id": record_id, "by": by}
    found = {stage: discussion(session, stage=stage, **on) for stage in Stage}
    return {stage: entries for stage, entries in found.items() if entries is not None}


def _title(box: Sequence[str] | None, state: FlowState | None) -> str:
    if state is not None:
        return f"Records: {words(state)}"
    return title_of(box[0]) if box else "Records"
