"""How far screening has come, how far reviewers agree, and whether reading more is worth it."""

from uuid import UUID

from pydantic import BaseModel

from api.v1.callers import By, Here, ReviewId
from api.v1.routes import router
from api.v1.screening import STAGED
from api.web.deps import ReadSession
from review.decisions.blinding import n_own_decisions
from review.errors import NotAllowed
from review.permissions import Action
from review.vocabulary import Resolution, Stage
from screening.progress.agreement import Agreement, agreement
from screening.progress.history import count_resolutions, pairs_of_verdicts
from screening.progress.stopping_report import is_enough

reading = router("screening")


class Agreed(BaseModel):
    """How far reviewers agreed on records that two decided on; an undefined number is null."""

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


class AgreedByTwo(Agreed):
    """How far two reviewers, known by their accounts, agreed."""

    reviewers: tuple[UUID, UUID]


class AgreementWhole(BaseModel):
    """Agreement over all pairs of reviewers, and of each pair; *maybe* counts as include."""

    stage: Stage
    overall: Agreed
    by_pair: list[AgreedByTwo]


class Stopping(BaseModel):
    """What speaks for stopping and against it; it advises and never decides.

    `p_value` is that of "recall is below the target"; `n_seen` and `n_included` are the records
    read here, whose order is known; the sample is the longest random one whose results are known.
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


class Progress(BaseModel):
    """How many records the caller has decided on, and for the lead what all have come to."""

    stage: Stage
    own_decisions: int | None
    resolutions: dict[Resolution, int] | None


@reading.get(STAGED + "/agreement")
def get_agreement(
    session: ReadSession, review_id: ReviewId, by: By, stage: Stage
) -> AgreementWhole:
    """Return how far reviewers agreed, before any conflict was settled; for the lead."""
    pairs = pairs_of_verdicts(session, review_id=review_id, stage=stage, by=by)
    return AgreementWhole(
        stage=stage,
        overall=_agreed(agreement([one for said in pairs.values() for one in said])),
        by_pair=[
            AgreedByTwo(reviewers=two, **_agreed(agreement(said)).model_dump())
            for two, said in pairs.items()
        ],
    )


@reading.get(STAGED + "/stopping")
def get_stopping(session: ReadSession, review_id: ReviewId, by: By, stage: Stage) -> Stopping:
    """Return whether enough was found for the protocol's target of recall; for the lead."""
    enough = is_enough(session, review_id=review_id, stage=stage, by=by)
    test, sample = enough.test, enough.sample
    return Stopping(
        stage=stage,
        recall_target=test.recall_target,
        confidence=test.confidence,
        p_value=test.p_value,
        is_reached=test.is_reached,
        n_seen=test.n_seen,
        n_included=test.n_included,
        n_total=test.n_total,
        consecutive_irrelevant=enough.consecutive_irrelevant,
        consecutive_irrelevant_wanted=enough.rule.consecutive_irrelevant,
        recall_floor=enough.recall_floor,
        relevant_left=enough.relevant_left,
        n_sample=sample.n_sample if sample else None,
        n_included_in_sample=sample.n_included if sample else None,
        most_missed=sample.most_missed if sample else None,
        sentence=test.sentence,
        methods=enough.methods,
    )


@reading.get(STAGED + "/progress")
def get_progress(session: ReadSession, here: Here, by: By, stage: Stage) -> Progress:
    """Return the caller's own count, and for the lead how many records have come to what."""
    review_id = here.review.id
    screens, manages = here.may(Action.SCREEN), here.may(Action.MANAGE)
    if not (screens or manages):
        raise NotAllowed("This needs the role lead or reviewer; ask the review's lead.")
    own = n_own_decisions(session, review_id=review_id, stage=stage, by=by) if screens else None
    counted = count_resolutions(session, review_id=review_id, stage=stage) if manages else None
    return Progress(stage=stage, own_decisions=own, resolutions=counted)


def _agreed(found: Agreement) -> Agreed:
    return Agreed.model_validate(found, from_attributes=True)
