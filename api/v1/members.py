"""Members: the people who work on a review, and their roles."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import RequestBody, ShortText
from api.web.access import needs
from api.web.deps import ReadSession
from review.errors import NotFound
from review.permissions import Action, check
from review.reviews import add_member, members_of, remove_member
from review.vocabulary import Role

read_router, write_router = router("members"), router("members", writes=True)


class MemberLine(BaseModel):
    """A person with a role in the review."""

    id: UUID
    email: str
    name: str
    roles: list[Role]


class NewMember(RequestBody):
    """A role to give to someone with an account."""

    email: ShortText
    role: Role


@read_router.get("/reviews/{review}/members", response_model=Page[MemberLine])
def list_members(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the members with their roles, by name."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return paged.page_of(_members(session, review_id))


@write_router.post("/reviews/{review}/members", status_code=201)
@needs(Action.MANAGE)
def post_member(
    body: NewMember, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> MemberLine:
    """Give someone a role; giving it again changes nothing."""
    add_member(session, review_id=review_id, email=body.email, role=body.role, by=by)
    email = body.email.strip().lower()
    return next(member for member in _members(session, review_id) if member.email == email)


@write_router.delete("/reviews/{review}/members/{account_id}", status_code=204)
@needs(Action.MANAGE)
def delete_member(
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    account_id: UUID,
    role: Annotated[Role, Query()],
) -> None:
    """Take a role away; what the person has decided and coded stays."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    members = _members(session, review_id)
    member = next((member for member in members if member.id == account_id), None)
    if member is None:
        raise NotFound("There is no such member of this review.")
    remove_member(session, review_id=review_id, email=member.email, role=role, by=by)


def _members(session: Session, review_id: UUID) -> list[MemberLine]:
    return [
        MemberLine(id=account.id, email=account.email, name=account.name, roles=roles)
        for account, roles in members_of(session, review_id)
    ]
