"""Work in the background: how far it is, ending it, and the file that came of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import FileResponse

from api.files.downloads import export_file
from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.web.deps import Config, ReadSession
from review.errors import NotFound
from review.events import Actor
from review.jobs import cancel, find_job, find_job_with_file, jobs_of
from review.permissions import roles_of
from review.tables import Job
from review.vocabulary import JobState

reading, writing = router("jobs"), router("jobs", writes=True)


class JobWhole(BaseModel):
    """Work in the background: `done` is a share of one, `result` what came of it."""

    id: UUID
    kind: str
    state: JobState
    done: float
    step: str
    result: dict[str, Any]
    error: str | None
    created_at: datetime
    ended_at: datetime | None


@reading.get("/reviews/{review}/jobs", response_model=Page[JobWhole])
def list_jobs(session: ReadSession, review_id: ReviewId, by: By, paged: Paged) -> dict[str, Any]:
    """Return the review's work in the background, the newest first; for its lead."""
    return paged.cut(jobs_of(session, review_id=review_id, by=by, limit=paged.reach))


@reading.get("/jobs/{job}", response_model=JobWhole)
def get_job(session: ReadSession, by: By, job: UUID) -> Job:
    """Return how far a job is: to who asked for it, and to the review's lead."""
    return _found(session, job, by)


@writing.post("/jobs/{job}/cancel", response_model=JobWhole)
def post_cancel(session: WriteSession, by: By, job: UUID) -> Job:
    """End a job that has not ended; what it wrote before stays."""
    review_id = _found(session, job, by).review_id
    return cancel(session, review_id=review_id, job_id=job, by=by)


@reading.get(
    "/jobs/{job}/file",
    response_class=FileResponse,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_file(session: ReadSession, by: By, job: UUID, settings: Config) -> FileResponse:
    """Return the file that an export made; to those who may still ask for such a one."""
    review_id = _found(session, job, by).review_id
    found = find_job_with_file(session, review_id=review_id, job_id=job, by=by)
    return export_file(settings.made_dir, found)


def _found(session: Session, job_id: UUID, by: Actor) -> Job:
    """Return a job; raise NotFound for one of a foreign review as for none."""
    job = session.get(Job, job_id)
    if job is None or by.account_id is None:
        raise NotFound("There is no such job.")
    if not roles_of(session, review_id=job.review_id, account_id=by.account_id):
        raise NotFound("There is no such job.")
    return find_job(session, review_id=job.review_id, job_id=job_id, by=by)
