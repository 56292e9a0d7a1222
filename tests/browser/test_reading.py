"""A full text is read beside the decision on it, in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from api.demonstration import LOGINS, PASSWORD
from tests.browser.conftest import Server, fill_in_sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def kind() -> str:
    """Return the kind of database; what is read is the same on any."""
    return "sqlite"


def next_with_pages(page: Page) -> str:
    """Skip to the next record that has a PDF, and return its title."""
    for _ in range(20):
        title = page.locator("#card h1")
        before = title.inner_text()
        page.keyboard.press("s")
        expect(title).not_to_have_text(before)
        if page.locator("#card [data-report-pages]").count():
            return title.inner_text()
    raise AssertionError("no record has a PDF")


def test_the_report_is_there_with_the_record_as_text_and_as_printed(
    chromium: Browser, demo_server: Server
) -> None:
    page = chromium.new_page()
    fill_in_sign_in(page, demo_server, LOGINS["reviewer 1"], PASSWORD)
    page.goto(f"{demo_server.url}/reviews/demo/screening/full_text")
    first = next_with_pages(page)
    pages = page.locator("#card .pages")
    expect(pages.locator("section").first).to_contain_text(first[:30])
    expect(pages.locator("mark").first).to_be_visible()

    pages.get_by_role("link", name="As printed").click()
    expect(pages.locator(".printed img").first).to_be_visible()
    expect(pages.get_by_role("link", name="As printed")).to_be_focused()

    second = next_with_pages(page)
    expect(pages.locator("section").first).to_contain_text(second[:30])
    expect(page.locator("#card h1")).to_be_focused()

    page.context.set_offline(True)
    next_with_pages(page)
    expect(pages.get_by_role("link", name="Open the full text")).to_be_visible()
    page.context.set_offline(False)


def test_without_javascript_the_pages_are_a_press_away(
    chromium: Browser, demo_server: Server
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo_server.url}/login")
    page.get_by_label("E-mail address").fill(LOGINS["reviewer 1"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").last.click()
    page.goto(f"{demo_server.url}/reviews/demo/screening/full_text")
    while not page.locator("#card [data-report-pages]").count():
        page.get_by_role("button", name="Skip").click()

    with page.expect_popup() as popup:
        page.get_by_role("link", name="Read the pages").click()
    expect(popup.value.locator(".leaf img").first).to_be_visible()
    context.close()
