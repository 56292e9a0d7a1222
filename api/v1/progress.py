"""Screening progress, agreement between reviewers, and whether to screen more."""

from uuid import UUID

from pydantic import BaseModel

from api.v1.callers import CurrentActor, CurrentReview, ReviewId
from api.v1.routes import router
from api.v1.screening import STAGED
from api.web.deps import ReadSession
from review.decisions.blinding import n_own_decisions
from review.errors import NotAllowed
from review.permissions import Action
from review.vocabulary import Resolution, Stage
from screening.progress.agreement import Agreement, agreement
from screening.progress.history import count_resolutions, verdict_pairs
from screening.progress.stopping_report import stopping_report

read_router = router("screening")


class AgreementFigures(BaseModel):
    """How far reviewers agree on records that two have decided on; null if undefined."""

    n: int
    both_include: int
    first_only: int
    second_only: int
    both_exclude: int
    raw: float | None
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    kappa_reason: str | None
    pabak: float | None
    ac1: float | None
    positive: float | None
    negative: float | None


class PairAgreement(AgreementFigures):
    """How far two reviewers agree; they are named by their accounts."""

    reviewers: tuple[UUID, UUID]


class StageAgreement(BaseModel):
    """Agreement over all pairs of reviewers, and of each pair; *maybe* counts as include."""

    stage: Stage
    overall: AgreementFigures
    by_pair: list[PairAgreement]


class StoppingAdvice(BaseModel):
    """The numbers for stopping and against it; a person decides.

    `p_value` is for the hypothesis "recall is below the target"; `n_seen` and `n_included` count
    the records screened in siftmap, in the order they were screened; the sample is the longest
    part of the random sample in which every record is resolved.
    """

    stage: Stage
    recall_target: float
    confidence: float
    p_value: float
    is_reached: bool
    n_seen: int
    n_included: int
    n_total: int
    consecutive_irrelevant: int
    consecutive_irrelevant_wanted: int | None
    recall_floor: float | None
    relevant_left: float | None
    n_sample: int | None
    n_included_in_sample: int | None
    most_missed: int | None
    sentence: str
    methods: str


class ScreeningProgress(BaseModel):
    """The caller's own number of decisions, and for the lead the number for each resolution."""

    stage: Stage
    own_decisions: int | None
    resolutions: dict[Resolution, int] | None


@read_router.get(STAGED + "/agreement")
def get_agreement(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> StageAgreement:
    """Return how far reviewers agreed before conflicts were resolved; for the lead."""
    pairs = verdict_pairs(session, review_id=review_id, stage=stage, by=by)
    return StageAgreement(
        stage=stage,
        overall=_figures(agreement([pair for verdicts in pairs.values() for pair in verdicts])),
        by_pair=[
            PairAgreement(reviewers=reviewers, **_figures(agreement(verdicts)).model_dump())
            for reviewers, verdicts in pairs.items()
        ],
    )


@read_router.get(STAGED + "/stopping")
def get_stopping(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> StoppingAdvice:
    """Return whether the protocol's recall target is reached; for the lead."""
    report = stopping_report(session, review_id=review_id, stage=stage, by=by)
    test, sample = report.test, report.sample
    return StoppingAdvice(
        stage=stage,
        recall_target=test.recall_target,
        confidence=test.confidence,
        p_value=test.p_value,
        is_reached=test.is_reached,
        n_seen=test.n_seen,
        n_included=test.n_included,
        n_total=test.n_total,
        consecutive_irrelevant=report.consecutive_irrelevant,
        consecutive_irrelevant_wanted=report.rule.consecutive_irrelevant,
        recall_floor=report.recall_floor,
        relevant_left=report.relevant_left,
        n_sample=sample.n_sample if sample else None,
        n_included_in_sample=sample.n_included if sample else None,
        most_missed=sample.most_missed if sample else None,
        sentence=test.sentence,
        methods=report.methods,
    )


@read_router.get(STAGED + "/progress")
def get_progress(
    session: ReadSession, context: CurrentReview, by: CurrentActor, stage: Stage
) -> ScreeningProgress:
    """Return the caller's own count, and for the lead the number of records per resolution."""
    review_id = context.review.id
    may_screen, may_manage = context.may(Action.SCREEN), context.may(Action.MANAGE)
    if not (may_screen or may_manage):
        raise NotAllowed("This needs the role lead or reviewer; ask the review's lead.")
    own = n_own_decisions(session, review_id=review_id, stage=stage, by=by) if may_screen else None
    counts = count_resolutions(session, review_id=review_id, stage=stage) if may_manage else None
    return ScreeningProgress(stage=stage, own_decisions=own, resolutions=counts)


def _figures(measured: Agreement) -> AgreementFigures:
    return AgreementFigures.model_validate(measured, from_attributes=True)
