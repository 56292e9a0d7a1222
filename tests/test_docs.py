"""The documentation names everything there is: commands, settings, keys, fields, decisions."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from api.cli.main import app
from api.settings import Settings
from heatmap.formats import MAP_FILES, MapFormat
from protocols import schema
from protocols.loader import shipped
from review.permissions import ALLOWED, Action, may
from review.prisma.counts import BOXES
from review.prisma.formats import FLOW_FILES, FlowFormat
from review.searches.formats import Format
from review.vocabulary import Resolution, Role, Stage, Verdict

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("*.md"))
GUIDES = sorted(path for path in DOCS.glob("*.md") if path.name != "index.md")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += sorted(DOCS.rglob("*.md"))

# Counts of the flow that are not sums of places, beside BOXES.
STUDY_COUNTS = (
    "previous_studies",
    "previous_reports",
    "new_studies",
    "total_studies",
    "total_reports",
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def coded_words(text: str) -> set[str]:
    """Return what stands in code marks, outside of examples."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def commands(group: Any, name: str = "siftmap") -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command.load()


def section_of(command: str) -> str:
    """Return what docs/command-line.md says under a command's own heading."""
    parts = re.split(r"^#{2,3} ", text_of("docs/command-line.md"), flags=re.MULTILINE)
    found = [part for part in parts if re.match(rf"`{command}[ `]", part)]
    return found[0] if found else ""


COMMANDS = dict(commands(app))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_an_example(name: str) -> None:
    section = section_of(name)

    assert section, f"docs/command-line.md has no section `{name}`"
    assert re.search(rf"^\$ (?:\w+=\S+ )*{name}", section, re.MULTILINE), "no example"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_its_commands_section(name: str) -> None:
    options = {
        option
        for parameter in COMMANDS[name].params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }

    assert options <= coded_words(section_of(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_section_has_an_option_that_the_command_lacks(name: str) -> None:
    known = {
        option
        for parameter in COMMANDS[name].params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section_of(name))) <= known


def test_no_section_is_of_a_command_that_is_gone() -> None:
    headings = re.findall(
        r"^### `(siftmap [a-z -]+)", text_of("docs/command-line.md"), re.MULTILINE
    )

    assert {heading.strip() for heading in headings} == set(COMMANDS)


def test_every_setting_has_a_row_and_every_row_a_setting() -> None:
    rows = re.findall(r"^\| `(SIFTMAP_[A-Z_]+)`", text_of("docs/operating.md"), re.MULTILINE)

    assert sorted(rows) == sorted(f"SIFTMAP_{name.upper()}" for name in Settings.model_fields)


def test_every_prisma_key_has_one_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", text_of("docs/prisma.md"), re.MULTILINE)

    assert sorted(rows) == sorted([*BOXES, *STUDY_COUNTS])


def test_every_format_has_one_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", text_of("docs/formats.md"), re.MULTILINE)

    assert sorted(rows) == sorted(Format)


def test_the_permission_table_is_the_one_in_force() -> None:
    lines = text_of("docs/permissions.md").split("\n")
    header = next(line for line in lines if line.startswith("| action |"))
    roles = [Role(word.strip()) for word in header.split("|")[2:-2]]
    said = {
        Action(cells[1].strip(" `")): {
            role for role, cell in zip(roles, cells[2:], strict=False) if cell.strip() == "yes"
        }
        for cells in (line.split("|") for line in lines if line.startswith("| `"))
    }

    assert set(roles) == set(Role)
    assert said == {action: set(ALLOWED[action]) for action in Action}
    assert all(may(frozenset({role}), action) for action in Action for role in said[action])


@pytest.mark.parametrize("words", [Role, Action])
def test_every_role_and_action_is_named(words: type[Role] | type[Action]) -> None:
    assert set(words) <= coded_words(text_of("docs/permissions.md"))


def parts_of_a_protocol() -> list[type[BaseModel]]:
    return [
        part
        for part in vars(schema).values()
        if isinstance(part, type) and issubclass(part, BaseModel) and part.model_fields
    ]


@pytest.mark.parametrize("part", parts_of_a_protocol(), ids=lambda part: part.__name__)
def test_every_field_of_a_protocol_is_named(part: type[BaseModel]) -> None:
    assert set(part.model_fields) <= coded_words(text_of("docs/protocols.md"))


@pytest.mark.parametrize(
    "words",
    [schema.SearchKind, schema.Level, schema.ItemType, schema.SPECIAL_VALUES, shipped()],
    ids=["kinds", "levels", "types", "special values", "shipped protocols"],
)
def test_every_word_that_a_protocol_may_use_is_named(words: object) -> None:
    assert {str(word) for word in words} <= coded_words(text_of("docs/protocols.md"))


@pytest.mark.parametrize("words", [Role, Stage, Verdict, Resolution])
def test_the_glossary_has_the_words_of_the_code(words: type[Role]) -> None:
    glossary = text_of("docs/glossary.md").lower()
    coded = coded_words(glossary)

    missing = [word for word in words if word not in coded and plain(word) not in glossary]
    assert missing == []


def plain(word: str) -> str:
    return word.replace("_", " ")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = [
        target.split("#")[0]
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not target.startswith(("http://", "https://", "#"))
    ]

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_into_a_page_meets_a_heading(page: Path) -> None:
    anchored = [
        target.split("#")
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "#" in target and not target.startswith("http")
    ]
    lost = [
        f"{name}#{anchor}"
        for name, anchor in anchored
        if anchor not in anchors_of(page.parent / name if name else page)
    ]

    assert lost == []


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*GUIDES, *ADRS], ids=lambda path: path.stem)
def test_the_index_lists_every_page_by_its_title(page: Path) -> None:
    index = text_of("docs/index.md")

    assert f"({page.relative_to(DOCS).as_posix()})" in index
    if page in ADRS:
        title = page.read_text(encoding="utf-8").split("\n")[0].removeprefix("# ")
        assert title.split(" ", 1)[0] == page.stem[:4]
        assert f"[{page.stem[:4]} " in index


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.stem[:4] for path in ADRS] == [f"{n:04d}" for n in range(1, len(ADRS) + 1)]


@pytest.mark.parametrize("page", ADRS, ids=lambda path: path.stem[:4])
def test_a_decision_has_its_status_and_three_parts_on_one_screen(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.search(r"^(?:Accepted|Superseded by \d{4}), \d{4}-\d\d-\d\d", text, re.MULTILINE)
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.split("\n")) <= 60


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_plain(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert not re.search(r"\w!|\bplease\b", text, re.IGNORECASE)


def test_the_readme_names_every_top_level_folder() -> None:
    folders = re.findall(r"^\| `(\w+)/` \|", text_of("README.md"), re.MULTILINE)

    present = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"docs", "tests"}
    assert set(folders) == present


def test_every_target_of_the_makefile_that_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }

    assert named <= targets
    assert {"setup", "demo", "test", "check"} <= named


@pytest.mark.parametrize(
    ("formats", "pages"),
    [
        (MapFormat, ["docs/command-line.md", "docs/api.md", "docs/advisors.md"]),
        (FlowFormat, ["docs/command-line.md", "docs/api.md", "docs/prisma.md"]),
    ],
    ids=["map", "flow"],
)
def test_every_format_of_map_and_flow_is_named(formats: type[StrEnum], pages: list[str]) -> None:
    for page in pages:
        words = set(re.findall(r"\w+", text_of(page).lower()))
        assert set(formats) <= words, page


def test_every_format_has_its_row_in_the_table() -> None:
    assert set(MAP_FILES) == set(MapFormat)
    assert set(FLOW_FILES) == set(FlowFormat)
