"""Signing in and out, the list of your reviews, and your account."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import Sender, needs
from api.web.days import end_of
from api.web.deps import CurrentUser, Db, ReadSession, WriteSession, cookie_name, token_of
from api.web.rendering import render
from api.web.routing import PageRouter
from review.errors import NotAllowed
from review.people.accounts import (
    SESSION_LIFETIME,
    change_password,
    check_password,
    end_session,
    record_failed_login,
    start_session,
)
from review.people.tokens import TokenScope, issue_token, revoke_token, tokens_of
from review.reviews import reviews_of
from review.tables import Account
from review.tables.base import utc_now

router = PageRouter()


@router.get("/")
def reviews(request: Request, session: ReadSession, person: CurrentUser) -> Response:
    """Show the reviews that the person is a member of."""
    roles = dict(sorted(reviews_of(session, account_id=person.id), key=lambda pair: pair[0].title))
    return render(request, "overview/reviews.html", reviews=roles)


@router.get("/login")
def login_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Show the sign-in form."""
    return render(request, "account/login.html", next=_local(next), wrong=None, email="")


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
    try:
        account_id = _checked(request, database, email, password=password)
    except NotAllowed as error:
        return render(
            request,
            "account/login.html",
            status_code=403,
            next=_local(next),
            wrong=str(error),
            email=email,
        )
    return with_session(request, database, account_id, target=_local(next))


@router.post("/logout")
@needs(Sender.ACCOUNT)
def logout(request: Request, database: Db) -> Response:
    """Sign out; the session's token stops working."""
    with database.writing() as session:
        end_session(session, token_of(request))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


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
    _checked(request, database, person.email, password=old)
    with database.writing() as session:
        change_password(session, person.id, new, keep=token_of(request))
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


def with_session(request: Request, database: Db, account_id: UUID, *, target: str) -> Response:
    """Redirect to a page, signed in with a new session."""
    with database.writing() as session:
        if old := token_of(request):
            end_session(session, old)
        token = start_session(session, account_id)
    answer = RedirectResponse(target, status_code=303)
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer


def _checked(request: Request, database: Db, email: str, *, password: str) -> UUID:
    """Return the account with this password; count a failure and raise NotAllowed otherwise."""
    client = request.client.host if request.client else "unknown"
    try:
        with database.reading() as session:
            return check_password(session, email=email, password=password, client=client)
    except NotAllowed:
        with database.writing() as session:
            record_failed_login(session, email=email, client=client)
        raise


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


def _local(target: str) -> str:
    """Return an address on this server; anything else becomes the start page."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_local and "\n" not in target and "\r" not in target else "/"
