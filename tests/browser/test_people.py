"""A reviewer, the lead and a policy advisor at work in a real browser."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.demonstration import LOGINS, PASSWORD
from tests.browser.conftest import WORK, Server, fill_in_sign_in

PAIRS = [  # each database and each way of JavaScript is tried; the soak tries all pairs
    ("sqlite", False),
    ("postgresql", True),
    pytest.param("sqlite", True, marks=pytest.mark.soak),
    pytest.param("postgresql", False, marks=pytest.mark.soak),
]
pytestmark = [pytest.mark.browser, pytest.mark.parametrize(("kind", "javascript"), PAIRS)]

N_SCREENED = 20
NEW = """TY  - JOUR
TI  - A bond for reading scores in Quillon Bay: early lessons
AU  - Ardent, Nell
PY  - 2018
AB  - A social impact bond paid for reading scores.
ER  -
"""


@pytest.fixture
def demo(demo_server: Server) -> str:
    """Return the address of the demonstration review."""
    return f"{demo_server.url}/reviews/demo"


@pytest.fixture
def phone(chromium: Browser, javascript: bool) -> Iterator[Page]:
    """Yield a page on a phone."""
    context = chromium.new_context(
        java_script_enabled=javascript, viewport={"width": 390, "height": 844}, has_touch=True
    )
    yield context.new_page()
    context.close()


def sign_in(page: Page, server: Server, who: str, *, keys: bool = False) -> None:
    """Sign in as a person of the demonstration, by keyboard only if ``keys``."""
    if not keys:
        fill_in_sign_in(page, server, LOGINS[who], PASSWORD)
        return
    page.goto(f"{server.url}/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(LOGINS[who])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your reviews")).to_be_visible()


def test_a_reviewer_screens_twenty_records(
    page: Page, demo_server: Server, demo: str, javascript: bool
) -> None:
    """Decide by keyboard without loading a page, or without JavaScript by the buttons."""
    sign_in(page, demo_server, "reviewer 1", keys=True)
    page.goto(f"{demo}/screening/title_abstract")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    before = int(page.locator("#counts [data-own]").inner_text().replace(",", ""))

    for number in range(1, N_SCREENED + 1):
        expect(page.locator("#card[data-record]")).to_be_visible()  # or it is on its way
        if javascript:
            page.keyboard.press("iem2"[number % 4])
        else:
            name = ("Include", "Exclude", "Maybe")[number % 3]
            page.get_by_role("button", name=name).click()
        expect(page.locator("#counts [data-own]")).to_have_text(f"{before + number:,}")
    if javascript:
        expect(page.locator("#card h1")).to_be_focused()
        assert loads == []
        page.keyboard.press("n")
        page.keyboard.type("Ask the lead about this one.")
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        expect(page.locator("#outbox")).to_have_text("skipped ✓")
        page.keyboard.press("z")  # the skip
        expect(page.locator("#outbox")).to_have_text("undone ✓")
        expect(page.locator("#counts [data-own]")).to_have_text(f"{before + N_SCREENED:,}")
        page.keyboard.press("z")  # the last decision
        expect(page.locator("#outbox")).to_have_text("undone ✓")
    else:
        page.get_by_role("button", name="Undo").click()

    expect(page.locator("#counts [data-own]")).to_have_text(f"{before + N_SCREENED - 1:,}")
    assert demo_server.run("verify").startswith("All is well.")


def test_the_lead_imports_resolves_counts_and_publishes(
    page: Page, demo_server: Server, demo: str, tmp_path: Path
) -> None:
    sign_in(page, demo_server, "lead")

    # A file is previewed, then imported.
    file = tmp_path / "new.ris"
    file.write_text(NEW)
    page.goto(f"{demo}/searches")
    page.get_by_label("Files exported").set_input_files(file)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("A bond for reading scores in Quillon Bay")).to_be_visible()
    page.get_by_label("Source", exact=True).fill("Pretend Update")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Pretend Update")).to_be_visible(timeout=WORK)

    # A possible duplicate and a conflict are resolved.
    page.goto(f"{demo}/duplicates")
    n_pairs = int(page.locator(".line .count").inner_text().split()[0])
    page.get_by_role("button", name="Not duplicates").click()
    expect(page.locator(".line .count")).to_contain_text(str(n_pairs - 1))
    page.goto(f"{demo}/conflicts")
    title = page.locator("article h1").inner_text()
    page.locator("button[name=verdict][value=include]").click()
    expect(page.locator("article h1")).not_to_have_text(title)

    # The counts are downloaded as files.
    page.goto(f"{demo}/prisma")
    expect(page.get_by_text("does not add up")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert sum(int(row["n"]) for row in rows if row["data"] == "database_results") > 900
    with page.expect_download() as download:
        page.get_by_role("link", name="SVG").click()
    assert "<svg" in Path(download.value.path()).read_text()

    # The map is published, and its link is ended.
    page.goto(f"{demo}/publications")
    page.get_by_label("Title").fill("First edition")
    page.get_by_role("button", name="Publish", exact=True).click()
    link = page.get_by_label("Share link").input_value()
    assert page.request.get(link).status == 200
    page.get_by_text("Turn off this link").first.click()
    page.get_by_role("button", name="Yes, turn it off").first.click()
    expect(page.get_by_text("turned off").first).to_be_visible()
    assert page.request.get(link).status == 404


def test_an_advisor_reads_the_public_map_on_a_phone(
    page: Page, phone: Page, demo_server: Server, demo: str
) -> None:
    sign_in(page, demo_server, "lead")
    page.goto(f"{demo}/publications")
    page.get_by_role("button", name="Publish", exact=True).click()
    link = page.get_by_label("Share link").input_value()

    phone.goto(link)
    headline = phone.get_by_role("heading", level=1).inner_text()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_text("Filters").click()
    design = phone.locator("details[data-keep=study_design]")
    design.locator("summary").click()
    design.get_by_role("checkbox").first.check()
    design.get_by_role("checkbox").nth(1).check()
    design.get_by_role("button", name="Show").click()
    expect(phone.get_by_role("heading", level=1)).not_to_have_text(headline)
    expect(phone.locator("p.filtered a.pill")).to_have_count(2)
    phone.get_by_role("link", name="Clear all filters").click()

    phone.locator(".map td a.s1, .map td a.s2").first.click()
    expect(phone.locator("#cell article").first).to_be_visible()
    expect(phone.locator("#cell")).to_be_focused()
    phone.locator("#cell article details summary").first.click()
    expect(phone.locator("#cell blockquote").first).to_be_visible()
    with phone.expect_download() as download:
        phone.get_by_role("link", name="CSV").click()
    assert "row_key" in Path(download.value.path()).read_text()
    content = phone.content()
    for email in LOGINS.values():
        assert email not in content
