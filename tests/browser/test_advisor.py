"""Twelve questions that a policy advisor brings to a published map, in a real browser.

Each is answered with at most three presses, on a desk and on a phone, with and without JavaScript.
"""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import WORK, serving
from tests.browser.test_people import sign_in

MOST_PRESSES = 3
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAIRS = [  # each screen and each way of JavaScript is tried; the soak tries all pairs
    pytest.param(DESK, True, id="desk-with_javascript"),
    pytest.param(PHONE, False, id="phone-without_javascript"),
    pytest.param(DESK, False, id="desk-without_javascript", marks=pytest.mark.soak),
    pytest.param(PHONE, True, id="phone-with_javascript", marks=pytest.mark.soak),
]
pytestmark = [pytest.mark.browser, pytest.mark.parametrize(("screen", "javascript"), PAIRS)]
CELL = "#c-homelessness-social_impact_bond"


@dataclass
class Advisor:
    """A reader at the published map, who counts what they press for each question."""

    page: Page
    link: str
    presses: int = 0

    def begin(self) -> None:
        """Open the map for the next question."""
        assert self.presses <= MOST_PRESSES
        self.presses = 0
        self.page.goto(self.link)

    def press(self, target: Locator) -> None:
        """Press something that is on the page."""
        self.presses += 1
        target.click()

    def look_for(self, words: str) -> None:
        """Type into the search above the map, and press Enter."""
        self.page.get_by_label("Find by any name, in any language").fill(words)
        self.page.keyboard.press("Enter")

    def n_of(self, what: str) -> int:
        """Return how many studies or contracts the line of facts says."""
        text = self.page.locator(".key-facts").inner_text()
        return int(re.search(rf"(\d+)\s+{what}", text)[1])


@pytest.fixture(scope="module")
def link(
    chromium: Browser, demonstration: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the link to the second publication of the demonstration, the same on any database."""
    folder = tmp_path_factory.mktemp("advisor") / "data"
    shutil.copytree(demonstration, folder)
    with serving({}, folder) as server:
        lead = chromium.new_page()
        sign_in(lead, server, "lead")
        for _ in range(2):
            lead.goto(f"{server.url}/reviews/demo/publications")
            lead.get_by_label("Authors, as they are to be cited").fill("Doe, J.; Roe, R.")
            lead.get_by_label("Institution").fill("The Lab")
            lead.get_by_role("button", name="Publish", exact=True).click()
        address = lead.get_by_label("Share link").input_value()
        lead.close()
        yield address


@pytest.fixture
def advisor(
    chromium: Browser, link: str, screen: dict[str, int], javascript: bool
) -> Iterator[Advisor]:
    """Yield a reader of the publication."""
    context: BrowserContext = chromium.new_context(
        java_script_enabled=javascript, viewport=screen, has_touch=True
    )
    yield Advisor(context.new_page(), link)
    context.close()


def test_twelve_questions(advisor: Advisor) -> None:
    page = advisor.page

    # 1 Which areas have most evidence on social impact bonds?
    advisor.begin()
    column = page.locator(".map td:not(.total) a[id$='-social_impact_bond'] b")
    numbers = [int(text) for text in column.all_inner_texts() if text]
    assert max(numbers) == int(
        page.locator("#c-criminal_justice-social_impact_bond b").inner_text()
    )
    expect(page.locator("#c-criminal_justice-social_impact_bond")).to_be_visible()

    # 2 Where is nothing known, and why?
    advisor.begin()
    expect(page.get_by_role("heading", level=1)).to_contain_text("have no included study")
    advisor.press(page.locator(".gap.none_found").first)
    expect(page.locator("#cell")).to_contain_text("found no study to include here")

    # 3 What do studies on homelessness and social impact bonds say?
    advisor.begin()
    advisor.press(page.locator(CELL))
    expect(page.locator("#cell")).to_contain_text("What did they find?")
    expect(page.locator("#cell")).to_contain_text("Direction of effect on people")
    expect(page.locator("#cell blockquote").first).to_be_visible()

    # 4 Only Latin America
    advisor.begin()
    everything = advisor.n_of("contracts")
    advisor.look_for("Latin America")
    advisor.press(page.get_by_role("link", name="Show only these").first)
    expect(page.locator("p.filtered")).to_contain_text("Region: Latin America and the Caribbean")
    assert 0 < advisor.n_of("contract") < everything

    # 5 Only with a control group
    advisor.begin()
    everything = advisor.n_of("studies")
    advisor.press(page.get_by_role("link", name="+ With a control group"))
    expect(page.locator("p.filtered")).to_contain_text("With a control group")
    assert 0 < advisor.n_of("studies") < everything

    # 6 Since 2015
    advisor.begin()
    advisor.press(page.get_by_text("Filters", exact=True))
    page.get_by_label("Published since").fill("2015")
    page.keyboard.press("Enter")
    expect(page.locator("p.filtered")).to_contain_text("Published since 2015")
    assert 0 < advisor.n_of("studies") < everything

    # 7 What has changed since last time?
    advisor.begin()
    expect(page.locator("p.new")).to_contain_text("Since publication 1: 0 studies added")
    advisor.press(page.get_by_role("link", name="Show what changed"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("since publication 1")

    # 8 Which studies cover relationships?
    advisor.begin()
    advisor.look_for("relationships between the parties")
    advisor.press(page.get_by_role("link", name="Show only these").first)
    expect(page.locator("p.filtered")).to_contain_text("Relationships between the parties")
    advisor.press(page.locator(".map .sum td.total a").last)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Studies on the map")
    assert page.locator("article.study").count() > 5

    # 9 Who made it, when, and how do I cite it?
    advisor.begin()
    cite = page.locator("#about")
    expect(cite).to_contain_text(
        re.compile(r"Doe, J\.; Roe, R\. \(\d{4}\)\..*publication 2", re.DOTALL)
    )
    expect(cite).to_contain_text("CC BY 4.0")

    # 10 For EndNote or Zotero
    advisor.begin()
    with page.expect_download() as download:
        advisor.press(page.locator("#about").get_by_role("link", name="RIS", exact=True))
    assert Path(download.value.path()).read_text().count("TY  - ") == advisor.n_of("reports")

    # 11 A picture for a slide, once the worker has drawn what was published a moment ago
    advisor.begin()
    deadline = time.monotonic() + WORK / 1000
    while page.request.get(f"{advisor.link}/map.svg", timeout=WORK).status != 200:
        assert time.monotonic() < deadline
    with page.expect_download() as download:
        advisor.press(page.get_by_role("link", name="Picture (SVG)"))
    drawing = Path(download.value.path()).read_text()
    assert "Publication 2" in drawing
    assert "Last searched 1 March 2021" in drawing

    # 12 Tell them that a study is missing
    advisor.begin()
    page.get_by_label("What is missing or wrong").fill("A study of Eastmoor.")
    advisor.press(page.get_by_role("button", name="Send"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("the team has your message")
    advisor.begin()


def test_a_choice_keeps_the_place_and_what_was_open(advisor: Advisor, javascript: bool) -> None:
    page = advisor.page
    advisor.begin()
    advisor.press(page.locator(CELL))
    expect(page.locator("#cell")).to_be_focused()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#cell")).to_have_count(0)
    if javascript:
        expect(page.locator(CELL)).to_be_focused()
        page.get_by_text("Filters", exact=True).click()
        page.locator("details[data-keep=country] summary").click()
        page.locator("details[data-keep=country] input").first.check()
        page.locator("details[data-keep=country]").get_by_role("button", name="Show").click()
        expect(page.locator("p.filtered")).to_be_visible()
        expect(page.locator("details[data-keep=country]")).to_have_attribute("open", "")
        page.go_back()
        expect(page.locator("p.filtered")).to_have_count(0)


def test_the_file_to_keep_counts_as_the_page_does_without_a_network(
    advisor: Advisor, chromium: Browser, tmp_path: Path
) -> None:
    advisor.begin()
    with advisor.page.expect_download() as download:
        advisor.page.get_by_role("link", name="everything as one file, for use offline").click()
    file = tmp_path / "map.html"
    file.write_bytes(Path(download.value.path()).read_bytes())
    context = chromium.new_context(offline=True)
    kept = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    kept.on("request", lambda request: asked.append(request.url))
    kept.on("console", lambda message: problems.append(message.text))
    kept.goto(file.as_uri())

    for filters in ({}, {"country": "GB"}, {"country": "KE"}, {"study_design": "qualitative"}):
        query = "&".join(f"{key}={value}" for key, value in filters.items())
        advisor.page.goto(f"{advisor.link}?{query}")
        for box in kept.locator("input:checked").all():
            box.evaluate("(box) => box.click()")
        for key, value in filters.items():
            kept.locator(f"input[name={key}][value={value}]").evaluate("(box) => box.click()")
        shown = page_cells(advisor.page)
        assert cells_of(kept, "[data-row]", "data-row", "data-column") == shown
    assert problems == []
    assert all(address.startswith("file:") for address in asked)
    context.close()


def cells_of(page: Page, selector: str, *names: str) -> dict[tuple[str, ...], int]:
    """Return the numbers of the cells that have any, by their row and column."""
    found = page.locator(selector).evaluate_all(
        "(cells, names) => cells.map((c) => [names.map((n) => c.getAttribute(n)), c.textContent])",
        list(names),
    )
    return {tuple(keys): int(text) for keys, text in found if text.isdigit() and int(text)}


def page_cells(page: Page) -> dict[tuple[str, ...], int]:
    found = page.locator(".map td:not(.total) a").evaluate_all(
        "(links) => links.map((a) => [a.id, a.querySelector('b').textContent])"
    )
    rows = {(tuple(id_.removeprefix("c-").split("-"))): int(n) for id_, n in found}
    return {cell: n for cell, n in rows.items() if n}
