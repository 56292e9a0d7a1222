"""Sign-ins wait in a short queue, and one too many is refused before it costs anything."""

import ast
import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from api.pages import accept_invitation, account
from api.web import bodies, sign_in_queue
from api.web.sign_in_queue import (
    MAX_REFUSAL,
    PASSWORD_FORMS,
    PLACES,
    PLACES_OF_CLIENT,
    SignInQueue,
)
from review.people import passwords
from review.people.invitations import invite
from review.vocabulary import Role
from tests import own_loop
from tests.api.conftest import browse
from tests.factories import make_account

PASSWORD = "three plain words"
FORM = b"email=ada%40example.org&password=three+plain+words&next=%2Freviews%2Fx"


def visitor(app, host="192.0.2.1") -> TestClient:
    return TestClient(app, client=(host, 50_000), follow_redirects=False)


def queue_of(app) -> SignInQueue:
    """Return the queue among the application's middleware."""
    layer = app.middleware_stack or app.build_middleware_stack()
    app.middleware_stack = layer
    while not isinstance(layer, SignInQueue):
        layer = layer.app
    return layer


@pytest.fixture
def full(app) -> SignInQueue:
    """The application's queue for strangers, with as many of them as it takes."""
    queue = queue_of(app)
    for number in range(PLACES):
        assert queue.strangers.join(f"198.51.100.{number}")
    return queue


class SlowPage:
    """An application whose pages wait until they are let go, and count who is inside."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = self.most_inside = 0
        self.bodies: list[bytes] = []

    async def __call__(self, _scope, receive, send) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.go.wait()
        self.bodies.append((await receive())["body"])
        self.inside -= 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(queue: SignInQueue, app: Any, client: str, body: bytes = FORM, **more: Any) -> int:
    """Send a form to the queue and return the answer's status."""
    answers = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        answers.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/login", "query_string": b"", "headers": [],
        "client": (client, 1), "scheme": "http", "server": ("localhost", 80), "app": app,
    }  # fmt: skip
    async with asyncio.timeout(30):
        await queue(scope, more.get("receive", receive), send)
    return answers[0]["status"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_of_sixty_at_once_one_is_served_some_wait_and_the_others_are_refused(app):
    async def storm() -> tuple[list[int], SlowPage]:
        page = SlowPage()
        queue = SignInQueue(page)
        asked = [asyncio.create_task(ask(queue, app, f"192.0.2.{n}")) for n in range(60)]
        await until(lambda: sum(task.done() for task in asked) == 60 - PLACES)
        page.go.set()
        assert not queue.strangers.places or await asyncio.gather(*asked)
        return [task.result() for task in asked], page

    statuses, page = own_loop.run(storm())

    assert statuses == [204] * PLACES + [503] * (60 - PLACES)
    assert page.most_inside == 1
    assert page.bodies == [FORM] * PLACES


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_one_client_leaves_places_to_others(app):
    async def storm() -> tuple[int, int]:
        page = SlowPage()
        queue = SignInQueue(page)
        asked = [asyncio.create_task(ask(queue, app, "192.0.2.1")) for _ in range(60)]
        await until(lambda: sum(task.done() for task in asked) == 60 - PLACES_OF_CLIENT)
        other = asyncio.create_task(ask(queue, app, "192.0.2.2"))
        page.go.set()
        return await other, sum(status == 204 for status in await asyncio.gather(*asked))

    assert own_loop.run(storm()) == (204, PLACES_OF_CLIENT)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_more_are_refused_the_longer_each_waits_before_asking_again(app, full, monkeypatch):
    pauses, sleep = [], asyncio.sleep

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(sign_in_queue.asyncio, "sleep", note)

    async def storm() -> list[int]:
        return await asyncio.gather(*(ask(full, app, "192.0.2.1") for _ in range(400)))

    assert own_loop.run(storm()) == [503] * 400
    assert pauses[:3] == pytest.approx([0.02, 0.04, 0.06])
    assert max(pauses) == MAX_REFUSAL
    assert full.n_refused == 0


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_form_that_arrives_slowly_takes_no_place(app, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.01)

    async def never() -> None:
        await asyncio.Event().wait()

    async def wait_for_nothing() -> tuple[int, int]:
        queue = SignInQueue(SlowPage())
        status = await ask(queue, app, "192.0.2.1", receive=never)
        return status, len(queue.strangers.places)

    assert own_loop.run(wait_for_nothing()) == (408, 0)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_place_is_free_again_if_the_page_fails(app):
    async def fails(scope, receive, send) -> None:
        raise RuntimeError("failed")

    queue = SignInQueue(fails)

    for _ in range(3):
        with pytest.raises(RuntimeError):
            own_loop.run(ask(queue, app, "192.0.2.1"))
    assert queue.strangers.places == []


@pytest.mark.parametrize("path", ["/login", "/account/password", "/invitations/x/account"])
def test_a_refusal_takes_no_thread_no_connection_and_no_hash(
    app, database, full, monkeypatch, path
):
    used = []
    for engine in (database.reader, database.writer, database.short_wait_writer):
        event.listen(engine, "checkout", lambda *_: used.append("connection"))
    in_thread, hashing = anyio.to_thread.run_sync, submit()
    monkeypatch.setattr(
        anyio.to_thread, "run_sync", lambda *a, **k: used.append("thread") or in_thread(*a, **k)
    )
    monkeypatch.setattr(passwords._HASHING, "submit", lambda *a: used.append("hash") or hashing(*a))

    refused = visitor(app).post(path, content=FORM, headers={"cookie": "siftmap=some-session"})
    used_by_refusal = list(used)
    full.strangers.places.clear()
    login = {"email": "ada@example.org", "password": PASSWORD}
    visitor(app).post("/login", data=login)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert "content-security-policy" in refused.headers
    assert used_by_refusal == []
    assert {"connection", "thread", "hash"} == set(used)


def test_nobody_has_a_connection_while_a_password_is_hashed(app, database, people, monkeypatch):
    with database.writing() as session:
        person, email = make_account(session, "ada", PASSWORD)
        _, token = invite(
            session, review_id=people.review_id, name="Eve", roles=[Role.REVIEWER], by=people.lead
        )
    engines, hashing, n_connections = {database.reader, database.writer}, submit(), []
    monkeypatch.setattr(
        passwords._HASHING,
        "submit",
        lambda *a: n_connections.append(sum(e.pool.checkedout() for e in engines)) or hashing(*a),
    )
    new = {"name": "Eve", "email": "eve@example.org", "password": PASSWORD}

    statuses = [
        visitor(app).post("/login", data={"email": email, "password": PASSWORD}).status_code,
        browse(app, database, person)
        .post("/account/password", {"old": PASSWORD, "new": "a new long password"})
        .status_code,
        visitor(app).post(f"/invitations/{token}/account", data=new).status_code,
    ]

    assert statuses == [303] * 3
    assert n_connections == [0] * 4


def test_the_refused_form_comes_back_with_all_but_the_password(app, full):
    typed = {"email": '"ada<b>@example.org', "password": PASSWORD, "next": "/reviews/x?a=1&b=2"}
    new = {"name": "Ada & Co", "email": "ada@example.org", "password": PASSWORD}

    login = visitor(app).post("/login", data=typed).text
    invitation = visitor(app).post("/invitations/some-token/account", data=new).text

    for page in (login, invitation):
        assert "Too many people are signing in at this moment" in page
        assert PASSWORD not in page
        assert 'type="password"' in page
    assert 'value="&#34;ada&lt;b&gt;@example.org"' in login
    assert 'name="next" value="/reviews/x?a=1&amp;b=2"' in login
    assert 'action="/invitations/some-token/account"' in invitation
    assert 'value="Ada &amp; Co"' in invitation
    assert 'value="ada@example.org"' in invitation


def test_a_refused_form_leads_nowhere_else(app, full):
    typed = {"email": "a@example.org", "password": PASSWORD, "next": "//evil.example"}

    assert 'name="next" value="/"' in visitor(app).post("/login", data=typed).text


def test_strangers_do_not_keep_a_known_browser_out(app, database):
    with database.writing() as session:
        _, email = make_account(session, "ada", PASSWORD)
    browser, data = visitor(app), {"email": email, "password": PASSWORD}
    browser.post("/login", data=data)
    for number in range(PLACES):
        queue_of(app).strangers.join(f"198.51.100.{number}")

    known, stranger = browser.post("/login", data=data), visitor(app).post("/login", data=data)

    assert (known.status_code, stranger.status_code) == (303, 503)


def test_a_form_that_is_too_large_is_not_read(app):
    answer = visitor(app).post("/login", content=b"email=" + b"x" * 20_000)

    assert answer.status_code == 413
    assert "larger than the 16 kB" in answer.text


def test_every_route_that_hashes_is_in_the_queue(app):
    """Only these two modules of `api` outside the command line hash, in these routes."""
    hashing = {
        route.path
        for module in (account, accept_invitation)
        for route in module.router.routes
        if {"hash_password", "_checked"} & called(route.endpoint)
    }

    assert hashing == {"/login", "/account/password", "/invitations/{token}/account"}
    assert all(PASSWORD_FORMS.fullmatch(path) for path in hashing)


def submit() -> Callable[..., Any]:
    """Return what gives work to the threads that hash."""
    return passwords._HASHING.submit


def called(function: Callable[..., Any]) -> set[str]:
    """Return the names that a function calls."""
    tree = ast.parse(inspect.getsource(function))
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
