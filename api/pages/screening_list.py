"""Screening from a list: many records at a glance, and the same decision on several of them."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4, uuid5

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter, url
from protocols.schema import Protocol
from review.decisions.blinding import n_own_decisions
from review.decisions.decisions import decide
from review.errors import Invalid
from review.permissions import Action
from review.reviews import protocol_of, reason_labels
from review.vocabulary import Stage, Verdict
from screening.queue.labels import own_label_names
from screening.queue.listing import Show, Sort, list_records
from screening.queue.next_records import n_left
from screening.queue.own_terms import own_terms
from screening.queue.schedule import schedule_of

router = PageRouter()
LIST = "/reviews/{slug}/screening/{stage}/list"
LARGEST = 100  # rows on a page


@router.get(LIST)
def show_list(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    show: Show = Show.LEFT,
    sort: Sort = Sort.RANK,
    rows: Annotated[int, Query(ge=25, le=LARGEST)] = 50,
    q: Annotated[str, Query(max_length=200)] = "",
    label: Annotated[str, Query(max_length=255)] = "",
    after: UUID | None = None,
) -> Response:
    """Show the reviewer's records at a stage as a list."""
    page = list_records(
        session,
        review_id=review_id,
        stage=stage,
        by=by,
        show=show,
        sort=sort,
        text=q,
        label=label,
        after=after,
        limit=rows,
    )
    protocol = protocol_of(session, review_id)
    return render(
        request,
        "screening/list.html",
        page=page,
        stage=stage,
        protocol=protocol,
        reasons=protocol.reasons(stage),
        numbers=protocol.reason_numbers(),
        reason_labels=reason_labels(session, review_id),
        schedule=schedule_of(session, review_id=review_id, stage=stage, by=by),
        own_terms=own_terms(session, review_id=review_id, by=by),
        label_choices=[
            (name, name) for name in own_label_names(session, review_id=review_id, by=by)
        ],
        pace=None,
        n_own=n_own_decisions(session, review_id=review_id, stage=stage, by=by),
        left=n_left(session, review_id=review_id, stage=stage, by=by),
        chosen={"show": show, "sort": sort, "rows": rows, "q": q, "label": label},
        after=after,
        most=most_at_once(protocol, stage),
        key=uuid4(),
        n_done=request.query_params.get("done", ""),
    )


@router.post(LIST)
@needs(Action.SCREEN)
def post_decisions(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    verdict: Annotated[Literal[Verdict.INCLUDE, Verdict.MAYBE, Verdict.EXCLUDE], Form()],
    record: Annotated[list[UUID], Form(max_length=LARGEST)] = [],  # noqa: B006 - FastAPI copies it
    exclusion_reason: Annotated[str, Form()] = "",
    key: Annotated[UUID | None, Form()] = None,
    back: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Save the same decision on every record that is selected: on all of them, or on none.

    Sent twice, the form is one act: the keys of its decisions follow from its own.
    """
    if not record:
        raise Invalid("Select the records to decide on first.")
    most = most_at_once(protocol_of(session, review_id), stage)
    if len(record) > most:
        raise Invalid(f"Select at most {most} records at a time, so that you can still undo it.")
    for record_id in record:
        decide(
            session,
            review_id=review_id,
            record_id=record_id,
            stage=stage,
            by=by,
            verdict=verdict,
            exclusion_reason=(exclusion_reason or None) if verdict is Verdict.EXCLUDE else None,
            idempotency_key=uuid5(key, str(record_id)) if key else None,
        )
    query = urlencode([*parse_qsl(back), ("done", str(len(record)))])
    target = f"{url(request, 'screening_list.show_list', stage=stage)}?{query}"
    return RedirectResponse(target, status_code=303)


def most_at_once(protocol: Protocol, stage: Stage) -> int:
    """Return on how many records to decide at once: as many as can still be undone."""
    return min(protocol.rules(stage).closes_after_decisions or LARGEST, LARGEST)
