"""Who calls: by bearer token or session cookie, in which review, and whether they may write."""

from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.orm import Session
from starlette.requests import Request

from api.web.deps import Place, SignInFirst, database_of, settings_of, signed_in, signed_in_or_none
from api.web.security import SAFE
from review.errors import NotAllowed, NotFound
from review.events import Actor
from review.people.tokens import TokenScope, account_by_token
from review.permissions import Action, check, roles_of
from review.reviews import SLUG, find_review
from review.tables import Account

BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token from your account's page."
)
COOKIE = APIKeyCookie(
    name="siftmap",
    auto_error=False,
    scheme_name="session",
    description="The session of a browser; named __Host-siftmap over https. Unsafe requests must "
    "come from one of our own pages.",
)
ANY_SCOPE = frozenset(TokenScope)


@dataclass(frozen=True)
class Caller:
    """Who asks, and the review that the address is in, where it is in one."""

    account: Account
    place: Place | None


def identify(request: Request) -> Caller:
    """Return who makes a request.

    Raises SignInFirst for nobody, NotAllowed for an unsafe request that the token does not cover
    or that another site's page may have made, NotFound for a foreign review as for a missing one.
    """
    # A session of its own, closed at once: whoever writes next must not wait for our reading.
    with database_of(request).reading() as session:
        account, scopes = _account(request, session)
        if request.method not in SAFE and TokenScope.WRITE not in scopes:
            raise NotAllowed("This token may only read. Issue one that may write.")
        slug = request.path_params.get("review")
        place = None if slug is None else _place(session, slug, account)
        session.expunge_all()
    return Caller(account, place)


def _account(request: Request, session: Session) -> tuple[Account, frozenset[TokenScope]]:
    given = request.headers.get("authorization")
    if given is None:
        account = signed_in(signed_in_or_none(request))
        check_own_page(request, settings_of(request).public_origins)
        return account, ANY_SCOPE
    kind, _, token = given.partition(" ")
    found = account_by_token(session, token.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise SignInFirst("This token is unknown, has ended or was revoked.")
    return found


def check_own_page(request: Request, allowed: tuple[str, ...]) -> None:
    """Raise NotAllowed unless an unsafe request provably comes from one of our own pages."""
    if request.method in SAFE:
        return
    own = {f"{request.url.scheme}://{request.url.netloc}", *allowed}
    origin = request.headers.get("origin")
    is_ours = origin in own or request.headers.get("sec-fetch-site") == "same-origin"
    sent = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if not is_ours or sent.lower() not in ("application/json", "multipart/form-data"):
        raise NotAllowed("With a session cookie, write from a page of ours; or use a token.")


def _place(session: Session, slug: str, account: Account) -> Place:
    nothing = NotFound(f"There is no review called '{slug}'.")
    if not SLUG.fullmatch(slug):
        raise nothing
    review = find_review(session, slug)
    roles = roles_of(session, review_id=review.id, account_id=account.id)
    if not roles:
        raise nothing
    return Place(review, roles)


def caller_of(
    request: Request,
    _token: Annotated[object, Security(BEARER)],
    _session: Annotated[object, Security(COOKIE)],
) -> Caller:
    """Return who makes this request; the route found out before it read anything."""
    return cast(Caller, request.state.caller)


Person = Annotated[Caller, Depends(caller_of)]


def acting(person: Person) -> Actor:
    """Return the caller as an actor."""
    return Actor.person(person.account.id)


By = Annotated[Actor, Depends(acting)]


def place_of(
    person: Person, review: Annotated[str, Path(description="The review's slug.", max_length=64)]
) -> Place:
    """Return the review of the address, with the caller's roles in it."""
    if person.place is None:
        raise NotFound(f"There is no review called '{review}'.")
    return person.place


Here = Annotated[Place, Depends(place_of)]


def review_id_of(place: Here) -> UUID:
    """Return the id of the review of the address."""
    return place.review.id


ReviewId = Annotated[UUID, Depends(review_id_of)]


def managing(request: Request, place: Here, by: By) -> None:
    """Raise NotAllowed unless the caller leads the review; for before anything is kept."""
    with database_of(request).reading() as session:
        check(session, review_id=place.review.id, by=by, action=Action.MANAGE)
