"""Signing in and out, and the list of one's reviews."""

from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import Base, Person, ReadSession, cookie_name, token_of
from api.rendering import render
from review.accounts import (
    LIFETIME,
    check_password,
    end_session,
    note_failure,
    start_session,
)
from review.errors import NotAllowed
from review.tables import Membership, Review

router = APIRouter()


@router.get("/")
def reviews(request: Request, session: ReadSession, person: Person) -> Response:
    """Show the reviews that the person is a member of."""
    rows = session.execute(
        select(Review, Membership.role)
        .join(Membership, Membership.review_id == Review.id)
        .where(Membership.account_id == person.id)
        .order_by(Review.title, Membership.role)
    )
    roles: dict[Review, list[str]] = {}
    for review, role in rows:
        roles.setdefault(review, []).append(role)
    return render(request, "reviews.html", reviews=roles)


@router.get("/login")
def login_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Show the sign-in form."""
    return render(request, "login.html", next=_local(next), wrong=None, email="")


@router.post("/login")
def login(
    request: Request,
    database: Base,
    email: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Sign in; a session begins with a token of its own, whatever the browser sent."""
    client = request.client.host if request.client else "unknown"
    try:
        with database.reading() as session:
            account_id = check_password(session, email=email, password=password, client=client)
    except NotAllowed as error:
        with database.writing() as session:
            note_failure(session, email=email, client=client)
        return render(
            request,
            "login.html",
            status_code=403,
            next=_local(next),
            wrong=str(error),
            email=email,
        )
    with database.writing() as session:
        if old := token_of(request):
            end_session(session, old)
        token = start_session(session, account_id)
    answer = RedirectResponse(_local(next), status_code=303)
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=int(LIFETIME.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer


@router.post("/logout")
def logout(request: Request, database: Base) -> Response:
    """Sign out; the session's token is worth nothing from now on."""
    with database.writing() as session:
        end_session(session, token_of(request))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), path="/")
    return answer


def _local(target: str) -> str:
    """Return an address on this server; anything else becomes the start page."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_local and "\n" not in target and "\r" not in target else "/"
