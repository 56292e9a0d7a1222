"""Templates can be read, diffed and translated: short lines, named links, marked strings."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.web.rendering import ENVIRONMENT, FOLDER

TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
LONGEST = 120
SHOWN = {"title", "aria-label", "placeholder", "alt", "label", "data-label", "data-waiting"}
NOT_PROSE = {"kbd", "code", "script", "style"}
MARKED = {"_", "gettext", "ngettext", "trans"}
EXPRESSION = "\x00"


class Prose(HTMLParser):
    """Collects the words that a page shows and that no translator would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.found += [value for name, value in attrs if name in SHOWN and has_words(value or "")]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if has_words(data) and not NOT_PROSE & set(self.open):
            self.found.append(" ".join(data.split()))


def has_words(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2,}", text.replace("siftmap", "").replace("UTC", "")))


def unmarked(source: str) -> list[str]:
    """Return the words of a template that are neither in `_()` nor between trans and endtrans."""
    prose, found = Prose(), []
    in_trans, before, last = False, ["", ""], ""
    for _line, kind, value in ENVIRONMENT.lex(source):
        if kind == "data" and not in_trans:
            prose.feed(value)
        elif kind == "variable_begin" and not in_trans:
            prose.feed(EXPRESSION)
        elif kind == "name" and last.startswith("block_begin"):
            in_trans = (in_trans or value == "trans") and value != "endtrans"
        elif kind == "string" and not in_trans and is_prose(value[1:-1]):
            is_plural = before[-1] == ","
            if not (before[-1] == "(" and before[-2] in MARKED) and not is_plural:
                found.append(value)
        if kind not in {"whitespace", "data"}:
            before, last = [before[-1], value], kind
    prose.close()
    return [*prose.found, *found]


def is_prose(text: str) -> bool:
    return bool(re.match(r"[A-Z][a-z]+", text)) or (" " in text.strip() and has_words(text))


@pytest.mark.parametrize(
    "source",
    [
        "<p>Nothing to do</p>",
        '<a title="See all">{{ n }}</a>',
        '{{ "Undo" if x else "" }}',
        "{% trans %}Fine{% endtrans %} not fine",
    ],
)
def test_the_search_for_unmarked_words_is_awake(source: str) -> None:
    assert unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p>{{ _("Nothing to do") }} <kbd>Esc</kbd> · {{ number }}</p>',
        '<a title="{{ _("See all") }}" class="some words here">{{ n }}</a>',
        '{{ ngettext("%(num)s record", "%(num)s records", n) }}',
        "{% trans trimmed n=n %}Some <b>words</b> and {{ n }}{% endtrans %}",
    ],
)
def test_marked_words_pass(source: str) -> None:
    assert unmarked(source) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_on_a_page_can_be_translated(path: Path) -> None:
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_line_of_a_template_is_too_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")

    assert [n for n, line in enumerate(lines, start=1) if len(line) > LONGEST] == []


def joined_addresses(source: str) -> Iterator[str]:
    """Yield what makes an address of a page by hand."""
    yield from re.findall(
        r"""["']/(?:reviews|p|help|account|login|logout|invitations)\b.*""", source
    )
    yield from re.findall(r"""\{\{ *here *\}\}/|here ~""", source)


def test_the_search_for_joined_addresses_is_awake() -> None:
    assert list(joined_addresses('<a href="/reviews/{{ slug }}">'))
    assert list(joined_addresses('<a href="{{ here }}/jobs">'))
    assert not list(joined_addresses('<a href="{{ url("jobs.show_all") }}">'))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_links_are_made_from_names(path: Path) -> None:
    assert list(joined_addresses(path.read_text(encoding="utf-8"))) == []
