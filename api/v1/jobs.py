"""Jobs: how far they are, cancelling them, and the files that they wrote."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import FileResponse

from api.files.downloads import export_file
from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.web.access import Sender, needs
from api.web.deps import AppSettings, ReadSession
from review.jobs import cancel, find_job_of_member, find_job_with_file, jobs_of
from review.tables import Job
from review.vocabulary import JobState

read_router, write_router = router("jobs"), router("jobs", writes=True)


class JobLine(BaseModel):
    """Work in the background: `done` goes from 0 to 1, `result` is what it has done."""

    id: UUID
    kind: str
    state: JobState
    done: float
    step: str
    result: dict[str, Any]
    error: str | None
    created_at: datetime
    ended_at: datetime | None


@read_router.get("/reviews/{review}/jobs", response_model=Page[JobLine])
def list_jobs(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the review's jobs, the newest first; for its lead."""
    return paged.page_of(jobs_of(session, review_id=review_id, by=by, limit=paged.n_needed))


@read_router.get("/jobs/{job}", response_model=JobLine)
def get_job(session: ReadSession, by: CurrentActor, job: UUID) -> Job:
    """Return how far a job is; for the person who asked for it, and for the review's lead."""
    return find_job_of_member(session, job_id=job, by=by)


@write_router.post("/jobs/{job}/cancel", response_model=JobLine)
@needs(Sender.ACCOUNT)
def post_cancel(session: WriteSession, by: CurrentActor, job: UUID) -> Job:
    """Cancel a job that has not ended; what it has written stays."""
    review_id = find_job_of_member(session, job_id=job, by=by).review_id
    return cancel(session, review_id=review_id, job_id=job, by=by)


@read_router.get(
    "/jobs/{job}/file",
    response_class=FileResponse,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_file(
    session: ReadSession, by: CurrentActor, job: UUID, settings: AppSettings
) -> FileResponse:
    """Return the file that an export wrote; for those who could ask for the same export now."""
    review_id = find_job_of_member(session, job_id=job, by=by).review_id
    export = find_job_with_file(session, review_id=review_id, job_id=job, by=by)
    return export_file(settings.made_dir, export)
