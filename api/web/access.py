"""Who may send something to a route, and how much: settled before any of it is read."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar, cast

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.settings import Settings
from api.web.bodies import bounded
from api.web.deps import context_of, settings_of, signed_in, signed_in_or_none, token_of
from api.web.security import SAFE, check_form_token, check_origin
from review.errors import NotAllowed
from review.permissions import Action, require
from review.reports import full_texts
from review.tables import Account

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Limit = Callable[[Settings], int]

NO_FIELDS = 4 * 2**10  # of a request whose route takes nothing but our token
FORM = 2**20
LONG_FORM = 4 * 2**20  # with a whole protocol, or with hundreds of hits
USUAL_FIELDS = 1000  # of one form
MAX_FIELDS = 5000  # of a long one, such as that of an item with some hundred values


class Sender(Enum):
    """Who may send something that is not an action in the review of the address."""

    NOBODY_YET = auto()
    """Anybody; who has no session yet has no token in the form either."""
    ANYBODY = auto()
    """Anybody with a form of ours."""
    ACCOUNT = auto()
    """Who is signed in."""
    STARTER = auto()
    """Who may start reviews: see `may_start`."""
    ADMIN = auto()
    """An administrator of the server."""


@dataclass(frozen=True)
class Needs:
    """What a route needs of its sender, and how many bytes it takes if that is not the usual."""

    sender: Action | Sender
    at_most: Limit | int | None

    @property
    def max_fields(self) -> int:
        """Return how many fields the route's form may have."""
        return MAX_FIELDS if self.at_most == LONG_FORM else USUAL_FIELDS

    def limit(self, settings: Settings, usual: int) -> int:
        """Return how many bytes the route takes."""
        if self.at_most is None:
            return usual
        return self.at_most if isinstance(self.at_most, int) else self.at_most(settings)


def needs(
    sender: Action | Sender, *, at_most: Limit | int | None = None
) -> Callable[[Endpoint], Endpoint]:
    """Say who may send something to a route; every route that changes anything says so."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.needs = Needs(sender, at_most)  # type: ignore[attr-defined]
        return endpoint

    return mark


def one_file(settings: Settings) -> int:
    """Return the limit of a request with one search file, and what the form has beside it."""
    return settings.import_bytes + FORM


def several_files(settings: Settings) -> int:
    """Return the limit of a request with search files; each has a limit of its own."""
    return 4 * settings.import_bytes


def one_document(_settings: Settings) -> int:
    """Return the limit of a request with a full text."""
    return full_texts.MAX_BYTES + FORM


def several_documents(_settings: Settings) -> int:
    """Return the limit of a request with many full texts; each has a limit of its own."""
    return 4 * full_texts.MAX_BYTES


class Guarded(APIRoute):
    """A route that says who may send it what; raises TypeError where it changes something."""

    usual = FORM

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if (self.methods or set()) - SAFE and not hasattr(endpoint, "needs"):
            raise TypeError(f"{endpoint.__qualname__} does not say what it @needs.")

    @property
    def needs(self) -> Needs:
        """Return what the route needs, if it changes anything."""
        return cast(Needs, self.endpoint.needs)  # type: ignore[attr-defined]

    def limit(self, settings: Settings) -> int:
        """Return how many bytes the route takes."""
        return self.needs.limit(settings, self.usual if self.body_field else NO_FIELDS)


class PageRoute(Guarded):
    """A route of the pages: it reads a form only from those who may send it."""

    def get_route_handler(self) -> Handler:
        """Return the handler, behind the checks."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.method in SAFE:
                return await handle(request)
            await run_in_threadpool(_admit, request, self.needs.sender)
            settings = settings_of(request)
            request = bounded(request, self.limit(settings))
            try:
                form = await request.form(max_fields=self.needs.max_fields)
                request.state.form = form  # for routes whose forms have fields of any names
                if self.needs.sender is not Sender.NOBODY_YET:
                    check_form_token(form.get("form_token"), settings.key(), token_of(request))
                return await handle(request)
            finally:
                await request.close()  # deletes uploaded files, whatever happened to them

        return answer


def may_start(settings: Settings, person: Account) -> bool:
    """Say whether somebody may start reviews on this server."""
    return person.is_admin or settings.reviews_started_by == "everybody"


def require_starter(settings: Settings, person: Account) -> None:
    """Raise NotAllowed for somebody who may not start reviews."""
    if not may_start(settings, person):
        raise NotAllowed(
            "Only people whom the administrators of this server allow may start reviews. Ask one "
            "of them."
        )


def require_admin(person: Account) -> None:
    """Raise NotAllowed for somebody who is no administrator."""
    if not person.is_admin:
        raise NotAllowed("This page is for administrators of the server.")


def _admit(request: Request, sender: Action | Sender) -> None:
    """Raise unless the headers show somebody who may send this, from a page of ours."""
    check_origin(request, settings_of(request).public_origins)
    if sender in (Sender.NOBODY_YET, Sender.ANYBODY):
        return
    person = signed_in(signed_in_or_none(request))
    if isinstance(sender, Action):
        require(context_of(request, request.path_params["slug"], person).roles, sender)
    elif sender is Sender.STARTER:
        require_starter(settings_of(request), person)
    elif sender is Sender.ADMIN:
        require_admin(person)
