"""How far screening has come, how far reviewers agree, and whether reading more is worth it."""

from uuid import UUID

from pydantic import BaseModel

from api.deps import ReadSession
from api.v1.callers import By, Here, ReviewId
from api.v1.routes import router
from api.v1.screening import STAGED
from review.blinding import n_own_decisions
from review.errors import NotAllowed
from review.permissions import Action, check
from review.reviews import protocol_of
from review.vocabulary import FINISHED, Resolution, Stage
from screening.agreement import Agreement, agreement
from screening.readings import count_resolutions, labels_as_read, pairs_of_verdicts
from screening.stopping import consecutive_irrelevant, recall_test

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
    """A test of "recall is below the target"; it advises and never decides."""

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
    sentence: str


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
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    pairs = pairs_of_verdicts(session, review_id=review_id, stage=stage)
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
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rule = protocol_of(session, review_id).stopping
    labels = labels_as_read(session, review_id=review_id, stage=stage)
    counted = count_resolutions(session, review_id=review_id, stage=stage)
    test = recall_test(
        labels,
        n_total=len(labels) + sum(n for one, n in counted.items() if one not in FINISHED),
        recall_target=rule.recall_target,
        confidence=rule.confidence,
    )
    return Stopping(
        stage=stage,
        recall_target=test.recall_target,
        confidence=test.confidence,
        p_value=test.p_value,
        is_reached=test.is_reached,
        n_seen=test.n_seen,
        n_included=test.n_included,
        n_total=test.n_total,
        consecutive_irrelevant=consecutive_irrelevant(labels),
        consecutive_irrelevant_wanted=rule.consecutive_irrelevant,
        sentence=test.sentence,
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
