"""Take the screenshots for the README from the demonstration.

`python tests/browser/screenshots.py` makes a demonstration, serves it and replaces them all.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from api.demonstration import LOGINS, PASSWORD
from tests.browser.conftest import FLAGS, Server, serving

TARGET = Path(__file__).parents[2] / "docs" / "screenshots"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SCREENSHOTS = {
    "overview": ("lead", ""),
    "duplicates": ("lead", "/duplicates"),
    "prisma": ("lead", "/prisma"),
    "map": ("lead", "/map?row=health&column=results_based_financing"),
    "screening": ("reviewer 1", "/screening/title_abstract"),
    "list": ("reviewer 1", "/screening/title_abstract/list"),
    "conflicts": ("lead", "/conflicts"),
    "progress": ("lead", "/stopping"),
}


def main() -> None:
    """Take every screenshot."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        environment = os.environ | {"SIFTMAP_DATA_DIR": str(data)}
        Server("", environment).run("demo")
        with serving({}, data) as server, sync_playwright() as playwright:
            binary = os.environ.get("BROWSER_BIN") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
            page = browser.new_context(viewport=DESKTOP).new_page()
            for name, (who, path) in SCREENSHOTS.items():
                sign_in(page, server, who)
                page.goto(f"{server.url}/reviews/demo{path}")
                skip_records_without_abstract(page)
                if name == "list":
                    select_some(page)
                take(page, name)
            take_coding(page, server)
            phone = browser.new_context(viewport=PHONE, device_scale_factor=2).new_page()
            phone.goto(publish(page, server))
            phone.locator(".map").first.evaluate("(map) => map.scrollIntoView()")
            take(phone, "public-phone")
            browser.close()


def skip_records_without_abstract(page: Page) -> None:
    """Skip records without an abstract, which show little."""
    while page.get_by_text("This record has no abstract").count():
        title = page.locator("#card h1").inner_text()
        page.keyboard.press("s")
        expect(page.locator("#card h1")).not_to_have_text(title)


def select_some(page: Page) -> None:
    """Exclude a record in the list, select two, and stop at the second, with its text."""
    for key in "j6jjxjx":
        page.keyboard.press(key)
    expect(page.locator("#preview h1")).to_be_visible()
    expect(page.locator("#outbox")).to_have_text("saved ✓")


def take(page: Page, name: str) -> None:
    """Save a screenshot of the page."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=TARGET / f"{name}.png")
    print(f"wrote {name}.png")


def take_coding(page: Page, server: Server) -> None:
    """Take the form of a contract next to the text of a report."""
    sign_in(page, server, "reviewer 1")
    page.goto(f"{server.url}/reviews/demo/coding")
    studies = [link.get_attribute("href") for link in page.locator(".studies a").all()]
    for study in studies:
        page.goto(f"{server.url}{study}")
        if page.get_by_role("link", name="PDF").count():
            page.locator(".tabs > a").nth(1).click()
            break
    take(page, "coding")


def publish(page: Page, server: Server) -> str:
    """Publish the map and return its link."""
    sign_in(page, server, "lead")
    page.goto(f"{server.url}/reviews/demo/publications")
    page.get_by_role("button", name="Publish", exact=True).click()
    return re.sub(r"\s", "", page.get_by_label("Share link").input_value())


def sign_in(page: Page, server: Server, who: str) -> None:
    """Sign in as a person of the demonstration."""
    page.goto("about:blank")  # no script of the page before may ask without a session
    page.context.clear_cookies()
    page.goto(f"{server.url}/login")
    page.get_by_label("E-mail address").fill(LOGINS[who])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your reviews").wait_for()
    page.wait_for_load_state("networkidle")  # with the fonts of the pages that follow


if __name__ == "__main__":
    main()
