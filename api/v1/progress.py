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

    `p_value` is for the hypothesis "recall is below the target"; null, like `recall_floor`, where
    the order of screening says nothing, for the reason in `sentence`.  `n_seen` counts the records
    that have all the decisions they need.  `n_imported` of them have imported decisions and
    `n_unranked` were screened before any ranking; their order is not used.  The sample is the
    longest part of the random sample in which every record has its decisions; conflicts in it
    count as relevant in `most_missed`.  `next_sample` says what the next one waits for.
    """

    stage: Stage
    recall_target: float
    confidence: float
    p_value: float | None
    is_reached: bool
    n_seen: int
    n_included: int
    n_total: int
    n_imported: int
    n_unranked: int
    consecutive_irrelevant: int | None
    consecutive_irrelevant_wanted: int | None
    recall_floor: float | None
    relevant_left: float | None
    n_sample: int | None
    n_included_in_sample: int | None
    n_conflicts_in_sample: int | None
    most_missed: int | None
    next_sample: str | None
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
    order, sample = report.order, report.sample
    return StoppingAdvice(
        stage=stage,
        recall_target=order.rule.recall_target,
        confidence=order.rule.confidence,
        p_value=order.test.p_value if order.test else None,
        is_reached=order.is_reached,
        n_seen=order.n_screened,
        n_included=order.n_included,
        n_total=order.n_total,
        n_imported=order.n_imported,
        n_unranked=order.n_unranked,
        consecutive_irrelevant=order.consecutive_irrelevant,
        consecutive_irrelevant_wanted=order.rule.consecutive_irrelevant,
        recall_floor=order.recall_floor,
        relevant_left=order.relevant_left,
        n_sample=sample.n_sample if sample else None,
        n_included_in_sample=sample.n_included if sample else None,
        n_conflicts_in_sample=sample.n_conflicts if sample else None,
        most_missed=sample.most_missed if sample else None,
        next_sample=report.next_sample,
        sentence=order.sentence,
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
