"""The review's log, act by act, as a chain that anybody can check; and exports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Queued, Said, queued
from api.web.deps import ReadSession
from review.exports import ExportFormat, Kind, check_asked
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.tables import Account, Event
from review.vocabulary import Act, ActorKind

reading, writing = router("events"), router("exports", writes=True)


class LoggedAct(BaseModel):
    """One act in the log: who did what, how many rows it wrote, and its link in the chain."""

    number: int
    act: Act
    actor_kind: ActorKind
    actor: str | None
    at: datetime
    subject_kind: str | None
    subject_id: UUID | None
    n_rows: int
    digest: str
    previous_hash: str
    hash: str


class NewExport(Said):
    """What to export, and as what."""

    kind: Kind
    format: ExportFormat


@reading.get("/reviews/{review}/events", response_model=Page[LoggedAct])
def list_events(session: ReadSession, review_id: ReviewId, by: By, paged: Paged) -> dict[str, Any]:
    """Return the acts in their order, from the first; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = session.execute(
        select(Event, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id, Event.number > paged.after)
        .order_by(Event.number)
        .limit(paged.limit + 1)
    ).all()
    page = paged.follow(rows, lambda row: row[0].number)
    names = [name for name in LoggedAct.model_fields if name != "actor"]
    page["items"] = [
        {name: getattr(event, name) for name in names} | {"actor": actor}
        for event, actor in page["items"]
    ]
    return page


@writing.post("/reviews/{review}/exports", status_code=202)
def post_export(said: NewExport, session: WriteSession, review_id: ReviewId, by: By) -> Queued:
    """Have the review's rows written to a file, to be fetched at /jobs/{job}/file."""
    check_asked(said.kind, said.format)
    arguments = {"kind": said.kind, "format": said.format}
    return queued(
        enqueue(session, review_id=review_id, kind=JobKind.EXPORT, arguments=arguments, by=by)
    )
