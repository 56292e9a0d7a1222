"""A review with records to screen, open in a browser: for tests of the screening pages."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect
from sqlalchemy import select

from review.decisions.decisions import decide
from review.decisions.situation import IS_LIVE
from review.events import OPERATOR, Actor
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reviews import add_member, create_review
from review.storage.database import Database
from review.tables import Decision
from review.vocabulary import Role, Stage, Verdict
from tests.browser.conftest import Server, fill_in_sign_in, serving
from tests.databases import KINDS, Templates
from tests.factories import make_records, protocol_text

PASSWORD = "three plain words"
WAIT = 60_000  # ms: after a lost network the page waits longer each time


@dataclass
class Site:
    """A running server and its database, which the tests of one kind share."""

    server: Server
    database: Database


@dataclass
class Room:
    """A review of its own, with records to screen and two reviewers."""

    site: Site
    slug: str
    review_id: UUID
    records: list[UUID]
    people: dict[str, Actor]

    @property
    def address(self) -> str:
        """Return the address of the screening page."""
        return f"{self.site.server.url}/reviews/{self.slug}/screening/title_abstract"

    def email(self, name: str) -> str:
        """Return the address that somebody signs in with."""
        return f"{name}-{self.slug}@example.org"

    def decided(self, name: str = "ana") -> list[tuple[int, str]]:
        """Return somebody's live decisions, in order: number of the record, and verdict."""
        with self.site.database.reading() as session:
            rows = session.execute(
                select(Decision.record_id, Decision.verdict)
                .where(
                    Decision.review_id == self.review_id,
                    Decision.reviewer_id == self.people[name].account_id,
                    IS_LIVE,
                )
                .order_by(Decision.event_number)
            ).all()
        return [(self.records.index(record), verdict.value) for record, verdict in rows]

    def n_stored(self) -> int:
        """Return the number of decisions ever stored, withdrawn ones and withdrawals included."""
        with self.site.database.reading() as session:
            in_review = Decision.review_id == self.review_id
            return len(session.scalars(select(Decision.id).where(in_review)).all())

    def decide_as(self, name: str, record: int) -> None:
        """Exclude a record as somebody else, who works elsewhere."""
        with self.site.database.writing() as session:
            decide(session, review_id=self.review_id, record_id=self.records[record],
                   stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE,
                   by=self.people[name])  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Yield a server for the tests of this module, one for each kind of database."""
    url = templates.fresh(request.param)
    database = Database(url)
    folder = tmp_path_factory.mktemp("site") / "data"
    with serving({"SIFTMAP_DATABASE_URL": url}, folder) as server:
        yield Site(server, database)
    database.dispose()


def make_room(site: Site, n: int = 60, *, names: tuple[str, ...] = ("ana", "ben")) -> Room:
    """Return a new review with ``n`` records; two decisions are needed."""
    slug = f"r{uuid4().hex[:10]}"
    with site.database.writing() as session:
        review = create_review(
            session,
            slug=slug,
            title=None,
            protocol_text=protocol_text(closes_after=100),
            by=OPERATOR,
        )
        people = {}
        for name in names:
            email = f"{name}-{slug}@example.org"
            account = add_account(
                session, email=email, name=name.title(), password_hash=hash_password(PASSWORD)
            )
            add_member(session, review_id=review.id, email=email, role=Role.REVIEWER, by=OPERATOR)
            people[name] = Actor.person(account.id)
        abstract = "Investors were paid for employment outcomes of young people. " * 30
        rows = [{"title": f"Record {number}", "abstract": abstract} for number in range(n)]
        records = make_records(session, review.id, rows)
        return Room(site, slug, review.id, records, people)


@pytest.fixture
def room(site: Site) -> Room:
    """Return a review of the test's own."""
    return make_room(site)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Yield a browser of the test's own; an error in a script fails the test."""
    made = chromium.new_context(viewport={"width": 1366, "height": 657})
    made.set_default_timeout(WAIT)
    errors: list[str] = []
    made.on("weberror", lambda error: errors.append(str(error.error)))
    yield made
    made.close()
    assert errors == []


def enter(context: BrowserContext, room: Room, name: str = "ana", *, n_ready: int = 1) -> Page:
    """Sign in and open the screening page; return it with the next records ready."""
    page = context.new_page()
    fill_in_sign_in(page, room.site.server, room.email(name), PASSWORD)
    return arrive(page, room, n_ready=n_ready)


def arrive(page: Page, room: Room, *, n_ready: int = 1) -> Page:
    """Open the screening page and wait for the next records."""
    page.goto(room.address)
    expect(page.locator("#bar[data-ready]")).to_be_attached(timeout=WAIT)
    assert int(page.locator("#bar").get_attribute("data-ready") or 0) >= n_ready
    return page


def shown(page: Page) -> str:
    """Return the title on the page, and see that it has the focus and is in view."""
    title = page.locator("#card h1")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport(ratio=1)
    return title.inner_text()


def expect_all_saved(page: Page) -> None:
    """Wait until the page says that everything is saved."""
    expect(page.locator("#outbox")).to_have_text("saved ✓", timeout=WAIT)


def expect_waiting(page: Page, n: int) -> None:
    """Wait until the page says that ``n`` acts wait for the network."""
    expect(page.locator("#outbox")).to_have_text(f"{n} waiting for the network", timeout=WAIT)


def break_posts(page: Page, answer: Callable[[Route], None]) -> None:
    """Answer what the page sends to the screening room in the server's stead."""
    pattern = "**/screening/title_abstract/*"
    page.route(pattern, lambda r: answer(r) if r.request.method == "POST" else r.continue_())


def mend_posts(page: Page) -> None:
    """Let the page reach the server again, and notice it at once."""
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("dispatchEvent(new Event('online'))")


def lose_answer(route: Route) -> None:
    """Let the server do its work, and lose the answer."""
    with suppress(Error):  # the test has let the page go on meanwhile
        route.fetch()
        route.abort()


def bad_gateway(route: Route) -> None:
    """Answer as a proxy does while the server behind it restarts."""
    route.fulfill(status=502, content_type="text/html", body="<h1>502 Bad Gateway</h1>nginx")
