"""The first account of a new server, made with the link that `siftmap serve` prints."""

from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from api.pages.account import signed_in_answer
from api.web.access import Sender, needs
from api.web.deps import AppSettings, Db, ReadSession, token_of
from api.web.rendering import render
from api.web.routing import PageRouter
from review.people.accounts import start_session
from review.people.first_account import add_first_account, check_first_account
from review.people.passwords import hash_password

router = PageRouter()
F = "/first-account/{token}"


@router.get(F)
def show(request: Request, session: ReadSession, settings: AppSettings, token: str) -> Response:
    """Show the form for the first account."""
    check_first_account(session, token=token, key=settings.key())
    return render(request, "account/first_account.html", link=token)


@router.post(F)
@needs(Sender.NOBODY_YET)
def post_account(
    request: Request,
    database: Db,
    settings: AppSettings,
    token: str,
    email: Annotated[str, Form()],
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
) -> Response:
    """Make the first account, and sign in with it."""
    key = settings.key()
    with database.reading() as session:
        check_first_account(session, token=token, key=key)
    password_hash = hash_password(password)
    with database.writing() as session:
        account = add_first_account(
            session, token=token, key=key, email=email, name=name, password_hash=password_hash
        )
        session_token = start_session(session, account.id, instead_of=token_of(request))
    return signed_in_answer(request, session_token, email, target="/start")
