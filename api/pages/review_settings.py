"""Settings of a review: its protocol, its people, and invitations."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, public_url, render
from api.web.routing import PageRouter
from protocols.source import MAX_BYTES
from review.decisions.new_rules import apply_rules, n_under_earlier_rules
from review.errors import Invalid
from review.events import Actor
from review.people.invitations import invitations_of, invite, withdraw_invitation
from review.permissions import Action, check
from review.reviews import (
    add_member,
    members_of,
    protocol_state,
    remove_member,
    versions_of_protocol,
)
from review.states.viewers import read_for
from review.vocabulary import Role, Stage
from screening.queue.assignments import replace_reviewer
from screening.queue.coverage import Uncovered, uncovered_without_each

router = PageRouter()
R = "/reviews/{slug}/settings"
MOST_INVITED = 50  # people at once
Text = Annotated[str, Form(max_length=MAX_BYTES)]


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the protocol with its versions, the members with their roles, and invitations."""
    return _page(request, session, review_id, by=by)


@router.post(R + "/members")
@needs(Action.MANAGE)
def post_member(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    email: Annotated[str, Form()],
    role: Annotated[Role, Form()],
    remove: Annotated[str, Form()] = "",
    successor: Annotated[str, Form(max_length=255)] = "",
) -> Response:
    """Add or remove a role of someone who has an account; a successor takes over as reviewer."""
    if not remove:
        add_member(session, review_id=review_id, email=email, role=role, by=by)
    elif successor and role is Role.REVIEWER:
        replace_reviewer(session, review_id=review_id, email=email, successor=successor, by=by)
    else:
        remove_member(session, review_id=review_id, email=email, role=role, by=by)
    return RedirectResponse(path(request, "settings"), status_code=303)


@router.post(R + "/rules")
@needs(Action.MANAGE)
def post_rules(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Annotated[Stage, Form()],
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """Apply the newest rules to the records that have begun."""
    apply_rules(session, review_id=review_id, stage=stage, why=why, by=by)
    return RedirectResponse(path(request, "settings"), status_code=303)


@router.post(R + "/invitations")
@needs(Action.MANAGE)
def post_invitation(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    name: Annotated[str, Form(max_length=20_000)],
    role: Annotated[list[Role], Form()],
) -> Response:
    """Create an invitation link for each name, one on a line, and show the links only now."""
    names = [line for line in name.splitlines() if line.strip()] or [name]
    if len(names) > MOST_INVITED:
        raise Invalid(f"Invite at most {MOST_INVITED} people at once.")
    made = {}
    for one in names:
        _, token = invite(session, review_id=review_id, name=one, roles=role, by=by)
        made[" ".join(one.split())] = public_url(request, "invitations", token)
    return _page(request, session, review_id, by=by, made=made)


@router.post(R + "/invitations/{invitation_id}/withdraw")
@needs(Action.MANAGE)
def post_withdrawal(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    invitation_id: UUID,
) -> Response:
    """Withdraw an invitation."""
    withdraw_invitation(session, review_id=review_id, invitation_id=invitation_id, by=by)
    return RedirectResponse(path(request, "settings"), status_code=303)


def _page(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    by: CurrentActor,
    made: Mapping[str, str] | None = None,
) -> Response:
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    read_for(session, lambda: by.account_id)  # a session that writes would read for nobody
    versions = versions_of_protocol(session, review_id)
    return render(
        request,
        "settings/settings.html",
        versions=versions,
        protocol=protocol_state(session, review_id).protocol,
        members=members_of(session, review_id),
        invitations=invitations_of(session, review_id=review_id, by=by),
        all_roles=list(Role),
        made=made,
        leaving=_leaving(session, review_id, by=by),
        earlier={
            stage: n_under_earlier_rules(session, review_id=review_id, stage=stage, by=by)
            for stage in Stage
        },
    )


def _leaving(session: Session, review_id: UUID, *, by: Actor) -> dict[UUID, dict[Stage, Uncovered]]:
    """Return, for each reviewer and stage, what nobody could decide on if they left."""
    found: dict[UUID, dict[Stage, Uncovered]] = {}
    for stage in Stage:
        gaps = uncovered_without_each(session, review_id=review_id, stage=stage, by=by)
        for account_id, gap in gaps.items():
            if gap:
                found.setdefault(account_id, {})[stage] = gap
    return found
