"""Measure how long a reviewer waits for the next title after a key, in a real browser.

    python tests/benchmarks/key_to_title.py [--database both] [--decisions 200] [--records 400]

Serves a review, opens the screening room in Chromium (BROWSER_BIN, or `chromium`), and presses the
keys of a reviewer who reads for a moment.  The browser itself measures, from the key event until
the next frame is drawn with another title, which has the focus.  Prints the median and the 95th
percentile with the goal, and what ten million additions take here, for comparison.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from load import database_on_disk, record_texts
from playwright.sync_api import Page, sync_playwright

from review.storage import migration
from review.storage.database import Database
from tests.databases import KINDS
from tests.factories import make_review
from tests.faults.serving import PASSWORD, SCREENING, Server

GOAL = 50  # ms
KEYS = ("e", "i", "e", "m", "e", "s")
READING = 300  # ms
FLAGS = ["--no-sandbox", "--disable-gpu"]
# Notes the time of each key, and of the first frame that shows another title with the focus.
WATCH = """() => {
  window.waits = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  new MutationObserver(() => {
    const began = pressed;
    requestAnimationFrame(() => setTimeout(() => {
      const title = document.querySelector("#card h1");
      if (began && document.activeElement === title) waits.push(performance.now() - began);
    }));
  }).observe(document.querySelector(".desk"), { childList: true });
}"""


def main() -> None:
    """Measure on each kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--records", type=int, default=400)
    arguments = parser.parse_args()
    began = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    print(f"ten million additions: {time.process_time() - began:.2f} s")
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        with tempfile.TemporaryDirectory() as folder, database_on_disk(kind, Path(folder)) as url:
            waits = _waits(url, Path(folder), arguments)
        middle, late = statistics.median(waits), sorted(waits)[int(len(waits) * 0.95)]
        is_met = "met" if late <= GOAL else "NOT MET"
        print(
            f"{kind}: key to next title, n {len(waits)}, median {middle:.0f} ms, p95 {late:.0f} ms "
            f"(goal {GOAL}: {is_met})"
        )


def _waits(url: str, folder: Path, arguments: argparse.Namespace) -> list[float]:
    migration.upgrade(url)
    server, database = Server(url, folder / "data"), Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
    database.dispose()
    (folder / "search.ris").write_text("".join(record_texts(arguments.records)))
    server.run("import", cast.slug, str(folder / "search.ris"))
    server.run("rank", cast.slug)
    try:
        server.start()
        binary = os.environ.get("BROWSER_BIN") or shutil.which("chromium")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{server.url}/login")
            page.fill("[name=email]", cast.emails["reviewer_a"])
            page.fill("[name=password]", PASSWORD)
            page.click("main button")
            page.wait_for_url(f"{server.url}/")
            page.goto(f"{server.url}/reviews/{cast.slug}/{SCREENING}")
            page.wait_for_selector("#bar[data-ready]", timeout=60_000)
            waits = _press(page, arguments.decisions)
            browser.close()
        return waits
    finally:
        server.stop()


def _press(page: Page, n: int) -> list[float]:
    page.evaluate(WATCH)
    for number in range(n):
        page.keyboard.press(KEYS[number % len(KEYS)])
        page.wait_for_timeout(READING)
    waits: list[float] = page.evaluate("waits")
    return waits


if __name__ == "__main__":
    main()
