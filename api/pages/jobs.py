"""Background jobs: their progress, their results, and cancelling them."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files.downloads import export_file
from api.web.access import needs
from api.web.deps import AppSettings, CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import is_fragment, path, render
from api.web.routing import PageRouter
from review import jobs
from review.exports import ExportFormat, ExportKind, check_format
from review.jobs import JobKind
from review.permissions import Action
from review.tables import Job
from review.tables.base import utc_now
from review.vocabulary import JobState

router = PageRouter()
R = "/reviews/{slug}"


@router.get(R + "/jobs")
def show_all(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show the latest jobs, and what can be exported."""
    found = jobs.jobs_of(session, review_id=review_id, by=by)
    return render(
        request, "jobs/jobs.html", jobs=found, kinds=list(ExportKind), formats=list(ExportFormat)
    )


@router.get(R + "/jobs/{job_id}")
def show(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    job_id: UUID,
    go: str = "",
) -> Response:
    """Show one job; with ``go``, go on to its result as soon as it is done."""
    job = jobs.find_job(session, review_id=review_id, job_id=job_id, by=by)
    target = result_of(request, job)
    if go and target and job.state is JobState.DONE and not _problems(job):
        if is_fragment(request):
            return Response(headers={"hx-redirect": target})
        return RedirectResponse(target, status_code=303)
    name = "jobs/_job.html" if is_fragment(request) else "jobs/job.html"
    return render(
        request, name, job=job, target=target, problems=_problems(job), go=go, left=_left(job)
    )


@router.post(R + "/jobs/{job_id}/cancel")
@needs(Action.MANAGE)
def cancel(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, job_id: UUID
) -> Response:
    """Cancel a job that has not finished."""
    jobs.cancel(session, review_id=review_id, job_id=job_id, by=by)
    return RedirectResponse(path(request, "jobs", job_id), status_code=303)


@router.get(R + "/jobs/{job_id}/file")
def download(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    settings: AppSettings,
    job_id: UUID,
) -> Response:
    """Return the file that an export wrote."""
    job = jobs.find_job_with_file(session, review_id=review_id, job_id=job_id, by=by)
    return export_file(settings.made_dir, job)


@router.post(R + "/exports")
@needs(Action.MANAGE)
def export(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    kind: Annotated[ExportKind, Form()],
    format: Annotated[ExportFormat, Form()],  # noqa: A002
) -> Response:
    """Export rows of the review as a file."""
    check_format(kind, format)
    return started(
        request,
        session,
        review_id,
        by=by,
        kind=JobKind.EXPORT,
        arguments={"kind": kind, "format": format},
    )


def started(
    request: Request,
    session: WriteSession,
    review_id: UUID,
    *,
    by: CurrentActor,
    kind: JobKind,
    arguments: Mapping[str, object] | None = None,
) -> Response:
    """Start a job and redirect to its page, which leads on to the result."""
    job = jobs.enqueue(session, review_id=review_id, kind=kind, arguments=arguments or {}, by=by)
    return RedirectResponse(f"{path(request, 'jobs', job.id)}?go=yes", status_code=303)


def result_of(request: Request, job: Job) -> str | None:
    """Return the address of the page that shows a job's result."""
    match JobKind(job.kind):
        case JobKind.IMPORT:
            search = job.result.get("search")
            return path(request, "searches", search) if search else None
        case JobKind.DEDUPLICATE:
            return path(request, "duplicates")
        case JobKind.RANK:
            return path(request)
        case JobKind.SIMULATE:
            return path(request, "simulation")
        case JobKind.READ_FULL_TEXT:
            return path(request, "reports")
        case JobKind.MATCH_FULL_TEXTS:
            return f"{path(request, 'reports')}?matched={job.id}"
        case JobKind.IMPORT_DECISIONS | JobKind.IMPORT_CODING | JobKind.EXPORT:
            return None
        case JobKind.DRAW | JobKind.DRAW_PUBLICATION:
            return None


def _left(job: Job) -> float | None:
    """Return the estimated seconds left; None while it is too early to estimate."""
    if job.state is not JobState.RUNNING or job.began_at is None or job.done < 0.05:
        return None
    return (utc_now() - job.began_at).total_seconds() * (1 / job.done - 1)


def _problems(job: Job) -> list[str]:
    """Return what went wrong, or was left out, file by file."""
    problems = []
    for file in job.result.get("files", job.checkpoint.get("files", [])):
        if trouble := file.get("trouble"):
            problems.append(f"{file['name']}: {trouble}")
        elif file.get("known"):
            problems.append(f"{file['name']}: this file was imported before; nothing was added.")
    return problems
