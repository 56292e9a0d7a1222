"""From search files to unique records in a browser: the demonstration and 20,000 records."""

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import WORK, Server
from tests.browser.test_people import sign_in

pytestmark = pytest.mark.browser

WORDS = [
    "outcomes", "payment", "contract", "investor", "shelter", "youth", "employment",
    "homelessness", "evaluation", "bond", "savings", "commissioner", "provider", "cohort",
    "trial", "welfare", "prison", "school", "nurse", "harbour", "village", "housing", "credit",
    "migrant", "kinship", "foster", "recovery", "literacy", "bridge", "evidence", "pathway",
]  # fmt: skip
TABLE = "Kop,Samenvatting,Jaar,Auteur\nÉén obligatie voor {0},Over werk,2019,Jansen\n"


def works(n: int, seed: int = 4) -> Iterator[dict[str, str]]:
    """Yield works with the fields that identify them."""
    chance = random.Random(seed)  # noqa: S311 - invented works, the same each time
    for number in range(n):
        yield {
            "TI": " ".join(chance.choices(WORDS, k=11)),
            "AU": f"{chance.choice(WORDS).title()}, {chance.choice('ABCDE')}.",
            "PY": str(chance.randrange(1995, 2024)),
            "T2": f"Journal of {chance.choice(WORDS).title()} Studies",
            "SP": str(chance.randrange(1, 900)),
            "DO": f"10.5555/large.{number}",
        }


def ris(fields: dict[str, str]) -> str:
    """Return a record in RIS."""
    lines = [f"{tag}  - {value}" for tag, value in fields.items()]
    return "\n".join(["TY  - JOUR", *lines, "ER  - ", ""])


def two_searches(folder: Path, n: int, n_same: int, n_possible: int) -> list[Path]:
    """Write two files of ``n`` records with some duplicates and some possible duplicates."""
    first, second = list(works(n)), list(works(n, seed=5))
    for index in range(n_same + n_possible):
        copy = dict(first[index])
        if index >= n_same:
            del copy["DO"], copy["SP"], copy["T2"]
            copy["TI"] = copy["TI"].rsplit(" ", 1)[0]
            copy["PY"] = str(int(copy["PY"]) + 1)
        second[index] = copy
    for index in range(n_same + n_possible, n):
        second[index]["DO"] += "b"
    paths = [folder / "first.ris", folder / "second.ris"]
    for path, records in zip(paths, (first, second), strict=True):
        path.write_text("".join(map(ris, records)))
    return paths


def add(page: Page, review: str, files: list[Path], source: str, *, patience: float) -> None:
    """Add a search through its pages and wait until it is imported."""
    page.goto(f"{review}/searches")
    page.get_by_label("Files exported").set_input_files(files)
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_label("Source", exact=True).fill(source)
    page.get_by_role("button", name="Import", exact=True).click()
    wait_for(page, page.get_by_role("heading", name=source), patience)


def wait_for(page: Page, expected: object, patience: float) -> None:
    """Wait like a person: without JavaScript, reload the page."""
    for _ in range(int(patience)):
        result = page.get_by_role("link", name="See the result")
        if result.count():
            result.click()
        if expected.count():  # type: ignore[attr-defined]
            return
        page.wait_for_timeout(1_000)
        if "/jobs/" in page.url and not page.locator("html.scripted").count():
            with suppress(PlaywrightError):  # the page has just moved on by itself
                page.reload()
    expect(expected).to_be_visible(timeout=1_000)  # type: ignore[arg-type]


def count(page: Page) -> int:
    """Return the number of possible duplicates on the page."""
    return int(re.sub(r"\D", "", page.locator(".line .count").inner_text().split("possible")[0]))


def answer_pairs(page: Page, review: str, javascript: bool) -> None:
    """Answer, skip and undo, merge many at once, and check a sample."""
    page.goto(f"{review}/duplicates")
    n = count(page)
    answer(page, "d", "Duplicates", javascript)
    expect(page.locator(".line .count")).to_contain_text(f"{n - 1:,} possible")
    answer(page, "k", "Not duplicates", javascript)
    expect(page.locator(".line .count")).to_contain_text(f"{n - 2:,} possible")
    if javascript:
        page.keyboard.press("z")
    else:
        page.locator(".acts summary").first.click()
        page.get_by_role("button", name="Undo this answer").first.click()
    expect(page.locator(".line .count")).to_contain_text(f"{n - 1:,} possible")
    pair = page.locator(".pair thead").inner_text()
    if javascript:
        page.keyboard.press("s")
    else:
        page.locator('a[data-key="s"]').click()
    expect(page.locator(".pair thead")).not_to_have_text(pair)

    page.get_by_role("link", name="Merge many at once").click()
    page.get_by_role("button", name=re.compile("^Merge th")).click()
    expect(page.get_by_text(re.compile("that scored .* or more")).first).to_be_visible()

    page.goto(f"{review}/duplicates/sample?size=3")
    while page.locator("form.answer").count():
        before = page.locator(".line .count").inner_text()
        if page.get_by_text("were merged").count():
            answer(page, "d", "Duplicates", javascript)
        else:
            answer(page, "k", "Not duplicates", javascript)
        expect(page.locator(".line .count")).not_to_have_text(before)
    expect(page.get_by_text("You have checked the whole sample.")).to_be_visible()
    expect(page.get_by_text("3 of 3: 100.0 %")).to_be_visible()


def answer(page: Page, key: str, name: str, javascript: bool) -> None:
    """Answer by key with JavaScript, and by the button without it."""
    if javascript:
        page.keyboard.press(key)
    else:
        page.get_by_role("button", name=re.compile(f"^{name}")).click()


@pytest.mark.parametrize(("kind", "javascript"), [("sqlite", False), ("postgresql", True)])
def test_the_lead_corrects_files_and_answers_pairs_of_the_demonstration(
    page: Page, demo_server: Server, tmp_path: Path, javascript: bool
) -> None:
    review = f"{demo_server.url}/reviews/demo"
    sign_in(page, demo_server, "lead")
    table = tmp_path / "export.csv"
    table.write_bytes(TABLE.format("Gent").encode("cp1252"))
    page.goto(f"{review}/searches")
    page.get_by_label("Files exported").set_input_files(table)
    page.get_by_role("button", name="Preview", exact=True).click()

    # The columns of this table cannot be recognised.
    page.get_by_label("Kop").select_option("title")
    page.get_by_label("Samenvatting").select_option("abstract")
    page.get_by_label("Encoding").fill("cp1252")
    page.get_by_role("button", name="Update preview").click()
    expect(page.get_by_text("Één obligatie voor Gent").first).to_be_visible()
    page.get_by_label("Source", exact=True).fill("Een bron")
    page.get_by_role("button", name="Import", exact=True).click()
    wait_for(page, page.get_by_role("heading", name="Een bron"), WORK / 1000)
    expect(page.get_by_text("Één obligatie voor Gent").first).to_be_visible()

    answer_pairs(page, review, javascript)
    assert demo_server.run("verify").startswith("All is well.")


@pytest.mark.soak
def test_twenty_thousand_records_are_imported_compared_and_answered(
    page: Page, demo_server: Server, tmp_path: Path, javascript: bool
) -> None:
    demo_server.run("review", "create", "large", "--protocol", "blank")
    demo_server.run("review", "member", "large", "lead@demo.example", "--role", "lead")
    review = f"{demo_server.url}/reviews/large"
    sign_in(page, demo_server, "lead")
    for path in two_searches(tmp_path, 10_000, n_same=1_200, n_possible=60):
        add(page, review, [path], path.stem, patience=120 + WORK / 1000)

    page.goto(f"{review}/duplicates")
    page.get_by_role("button", name="Find duplicates").click()
    wait_for(page, page.get_by_text("merged 1,200 duplicates"), 120)
    assert count(page) == 60

    answer_pairs(page, review, javascript)
    page.goto(f"{review}/searches")
    expect(page.get_by_role("row", name=re.compile("second"))).to_contain_text("10,000")
    assert demo_server.run("verify").startswith("All is well.")
