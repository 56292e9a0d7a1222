"""What routes ask for: sessions, the person and the review."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Form
from pydantic import BeforeValidator
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.settings import Settings
from review.errors import NotFound, ReviewError
from review.events import Actor
from review.jobs import n_open
from review.people.accounts import account_of, is_touch_due, touch_session
from review.permissions import Action, may, roles_of
from review.reviews import find_review
from review.states.viewers import read_for
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Account, Review
from review.vocabulary import Role


class SignInFirst(ReviewError):
    """Nobody is signed in; pages send the browser to the sign-in form."""


@dataclass(frozen=True)
class ReviewContext:
    """The review a request is about, and what the person asking may do in it."""

    review: Review
    roles: frozenset[Role]
    n_jobs: int = 0  # that wait or are under way, for those who manage them

    def may(self, action: str) -> bool:
        """Say whether the person may do ``action`` here; for templates."""
        return may(self.roles, Action(action))


def settings_of(request: Request) -> Settings:
    """Return the application's settings."""
    return cast(Settings, request.app.state.settings)


def database_of(request: Request) -> Database:
    """Return the application's database."""
    return cast(Database, request.app.state.database)


def files_of(request: Request) -> FileStore:
    """Return the store of original files."""
    return FileStore(settings_of(request).files_dir)


def reader_of(request: Request) -> UUID | None:
    """Return the account of the person asking, as far as the request has found out."""
    caller = getattr(request.state, "caller", None)
    account = getattr(request.state, "account", None) if caller is None else caller.account
    return None if account is None else cast(Account, account).id


def _read(
    request: Request, database: Annotated[Database, Depends(database_of)]
) -> Iterator[Session]:
    with database.reading() as session:
        read_for(session, lambda: reader_of(request))
        yield session


def _write(database: Annotated[Database, Depends(database_of)]) -> Iterator[Session]:
    with database.writing() as session:
        yield session


ReadSession = Annotated[Session, Depends(_read)]
# By default a yield dependency exits after the response: a failed commit would be a 200.
WriteSession = Annotated[Session, Depends(_write, scope="function")]
Store = Annotated[FileStore, Depends(files_of)]
Db = Annotated[Database, Depends(database_of)]
AppSettings = Annotated[Settings, Depends(settings_of)]


def cookie_name(request: Request) -> str:
    """Return the session cookie's name: a plain one where https, which the prefix needs, is off."""
    return "__Host-siftmap" if request.url.scheme == "https" else "siftmap"


def set_cookie(request: Request, answer: Response, name: str, *, value: str, seconds: int) -> None:
    """Leave a cookie that neither scripts nor forms of other sites can use."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
        path="/",
    )


def token_of(request: Request) -> str:
    """Return the session token that the browser sent; empty for none."""
    return request.cookies.get(cookie_name(request), "")


def signed_in_or_none(request: Request) -> Account | None:
    """Return who is signed in, if anybody.

    The session for it is closed at once: where SQLite is too old for WAL, writers wait
    until nobody reads.
    """
    if hasattr(request.state, "account"):  # found out before the request's body was read
        return cast("Account | None", request.state.account)
    token = token_of(request)
    with database_of(request).reading() as session:
        account = account_of(session, token) if token else None
        is_to_touch = account is not None and is_touch_due(session, token)
        session.expunge_all()
    if is_to_touch:
        with suppress(OperationalError), database_of(request).writing() as session:
            touch_session(session, token)  # the next request does; this one may read all the same
    request.state.account = account
    return account


def signed_in(account: Annotated[Account | None, Depends(signed_in_or_none)]) -> Account:
    """Return who is signed in; raise SignInFirst for nobody."""
    if account is None:
        raise SignInFirst("Sign in first.")
    return account


OptionalUser = Annotated[Account | None, Depends(signed_in_or_none)]
CurrentUser = Annotated[Account, Depends(signed_in)]


def acting(person: CurrentUser) -> Actor:
    """Return the signed-in person as an actor."""
    return Actor.person(person.id)


CurrentActor = Annotated[Actor, Depends(acting)]


def context_of(request: Request, slug: str, person: CurrentUser) -> ReviewContext:
    """Return the review of the address; raise NotFound for a foreign one as for a missing one."""
    if hasattr(request.state, "here"):
        return cast(ReviewContext, request.state.here)
    with database_of(request).reading() as session:
        review = find_review(session, slug)
        roles = roles_of(session, review_id=review.id, account_id=person.id)
        if not roles:
            raise NotFound(
                f"There is no review called '{slug}' that you can open. "
                "Check the name, or ask its lead."
            )
        n_jobs = n_open(session, review.id) if may(roles, Action.MANAGE) else 0
        session.expunge_all()
    context = ReviewContext(review, roles, n_jobs)
    request.state.here = context
    return context


CurrentReview = Annotated[ReviewContext, Depends(context_of)]


def review_id_of(here: CurrentReview) -> UUID:
    """Return the id of the review of the address."""
    return here.review.id


ReviewId = Annotated[UUID, Depends(review_id_of)]
# A form's empty field is no id; anything else must be one.
OptionalId = Annotated[UUID | None, BeforeValidator(lambda given: given or None), Form()]
