"""Signing in and out, the list of your reviews, and your account."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.web.access import Sender, may_start, needs
from api.web.days import end_of
from api.web.deps import (
    CurrentUser,
    Db,
    ReadSession,
    WriteSession,
    cookie_name,
    set_cookie,
    settings_of,
    token_of,
)
from api.web.errors import status_of
from api.web.known_browsers import known_browser, remember_browser
from api.web.rendering import local_address, render, sign_in_page
from api.web.routing import PageRouter
from api.web.security import form_token
from api.web.sign_in_queue import client_of
from review.errors import NotAllowed
from review.people.accounts import (
    SESSION_LIFETIME,
    change_password,
    end_session,
    oldest_email,
    start_session,
)
from review.people.passwords import check_new_password, hash_password
from review.people.sign_in import SignInAttempt, begin_attempt, complete_attempt
from review.people.tokens import TokenScope, issue_token, revoke_token, tokens_of
from review.reviews import reviews_of
from review.tables import Account
from review.tables.base import utc_now

router = PageRouter()


@router.get("/")
def reviews(request: Request, session: ReadSession, person: CurrentUser) -> Response:
    """Show the reviews that the person is a member of."""
    roles = dict(sorted(reviews_of(session, account_id=person.id), key=lambda pair: pair[0].title))
    return render(
        request,
        "overview/reviews.html",
        reviews=roles,
        may_start=may_start(settings_of(request), person),
    )


@router.get("/login")
def login_form(
    request: Request,
    session: ReadSession,
    next: str = "/",  # noqa: A002 - the address's word
) -> Response:
    """Show the sign-in form; that of the demonstration has its people."""
    return sign_in_page(request, 200, target=next, oldest=oldest_email(session))


@router.post("/login")
@needs(Sender.NOBODY_YET)
def login(
    request: Request,
    database: Db,
    email: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Sign in; each session starts with a new token, whatever the browser sent."""
    known_as = known_browser(request, email)
    try:
        attempt = _checked(request, database, email, password=password, known_as=known_as)
        with database.writing() as session:
            account_id = complete_attempt(session, attempt)
            token = start_session(session, account_id, instead_of=token_of(request))
    except NotAllowed as error:
        status, _ = status_of(error)
        return sign_in_page(request, status, email=email, target=next, wrong=str(error))
    return signed_in_answer(request, token, email, target=local_address(next))


@router.post("/logout")
@needs(Sender.ACCOUNT)
def logout(request: Request, database: Db) -> Response:
    """Sign out; the session's token stops working."""
    with database.writing() as session:
        end_session(session, token_of(request))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


@router.get("/session")
def show_session(request: Request, person: CurrentUser) -> Response:
    """Say who is signed in, and the token that their forms carry, for a page that has waited."""
    token = form_token(settings_of(request).key(), token_of(request))
    return JSONResponse({"account": str(person.id), "form_token": token})


@router.get("/account")
def account(request: Request, session: ReadSession, person: CurrentUser) -> Response:
    """Show the person's account: password, and tokens for programs."""
    return _account(request, session, person)


@router.post("/account/password")
@needs(Sender.ACCOUNT)
def post_password(
    request: Request,
    database: Db,
    person: CurrentUser,
    old: Annotated[str, Form()],
    new: Annotated[str, Form()],
) -> Response:
    """Change the password; every other session of the account ends."""
    check_new_password(new)
    # Only who is signed in to the account comes here, so strangers cannot use this count up.
    attempt = _checked(request, database, person.email, password=old, known_as="signed in")
    new_hash = hash_password(new)
    with database.writing() as session:
        complete_attempt(session, attempt)
        change_password(session, person.id, new_hash, keep=token_of(request))
    return RedirectResponse("/account?said=password", status_code=303)


@router.post("/account/tokens")
@needs(Sender.ACCOUNT)
def post_token(
    request: Request,
    session: WriteSession,
    person: CurrentUser,
    name: Annotated[str, Form()],
    scope: Annotated[list[TokenScope] | None, Form()] = None,
    until: Annotated[str, Form()] = "",
) -> Response:
    """Create a token for a program, and show it only now."""
    token = issue_token(
        session,
        account_id=person.id,
        name=name,
        scopes=scope or [],
        expires_at=end_of(until),
    )
    return _account(request, session, person, made=token)


@router.post("/account/tokens/{token_id}/revoke")
@needs(Sender.ACCOUNT)
def post_revocation(session: WriteSession, person: CurrentUser, token_id: UUID) -> Response:
    """Revoke a token; the program's next request is refused."""
    revoke_token(session, account_id=person.id, token_id=token_id)
    return RedirectResponse("/account", status_code=303)


def signed_in_answer(request: Request, token: str, email: str, *, target: str) -> Response:
    """Redirect to a page, signed in with a new session's token, in a browser known from now on."""
    answer = RedirectResponse(target, status_code=303)
    seconds = int(SESSION_LIFETIME.total_seconds())
    set_cookie(request, answer, cookie_name(request), value=token, seconds=seconds)
    remember_browser(request, answer, email)
    return answer


def _checked(
    request: Request, database: Db, email: str, *, password: str, known_as: str
) -> SignInAttempt:
    """Return the attempt if the password is right; raise NotAllowed otherwise."""
    with database.writing() as session:
        attempt = begin_attempt(session, email=email, client=client_of(request), known_as=known_as)
    attempt.check(password)
    return attempt


def _account(
    request: Request, session: Session, person: Account, *, made: str | None = None
) -> Response:
    return render(
        request,
        "account/account.html",
        tokens=tokens_of(session, person.id),
        scopes=list(TokenScope),
        made=made,
        now=utc_now(),
    )
