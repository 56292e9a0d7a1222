"""Scripts of the pages: small modules that the pages' own policy lets a browser load."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.web.rendering import FOLDER

MODULES = sorted((FOLDER / "static").glob("*.js"))
LONGEST = 200  # lines


def imported(path: Path) -> list[str]:
    source = path.read_text(encoding="utf-8")
    return re.findall(r"""^import\s+(?:[^"';]+\s+from\s+)?["']([^"']+)["']""", source, re.MULTILINE)


def test_the_entry_imports_every_module():
    names = {f"./{path.name}" for path in MODULES} - {"./siftmap.js"}

    assert set(imported(FOLDER / "static" / "siftmap.js")) == names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_and_imports_its_neighbours(path):
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST
    assert [name for name in imported(path) if not (path.parent / name).is_file()] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_served_as_a_script_of_our_own(app, path):
    answer = TestClient(app).get(f"/static/{path.name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["sans/SourceSansPro-Regular.otf", "serif/SourceSerifPro-It.otf"])
def test_fonts_come_from_their_packages_and_are_kept(app, name):
    answer = TestClient(app).get(f"/static/fonts/{name}")

    assert answer.status_code == 200
    assert answer.content[:4] == b"OTTO"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_style_sheet_names_only_fonts_that_are_there(app):
    client = TestClient(app)
    sheet = client.get("/static/siftmap.css").text
    addresses = re.findall(r'url\("([^"]+)"\)', sheet)

    assert len(addresses) == 6
    assert [client.get(address).status_code for address in addresses] == [200] * 6
