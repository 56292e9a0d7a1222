"""Nothing that anyone writes runs: not on a page, and not in a file that somebody opens later."""

import os
import re
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from api.demonstration import LOGINS, PASSWORD
from review.safe_text import drawable
from review.storage.database import Database
from tests.api.conftest import browse, make_app, work_off
from tests.browser.conftest import fill_in_sign_in, serving
from tests.browser.watching import crawl, open_and_look, watched
from tests.factories import Cast
from tests.hostile_texts import EVERYTHING, HOSTILE, make_hostile_review

pytestmark = pytest.mark.browser
IS_SOAK = os.environ.get("SIFTMAP_TEST_PROFILE") == "soak"
FRAMEWORKS = ("area_by_type", "area_by_theme", "country_by_type")
MAPS = ("csv", "xlsx", "json", "svg", "png", "html")
FLOWS = ("csv", "json", "svg", "png", "pdf")
EXPORTS = {"records": ("csv", "jsonl", "ris"), "decisions": ("csv", "jsonl"),
           "codes": ("csv", "jsonl"), "events": ("csv", "jsonl")}  # fmt: skip


@pytest.fixture
def kind() -> str:
    """Return the kind of database; what is written is the same on any."""
    return "sqlite"


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    return make_app(database, tmp_path / "data")


@pytest.fixture
def files(app: FastAPI, database: Database, tmp_path: Path) -> list[Path]:
    """Return every file that can be saved of a review of hostile text, saved."""
    with database.writing() as session:
        cast = make_hostile_review(session)
    lead = browse(app, database, cast.lead)
    review, api = f"/reviews/{cast.slug}", f"/api/v1/reviews/{cast.slug}"
    form = {"title": EVERYTHING[:300]}
    page = lead.follow(lead.post(f"{review}/publications", form))
    link = re.search(r'value="[^"]*(/p/[^"]+)"', page.text)[1]
    work_off(app)
    addresses = [f"{review}/prisma.{ending}" for ending in FLOWS]
    addresses += [f"{api}/prisma.{ending}" for ending in FLOWS]
    for framework in FRAMEWORKS:
        maps = [f"{place}.{ending}?framework={framework}" for ending in MAPS
                for place in (f"{review}/map", f"{api}/heatmap", f"{link}/map")]  # fmt: skip
        addresses += maps
    addresses += [f"{link}/data.json", *exported(app, database, cast)]
    folder = tmp_path / "saved"
    folder.mkdir()
    saved = []
    for number, address in enumerate(addresses):
        answer = lead.get(address)
        assert answer.status_code == 200, (address, answer.text)
        place, _, asked = address.partition("?")
        name = asked if place.endswith("/file") else f"{asked}-{place.rpartition('/')[2]}"
        saved.append(folder / f"{number}-{name.removeprefix('framework=').removeprefix('=')}")
        saved[-1].write_bytes(answer.content)
    return saved


def exported(app: FastAPI, database: Database, cast: Cast) -> list[str]:
    """Return the addresses of exports of every kind, once they are written."""
    lead = browse(app, database, cast.lead)
    jobs = []
    for kind, formats in EXPORTS.items():
        for ending in formats:
            form = {"kind": kind, "format": ending}
            place = lead.post(f"/reviews/{cast.slug}/exports", form).headers["location"]
            jobs.append(f"{place.partition('?')[0]}/file?={kind}.{ending}")
    work_off(app)
    return jobs


def test_no_saved_file_runs_anything_or_asks_anyone_when_opened(
    chromium: Browser, files: list[Path]
) -> None:
    n_opened = 0
    for file in files:
        if file.suffix == ".pdf":  # the browser shows it in an extension of its own
            active = rb"/(JS|JavaScript|URI|Launch|EmbeddedFile)\b"
            assert not re.search(active, file.read_bytes())
            continue
        with watched(chromium, file.as_uri()) as (page, problems):
            n_opened += open_and_look(page, file.as_uri(), problems)
            if file.suffix in (".html", ".svg") and "area_by_type" in file.name:
                text = page.locator("svg").first.text_content() or ""
                assert all(drawable(label)[:20] in text for label in HOSTILE), file.name
                assert page.locator(".mark-rect path").count() >= 2 * len(HOSTILE), file.name
        assert problems == [], file.name

    assert n_opened >= 3 * 3 * 3 + 4


def test_a_file_with_such_a_script_is_found_out(chromium: Browser, tmp_path: Path) -> None:
    plain = f"<title>Map</title><script>let labels = {list(HOSTILE)!r}</script>"
    with_image = f"<img src='{HOSTILE[7]}'><p onclick='a()'>"
    for number, text in enumerate((plain, with_image)):
        file = tmp_path / f"{number}.html"
        file.write_text(text)
        with watched(chromium, file.as_uri()) as (page, problems):
            open_and_look(page, file.as_uri(), problems)
        assert problems


def test_no_page_runs_anything_or_breaks_the_policy(
    chromium: Browser, database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        cast = make_hostile_review(session, password=PASSWORD)
    with serving({"SIFTMAP_DATABASE_URL": database.url}, tmp_path / "data") as server:
        for who in ("lead", "reviewer_a"):
            with watched(chromium, server.url) as (page, problems):
                fill_in_sign_in(page, server, cast.emails[who], PASSWORD)
                assert crawl(page, server.url, problems) > 20
            assert problems == []


@pytest.mark.parametrize(
    "who",
    ["lead", *(pytest.param(one, marks=pytest.mark.soak) for one in ("reviewer 1", "advisor"))],
)
def test_no_page_of_the_demonstration_breaks_the_policy(
    chromium: Browser, demonstration: Path, tmp_path: Path, who: str
) -> None:
    shutil.copytree(demonstration, tmp_path / "data")
    with serving({}, tmp_path / "data") as server, watched(chromium, server.url) as watching:
        page, problems = watching
        fill_in_sign_in(page, server, LOGINS[who], PASSWORD)
        n = crawl(page, server.url, problems, alike=2 if IS_SOAK else 1)

    assert n >= 30
    assert problems == []
