"""Joining a review through an invitation link, with an existing or a new account."""

from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.account import signed_in_answer
from api.web.access import Sender, needs
from api.web.deps import Db, OptionalUser, ReadSession, token_of
from api.web.rendering import render
from api.web.routing import PageRouter
from review.people.accounts import add_account, start_session
from review.people.invitations import accept_invitation, find_invitation
from review.people.passwords import hash_password

router = PageRouter()
J = "/invitations/{token}"


@router.get(J)
def show(request: Request, session: ReadSession, person: OptionalUser, token: str) -> Response:
    """Show which review the invitation is for, and how to accept it."""
    invitation, review = find_invitation(session, token)
    return render(
        request,
        "account/invitation.html",
        invitation=invitation,
        review=review,
        person=person,
    )


@router.post(J)
@needs(Sender.ANYBODY)
def post_acceptance(database: Db, person: OptionalUser, token: str) -> Response:
    """Join with the account that is signed in."""
    if person is None:
        return RedirectResponse(f"/login?next=/invitations/{token}", status_code=303)
    with database.writing() as session:
        slug = accept_invitation(session, token=token, account_id=person.id).slug
    return RedirectResponse(f"/reviews/{slug}", status_code=303)


@router.post(J + "/account")
@needs(Sender.NOBODY_YET)
def post_account(
    request: Request,
    database: Db,
    token: str,
    email: Annotated[str, Form()],
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
) -> Response:
    """Create an account, join with it, and sign in."""
    with database.reading() as session:
        find_invitation(session, token)
    password_hash = hash_password(password)
    with database.writing() as session:
        find_invitation(session, token)
        account = add_account(session, email=email, name=name, password_hash=password_hash)
        slug = accept_invitation(session, token=token, account_id=account.id).slug
        new_token = start_session(session, account.id, instead_of=token_of(request))
    return signed_in_answer(request, new_token, email, target=f"/reviews/{slug}")
