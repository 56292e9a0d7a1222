"""Assignments: workload, languages and searches of each reviewer, and calibration sets."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.errors import Invalid
from review.permissions import Action
from review.reviews import reason_labels
from review.searches.records import languages_of_records
from review.searches.searches import n_records_by_search
from review.vocabulary import Stage
from screening.queue.assignments import assign, n_left_over, workloads
from screening.queue.calibration import (
    MAX_RECORDS,
    begin,
    can_conflicts_be_resolved,
    end,
    summaries,
)
from screening.queue.calibration_differences import calibration_set_of, differences

router = PageRouter()
RANGE = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?")


@router.get("/reviews/{slug}/assignments")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show what each reviewer screens first, and the calibration sets."""
    stage = Stage.TITLE_ABSTRACT
    return render(
        request,
        "screening/assignments.html",
        workloads=workloads(session, review_id=review_id, stage=stage, by=by),
        n_left_over=n_left_over(session, review_id=review_id, stage=stage, by=by),
        languages=languages_of_records(session, review_id=review_id),
        searches=n_records_by_search(session, review_id=review_id),
        calibration_sets=summaries(session, review_id=review_id, by=by),
        can_be_resolved=can_conflicts_be_resolved(session, review_id=review_id, by=by),
    )


@router.get("/reviews/{slug}/calibrations/{calibration_set_id}")
def show_differences(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    calibration_set_id: UUID,
) -> Response:
    """Show the records of a calibration set that its reviewers did not judge alike."""
    scope: dict[str, Any] = {
        "review_id": review_id,
        "calibration_set_id": calibration_set_id,
        "by": by,
    }
    return render(
        request,
        "screening/differences.html",
        calibration=calibration_set_of(session, **scope),
        differences=differences(session, **scope),
        reason_labels=reason_labels(session, review_id),
    )


@router.post("/reviews/{slug}/assignments")
@needs(Action.MANAGE)
def post_assignment(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    account: Annotated[UUID, Form()],
    workload: Annotated[int, Form()],
    language: Annotated[list[str], Form(max_length=50)] = [],  # noqa: B006 - never written to
    search: Annotated[list[UUID], Form(max_length=200)] = [],  # noqa: B006
) -> Response:
    """Set a reviewer's workload, languages and searches."""
    assign(
        session,
        review_id=review_id,
        account_id=account,
        workload=workload,
        languages=language,
        searches=search,
        by=by,
    )
    return RedirectResponse(path(request, "assignments"), status_code=303)


@router.post("/reviews/{slug}/calibrations")
@needs(Action.MANAGE)
def post_calibration(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    label: Annotated[str, Form(max_length=300)],
    stage: Annotated[Stage, Form()],
    how: Annotated[Literal["random", "list"], Form()],
    n: Annotated[int, Form()] = 50,
    numbers: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """Start a calibration set of records picked at random or by their numbers."""
    is_random = how == "random"
    begin(
        session,
        review_id=review_id,
        stage=stage,
        label=label,
        by=by,
        n=n if is_random else None,
        numbers=[] if is_random else numbers_in(numbers),
    )
    return RedirectResponse(path(request, "assignments") + "#rounds", status_code=303)


@router.post("/reviews/{slug}/calibrations/{calibration_set_id}/end")
@needs(Action.MANAGE)
def post_end(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    calibration_set_id: UUID,
) -> Response:
    """End a calibration set."""
    end(session, review_id=review_id, calibration_set_id=calibration_set_id, by=by)
    return RedirectResponse(path(request, "assignments") + "#rounds", status_code=303)


def numbers_in(text: str) -> list[int]:
    """Return the numbers of a list such as ``12, 15, 20-30``; raise Invalid for anything else."""
    found: list[int] = []
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip())):
        match = RANGE.fullmatch(part)
        if match is None:
            raise Invalid(
                f"'{part[:40]}' is not a record number. Write numbers such as 12, 15, 20-30."
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if len(found) + last - first >= MAX_RECORDS:
            raise Invalid(f"A calibration set can have at most {MAX_RECORDS} records.")
        found += range(first, last + 1)
    return found
