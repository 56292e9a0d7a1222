"""Nobody's body is read before we know who sends it, and none without end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.v1 import create_api
from api.web import bodies
from api.web.access import FORM, LONG_FORM, NO_FIELDS
from api.web.routing import PageRouter
from api.web.security import form_token
from review.permissions import may
from review.reports import full_texts
from review.vocabulary import Role
from tests import own_loop
from tests.api.conftest import KEY
from tests.api.routes import ROUTES
from tests.api.test_permissions import every_route
from tests.api.v1.api_routes import API_ROUTES

BOUNDARY = "boundary"
CHUNK = 1_024
A_FEW_KB = 4_096
ROLES = {"lead": Role.LEAD, "reviewer_a": Role.REVIEWER, "advisor": Role.ADVISOR}
OPEN = ["/login", "/invitations/x", "/invitations/x/account", "/first-account/x"]


@dataclass
class Sending:
    """A request whose body comes in chunks and never ends, or stops, and its answer."""

    beginning: bytes = b""
    chunk: bytes = b"x" * CHUNK
    stops: bool = False
    most: float = float("inf")
    n_read: int = 0
    status: int = 0
    answer: bytes = b""

    async def receive(self):
        if self.stops and self.n_read:
            await asyncio.Event().wait()
        part = self.chunk if self.n_read else self.beginning or self.chunk
        self.n_read += len(part)
        assert self.n_read <= self.most, "more was read than may be"
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(self, message):
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")

    def to(self, app: FastAPI, method: str, path: str, **headers: str) -> "Sending":
        """Send it, and return when it is answered."""
        given = {"host": "testserver", "origin": "http://testserver"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "scheme": "http", "http_version": "1.1",
            "server": ("testserver", 80), "client": ("127.0.0.1", 1), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        own_loop.run(app(scope, self.receive, self.send))
        return self


def unsafe_routes(slug: str) -> Iterator[tuple[str, str, set]]:
    """Every route that changes something: its method, an address, and the actions it needs."""
    names = {
        name: str(uuid4())
        for name in (
            "token_id", "record_id", "study_id", "search_id", "job_id", "calibration_set_id",
            "publication_id", "link_id", "invitation_id", "search", "job", "record", "report",
            "study", "publication", "link", "account_id", "request_id", "adjudication_id",
            "proposal_id", "feedback_id", "contract_id", "code_id", "code", "offered_id",
            "document_id",
        )
    } | {"slug": slug, "review": slug, "stage": "title_abstract", "section": "x", "part": "x",
         "entry": "0", "number": "1", "event_number": "1", "event": "1"}  # fmt: skip
    for route in ROUTES:
        if route.method != "GET":
            yield route.method, route.path.format(**names), {route.action} - {None}
    for route in API_ROUTES:
        if route.method != "GET":
            yield route.method, "/api/v1" + route.path.format(**names), set(route.actions)


def multipart(token: str = "") -> tuple[dict[str, str], bytes]:
    """The headers and the beginning of a form whose last part is a file."""
    own = form_token(KEY.encode(), token)
    head = (
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="form_token"\r\n\r\n{own}'
        f'\r\n--{BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="a"\r\n\r\n'
    )
    headers = {"content_type": f"multipart/form-data; boundary={BOUNDARY}"}
    return headers, head.encode()


def spooled() -> int:
    """How many temporary files without a name this process has open."""
    folder = Path("/proc/self/fd")
    entries = list(folder.iterdir()) if folder.is_dir() else []
    return sum(entry.is_symlink() and "(deleted)" in str(entry.readlink()) for entry in entries)


def test_nobody_who_may_not_send_a_body_is_read(app, sign_in, people):
    kinds, beginning = multipart()
    people_of = {"nobody": "", "outsider": sign_in(people.outsider).token} | {
        name: sign_in(getattr(people, name)).token for name in ROLES
    }
    read = []

    for method, path, actions in unsafe_routes(people.slug):
        for who, token in people_of.items():
            role = ROLES.get(who)
            is_refused = role is None or not any(may(frozenset({role}), one) for one in actions)
            if role is Role.REVIEWER and path.endswith("/duplicates/undo"):
                continue  # reviewers may undo answers of their own
            if not is_refused or (who != "nobody" and people.slug not in path):
                continue
            cookie = {"cookie": f"siftmap={token}"} if token else {}
            sent = Sending(beginning, most=A_FEW_KB).to(app, method, path, **cookie, **kinds)
            if sent.n_read or sent.status not in (303, 401, 403, 404):
                read.append((who, method, path, sent.n_read, sent.status))

    assert not read


def test_other_sites_and_missing_rights_of_an_account_are_seen_first(app, sign_in, people):
    cookie = f"siftmap={sign_in(people.lead).token}"
    kinds, beginning = multipart()
    read = []

    for method, path, _ in unsafe_routes(people.slug):
        foreign = Sending(beginning, most=A_FEW_KB).to(
            app, method, path, cookie=cookie, origin="https://evil.example", **kinds
        )
        if foreign.n_read or foreign.status != 403:
            read.append((path, foreign.n_read, foreign.status))
    started = Sending(beginning).to(app, "POST", "/api/v1/reviews", cookie=cookie, **kinds)

    assert not read
    assert (started.n_read, started.status) == (0, 403)


def test_no_route_reads_without_end(app, sign_in, people, monkeypatch):
    monkeypatch.setattr(full_texts, "MAX_BYTES", FORM)
    app.state.settings.import_mb = 1
    token = sign_in(people.lead).token
    kinds, beginning = multipart(token)
    before, read = spooled(), []

    addresses = [(method, path) for method, path, _ in unsafe_routes(people.slug)]
    for method, path in addresses + [("POST", path) for path in OPEN]:
        if path.endswith(
            (
                "/decisions",
                "/skip",
                "/undo",
                "/list",
                "/terms",
                "/conflicts",
                "/adjudications",
                "/done",
                "/screening/title_abstract/reopening-requests",
            )
        ):
            continue  # not for the lead; the limits are those of all forms
        sent = Sending(beginning, b"x" * 65_536).to(
            app, method, path, cookie=f"siftmap={token}", **kinds
        )
        lied = Sending(beginning, b"x" * 65_536).to(
            app, method, path, cookie=f"siftmap={token}", content_length="9" * 17, **kinds
        )
        if sent.n_read > LONG_FORM + 2 * 65_536 or lied.n_read:
            read.append((path, sent.n_read, lied.n_read))
        if sent.status not in (403, 413) or lied.status not in (403, 413):
            read.append((path, sent.status, lied.status))

    assert not read
    assert spooled() == before


def test_a_body_where_none_belongs_is_not_read(app, sign_in, people):
    cookie = f"siftmap={sign_in(people.lead).token}"
    kinds, beginning = multipart()
    asked = [
        ("GET", "/"), ("GET", f"/reviews/{people.slug}"), ("GET", "/api/v1/reviews"),
        ("GET", "/healthz"), ("POST", "/healthz"), ("PUT", "/login"), ("POST", "/nowhere"),
        ("POST", "/static/siftmap.js"), ("PATCH", "/api/v1/reviews"), ("BREW", "/"),
    ]  # fmt: skip

    read = [
        (method, path, sent.n_read)
        for method, path in asked
        if (sent := Sending(beginning).to(app, method, path, cookie=cookie, **kinds)).n_read
    ]

    assert not read


@pytest.mark.parametrize("length", ["-5", "1e3", "0x10", " ", "12, 12"])
def test_a_length_that_is_none_is_refused_unread(app, sign_in, people, length):
    cookie = f"siftmap={sign_in(people.lead).token}"
    kinds, beginning = multipart()

    page = f"/reviews/{people.slug}/protocol/draft/discard"
    for path in (page, f"/api/v1/reviews/{people.slug}/dedupe"):
        sent = Sending(beginning).to(
            app, "POST", path, cookie=cookie, content_length=length, **kinds
        )
        assert (sent.n_read, sent.status) == (0, 400), path


def test_what_is_too_large_is_refused_in_words(app, sign_in, people):
    cookie = f"siftmap={sign_in(people.lead).token}"
    kinds, beginning = multipart()
    words = b"larger than the 4 kB that can be sent here at a time"

    page = f"/reviews/{people.slug}/protocol/draft/discard"
    for path in (page, f"/api/v1/reviews/{people.slug}/dedupe"):
        sent = Sending(beginning).to(
            app, "POST", path, cookie=cookie, content_length=str(NO_FIELDS + 1), **kinds
        )
        assert (sent.status, words in sent.answer) == (413, True)


def test_a_body_that_stops_is_given_up_in_words(app, sign_in, people, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)
    token = sign_in(people.lead).token
    kinds, beginning = multipart(token)
    before = spooled()

    for path in (
        f"/reviews/{people.slug}/searches/files", f"/api/v1/reviews/{people.slug}/rank", "/login",
    ):  # fmt: skip
        sent = Sending(beginning + b"x" * 2**20, stops=True).to(
            app, "POST", path, cookie=f"siftmap={token}", **kinds
        )
        assert (sent.status, b"Check your connection" in sent.answer) in ((408, True), (413, False))

    assert spooled() == before


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_body_that_keeps_coming_slowly_is_read_to_its_end(app, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    monkeypatch.setattr(bodies, "LEAST_RATE", 1_000)

    class Slow(Sending):
        async def receive(self):
            await asyncio.sleep(0.05)  # a hundred bytes each time: twice the least rate
            message = await super().receive()
            return message | {"more_body": self.n_read < 1_500}

    sent = Slow(b"email=a@example.org&password=", b"x" * 100).to(
        app, "POST", "/login", content_type="application/x-www-form-urlencoded"
    )

    assert sent.status == 403
    assert b"password" in sent.answer


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_numbers_and_sizes_of_fields_are_bounded(app, people, sign_in):
    token = sign_in(people.lead).token
    path = f"/reviews/{people.slug}/searches/preview"
    part = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"{{}}\r\n\r\nx\r\n'
    bodies_sent = {
        "parts": (multipart()[0], part.format("") * 1_001),
        "files": (multipart()[0], part.format('; filename="a"') * 1_001),
        "fields": ({"content_type": "application/x-www-form-urlencoded"}, "a=b&" * 1_002),
    }

    for name, (kinds, text) in bodies_sent.items():
        sent = Sending(text.encode()).to(app, "POST", path, cookie=f"siftmap={token}", **kinds)
        assert sent.status == 400, name


def test_a_route_that_changes_something_and_does_not_say_for_whom_cannot_be_made():
    def post() -> None:
        """Do something."""

    with pytest.raises(TypeError, match="needs"):
        PageRouter().post("/x")(post)


def test_every_route_that_changes_something_is_guarded(app):
    routes = [*every_route(app.routes), *every_route(create_api(app.state).routes)]
    unguarded = [
        route.path
        for route in routes
        if isinstance(route, APIRoute)
        and route.methods - {"GET", "HEAD"}
        and type(route).__name__ not in ("PageRoute", "Route")
    ]

    assert len(routes) > 100
    assert not unguarded
