"""From PDFs to agreed codes: a lead and two coders, ten reports, and a server killed in between."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from api.demonstration.pdf import pdf_of
from review.storage.database import Database
from review.studies.agreement import CodeState, coded_values
from review.verify import verify
from review.vocabulary import Verdict
from tests.browser.conftest import Server, fill_in_sign_in
from tests.factories import Cast, decide_both, make_records, make_review, protocol_text
from tests.faults.serving import Server as Restarting

pytestmark = pytest.mark.browser
PASSWORD = "three plain words"
WAIT = 60_000  # ms; a busy machine may be slow, and the server comes back
PLACES = (
    "Essex",
    "Lima",
    "Nairobi",
    "Porto",
    "Quito",
    "Rennes",
    "Seoul",
    "Tirana",
    "Utrecht",
    "Vilnius",
)
TITLES = [f"Paying for outcomes in {place}, an evaluation" for place in PLACES]
HOSTILE = {
    "cut.pdf": pdf_of("Cut off", "Doe, J", ["Text. " * 400])[:700],
    "bomb.pdf": b"%PDF-1.4\n1 0 obj <</Length 99999999>> stream\n" + b"\0" * 200,
    "page.pdf": b"<html><script>alert(1)</script></html>",
}


@dataclass
class Work:
    """The review, its server, and how often each person pressed or chose something."""

    server: Restarting
    cast: Cast
    browser: Browser
    acts: dict[str, int]

    def open(self, who: str) -> Page:
        page = self.browser.new_context().new_page()
        page.set_default_timeout(WAIT)
        fill_in_sign_in(page, Server(self.server.url, {}), self.cast.emails[who], PASSWORD)
        return page

    def act(self, who: str, n: int = 1) -> None:
        self.acts[who] = self.acts.get(who, 0) + n

    @property
    def review(self) -> str:
        return f"{self.server.url}/reviews/{self.cast.slug}"


@pytest.fixture
def work(chromium: Browser, database_url: str, tmp_path: Path) -> Iterator[Work]:
    database = Database(database_url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD, text=protocol_text())
        rows = [{"title": title, "authors": ["Doe, Jane"], "year": 2019} for title in TITLES]
        for record in make_records(session, cast.review_id, rows):
            decide_both(session, cast, record, Verdict.INCLUDE)
    server = Restarting(database_url, tmp_path / "data")
    server.start()
    yield Work(server, cast, chromium, {})
    server.stop()
    database.dispose()


def test_ten_reports_become_studies_with_agreed_codes(work: Work, database_url: str) -> None:
    lead = work.open("lead")
    attach(work, lead)
    for who in ("reviewer_a", "reviewer_b"):
        include_all(work, who)
    make_studies(work, lead)
    code_all(work, "reviewer_a", different=None, kills=True)
    code_all(work, "reviewer_b", different=TITLES[3], kills=False)
    resolve(work, lead)

    database = Database(database_url)
    with database.reading() as session:
        values = coded_values(session, review_id=work.cast.review_id, items=["design"])
        faults = [fault.what for fault in verify(session)]
    database.dispose()
    assert len(values) == len(TITLES)
    assert {value.value for value in values} == {"trial"}
    assert [value.state for value in values].count(CodeState.AGREED) == 1
    assert work.server.tracebacks() == []
    assert faults == []
    print(f"Ten reports to agreed codes: {work.acts}")
    assert sum(work.acts.values()) <= 90


def attach(work: Work, page: Page) -> None:
    """Upload ten PDFs and some that are none, in one go; the ten find their reports."""
    page.goto(f"{work.review}/reports")
    good = {f"{number}.pdf": pdf_of(title, "Jane Doe", [f"It is about {title}. We drew lots."])
            for number, title in enumerate(TITLES)}  # fmt: skip
    page.locator("#files").set_input_files([
        FilePayload(name=name, mimeType="application/pdf", buffer=content)
        for name, content in (good | HOSTILE).items()
    ])  # fmt: skip
    page.get_by_role("button", name="Upload and match").click()
    work.act("lead", 2)
    for name in HOSTILE:  # once the job is done
        expect(page.locator("main")).to_contain_text(name, timeout=2 * WAIT)
    expect(page.locator("main")).to_contain_text("10 files attached")
    for _ in range(2):  # the third was refused at once
        page.get_by_role("button", name="Leave this file out").first.click()
        work.act("lead")
    expect(page.get_by_role("button", name="Leave this file out")).to_have_count(0)


def include_all(work: Work, who: str) -> None:
    """Include each report on its full text, by key."""
    page = work.open(who)
    page.goto(f"{work.review}/screening/full_text")
    expect(page.locator("#bar[data-ready]")).to_be_attached(timeout=WAIT)
    for _ in TITLES:
        title = page.locator("#card h1").inner_text()
        page.keyboard.press("i")
        work.act(who)
        expect(page.locator("#card h1")).not_to_have_text(title)
    expect(page.locator("#outbox")).to_have_text("saved ✓")
    page.context.close()


def make_studies(work: Work, page: Page) -> None:
    """Make a study of each report, each in one press."""
    page.goto(f"{work.review}/coding")
    for number, place in enumerate(PLACES):
        page.get_by_label("Name of a new study").fill(f"Doe, {place}")
        page.get_by_role("button", name="Save").click()
        work.act("lead", 2)
        page.wait_for_url("**/coding/*")
        page.goto(f"{work.review}/coding")
        expect(page.locator(".studies li")).to_have_count(number + 1)


def code_all(work: Work, who: str, *, different: str | None, kills: bool) -> None:
    """Give each study its design; the server may be killed while somebody is at it."""
    page = work.open(who)
    for number, place in enumerate(PLACES):
        page.goto(f"{work.review}/coding")
        page.get_by_role("link", name=f"Doe, {place}", exact=True).click()
        field = page.locator("form#design")
        if kills and number == len(PLACES) // 2:
            work.server.kill()
        label = "Case study" if different and place in different else "Trial"
        field.get_by_role("button", name=label, exact=True).click()
        work.act(who, 2)
        if kills and number == len(PLACES) // 2:
            expect(page.locator("#outbox")).to_contain_text("waiting for the network")
            work.server.start()
        expect(field).to_contain_text(f"Yours: {label}", timeout=2 * WAIT)
    page.context.close()


def resolve(work: Work, page: Page) -> None:
    """Take the value of one coder on the only difference, by key."""
    page.goto(f"{work.review}/coding-differences")
    trial = page.locator(".given", has_text="Trial").locator("kbd").inner_text()
    page.keyboard.press(trial)
    work.act("lead")
    expect(page.locator(".given")).to_have_count(0)
