"""Reviews: the caller's own, one with its rules, and starting a new one."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from api.v1.callers import CurrentActor, CurrentCaller, CurrentReview
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import LongText, RequestBody, ShortText
from api.web.access import Sender, needs
from api.web.deps import ReadSession
from protocols.loader import load, read_shipped, shipped
from review.reviews import create_review, free_slug, protocol_state, reviews_of, version_of_protocol
from review.vocabulary import Role, Stage

read_router, write_router = router("reviews"), router("reviews", writes=True)


class ReviewLine(BaseModel):
    """A review that the caller is a member of."""

    slug: str
    title: str
    roles: list[Role]


class ReviewStage(BaseModel):
    """The rules of a stage, and the keys of the exclusion reasons that it allows."""

    stage: Stage
    decisions_needed: int
    maybe_advances: bool
    reasons_must_agree: bool
    consensus_allowed: bool
    closes_after_decisions: int
    closes_after_hours: int
    exclusion_reasons: list[str]


class ProtocolVersionLine(BaseModel):
    """The protocol version in force."""

    version: int
    sha256: str
    made_at: datetime


class ReviewDetail(ReviewLine):
    """A review with its question and rules, and the caller's roles in it."""

    question: str
    created_at: datetime
    protocol: ProtocolVersionLine
    stages: list[ReviewStage]


class NewReview(RequestBody):
    """A review to start; `protocol` is the name of a shipped one, or the YAML text of one."""

    protocol: Annotated[LongText, StringConstraints(min_length=1)]
    title: Annotated[ShortText, StringConstraints(min_length=1)] | None = None
    slug: Annotated[ShortText, StringConstraints(min_length=1)] | None = None


@read_router.get("/reviews", response_model=Page[ReviewLine])
def list_reviews(session: ReadSession, caller: CurrentCaller, paged: Paged) -> dict[str, Any]:
    """Return the reviews that the caller is a member of, by slug."""
    reviews = reviews_of(session, account_id=caller.account.id)
    return paged.page_of(
        [{"slug": review.slug, "title": review.title, "roles": roles} for review, roles in reviews]
    )


@write_router.post("/reviews", status_code=201)
@needs(Sender.STARTER)
def post_review(body: NewReview, session: WriteSession, by: CurrentActor) -> ReviewLine:
    """Start a review and become its lead; for accounts that may start reviews."""
    text = read_shipped(body.protocol) if body.protocol in shipped() else body.protocol
    title = body.title or load(text).protocol.title
    review = create_review(
        session, slug=body.slug or free_slug(session, title), title=title, protocol_text=text, by=by
    )
    return ReviewLine(slug=review.slug, title=review.title, roles=[Role.LEAD])


@read_router.get("/reviews/{review}")
def get_review(session: ReadSession, context: CurrentReview) -> ReviewDetail:
    """Return a review with its question, its rules and the caller's roles."""
    state = protocol_state(session, context.review.id)
    version = version_of_protocol(session, review_id=context.review.id, number=state.number)
    rules = state.protocol.stages.model_dump()
    return ReviewDetail(
        slug=context.review.slug,
        title=context.review.title,
        roles=sorted(context.roles),
        question=state.protocol.question,
        created_at=context.review.created_at,
        protocol=ProtocolVersionLine(
            version=version.number, sha256=version.sha256, made_at=version.made_at
        ),
        stages=[
            ReviewStage(
                stage=stage,
                exclusion_reasons=[reason.key for reason in state.protocol.reasons(stage)],
                **rules[stage.value],
            )
            for stage in Stage
        ],
    )
