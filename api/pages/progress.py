"""Progress of screening: when to stop, agreement, ranking fairness, checks, simulation."""

from typing import Annotated, Literal

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files.downloads import ALONE
from api.pages.jobs import started
from api.web.access import needs
from api.web.days import day_of
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.decisions.stopping import stop_in_force, stop_screening
from review.errors import NotFound
from review.jobs import JobKind, latest_finished
from review.people.accounts import names_of
from review.permissions import Action
from review.reviews import reason_labels
from review.states.viewers import read_for
from review.vocabulary import Stage
from screening.progress.agreement_groups import stage_agreement
from screening.progress.fairness import ranking_fairness
from screening.progress.languages import language_gap
from screening.progress.screening_check import unusual_decisions
from screening.progress.stopping_report import stopping_report
from screening.progress.stopping_rules import percent
from screening.queue.people import stage_progress
from screening.queue.schedule import LONGEST_NOTE, schedule_of, set_schedule

router = PageRouter()


@router.get("/reviews/{slug}/progress")
def show_people(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show how much each person has screened, and how much is left."""
    stages = {
        stage: (
            stage_progress(session, review_id=review_id, stage=stage, by=by),
            schedule_of(session, review_id=review_id, stage=stage, by=by),
        )
        for stage in Stage
    }
    return render(request, "progress/people.html", stages=stages, longest_note=LONGEST_NOTE)


@router.post("/reviews/{slug}/progress/{stage}/schedule")
@needs(Action.MANAGE)
def post_schedule(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    due_on: Annotated[str, Form(max_length=40)] = "",
    is_paused: Annotated[bool, Form()] = False,
    note: Annotated[str, Form(max_length=LONGEST_NOTE)] = "",
) -> Response:
    """Set when a stage is due, and pause or resume it."""
    set_schedule(
        session,
        review_id=review_id,
        stage=stage,
        due_on=day_of(due_on),
        is_paused=is_paused,
        note=note,
        by=by,
    )
    return RedirectResponse(path(request, f"progress#{stage}"), status_code=303)


@router.get("/reviews/{slug}/stopping")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the figures for and against stopping, side by side."""
    enough = stopping_report(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=by)
    stop = stop_in_force(session, review_id)
    return render(request, "progress/stopping.html", enough=enough, stop=stop, percent=percent)


@router.post("/reviews/{slug}/stopping")
@needs(Action.MANAGE)
def decide(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    rule: Annotated[str, Form(max_length=2_000)] = "",
    resume: Annotated[bool, Form()] = False,
    by_automation: Annotated[bool, Form()] = False,
) -> Response:
    """Stop screening titles and abstracts with the figures of this moment, or resume it."""
    read_for(session, lambda: by.account_id)  # the figures are kept as this person sees them
    enough = stopping_report(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=by)
    stop_screening(
        session,
        review_id=review_id,
        rule=rule,
        numbers=enough.numbers,
        by=by,
        resume=resume,
        by_automation=by_automation,
    )
    return RedirectResponse(path(request, "stopping"), status_code=303)


@router.get("/reviews/{slug}/screening-check")
def check_decisions(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage = Stage.TITLE_ABSTRACT,
) -> Response:
    """Show records whose decision looks unusual for their text."""
    run, unusual = unusual_decisions(session, review_id=review_id, stage=stage, by=by)
    return render(
        request,
        "progress/screening_check.html",
        run=run,
        unusual=unusual,
        stage=stage,
        stages=list(Stage),
    )


@router.get("/reviews/{slug}/simulation")
def show_simulation(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show the latest simulation with the review's own decisions."""
    job = latest_finished(session, review_id=review_id, kind=JobKind.SIMULATE, by=by)
    return render(request, "progress/simulation.html", result=job.result if job else None, job=job)


@router.post("/reviews/{slug}/simulation")
@needs(Action.MANAGE)
def simulate(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Annotated[Stage, Form()] = Stage.TITLE_ABSTRACT,
    start: Annotated[Literal["question", "records"], Form()] = "question",
) -> Response:
    """Start a simulation with the review's own decisions."""
    asked = {"stage": stage, "seed": None if start == "question" else 0}
    return started(request, session, review_id, by=by, kind=JobKind.SIMULATE, arguments=asked)


@router.get("/reviews/{slug}/simulation.svg")
def draw_simulation(session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Return the recall curve of the latest simulation."""
    job = latest_finished(session, review_id=review_id, kind=JobKind.SIMULATE, by=by)
    if job is None:
        raise NotFound("No simulation has been run yet.")
    return Response(job.result["svg"], media_type="image/svg+xml", headers=ALONE)


@router.get("/reviews/{slug}/fairness")
def show_fairness(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show whether the ranking works equally well for all groups of records."""
    stage = Stage.TITLE_ABSTRACT
    kinds = ranking_fairness(session, review_id=review_id, stage=stage, by=by)
    gap = language_gap(session, review_id=review_id, stage=stage)
    return render(request, "progress/fairness.html", kinds=kinds, gap=gap)


@router.get("/reviews/{slug}/agreement")
def show_agreement(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show how often two reviewers agreed before conflicts were resolved, by stage and pair."""
    stages = {
        stage: stage_agreement(session, review_id=review_id, stage=stage, by=by) for stage in Stage
    }
    people = {who for found in stages.values() for two in found.by_pair for who in two}
    return render(
        request,
        "progress/agreement.html",
        stages=stages,
        names=names_of(session, people),
        reason_labels=reason_labels(session, review_id),
    )
