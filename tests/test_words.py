"""One word, one thing: names, file names, pages, messages and docs keep to the glossary.

docs/glossary.md says which words we leave to others, and why.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("protocols", "review", "screening", "heatmap", "api", "migrations")
TEMPLATES = sorted((ROOT / "api" / "templates").rglob("*.html"))
DOCS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCS += sorted((ROOT / "docs").rglob("*.md"))
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

# Parts of names that say too little or mean too much, and what to use instead.
NAME_PARTS = {
    "said": "the thing's own name",
    "leaf": "flow_state",
    "leaves": "flow_states",
    "standing": "stage_state",
    "stands": "is_live, flow_state",
    "placement": "cluster_membership",
    "vote": "decision",
    "votes": "decisions",
    "claimed_author": "named_author",
    "stand_in": "external_reviewer",
    "elsewhere": "imported",
    "lately": "activity",
    "portion": "workload",
    "homes": "cluster_ids",
    "frames": "columns",
    "citation": "record",
    "screenings": "screening",
    "helper": "say what it does",
    "utils": "say what it does",
}
# Words of others, in files of others that we read.
OTHERS_WORDS = ("review/searches/formats/", "review/duplicates/matching/", "protocols/places")
NAMES_ALLOWED = {
    "citation": r"citations_results|CITATION_SEARCHING|citation_searching|is_citation",
}

# Words on pages, in messages and in docs, each with what we say instead.
PHRASES = {
    r"\bcitations?\b(?!\s+search)": "record",
    r"\bde-dup(?!lic)": "find duplicates",
    r"\bscreenings\b": "screening",
    r"\b(?:up|down)vot": "decision",
    r"\bdoubtful\b": "possible duplicate",
    r"\bcalibration rounds?\b": "calibration set",
    r"\bstand-ins?\b": "external reviewer",
    r"\bclaimed (?:author|verdict)s?\b": "named author",
    r"\bdecisions made elsewhere\b": "imported decisions",
    r"\bwho reads what\b": "assignments",
    r"\bsecond look\b": "check decisions",
    r"\bneeds you\b": "to do",
    r"\bdone lately\b": "recent activity",
    r"\b(?:take|takes|taken|took|taking) over (?:decisions|the decisions)\b": "import decisions",
    r"\bsettle[sd]? (?:a|the|one|this|these|conflicts?|it)\b": "resolve",
    r"\bcame? to a result\b|\bcomes? to a result\b": "is resolved",
    r"\banew\b": "again",
    r"\blately\b": "recently",
    r"\bthereof\b": "its",
    r"\bnot any more\b": "no longer",
    r"\bas what\b": "how",
    r"\bwhoever\b": "who, the person who",
    r"\bby now\b": "now",
    r"\bmend(?:s|ed|ing)?\b": "fix, correct",
    r"\blook(?:ed)? into the files?\b": "preview",
    r"\bplease\b": "leave it out",
}
# Told in quotation marks: what others say, and what we do not.
WHERE_WORDS_ARE_EXPLAINED = {"docs/glossary.md"}


def parts(name: str) -> set[str]:
    """Return a name in lower snake case, and its parts, with all runs of parts."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    words = snake.split("_")
    return {
        "_".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    }


def names_in(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a module gives: functions, classes, arguments, variables, fields."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def strange_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names with a part that we do not use, each with what to use instead."""
    return {
        name: NAME_PARTS[part]
        for name in names
        for part in parts(name) & NAME_PARTS.keys()
        if not re.search(NAMES_ALLOWED.get(part, r"(?!)"), name)
    }


def strange_phrases(text: str) -> list[str]:
    """Return what a text says that we say otherwise."""
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in PHRASES)
    return [match[0] for match in found if match]


@pytest.mark.parametrize(
    "name", ["said", "in_leaf", "LeafTable", "n_votes", "claimed_author", "StandIn", "my_utils"]
)
def test_the_search_for_names_is_awake(name: str) -> None:
    assert strange_names([name])


def test_names_that_only_look_alike_pass() -> None:
    assert strange_names(["leaflet", "devoted", "standard", "afresh", "understanding_of"]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Import citations", "de-dupe the records", "two Screenings", "an upvote", "Doubtful pairs",
        "Settle the conflict", "rank anew", "taken over decisions made elsewhere", "not any more",
    ],
)  # fmt: skip
def test_the_search_for_phrases_is_awake(text: str) -> None:
    assert strange_phrases(text)


def test_our_own_phrases_pass() -> None:
    assert not strange_phrases(
        "Citation searching fills citations_results; resolve the conflict; import decisions; "
        "undo the merge; a possible duplicate; the calibration set; amend and recommend."
    )


def test_no_name_in_the_code_is_a_word_we_do_not_use() -> None:
    found = {
        str(path.relative_to(ROOT)): strange
        for path in MODULES
        if not str(path.relative_to(ROOT)).startswith(OTHERS_WORDS)
        if (strange := strange_names(names_in(ast.parse(path.read_text(encoding="utf-8")))))
    }

    assert len(MODULES) > 100
    assert found == {}


def test_no_file_is_named_by_a_word_we_do_not_use() -> None:
    files = [path for path in ROOT.rglob("*") if {".git", ".venv"}.isdisjoint(path.parts)]
    ours = [path for path in files if path.suffix in {".py", ".html", ".md", ".js"}]

    assert strange_names(path.stem for path in ours) == {}


def text_of(path: Path) -> str:
    """Return what a file says to people: code marks and Jinja's own words left out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return re.sub(r"```.*?```|`[^`]*`|\([^)\s]*\.md[^)]*\)", "", text, flags=re.DOTALL)
    if path.suffix == ".py":
        return "\n".join(strings_in(ast.parse(text)))
    return text


def strings_in(tree: ast.Module) -> Iterator[str]:
    """Yield the texts and docstrings of a module that are sentences, or parts of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def strange_in(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Return what each file says that we say otherwise."""
    return {
        name: strange
        for path in paths
        if (name := str(path.relative_to(ROOT))) not in WHERE_WORDS_ARE_EXPLAINED
        if not name.startswith(OTHERS_WORDS)
        if (strange := strange_phrases(text_of(path)))
    }


def test_pages_use_our_words() -> None:
    assert len(TEMPLATES) > 15
    assert strange_in(TEMPLATES) == {}


def test_docs_use_our_words() -> None:
    assert strange_in(DOCS) == {}


def test_messages_and_docstrings_use_our_words() -> None:
    assert strange_in(MODULES) == {}
