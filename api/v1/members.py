"""Members: who works on a review, in which roles."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, Said
from api.web.deps import ReadSession
from review.errors import NotFound
from review.permissions import Action, check
from review.reviews import add_member, members_of, remove_member
from review.vocabulary import Role

reading, writing = router("members"), router("members", writes=True)


class Member(BaseModel):
    """A person with a role in the review."""

    id: UUID
    email: str
    name: str
    roles: list[Role]


class NewMember(Said):
    """A role to give to somebody with an account."""

    email: Line
    role: Role


@reading.get("/reviews/{review}/members", response_model=Page[Member])
def list_members(session: ReadSession, review_id: ReviewId, by: By, paged: Paged) -> dict[str, Any]:
    """Return the members with their roles, by name."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return paged.cut(_members(session, review_id))


@writing.post("/reviews/{review}/members", status_code=201)
def post_member(said: NewMember, session: WriteSession, review_id: ReviewId, by: By) -> Member:
    """Give somebody a role; again is harmless."""
    add_member(session, review_id=review_id, email=said.email, role=said.role, by=by)
    email = said.email.strip().lower()
    return next(one for one in _members(session, review_id) if one.email == email)


@writing.delete("/reviews/{review}/members/{account_id}", status_code=204)
def delete_member(
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    account_id: UUID,
    role: Annotated[Role, Query()],
) -> None:
    """Take a role away; what the person decided and coded stays."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    held = next((one for one in _members(session, review_id) if one.id == account_id), None)
    if held is None:
        raise NotFound("There is no such member of this review.")
    remove_member(session, review_id=review_id, email=held.email, role=role, by=by)


def _members(session: Session, review_id: UUID) -> list[Member]:
    return [
        Member(id=account.id, email=account.email, name=account.name, roles=roles)
        for account, roles in members_of(session, review_id)
    ]
