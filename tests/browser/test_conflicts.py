"""An adjudicator at work: by keyboard, on a phone, and zoomed in."""

import pytest
from playwright.sync_api import Browser, Page, expect

from review.storage.database import Database
from tests.browser.conftest import Server, fill_in_sign_in
from tests.factories import disagree, make_records, make_review

pytestmark = pytest.mark.browser

PASSWORD = "three plain words"
ABSTRACT = "Investors were paid for employment outcomes of young people. " * 40


def open_desk(page: Page, server: Server, database_url: str, n: int = 4) -> None:
    """Make a review with conflicts and open them as its adjudicator."""
    database = Database(database_url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        rows = [{"title": f"Record {number}", "abstract": ABSTRACT} for number in range(n)]
        for record in make_records(session, cast.review_id, rows):
            disagree(session, cast, record)
    database.dispose()
    fill_in_sign_in(page, server, cast.emails["adjudicator"], PASSWORD)
    page.goto(f"{server.url}/reviews/{cast.slug}/conflicts")


def test_conflicts_are_resolved_by_keyboard_and_each_title_is_in_view_and_in_focus(
    chromium: Browser, server: Server, database_url: str
) -> None:
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    open_desk(page, server, database_url)
    title = page.locator(".conflict-desk h1")
    expect(title).to_have_text("Record 0")

    page.mouse.wheel(0, 900)
    page.keyboard.press("1")
    expect(title).to_have_text("Record 1")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport()
    page.keyboard.press("e")
    expect(title).to_have_text("Record 2")
    page.keyboard.press("j")
    expect(title).to_have_text("Record 3")
    page.keyboard.press("k")
    expect(title).to_have_text("Record 2")
    page.keyboard.press("z")
    expect(title).to_have_text("Record 1")
    page.keyboard.press("i")
    expect(title).to_have_text("Record 2")
    expect(page.get_by_text("2 to resolve")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(720, 450), (360, 225), (844, 390)])
def test_the_buttons_stay_on_the_screen_when_zoomed_and_in_landscape(
    chromium: Browser, server: Server, database_url: str, width: int, height: int
) -> None:
    page = chromium.new_context(viewport={"width": width, "height": height}).new_page()
    open_desk(page, server, database_url, n=1)

    for key in ("1", "2"):
        expect(page.locator(f"button[data-key='{key}']")).to_be_in_viewport(ratio=1)
    expect(page.locator(".conflict-desk h1")).to_be_in_viewport(ratio=0.5)
    for key in ("i", "e"):  # the bar itself scrolls
        page.locator(f"button[data-key='{key}']").scroll_into_view_if_needed()
        expect(page.locator(f"button[data-key='{key}']")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
