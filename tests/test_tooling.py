"""The tools that guard the code are awake, and what no tool guards is checked here."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.structure import (
    MAX_POSITIONAL,
    classes_in_two_modules,
    cycles,
    functions_of,
    has_sql,
    imports_of,
    is_entry_point,
    modules_of,
    n_positional,
)

ROOT = Path(__file__).parents[1]
PACKAGES = ("protocols", "review", "screening", "heatmap", "api", "migrations")
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def run(program: str, *arguments: str, cwd: Path = ROOT, given: str | None = None) -> str:
    """Return what a tool of our environment says, with its exit status on the last line."""
    plain = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    done = subprocess.run(
        [BIN / program, *arguments],
        cwd=cwd, input=given, env=plain, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"


@cache
def python_files() -> tuple[Path, ...]:
    return tuple(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


@cache
def own_files() -> tuple[Path, ...]:
    """Every file that is in the repository or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("This is not a git checkout")
    names = sorted(set(listed.stdout.split("\0")) - {""})
    return tuple(ROOT / name for name in names if (ROOT / name).is_file())


def lines_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each line of a text file with where it is."""
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), start=1):
        yield f"{path.relative_to(ROOT)}:{number}", line


# Imports

CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]
LAYERED = [contract for contract in CONTRACTS if contract["type"] == "layers"]
LAYERS = "api → (screening | heatmap) → review → protocols"
HTTP = "Nothing below api knows HTTP"
NO_DATABASE = "protocols touches no database"
ALONE = "Migrations stand alone: they import nothing of the application"


def lint_imports(folder: Path, *planted: tuple[str, str]) -> str:
    """Return import-linter's report on a copy of the packages with lines planted in it."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored, dirs_exist_ok=True)
    for place, line in planted:
        (path,) = folder.glob(place)
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    return run("lint-imports", "--no-cache", "--no-logo", cwd=folder)


def test_the_imports_are_as_the_contracts_say(tmp_path: Path) -> None:
    report = lint_imports(tmp_path)

    assert report.endswith("status 0"), report
    assert {f"{contract['name']} KEPT" for contract in CONTRACTS} <= set(report.split("\n"))


@pytest.mark.parametrize(
    ("contract", "place", "line"),
    [
        (LAYERS, "review/errors.py", "import screening.ranking.terms"),
        (LAYERS, "heatmap/coded.py", "import screening.ranking.ranker"),
        (LAYERS, "protocols/problems.py", "import review.errors"),
        (LAYERS, "screening/ranking/ranker.py", "import api.settings"),
        (HTTP, "review/errors.py", "import starlette.status"),
        (NO_DATABASE, "protocols/problems.py", "import sqlalchemy"),
        (ALONE, "migrations/versions/0001_*.py", "import review.errors"),
        (ALONE, "migrations/baseline/people.py", "import review.errors"),
    ],
)
def test_an_import_against_a_contract_is_found(
    tmp_path: Path, contract: str, place: str, line: str
) -> None:
    report = lint_imports(tmp_path, (place, line))

    assert report.endswith("status 1"), report
    assert re.findall(r"^(.*) BROKEN$", report, re.MULTILINE) == [contract]


@pytest.mark.parametrize("contract", LAYERED, ids=lambda contract: contract["name"])
def test_no_layer_may_import_the_one_above_it(tmp_path: Path, contract: dict[str, Any]) -> None:
    first_of_each = [re.split(r" [|:] ", layer)[0] for layer in contract["layers"]]
    pairs = list(pairwise(first_of_each))

    report = lint_imports(
        tmp_path, *((file_of(lower), f"import {upper}") for upper, lower in pairs)
    )

    for upper, lower in pairs:
        assert f"{lower} is not allowed to import {upper}:" in report


def file_of(module: str) -> str:
    path = Path(*module.split("."))
    return f"{path}/__init__.py" if (ROOT / path).is_dir() else f"{path}.py"


def test_every_contract_has_its_planted_violation() -> None:
    names = {contract["name"] for contract in CONTRACTS}

    assert names == {HTTP, NO_DATABASE, ALONE} | {contract["name"] for contract in LAYERED}


def test_there_is_no_import_cycle() -> None:
    assert cycles(imports_of(modules_of(ROOT))) == []


def test_no_class_name_is_used_in_two_modules() -> None:
    assert classes_in_two_modules(modules_of(ROOT)) == {}


def test_only_routes_and_commands_take_more_than_three_arguments_by_position() -> None:
    found = [
        f"{module}.{function.name}"
        for module, tree in modules_of(ROOT).items()
        for function in functions_of(tree)
        if not is_entry_point(function, module) and n_positional(function) > MAX_POSITIONAL
    ]

    assert found == DEPENDENCIES


DEPENDENCIES = [
    "api.pages.publications.asked_link",
    "api.v1.heatmap.asked_map",
    "api.v1.routes._write",
]
"""FastAPI calls these by name: dependencies of many routes."""


def test_no_route_writes_sql() -> None:
    # The demonstration makes its own review and looks at what came of it.
    found = [name for name, tree in modules_of(ROOT).items() if has_sql(tree)]

    assert [name for name in found if re.match(r"api\.(?!demonstration)", name)] == []


# Ruff and mypy

JSON = ("--output-format", "json")


@pytest.mark.parametrize(
    ("place", "code", "rule"),
    [
        ("review/planted.py", "import os\n", "F401"),
        ("review/planted.py", f"X = '{'x' * 100}'\n", "E501"),
        ("review/planted.py", "import datetime\n\nX = datetime.datetime.now()\n", "DTZ005"),
        ("review/planted.py", "X = eval(input())\n", "S307"),
        ("review/planted.py", "def f(a: int) -> int:\n    return 1\n", "ARG001"),
        ("review/planted.py", "def f(a, b, c, d):\n    return a, b, c, d\n", "PLR0917"),
        ("tests/planted.py", "import os\n", "F401"),
        ("migrations/versions/planted.py", "import os\n", "F401"),
    ],
)
def test_ruff_is_awake(place: str, code: str, rule: str) -> None:
    said = run("ruff", "check", *JSON, "--stdin-filename", place, "-", given=code)

    assert f'"{rule}"' in said
    assert said.endswith("status 1")


def test_ruff_lets_tests_assert_and_nothing_else() -> None:
    code = "def f(a: int) -> None:\n    assert a\n"

    planted = run("ruff", "check", *JSON, "--stdin-filename", "api/planted.py", "-", given=code)
    assert '"S101"' in planted
    assert run(
        "ruff", "check", "--stdin-filename", "tests/planted.py", "-", given=code
    ).endswith("status 0")  # fmt: skip


def test_the_formatter_is_awake() -> None:
    said = run("ruff", "format", "--check", "--stdin-filename", "api/x.py", "-", given="x = 'a'\n")

    assert said.endswith("status 1"), said


def test_ruff_reads_our_table() -> None:
    said = run("ruff", "check", "--show-settings", "pyproject.toml")

    assert f"linter.line_length = {PROJECT['tool']['ruff']['line-length']}\n" in said
    assert "linter.unresolved_target_version = 3.11" in said
    enabled = said.split("linter.rules.enabled = [")[1].split("]\n")[0]
    for family in PROJECT["tool"]["ruff"]["lint"]["select"]:
        assert re.search(rf"\({family}\d?", enabled), f"no rule of {family} is enabled"


def test_no_table_of_the_project_file_is_dead() -> None:
    assert PROJECT.keys() == {"build-system", "project", "tool"}
    assert PROJECT["tool"].keys() == {
        "coverage", "hatch", "importlinter", "mutmut", "mypy", "pytest", "ruff",
    }  # fmt: skip


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ("", ""),
        ("\n\ndef planted() -> int:\n    return 'a'\n", "[return-value]"),
        ("\n\ndef planted(x):\n    return x\n", "[no-untyped-def]"),
    ],
)
def test_mypy_is_awake(tmp_path: Path, mypy_cache: Path, planted: str, complaint: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    code = (ROOT / "protocols" / "problems.py").read_text(encoding="utf-8")
    (tmp_path / "planted.py").write_text(code + planted, encoding="utf-8")

    said = run("mypy", "--cache-dir", str(mypy_cache), "planted.py", cwd=tmp_path)

    assert complaint in said
    assert said.endswith("status 1" if planted else "status 0"), said


def test_mypy_is_strict_on_every_package() -> None:
    assert PROJECT["tool"]["mypy"]["strict"] is True
    assert set(PROJECT["tool"]["mypy"]["packages"]) == set(PACKAGES) - {"migrations"}


# Nothing that runs what it reads

PICKLES = {
    "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle",
    "shelve", "skops", "torch",
}  # fmt: skip
UNPICKLERS = {"read_pickle", "to_pickle", "unsafe_load", "full_load", "load_module"}
SAFE_LOADERS = {"SafeLoader", "CSafeLoader"}


def dangers(code: str) -> list[str]:
    """Return what in some code could run what it reads, with the lines."""
    tree = ast.parse(code)
    safe = SAFE_LOADERS | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).split(".")[-1] in SAFE_LOADERS for base in node.bases)
    }
    return [
        f"line {node.lineno}: {what}" for node in ast.walk(tree) for what in _danger(node, safe)
    ]


def _danger(node: ast.AST, safe: set[str]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (one.name for one in names if one.name.split(".")[0] in PICKLES)
        case ast.ImportFrom(module=str(module), names=names):
            if module.split(".")[0] in PICKLES:
                yield module
            yield from (f"{module}.{one.name}" for one in names if one.name in PICKLES | UNPICKLERS)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="yaml"), attr="load" | "load_all")):
            loaders = [*node.args[1:], *(one.value for one in node.keywords if one.arg == "Loader")]
            if not any(ast.unparse(one).split(".")[-1] in safe for one in loaders):
                yield "yaml.load without SafeLoader"
        case ast.Attribute(attr=attr) if attr in UNPICKLERS:
            yield attr
        case ast.keyword(arg="allow_pickle", value=value):
            if not (isinstance(value, ast.Constant) and value.value is False):
                yield "allow_pickle"
        case ast.Call(func=ast.Name(id="eval" | "exec" | "__import__" as name)):
            yield name


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "import os, joblib", "from joblib import load", "import os; import dill",
        "from sklearn.externals import joblib", "import torch.serialization", "import marshal as m",
        "numpy.load(path, allow_pickle=True)", "numpy.load(path, allow_pickle=trust)",
        "yaml.load(text)", "yaml.load(text, Loader=yaml.Loader)", "yaml.unsafe_load(text)",
        "class L(yaml.Loader): ...\nyaml.load(text, L)", "pandas.read_pickle(path)", "eval(text)",
    ],
)  # fmt: skip
def test_the_scan_finds_what_could_run_what_it_reads(code: str) -> None:
    assert dangers(code)


def test_the_scan_lets_safe_loading_pass() -> None:
    code = "class L(yaml.SafeLoader): ...\nyaml.load(a, L)\nyaml.safe_load(a)\nnumpy.load(a)\n"

    assert dangers(code + "json.load(a)\nnumpy.load(a, allow_pickle=False)\n") == []


def test_nothing_runs_what_it_reads() -> None:
    found = [
        f"{path.relative_to(ROOT)}, {danger}"
        for path in python_files()
        for danger in dangers(path.read_text(encoding="utf-8"))
    ]

    assert len(python_files()) > 100
    assert found == []


# Pages

TEMPLATES = ROOT / "api" / "templates"
UNSAFE = {
    "a filter that turns escaping off": r"\|\s*safe\b",
    "markup made by hand": r"\bMarkup\b",
    "escaping turned off": r"autoescape\s+(?!true)\w",
    "a script in the page": r"<script\b[^>]*>\s*[^\s<]",
    "a script without a source": r"<script\b(?![^>]*\ssrc=)",
    "a style in the page": r"\sstyle\s*=|<style\b",
    "a handler in the page": r"<[a-z][^>]*\son[a-z]+\s*=",
    "a javascript address": r"javascript:",
    "an address elsewhere": r"(?:https?:)?//(?!doi\.org/)\w",
}


def unsafe(text: str) -> list[str]:
    """Return what a page should not have in it."""
    return [what for what, mark in UNSAFE.items() if re.search(mark, text, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{{ title | safe }}", "a filter that turns escaping off"),
        ("{{ Markup(title) }}", "markup made by hand"),
        ("{% autoescape false %}", "escaping turned off"),
        ("<script>\nalert(1)</script>", "a script in the page"),
        ("<script>\nalert(1)</script>", "a script without a source"),
        ('<p class="a" style="color: red">', "a style in the page"),
        ('<button\n  type="submit" onclick="go()">', "a handler in the page"),
        ('<a href="javascript:go()">', "a javascript address"),
        ('<link href="https://cdn.example/a.css">', "an address elsewhere"),
        ('<script src="//cdn.example/a.js"></script>', "an address elsewhere"),
    ],
)
def test_the_scan_of_pages_is_awake(text: str, what: str) -> None:
    assert what in unsafe(text)


def test_the_scan_of_pages_lets_ours_pass() -> None:
    ours = '<script type="module" src="/static/a.js"></script><a href="https://doi.org/{{ doi }}">'

    assert unsafe(ours) == []


def test_pages_escape_everything_and_bring_no_script_or_style() -> None:
    pages = sorted(TEMPLATES.rglob("*.html"))
    found = {
        str(page.relative_to(TEMPLATES)): unsafe(page.read_text(encoding="utf-8")) for page in pages
    }

    assert len(pages) > 15
    assert {page: what for page, what in found.items() if what} == {
        "prisma/_diagram.html": ["escaping turned off"],  # our own SVG, escaped where it is drawn
        "help/_guide.html": ["escaping turned off"],  # our own guides, their markup escaped
        "heatmap/methods.html": ["escaping turned off"],  # our own SVG, frozen
        # Data for search engines, which no browser runs; `tojson` escapes it.
        "heatmap/_head.html": ["a script in the page", "a script without a source"],
        # A file for use without a network, whose policy names its own script by its hash.
        "heatmap/offline.html": [
            "a filter that turns escaping off",
            "a script in the page",
            "a script without a source",
            "a style in the page",
        ],
    }


def test_markup_outside_the_templates_is_escaped_in_one_place() -> None:
    # Jinja would take Markup for escaped already; to_html embeds data in a script as it is.
    own_way = re.compile(
        r"Markup\b|\.to_html\(|from html import escape|html\.escape|saxutils|quoteattr"
    )
    found = [
        place for path in python_files() for place, line in lines_of(path) if own_way.search(line)
    ]

    assert [place.partition(":")[0] for place in found] == [
        "review/safe_text.py",
        "api/demonstration/exports.py",  # search files as other programs write them
    ]


def test_files_take_their_place_in_one_way() -> None:
    # Renaming alone is not enough: the folder has to be synced too, or a power cut takes the name.
    own_way = re.compile(
        r"\bmkstemp\(|os\.(?:replace|rename|link)\(|\.rename\(|\.replace\(path\)|\.mkdir\("
    )
    found = {
        place.partition(":")[0]
        for path in python_files()
        for place, line in lines_of(path)
        if own_way.search(line) and "demonstration" not in place
    }

    assert found == {"api/settings.py", "review/storage/files.py"}  # the key replaces no other


def test_pages_fetch_nothing_from_elsewhere() -> None:
    found = [
        place
        for path in sorted((ROOT / "api" / "static").rglob("*.*"))
        for place, line in lines_of(path)
        if re.search(r"(?:https?:)?//(?!www\.w3\.org/)\w+\.|@import", line)
    ]

    assert found == []


# The lock file


def locked() -> dict[str, str]:
    """Return what the lock file says of each package: name → its lines."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return {re.split(r"[=\[ ;]", entry)[0]: entry for entry in entries if entry.strip()}


def test_every_package_is_locked_to_the_hash() -> None:
    packages = locked()

    assert len(packages) > 50
    for name, entry in packages.items():
        assert re.match(r"[a-z0-9-]+(?:\[[a-z0-9,-]+\])?==[\w.!+]+(?: ; [^\\]+)? \\\n", entry), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), name
        assert not re.search(r"--hash=(?!sha256:[0-9a-f]{64}\b)", entry), name


def test_the_lock_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert not re.search(r"https?://|index-url|find-links|trusted-host| @ ", text)


def asked_for() -> dict[str, Requirement]:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["dev"], *extras["bench"]]
    return {one.name.lower().replace("_", "-"): one for one in map(Requirement, wanted)}


def test_the_lock_has_all_that_the_project_asks_for() -> None:
    packages = locked()

    for name, requirement in asked_for().items():
        version = packages[name].split("==")[1].split()[0]
        assert requirement.specifier.contains(version, prereleases=True), name


def test_the_lock_is_of_this_project_file() -> None:
    direct = {name for name, entry in locked().items() if "siftmap (pyproject.toml)" in entry}

    assert direct == asked_for().keys()


# The repository

TEXTS = {
    "", ".cfg", ".css", ".html", ".js", ".json", ".mako", ".md", ".py", ".sh", ".sql", ".svg",
    ".toml", ".yaml", ".yml",
}  # fmt: skip
LATER = re.compile(r"\b(?:TODO|FIXME|HACK)\b(?!\s*\(?#\d+)")


def test_no_large_file_is_kept() -> None:
    large = [path.name for path in own_files() if path.stat().st_size > 1_000_000]

    assert own_files()
    assert large == []


def test_lines_end_where_they_end() -> None:
    found = []
    for path in own_files():
        if path.suffix not in TEXTS:
            continue
        found += [place for place, line in lines_of(path) if line != line.rstrip()]
        if (content := path.read_bytes()) and not content.endswith(b"\n"):
            found.append(f"{path.relative_to(ROOT)}: no line ending at its end")

    assert found == []


@pytest.mark.parametrize("line", ["# TODO: later", "# FIXME (soon)", "{# HACK #}"])
def test_the_scan_for_later_is_awake(line: str) -> None:
    assert LATER.search(line)
    assert not LATER.search("# TODO #12: later")


def test_what_is_left_for_later_names_its_issue() -> None:
    found = [
        place
        for path in own_files()
        if path.suffix in TEXTS and path != Path(__file__)
        for place, line in lines_of(path)
        if LATER.search(line)
    ]

    assert found == []


# Docstrings


def undocumented(code: str, *, only_module: bool = False) -> list[str]:
    """Return the public names of a module, and of its public classes, without a docstring."""
    tree = ast.parse(code)
    found = ["the module"] if tree.body and not ast.get_docstring(tree) else []
    return found if only_module else found + list(_undocumented(tree))


def _undocumented(scope: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in scope.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node)


def test_the_scan_for_docstrings_is_awake() -> None:
    code = "class A:\n    '''A.'''\n    def b(self): ...\n    def _c(self): ...\ndef d(): ...\n"

    assert undocumented(code) == ["the module", "b", "d"]


def test_everything_public_says_what_it_is() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files()
        for name in undocumented(
            path.read_text(encoding="utf-8"), only_module="migrations" in path.parts
        )
    ]

    assert found == []


# Benchmarks


def test_what_a_benchmark_imports_from_another_is_there() -> None:
    folder = ROOT / "tests" / "benchmarks"
    trees = {path.stem: ast.parse(path.read_text()) for path in folder.glob("*.py")}
    missing = [
        f"{name}: {one.name} of {node.module}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in trees
        for one in node.names
        if one.name not in _defined(trees[node.module])
    ]

    assert missing == []


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a module makes or imports at its top."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            names |= {one.asname or one.name for one in node.names}
    return names
