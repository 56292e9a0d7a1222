"""Every page of the demonstration: accessible, quiet, and no wider than a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from api.demonstration import LOGINS, PASSWORD
from tests.browser.conftest import Server, fill_in_sign_in, serving

pytestmark = pytest.mark.browser

PAGES = {
    "lead": ["", "/searches", "/duplicates", "/duplicates/above?score=0.4", "/duplicates/sample",
             "/decisions", "/conflicts", "/stopping", "/agreement", "/assignments", "/simulation",
             "/screening-check", "/fairness", "/reports?show=all", "/coding",
             "/map", "/jobs", "/publications", "/map?row=health&column=results_based_financing",
             "/map?framework=outcome_area_by_evidence_theme", "/prisma", "/settings", "/records",
             "/records?box=records_excluded"],
    "reviewer 1": ["", "/screening/title_abstract", "/screening/full_text", "/coding"],
    "advisor": ["", "/map", "/prisma"],
}  # fmt: skip
ELSEWHERE = ["/", "/account", "/help", "/help/reviewers", "/help/api", "/nowhere"]


@pytest.fixture
def server(demonstration: Path, tmp_path: Path) -> Iterator[Server]:
    """The demonstration, served; what a page looks like does not depend on the database."""
    shutil.copytree(demonstration, tmp_path / "data")
    with serving({}, tmp_path / "data") as made:
        yield made


@pytest.fixture
def demo(server: Server) -> str:
    return f"{server.url}/reviews/demo"


def sign_in(page: Page, server: Server, who: str) -> None:
    page.context.clear_cookies()
    fill_in_sign_in(page, server, LOGINS[who], PASSWORD)


def test_every_page_is_accessible_in_light_and_dark_and_fits_a_phone(
    chromium: Browser, server: Server, demo: str
) -> None:
    troubles = []
    for scheme, width in (("light", 1440), ("dark", 390)):
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page = context.new_page()
        for who, paths in PAGES.items():
            sign_in(page, server, who)
            addresses = [demo + path for path in paths] + [server.url + one for one in ELSEWHERE]
            if who != "advisor":
                addresses += some_of_each(page, demo, who)
            for path in addresses:
                answer = page.goto(path)
                assert answer is not None
                assert answer.status == (404 if path.endswith("/nowhere") else 200), path
                found = Axe().run(page).response["violations"]
                troubles += [
                    (path, scheme, one["id"], one["nodes"][0]["html"][:120])
                    for one in found
                    if one["impact"] in ("serious", "critical")
                ]
                wide = page.evaluate("document.documentElement.scrollWidth")
                troubles += [(path, "wider than the screen", wide)] if wide > width else []
        context.close()

    assert troubles == []


def some_of_each(page: Page, demo: str, who: str) -> list[str]:
    """A study with its contract, and for the lead a record, a search and a public page."""

    def first(path: str, selector: str) -> str:
        page.goto(demo + path)
        return demo.split("/reviews")[0] + str(page.locator(selector).first.get_attribute("href"))

    study = first("/coding", ".studies a")
    page.goto(study)
    contracts = page.locator(".tabs > a").all()
    found = [study, demo.split("/reviews")[0] + str(contracts[-1].get_attribute("href"))]
    if who == "lead":
        found.append(first("/records", "main td a"))
        found.append(found[-1] + "/duplicate")
        found.append(demo.split("/reviews")[0] + beside(page, found[-1]))
        found.append(first("/searches", "main td a"))
        page.goto(f"{demo}/publications")
        page.get_by_role("button", name="Publish", exact=True).click()
        found.append(page.get_by_label("Share link").input_value())
    return found


def beside(page: Page, marking: str) -> str:
    """The page that shows a record beside the one most like it."""
    page.goto(marking)
    return str(page.locator("main li a").first.get_attribute("href"))


def test_a_double_click_saves_one_decision(chromium: Browser, server: Server, demo: str) -> None:
    page = chromium.new_context().new_page()
    sign_in(page, server, "reviewer 1")
    page.goto(f"{demo}/screening/title_abstract")
    count = page.locator("#progress .count")
    before = int(count.inner_text().replace(",", ""))

    page.get_by_role("button", name="Include").dblclick()
    expect(page.locator("#progress")).to_contain_text("saved")
    expect(count).to_have_text(f"{before + 1:,}")
    page.keyboard.press("z")

    expect(count).to_have_text(f"{before:,}")
    page.context.close()


def test_digits_exclude_for_a_reason_and_keys_can_be_switched_off(
    chromium: Browser, server: Server, demo: str
) -> None:
    page = chromium.new_context().new_page()
    sign_in(page, server, "reviewer 1")
    page.goto(f"{demo}/screening/title_abstract")
    title = page.locator("h1").inner_text()

    page.keyboard.press("1")
    expect(page.locator("h1")).not_to_have_text(title)
    expect(page.locator("#side .exclude").first).to_be_visible()
    page.keyboard.press("?")
    page.get_by_label("Switch off single-letter keys on this device").check()
    page.get_by_role("button", name="Close").click()
    title = page.locator("h1").inner_text()
    page.keyboard.press("i")

    expect(page.locator("h1")).to_have_text(title)
    page.context.close()
