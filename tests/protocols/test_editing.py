"""Changing one part of a protocol's text: the rest stays, and the part says what was asked."""

import copy
import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.editing import CannotEdit, with_entry, with_entry_moved, with_value
from protocols.loader import load, read_shipped, shipped
from protocols.source import read

NAMES = list(shipped())
LISTS = ("criteria", "searches", "exclusion_reasons", "highlights", "terminology", "codebook")
CONTROLS = ["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]
# Words that YAML reads as something else, signs that it gives a meaning, and long text.
TEXTS = st.one_of(
    st.sampled_from(
        ["no", "NO", "yes", "12:30", "1990", "1e3", "~", "null", "*effect", "a: b", "# no", "- x",
         "'", '"', "{a}", "[b]", "x #y", "@z", "%q", "=", "2001-01-01", "O'Neill", "on", "é ü 漢"]
    ),
    st.text(st.characters(exclude_categories=CONTROLS), min_size=1, max_size=300)
    .map(lambda text: " ".join(text.split())).filter(bool),
    st.lists(st.sampled_from(["outcome", "bond:", "of", "#1", "—"]), min_size=20, max_size=60)
    .map(" ".join),
)  # fmt: skip


@pytest.fixture(params=NAMES)
def text(request):
    return read_shipped(request.param)


def data_of(text):
    return copy.deepcopy(read(text).data)


@pytest.mark.parametrize("name", NAMES)
def test_setting_every_part_to_what_it_is_changes_no_character(name):
    text = read_shipped(name)
    for key, value in data_of(text).items():
        assert with_value(text, key, value) == text
        if key in LISTS or key == "frameworks":
            for number, entry in enumerate(value):
                assert with_entry(text, key, number=number, entry=entry) == text
                assert with_entry_moved(text, key, number=number, to=number) == text


@given(name=st.sampled_from(NAMES), words=TEXTS, at=st.data())
def test_a_changed_entry_says_what_was_asked_and_the_rest_stays(name, words, at):
    text = read_shipped(name)
    section = at.draw(st.sampled_from([key for key in LISTS if data_of(text).get(key)]))
    expected = data_of(text)
    number = at.draw(st.integers(0, len(expected[section]) - 1))
    field = at.draw(st.sampled_from([k for k, v in expected[section][number].items()
                                     if isinstance(v, str)]))  # fmt: skip
    expected[section][number][field] = words

    changed = with_entry(text, section, number=number, entry=expected[section][number])

    assert read(changed).data == expected
    assert not read(changed).problems
    assert _changed_lines(text, changed) <= 12
    assert _comments(changed) >= _comments(text) - _comments_beside_changes(text, changed)


@given(name=st.sampled_from(NAMES), at=st.data())
def test_entries_are_added_moved_and_taken_out(name, at):
    text = read_shipped(name)
    section = at.draw(st.sampled_from([key for key in LISTS if data_of(text).get(key)]))
    expected = data_of(text)
    entries = expected[section]
    number, to = (at.draw(st.integers(0, len(entries) - 1)) for _ in range(2))
    new = {"key": "added", "label": at.draw(TEXTS), "more": [at.draw(TEXTS)]}

    moved = with_entry_moved(text, section, number=number, to=to)
    added = with_entry(moved, section, number=None, entry=new)
    entries.insert(to, entries.pop(number))
    entries.append(new)
    assert read(added).data == expected

    taken = with_entry(added, section, number=len(entries) - 1, entry=None)
    assert taken == moved
    assert with_entry_moved(moved, section, number=to, to=number) == text


def test_a_field_that_was_missing_goes_where_the_schema_has_it(text):
    without = with_value(text, "published_from", None)
    again = with_value(without, "published_from", 1999)

    assert "published_from" not in data_of(without)
    assert data_of(again)["published_from"] == 1999
    assert again.index("\nlanguages:") < again.index("\npublished_from:")
    assert again.index("\npublished_from:") < again.index("\nstages:")
    load(again)


def test_long_text_becomes_a_block_of_lines_of_readable_length():
    text = read_shipped("blank")
    words = "How do outcomes contracts change what providers do? " * 6

    changed = with_value(text, "question", words.strip())

    assert data_of(changed)["question"] == words.strip()
    assert max(map(len, changed.splitlines())) <= 100


def test_the_last_line_may_lack_its_line_break():
    text = read_shipped("blank").rstrip("\n")
    assert data_of(with_value(text, "random_share", 0.1))["random_share"] == 0.1


def _changed_lines(old, new):
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return sum(line[0] in "+-" for line in lines)


def _comments(text):
    return sum("#" in line for line in text.splitlines())


def _comments_beside_changes(old, new):
    return sum(line[0] == "-" and "#" in line for line in difflib.ndiff(
        old.splitlines(), new.splitlines()))  # fmt: skip


def test_long_text_in_a_flow_mapping_stays_on_its_line_without_a_bell():
    text = read_shipped("health-interventions")
    reasons = data_of(text)["exclusion_reasons"]
    number = next(n for n, _ in enumerate(reasons))
    long = "Published before the year in which the review begins, or after the last one. " * 3

    changed = with_entry(text, "exclusion_reasons", number=number,
                         entry=reasons[number] | {"help": long.strip()})  # fmt: skip

    assert data_of(changed)["exclusion_reasons"][number]["help"] == long.strip()
    assert "\a" not in changed
    assert "\\a" not in changed


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "T",\n "question": "Q?", "languages": ["en"],\n "exclusion_reasons": '
        '[{"key": "a", "label": "A"}]}\n',
        "title: T\nquestion: Q?\nlanguages: [en]\nexclusion_reasons:\n  - # a comment\n"
        "    key: a\n    label: A\n",
        "  title: T\n  question: Q?\n  languages: [en]\n"
        "  exclusion_reasons: [{key: a, label: A}]\n",
    ],
    ids=["JSON", "a comment after the dash", "indented"],
)
def test_a_text_that_forms_cannot_change_says_so_or_is_changed_rightly(text):
    load(text)
    changed_entry, new_entry = {"key": "a", "label": "B"}, {"key": "b", "label": "B"}
    for edit in (
        lambda: with_value(text, "title", "Another title: of some length " * 5),
        lambda: with_entry(text, "exclusion_reasons", number=0, entry=changed_entry),
        lambda: with_entry(text, "exclusion_reasons", number=None, entry=new_entry),
    ):
        try:
            changed = edit()
        except CannotEdit:
            continue
        assert data_of(changed) != data_of(text)
        load(changed)
