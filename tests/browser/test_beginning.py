"""A lead who has never seen YAML or a terminal begins alone, in a real browser.

From an empty folder to a review with a protocol of their own, people, searches and duplicates, and
everything that went wrong on the way corrected on the page that shows it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WORK, Server, serving
from tests.databases import Templates

pytestmark = pytest.mark.browser

IMPORTS = Path(__file__).parents[3] / "shared/bench/imports"
REAL = (  # from databases, reference managers and other programs; the last four are the wrong ones
    ("asysd__scopus.ris", "asreview__embase.ris", "asreview__proquest.ris", "asysd__wos_test.ris"),
    ("asreview__ovid_psycinfo.ris", "asreview__pubmed_endnote.txt", "asreview__embase.csv",
     "asreview__web_of_science.txt"),
    ("asysd__ris_export.txt", "asreview__scopus.ris", "asreview__pubmed_zotero.ris",
     "asreview__ovid_zotero.ris"),
)  # fmt: skip
SOURCES = ("Scopus", "Web of Science", "Embasse")
RECORD = """TY  - JOUR
TI  - {title}
AU  - Ardent, Nell
PY  - {year}
AB  - What a contract that pays for outcomes came to in {title}.
ER  -
"""


@pytest.fixture
def new_server(templates: Templates, kind: str, tmp_path: Path) -> Iterator[Server]:
    """Yield a server on an empty folder and a database without any table."""
    with serving({"SIFTMAP_DATABASE_URL": templates.empty(kind)}, tmp_path / "data") as running:
        yield running


def twelve_files(folder: Path) -> list[list[Path]]:
    """Return three times four search files: real exports where they are, else some of our own."""
    if IMPORTS.is_dir():
        return [[IMPORTS / name for name in names] for names in REAL]
    towns = ("Northmoor", "Eastham", "Quillon Bay", "Pewtermere", "Hallowsand", "Brackenby",
             "Oldcastle", "Sandwick", "Thornley", "Westbrook", "Yarrow", "Zennor")  # fmt: skip
    files = []
    for number, town in enumerate(towns):
        file = folder / f"{number}.ris"
        both = (town, towns[number - 1])  # each town is found twice
        file.write_text("\n".join(RECORD.format(title=f"A bond for {one}", year=2000 + len(one))
                                  for one in both))  # fmt: skip
        files.append(file)
    return [files[:4], files[4:8], files[8:]]


def first_link(folder: Path) -> str:
    """Return the link for the first account, which the server has printed."""
    return re.search(r"Create the first account: (\S+)", folder.with_suffix(".log").read_text())[1]


def identified(page: Page, review: str) -> int:
    """Return how many records the searches brought."""
    page.goto(f"{review}/searches")
    row = page.locator("tfoot tr")
    return int(row.locator("td[data-label=imported]").inner_text().split()[0].replace(",", ""))


def add_search(page: Page, review: str, files: list[Path], source: str) -> None:
    page.goto(f"{review}/searches")
    page.get_by_label("Files exported").set_input_files(files)
    page.get_by_role("button", name="Preview", exact=True).click()
    page.locator("#source").fill(source)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name=source, exact=True)).to_be_visible(timeout=WORK)


def adopt(page: Page, why: str) -> None:
    """Adopt the draft, which is on the page."""
    page.get_by_label("Reason").fill(why)
    page.get_by_role("button", name="Adopt version").click()
    expect(page.get_by_role("heading", name="Protocol", exact=True)).to_be_visible()


@pytest.mark.parametrize(("kind", "javascript"), [("sqlite", False), ("postgresql", True)])
def test_a_lead_begins_alone_and_corrects_what_went_wrong(
    page: Page, new_server: Server, chromium: Browser, tmp_path: Path
) -> None:
    # The first page says where the first account comes from; the link works once.
    page.goto(new_server.url)
    expect(page.get_by_text("Nobody has an account on this server yet.")).to_be_visible()
    link = first_link(tmp_path / "data")
    page.goto(link)
    page.get_by_label("Your name").fill("Lena Lead")
    page.get_by_label("E-mail address").fill("lena@example.org")
    page.get_by_label("Password").fill("three plain words")
    page.get_by_role("button", name="Create account").click()

    # A review from a protocol that comes with siftmap.
    expect(page.get_by_role("heading", name="Start a review")).to_be_visible()
    page.get_by_label("Name of the review").fill("Homelessness and outcomes")
    page.get_by_role("button", name="Start the review").click()
    expect(page.get_by_text("The review has been started.")).to_be_visible()
    review = f"{new_server.url}/reviews/homelessness-and-outcomes"
    assert page.request.get(link).status == 404

    # Its protocol is changed in forms: a reason is renamed, another taken out.
    page.get_by_role("link", name="Edit Exclusion reasons").click()
    page.get_by_role("link", name="Not empirical", exact=True).click()
    page.get_by_label("Reason", exact=True).fill("No empirical data")
    page.get_by_role("button", name="Save to draft").click()
    page.get_by_role("button", name="Remove Other reason").click()
    page.get_by_role("link", name="Check the changes").click()
    expect(page.get_by_role("row").filter(has_text="No empirical data")).to_contain_text(
        "Not empirical"
    )
    expect(page.get_by_text("removed", exact=True)).to_be_visible()
    adopt(page, "Clearer words.")
    expect(page.locator("#reasons + *, .reasons-list").last).to_contain_text("No empirical data")

    # Two reviewers are invited at once, and join.
    page.goto(f"{review}/settings")
    page.get_by_role("textbox", name="Names").fill("Ana\nBen")
    page.get_by_role("button", name="Create invitations").click()
    links = [box.input_value() for box in page.locator("input.link").all()]
    assert len(links) == 2
    for name, invitation in zip(("Ana", "Ben"), links, strict=True):
        other = chromium.new_page()
        other.goto(invitation)
        other.get_by_label("E-mail address").fill(f"{name.lower()}@example.org")
        other.get_by_label("Password").fill("three plain words")
        other.get_by_role("button", name="Create account and join").click()
        expect(other.get_by_role("heading", level=1)).to_be_visible()
        other.goto(f"{review}/protocol")
        expect(other.get_by_text("No empirical data")).to_be_visible()
        expect(other.get_by_role("link", name="Edit Exclusion reasons")).to_have_count(0)
        other.close()

    # Twelve files in three searches; the name of the last is wrong, and so are its files.
    for files, source in zip(twelve_files(tmp_path), SOURCES, strict=True):
        add_search(page, review, files, source)
    everything = identified(page, review)
    page.get_by_role("link", name="Embasse").click()
    page.get_by_text("Correct source").click()
    page.locator("#source").fill("Embase")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_role("heading", name="Embase", exact=True)).to_be_visible()
    page.get_by_role("button", name="Withdraw this search").click()
    lines = page.get_by_role("row").filter(has_text="Records identified").locator("td")
    now, then = (int(lines.nth(n).inner_text().replace(",", "")) for n in (0, 1))
    assert now == everything > then
    page.get_by_label("Why").fill("Exported without the date limit.")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_role("heading", name="Corrections and withdrawals")).to_be_visible()
    assert identified(page, review) == then

    # That is undone, and done again.
    for expected in (everything, then):
        page.get_by_role("button", name="Undo Embase").first.click()
        assert identified(page, review) == expected

    # Duplicates are found, undone, and found again.
    page.goto(review)
    page.get_by_role("button", name="Find duplicates").click()
    page.wait_for_url("**/duplicates", timeout=WORK)
    n_duplicates = duplicates(page, review)
    for expected in (0, n_duplicates):
        page.goto(f"{review}/duplicates")
        page.locator(".acts summary").first.click()
        page.locator(".acts button").first.click()
        assert duplicates(page, review) == expected
    page.goto(f"{review}/duplicates")
    page.locator("summary", has_text="Compare everything again").click()
    page.get_by_role("button", name="Compare everything again").click()
    page.wait_for_url("**/duplicates", timeout=WORK)
    assert duplicates(page, review) == n_duplicates

    # The protocol is amended, and the page says first how many records that touches.
    page.goto(f"{review}/protocol/edit/rules")
    page.get_by_label("Title and abstract: decisions needed").select_option("1")
    page.get_by_role("button", name="Save to draft").click()
    expect(page.get_by_text(re.compile(r"\d+ records without a decision follow"))).to_be_visible()
    adopt(page, "There are too few of us.")
    page.goto(f"{review}/protocol/changes")
    expect(page.get_by_role("heading", name="From version 2 to version 3")).to_be_visible()
    expect(page.get_by_text("There are too few of us.")).to_be_visible()


def duplicates(page: Page, review: str) -> int:
    """Return how many duplicates the page of searches counts."""
    page.goto(f"{review}/searches")
    row = page.locator("tfoot tr")
    return int(row.locator("td[data-label=duplicates]").inner_text().replace(",", ""))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_demonstration_is_entered_with_one_press(
    page: Page, demo_server: Server, javascript: bool
) -> None:
    for number, (name, lands) in enumerate(
        {"Lea": "Overview", "Ana": None, "Ben": None, "Ada": None}.items(), start=1
    ):
        page.goto("about:blank")
        page.context.clear_cookies()
        page.goto(f"{demo_server.url}/login")
        button = page.get_by_role("button", name=f"{number} {name},")
        if javascript and lands:
            page.get_by_label("E-mail address").blur()
            page.keyboard.press(str(number))
        else:
            button.click()
        page.wait_for_url("**/reviews/demo**")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert page.url.endswith("/map")
