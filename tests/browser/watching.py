"""What a page must not do: run foreign text, ask another server, or break its own policy."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

REPORT = """document.addEventListener("securitypolicyviolation", (event) =>
  report(`${event.violatedDirective} ${event.blockedURI}: ${event.target.outerHTML || ""}`))"""
RUNNABLE = """() => [...document.querySelectorAll("*")].filter((element) =>
  element.localName === "foreignobject" || [...element.attributes].some(({ name, value }) =>
    name.startsWith("on") || /^\\s*javascript:/i.test(value) && name !== "value"
    && !name.startsWith("data-") && name !== "aria-label" && name !== "title"))
  .map((element) => element.outerHTML.slice(0, 200))"""
PATIENCE = 120_000  # ms; a picture waits for the worker, which has a low priority
BROWSERS_OWN = ("chrome:", "chrome-extension:")  # its viewer of PDFs
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@contextmanager
def watched(browser: Browser, home: str) -> Iterator[tuple[Page, list[str]]]:
    """Yield a page, and a list of what it does that it must not; ``home`` begins its addresses."""
    context = browser.new_context()
    problems: list[str] = []
    context.expose_binding(
        "report", lambda source, what: problems.append(f"{source['page'].url}: {what[:300]}")
    )
    context.add_init_script(REPORT)
    page = context.new_page()
    page.set_default_navigation_timeout(PATIENCE)
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((home, *BROWSERS_OWN))
            else problems.append(f"{page.url}: {request.url}")
        ),
    )
    yield page, problems
    context.close()


def open_and_look(page: Page, address: str, problems: list[str]) -> bool:
    """Open an address and list what is wrong with it; False if it is a file to save."""
    try:
        page.goto(address)
    except BrowserError as error:
        if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
            return False
        raise
    if "RAN" in page.title() and "document.title" not in page.title():
        problems.append(f"{address}: a script of foreign text ran")
    problems += [f"{address}: can run: {found}" for found in page.evaluate(RUNNABLE)]
    return True


def crawl(page: Page, home: str, problems: list[str], *, alike: int = 2, views: int = 8) -> int:
    """Follow every link from ``home``, at most ``alike`` of a kind; return the number of pages.

    At most ``views`` of a page are opened: a map has a link for each combination of its choices.
    """
    waiting, seen, kinds, places = deque(["/"]), set[str](), Counter[str](), Counter[str]()
    n = 0
    while waiting:
        path = waiting.popleft()
        if path in seen or not open_and_look(page, home + path, problems):
            continue
        seen.add(path)
        n += 1
        for link in page.evaluate("[...document.links].map((link) => link.href)"):
            found = link.removeprefix(home).partition("#")[0]
            kind = re.sub(r"=[^&]*", "=", IDS.sub("N", found))
            place = kind.partition("?")[0]
            is_new = found not in seen and kinds[kind] < alike and places[place] < views
            if link.startswith(home) and is_new:
                kinds[kind] += 1
                places[place] += 1
                waiting.append(found)
    return n
