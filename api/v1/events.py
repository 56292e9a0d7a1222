"""The review's event log, a hash chain that can be checked; and exports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import QueuedJob, RequestBody, queued_job
from api.web.access import needs
from api.web.deps import ReadSession
from review.decisions.blinding import n_rows_shown
from review.events import events_with_actors
from review.exports import ExportFormat, ExportKind, check_format
from review.jobs import JobKind, enqueue
from review.permissions import Action, check, screens
from review.vocabulary import Act, ActorKind

read_router, write_router = router("events"), router("exports", writes=True)


class EventLine(BaseModel):
    """An event of the log: who did what, how many rows it wrote, and its link in the chain.

    `n_rows` of a decision is null for a lead who screens: it shows whether words were marked.
    """

    number: int
    act: Act
    actor_kind: ActorKind
    actor: str | None
    at: datetime
    subject_kind: str | None
    subject_id: UUID | None
    n_rows: int | None
    digest: str
    previous_hash: str
    hash: str


class NewExport(RequestBody):
    """What to export, and in which format."""

    kind: ExportKind
    format: ExportFormat


@read_router.get("/reviews/{review}/events", response_model=Page[EventLine])
def list_events(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the events in order, from the first; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = events_with_actors(
        session, review_id=review_id, after=paged.after, limit=paged.limit + 1
    )
    page = paged.page_of_next(rows, lambda row: row[0].number)
    names = [name for name in EventLine.model_fields if name != "actor"]
    is_blind = screens(session, review_id=review_id, by=by)
    page["items"] = [
        {name: getattr(event, name) for name in names}
        | {"actor": actor, "n_rows": n_rows_shown(event, is_blind=is_blind)}
        for event, actor in page["items"]
    ]
    return page


@write_router.post("/reviews/{review}/exports", status_code=202)
@needs(Action.MANAGE)
def post_export(
    body: NewExport, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> QueuedJob:
    """Write rows of the review to a file in the background; get it at /jobs/{job}/file."""
    check_format(body.kind, body.format)
    arguments = {"kind": body.kind, "format": body.format}
    return queued_job(
        enqueue(session, review_id=review_id, kind=JobKind.EXPORT, arguments=arguments, by=by)
    )
