"""From a search file to the map, as people do it, with and without JavaScript."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from review.events import OPERATOR
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reviews import add_member, create_review
from review.storage.database import Database
from review.vocabulary import Role
from tests.browser.conftest import WORK, Server, fill_in_sign_in
from tests.factories import protocol_text

pytestmark = pytest.mark.browser

PASSWORD = "three plain words"
PEOPLE = {
    "lead@example.org": Role.LEAD,
    "ana@example.org": Role.REVIEWER,
    "ben@example.org": Role.REVIEWER,
    "judge@example.org": Role.ADJUDICATOR,
    "advisor@example.org": Role.ADVISOR,
}
RECORD = """TY  - JOUR
TI  - {title}
AU  - {author}
PY  - {year}
JO  - Journal of Invented Policy
VL  - {year}
SP  - {page}
AB  - {abstract}
ER  -
"""
WORKS = [
    {"title": "A social impact bond for young people out of work", "author": "Alder, A.",
     "year": 2014, "page": 11, "abstract": "A social impact bond paid for employment outcomes."},
    {"title": "Payment by results in homelessness services", "author": "Brook, B.", "year": 2016,
     "page": 22, "abstract": "Providers were paid when people kept a tenancy."},
    {"title": "Bond strength of adhesives in humid climates", "author": "Castell, C.",
     "year": 2011, "page": 33, "abstract": "Adhesive joints were tested at high humidity."},
]  # fmt: skip
# The first work as another source spells it: probably a duplicate, but not certainly.
TWIN = WORKS[0] | {"title": "Social impact bond for young people out of work", "page": 12}


@pytest.fixture
def review(server: Server, database: Database) -> str:
    """Make a review with its people and return its address."""
    with database.writing() as session:
        new_review = create_review(
            session,
            slug="jobs",
            title=None,
            protocol_text=protocol_text(closes_after=20),
            by=OPERATOR,
        )
        for email, role in PEOPLE.items():
            name = email.split("@")[0]
            add_account(session, email=email, name=name, password_hash=hash_password(PASSWORD))
            add_member(session, review_id=new_review.id, email=email, role=role, by=OPERATOR)
    return f"{server.url}/reviews/jobs"


def sign_in(page: Page, server: Server, email: str) -> None:
    """Sign in as another person."""
    page.goto("about:blank")  # no script of the page before may ask without a session
    page.context.clear_cookies()
    fill_in_sign_in(page, server, email, PASSWORD)


def add_search(page: Page, review: str, file: Path, source: str) -> None:
    """Add a search with one file and wait until it is imported."""
    page.goto(f"{review}/searches")
    page.get_by_label("Files exported").set_input_files(file)
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_label("Source", exact=True).fill(source)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name=source, exact=True)).to_be_visible(timeout=WORK)


def choose(page: Page, verdict: str, *, keys: bool) -> None:
    """Decide by key with JavaScript, and by the button without it."""
    before = page.locator("h1").inner_text()
    if keys:
        page.keyboard.press({"Include": "i", "Exclude": "e", "Maybe": "m"}[verdict])
    else:
        page.get_by_role("button", name=verdict).click()
    expect(page.locator("h1")).not_to_have_text(before)
    expect(page.locator("h1")).not_to_contain_text("on its way")


def screen_all(page: Page, server: Server, review: str, email: str, stage: str, decisions: dict,
               *, keys: bool) -> None:  # fmt: skip
    """Sign in and decide on every record, given decisions by title."""
    sign_in(page, server, email)
    page.goto(f"{review}/screening/{stage}")
    for _ in range(len(decisions)):
        title = page.locator("h1").inner_text()
        choose(page, decisions[title], keys=keys)
    expect(page.get_by_role("heading", name="Nothing left to screen")).to_be_visible()
    page.get_by_role("button", name="I'm done for now").click()
    expect(page.get_by_role("status").filter(has_text="closed")).to_be_visible()


@pytest.mark.parametrize(("kind", "javascript"), [("sqlite", False), ("postgresql", True)])
def test_a_review_travels_from_search_file_to_map(
    page: Page, server: Server, review: str, tmp_path: Path, javascript: bool
) -> None:
    first, second = tmp_path / "first.ris", tmp_path / "second.ris"
    first.write_text("\n".join(RECORD.format(**work) for work in WORKS))
    second.write_text(RECORD.format(**TWIN))
    titles = [work["title"] for work in WORKS]

    # The lead imports two files, finds the duplicate and answers the question about it, if any.
    sign_in(page, server, "lead@example.org")
    add_search(page, review, first, "Scopus")
    add_search(page, review, second, "Web of Science")
    page.goto(review)
    page.get_by_role("button", name="Find duplicates").click()
    page.wait_for_url("**/duplicates", timeout=WORK)
    duplicates = page.get_by_role("button", name=re.compile("^Duplicates"))
    if duplicates.is_visible():
        if javascript:
            page.keyboard.press("d")
        else:
            duplicates.click()
    expect(page.get_by_text("No possible duplicates to resolve")).to_be_visible()
    page.goto(review)
    page.get_by_role("button", name="Rank titles and abstracts").click()
    expect(page.get_by_role("heading", name="To do")).to_be_visible(timeout=WORK)

    # Two reviewers decide, and disagree about one record.
    ana = {titles[0]: "Include", titles[1]: "Include", titles[2]: "Exclude"}
    ben = {titles[0]: "Include", titles[1]: "Exclude", titles[2]: "Exclude"}
    for email, decisions in (("ana@example.org", ana), ("ben@example.org", ben)):
        screen_all(page, server, review, email, "title_abstract", decisions, keys=javascript)

    # The adjudicator resolves the conflict.
    sign_in(page, server, "judge@example.org")
    page.goto(f"{review}/conflicts")
    expect(page.get_by_role("heading", name=titles[1])).to_be_visible()
    page.locator("button[name=verdict][value=include]").click()
    expect(page.get_by_role("heading", name=titles[1])).to_have_count(0)
    page.goto(f"{review}/conflicts")
    expect(page.get_by_text("No conflicts to resolve")).to_be_visible()

    # The lead retrieves the full texts, and the reviewers screen them.
    sign_in(page, server, "lead@example.org")
    for _ in range(2):
        page.goto(f"{review}/reports")
        page.get_by_role("button", name="Retrieved", exact=True).first.click()
    included = {titles[0]: "Include", titles[1]: "Include"}
    for email in ("ana@example.org", "ben@example.org"):
        screen_all(page, server, review, email, "full_text", included, keys=javascript)

    # The lead makes a study of both reports; two coders code its contract alike.
    sign_in(page, server, "lead@example.org")
    page.goto(f"{review}/coding")
    for box in page.locator("input[name=reports]").all():
        box.check()
    page.get_by_label("Name of a new study").fill("Alder 2014")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Name of a new contract").fill("Northmoor bond")
    page.get_by_role("button", name="Add", exact=True).click()
    contract = page.url
    for email in ("ana@example.org", "ben@example.org"):
        sign_in(page, server, email)
        for item, label in (("contract_type", "Social impact bond"), ("area", "Employment")):
            page.goto(contract)
            form = page.locator(f"form#{item}")
            form.get_by_role("button", name=label).click()
            expect(page.locator(f"form#{item}").get_by_text(f"Yours: {label}")).to_be_visible()

    # PRISMA adds up, and a number opens its records.
    sign_in(page, server, "lead@example.org")
    page.goto(f"{review}/prisma")
    expect(page.get_by_text("does not add up")).to_have_count(0)
    for label in ("Duplicate records (n = 1)", "Records screened (n = 3)",
                 "Reports sought for retrieval (n = 2)"):  # fmt: skip
        expect(page.locator(".diagram svg")).to_contain_text(label.split(" (")[0])
    page.get_by_role("link", name="Records excluded (n = 1)").first.click()
    expect(page.get_by_role("link", name=titles[2])).to_be_visible()

    # The advisor opens the map and follows the cell to the study.
    sign_in(page, server, "advisor@example.org")
    page.goto(f"{review}/map")
    expect(page.locator(".key-facts")).to_contain_text("1 study 1 contract 2 reports")
    page.locator("#c-work-sib").click()
    expect(page.get_by_role("heading", name="Alder 2014")).to_be_visible()
    assert server.run("verify").startswith("All is well.")
