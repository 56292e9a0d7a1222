"""Reviewers mark the words that decided: selected or typed, decided on, undone and seen again."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from review.events import OPERATOR
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reviews import add_member, create_review
from review.storage.database import Database
from review.vocabulary import Role
from tests.browser.conftest import Server, fill_in_sign_in
from tests.factories import make_records, protocol_text

pytestmark = pytest.mark.browser

PASSWORD, EMAIL = "three plain words", "ana@example.org"
TITLE = "A social impact bond for young people out of work"
ABSTRACT = "Investors were paid for employment outcomes of young people in two towns."


@pytest.fixture
def screening(server: Server, database: Database) -> str:
    """Make a review with one record to screen, and return the address of screening."""
    with database.writing() as session:
        review = create_review(
            session,
            slug="jobs",
            title=None,
            protocol_text=protocol_text(closes_after=20),
            by=OPERATOR,
        )
        add_account(session, email=EMAIL, name="Ana", password_hash=hash_password(PASSWORD))
        add_member(session, review_id=review.id, email=EMAIL, role=Role.REVIEWER, by=OPERATOR)
        make_records(session, review.id, [{"title": TITLE, "abstract": ABSTRACT}])
    return f"{server.url}/reviews/jobs/screening/title_abstract"


def select(page: Page, words: str) -> None:
    """Select words of the abstract, as a mouse or a finger does."""
    page.evaluate(
        """(words) => {
            const node = document.querySelector(".abstract p").firstChild;
            const start = node.data.indexOf(words);
            getSelection().setBaseAndExtent(node, start, node, start + words.length);
        }""",
        words,
    )


@pytest.mark.parametrize("kind", ["sqlite"])
def test_words_are_marked_decided_on_undone_and_there_again(
    page: Page, server: Server, screening: str, javascript: bool
) -> None:
    fill_in_sign_in(page, server, EMAIL, PASSWORD)
    page.goto(screening)
    field = page.locator("#marked")

    if javascript:
        select(page, "paid for employment outcomes")
        page.keyboard.press("w")
        select(page, "two towns")
        page.get_by_role("button", name="This is why").click()
        expect(field).to_have_value("paid for employment outcomes\ntwo towns")
        expect(page.locator("[data-marks]")).to_have_text("2")
        select(page, "two towns")  # a second press takes the mark away
        page.keyboard.press("w")
    else:
        field.fill("paid for employment outcomes")
    expect(field).to_have_value("paid for employment outcomes")
    page.get_by_role("button", name="Include").click()
    expect(page.get_by_role("heading", name="Nothing left to screen")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(field).to_have_value("paid for employment outcomes")
    page.get_by_role("button", name="Exclude", exact=False).click()
    if javascript:
        expect(page.locator("#outbox")).to_have_text("saved ✓")
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_text("You decided:")).to_be_visible()
    expect(field).to_have_value("paid for employment outcomes")


@pytest.mark.parametrize(("kind", "javascript"), [("sqlite", True)])
def test_the_key_without_a_selection_leads_to_the_field_and_long_selections_are_refused(
    page: Page, server: Server, screening: str
) -> None:
    fill_in_sign_in(page, server, EMAIL, PASSWORD)
    page.goto(screening)

    page.keyboard.press("w")
    expect(page.locator("#marked")).to_be_focused()
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('#marked').dataset.most = '5'")
    select(page, "paid for employment")
    page.keyboard.press("w")

    expect(page.get_by_text("Select fewer words at a time")).to_be_visible()
    expect(page.locator("#marked")).to_have_value("")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_on_a_phone_a_press_that_ends_the_selection_still_marks(
    chromium: Browser, server: Server, screening: str, tmp_path: Path
) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    fill_in_sign_in(page, server, EMAIL, PASSWORD)
    page.goto(screening)

    select(page, "employment outcomes")
    page.wait_for_timeout(50)  # the browser reports a selection a moment later
    page.evaluate("getSelection().removeAllRanges()")
    page.get_by_role("button", name="This is why").tap()

    expect(page.locator("#marked")).to_have_value("employment outcomes")
    context.close()
