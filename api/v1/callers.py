"""Who is calling: by bearer token or session cookie, in which review, and with which scope."""

from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.orm import Session
from starlette.requests import Request

from api.settings import Settings
from api.web.access import Sender, require_starter
from api.web.deps import (
    ReviewContext,
    SignInFirst,
    database_of,
    settings_of,
    signed_in,
    signed_in_or_none,
)
from api.web.security import SAFE
from review.errors import NotAllowed, NotFound
from review.events import Actor
from review.people.tokens import TokenScope, account_by_token
from review.permissions import Action, require, roles_of
from review.reviews import SLUG, find_review
from review.tables import Account

BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token from your account page."
)
COOKIE = APIKeyCookie(
    name="siftmap",
    auto_error=False,
    scheme_name="session",
    description="The session of a browser; named __Host-siftmap over https. A request that changes "
    "something must come from one of siftmap's own pages.",
)
ANY_SCOPE = frozenset(TokenScope)


@dataclass(frozen=True)
class Caller:
    """The account that calls, and the review that the address names, if it names one."""

    account: Account
    context: ReviewContext | None


def identify(request: Request) -> Caller:
    """Return who is making a request.

    Raises SignInFirst for nobody, NotAllowed for an unsafe request that the token does not cover
    or that another site's page may have made, NotFound for a foreign review as for a missing one.
    """
    # A session of its own, closed at once, so that nobody who writes has to wait for it.
    with database_of(request).reading() as session:
        account, scopes = _account(request, session)
        if request.method not in SAFE and TokenScope.WRITE not in scopes:
            raise NotAllowed("This token may only read. Create one that may write.")
        slug = request.path_params.get("review")
        context = None if slug is None else _context(session, slug, account)
        session.expunge_all()
    return Caller(account, context)


def _account(request: Request, session: Session) -> tuple[Account, frozenset[TokenScope]]:
    header = request.headers.get("authorization")
    if header is None:
        account = signed_in(signed_in_or_none(request))
        check_own_page(request, settings_of(request).public_origins)
        return account, ANY_SCOPE
    scheme, _, token = header.partition(" ")
    known = account_by_token(session, token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise SignInFirst("This token is unknown, has expired or was revoked. Create a new one.")
    return known


def check_own_page(request: Request, allowed: tuple[str, ...]) -> None:
    """Raise NotAllowed unless an unsafe request provably comes from one of our own pages."""
    if request.method in SAFE:
        return
    own_origins = {f"{request.url.scheme}://{request.url.netloc}", *allowed}
    origin = request.headers.get("origin")
    is_own = origin in own_origins or request.headers.get("sec-fetch-site") == "same-origin"
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if not is_own or media_type.lower() not in ("application/json", "multipart/form-data"):
        raise NotAllowed(
            "A session cookie may change something only from one of siftmap's own pages. "
            "Use a token instead."
        )


def _context(session: Session, slug: str, account: Account) -> ReviewContext:
    no_review = NotFound(
        f"There is no review called '{slug}' that you can open. Check the name, or ask its lead."
    )
    if not SLUG.fullmatch(slug):
        raise no_review
    review = find_review(session, slug)
    roles = roles_of(session, review_id=review.id, account_id=account.id)
    if not roles:
        raise no_review
    return ReviewContext(review, roles)


def admit(settings: Settings, caller: Caller, sender: Action | Sender) -> None:
    """Raise NotAllowed for somebody who may not send what a route reads."""
    if isinstance(sender, Action):
        require(caller.context.roles if caller.context else frozenset(), sender)
    elif sender is Sender.STARTER:
        require_starter(settings, caller.account)


def caller_of(
    request: Request,
    _token: Annotated[object, Security(BEARER)],
    _session: Annotated[object, Security(COOKIE)],
) -> Caller:
    """Return who is making this request; the route has found out before reading the body."""
    return cast(Caller, request.state.caller)


CurrentCaller = Annotated[Caller, Depends(caller_of)]


def acting(caller: CurrentCaller) -> Actor:
    """Return the caller as an actor."""
    return Actor.person(caller.account.id)


CurrentActor = Annotated[Actor, Depends(acting)]


def context_of(
    caller: CurrentCaller,
    review: Annotated[str, Path(description="The review's slug.", max_length=64)],
) -> ReviewContext:
    """Return the review of the address, with the caller's roles in it."""
    if caller.context is None:
        raise NotFound(
            f"There is no review called '{review}' that you can open. "
            "Check the name, or ask its lead."
        )
    return caller.context


CurrentReview = Annotated[ReviewContext, Depends(context_of)]


def review_id_of(context: CurrentReview) -> UUID:
    """Return the id of the review of the address."""
    return context.review.id


ReviewId = Annotated[UUID, Depends(review_id_of)]
