"""Every page of the demonstration is accessible, without errors, and fits a phone."""

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
             "/screening-check", "/fairness", "/progress", "/reports?show=all",
             "/coding", "/coding-sheets", "/known-contracts", "/coding-differences",
             "/coding-again",
             "/map?country=GB&country=KE", "/map", "/jobs", "/publications",
             "/map?row=health&column=results_based_financing",
             "/map?framework=outcome_area_by_evidence_theme", "/map?find=pago&words=es",
             "/map?row=health&column=outcomes_fund", "/map/views", "/map/studies?row=health",
             "/map/brief?row=homelessness", "/feedback", "/prisma", "/settings", "/records",
             "/appraisal", "/protocol/checklists",
             "/records?box=records_excluded"],
    "reviewer 1": ["", "/screening/title_abstract", "/screening/full_text", "/coding",
                   "/screening/title_abstract/list?rows=25", "/screening/title_abstract/history",
                   "/screening/title_abstract/list?show=decided&sort=title&rows=25"],
    "advisor": ["", "/map", "/prisma"],
}  # fmt: skip
# Rules whose answer depends on colours and widths; the others are asked once.
SEEN = ["color-contrast", "scrollable-region-focusable", "target-size", "aria-hidden-focus"]
ALL = {"resultTypes": ["violations"]}
ON_A_PHONE = ALL | {"runOnly": {"type": "rule", "values": SEEN}}
OTHER_PAGES = ["/", "/account", "/help", "/help/reviewers", "/help/leads", "/help/api", "/nowhere"]


@pytest.fixture
def server(demonstration: Path, tmp_path: Path) -> Iterator[Server]:
    """Yield a server with the demonstration on SQLite; pages look the same on any database."""
    shutil.copytree(demonstration, tmp_path / "data")
    with serving({}, tmp_path / "data") as running:
        yield running


@pytest.fixture
def demo(server: Server) -> str:
    """Return the address of the demonstration review."""
    return f"{server.url}/reviews/demo"


def sign_in(page: Page, server: Server, who: str) -> None:
    """Sign in as another person of the demonstration."""
    page.goto("about:blank")  # no script of the page before may ask without a session
    page.context.clear_cookies()
    fill_in_sign_in(page, server, LOGINS[who], PASSWORD)


def test_every_page_is_accessible_in_light_and_dark_and_fits_a_phone(
    chromium: Browser, server: Server, demo: str
) -> None:
    problems = []
    for scheme, width in (("light", 1440), ("dark", 390)):
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page = context.new_page()
        for who, paths in PAGES.items():
            sign_in(page, server, who)
            addresses = [demo + path for path in paths]
            if who == "lead":
                addresses += [server.url + path for path in OTHER_PAGES]
            if who != "advisor":
                addresses += some_of_each(page, demo, who)
            for path in addresses:
                answer = page.goto(path)
                assert answer is not None
                assert answer.status == (404 if path.endswith("/nowhere") else 200), path
                asked = ALL if scheme == "light" else ON_A_PHONE
                violations = Axe().run(page, options=asked).response["violations"]
                problems += [
                    (path, scheme, violation["id"], violation["nodes"][0]["html"][:120])
                    for violation in violations
                    if violation["impact"] in ("serious", "critical")
                ]
                wide = page.evaluate("document.documentElement.scrollWidth")
                problems += [(path, "wider than the screen", wide)] if wide > width else []
        context.close()

    assert problems == []


def some_of_each(page: Page, demo: str, who: str) -> list[str]:
    """Return a study and its contract, and for the lead a record, a search and a public page."""

    def first(path: str, selector: str) -> str:
        page.goto(demo + path)
        return demo.split("/reviews")[0] + str(page.locator(selector).first.get_attribute("href"))

    study = first("/coding", ".studies a")
    page.goto(study)
    contracts = page.locator(".tabs > a").all()
    addresses = [study, demo.split("/reviews")[0] + str(contracts[-1].get_attribute("href"))]
    addresses.append(f"{study}/suggestions")
    if who == "lead":
        addresses.append(f"{study}/reports")
        addresses.append(first("/records", "main td a"))
        addresses.append(addresses[-1] + "/duplicate")
        addresses.append(demo.split("/reviews")[0] + comparison(page, addresses[-1]))
        addresses.append(first("/searches", "main td a"))
        page.goto(f"{demo}/publications")
        page.get_by_role("button", name="Publish", exact=True).click()
        addresses.append(page.get_by_label("Share link").input_value())
    return addresses


def comparison(page: Page, marking: str) -> str:
    """Return the page that shows a record next to the most similar one."""
    page.goto(marking)
    return str(page.locator("main li a").first.get_attribute("href"))


def test_a_double_click_saves_one_decision(chromium: Browser, server: Server, demo: str) -> None:
    page = chromium.new_context().new_page()
    sign_in(page, server, "reviewer 1")
    page.goto(f"{demo}/screening/title_abstract")
    count = page.locator("#counts [data-own]")
    before = int(count.inner_text().replace(",", ""))

    page.get_by_role("button", name="Include").dblclick()
    expect(page.locator("#outbox")).to_have_text("saved ✓")
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
