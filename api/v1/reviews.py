"""Reviews: those one is a member of, one with its rules, and a new one."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints
from sqlalchemy import select

from api.v1.callers import By, Here, Person
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, Said, Text
from api.web.deps import ReadSession
from protocols.loader import load, read_shipped, shipped
from review.errors import NotAllowed
from review.reviews import create_review, protocol_state
from review.tables import Membership, ProtocolVersion, Review
from review.vocabulary import Role, Stage

reading, writing = router("reviews"), router("reviews", writes=True)


class ReviewLine(BaseModel):
    """A review in the list of one's own."""

    slug: str
    title: str
    roles: list[Role]


class StageRules(BaseModel):
    """How a stage is decided, and the keys of the exclusion reasons that may be given there."""

    stage: Stage
    decisions_needed: int
    maybe_advances: bool
    reasons_must_agree: bool
    consensus_allowed: bool
    exclusion_reasons: list[str]


class ProtocolLine(BaseModel):
    """The version of the protocol that is in force."""

    version: int
    sha256: str
    made_at: datetime


class ReviewWhole(ReviewLine):
    """A review with its question and rules, and the caller's roles in it."""

    question: str
    created_at: datetime
    protocol: ProtocolLine
    stages: list[StageRules]


class NewReview(Said):
    """A review to begin; the protocol is a shipped one's name or a protocol's YAML text."""

    protocol: Annotated[Text, StringConstraints(min_length=1)]
    title: Annotated[Line, StringConstraints(min_length=1)] | None = None
    slug: Annotated[Line, StringConstraints(min_length=1)] | None = None


@reading.get("/reviews", response_model=Page[ReviewLine])
def list_reviews(session: ReadSession, person: Person, paged: Paged) -> dict[str, Any]:
    """Return the reviews that the caller is a member of, by name."""
    rows = session.execute(
        select(Review, Membership.role)
        .join(Membership, Membership.review_id == Review.id)
        .where(Membership.account_id == person.account.id)
        .order_by(Review.slug, Membership.role)
    )
    roles: dict[Review, list[Role]] = {}
    for review, role in rows:
        roles.setdefault(review, []).append(role)
    return paged.cut(
        [{"slug": one.slug, "title": one.title, "roles": held} for one, held in roles.items()]
    )


@writing.post("/reviews", status_code=201)
def post_review(said: NewReview, session: WriteSession, person: Person, by: By) -> ReviewLine:
    """Begin a review and become its lead; for those who run the server."""
    if not person.account.is_admin:
        raise NotAllowed("Reviews are begun by those who run this server; ask one of them.")
    text = read_shipped(said.protocol) if said.protocol in shipped() else said.protocol
    title = said.title or load(text).protocol.title
    review = create_review(
        session, slug=said.slug or _slug(title), title=title, protocol_text=text, by=by
    )
    return ReviewLine(slug=review.slug, title=review.title, roles=[Role.LEAD])


@reading.get("/reviews/{review}")
def get_review(session: ReadSession, here: Here) -> ReviewWhole:
    """Return a review with its question, its rules and the caller's roles."""
    state = protocol_state(session, here.review.id)
    version = session.scalars(
        select(ProtocolVersion).where(
            ProtocolVersion.review_id == here.review.id, ProtocolVersion.number == state.number
        )
    ).one()
    rules = state.protocol.stages.model_dump()
    return ReviewWhole(
        slug=here.review.slug,
        title=here.review.title,
        roles=sorted(here.roles),
        question=state.protocol.question,
        created_at=here.review.created_at,
        protocol=ProtocolLine(
            version=version.number, sha256=version.sha256, made_at=version.made_at
        ),
        stages=[
            StageRules(
                stage=stage,
                exclusion_reasons=[reason.key for reason in state.protocol.reasons(stage)],
                **rules[stage.value],
            )
            for stage in Stage
        ],
    )


def _slug(title: str) -> str:
    words = re.findall("[a-z0-9]+", title.lower())
    return "-".join(words)[:64].strip("-") or "review"
