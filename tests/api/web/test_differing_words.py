"""Two texts side by side: what differs is marked, and no text makes the page slow."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import highlighting
from api.web.highlighting import Span, differing

NATURAL = (
    "Social impact bonds pay for outcomes. We compared 12 programmes (2010–2020), and found that "
    "the young people who took part were in work more often than those who did not.",
    "Social Impact Bonds pay for outcomes; we compared twelve programmes and found that the young "
    "people who had taken part were in work no more often than those who did not.",
)
ENDLESS = {
    "one word": (["x"] * 1000, [word for n in range(500) for word in ("x", f"y{n}")]),
    "two words": (["x", "y"] * 500, ["y", "x"] * 500),
    "different words": ([f"a{n // 2}" for n in range(3000)], [f"a{n // 3}" for n in range(3000)]),
    "no equal words": (["x"] * 30_000, ["y"] * 30_000),
    "the same beginning": (["x"] * 30_000 + ["y"], ["x"] * 30_000 + ["z"]),
}


def text_of(spans: list[Span]) -> str:
    return "".join(span.text for span in spans)


def by_difflib(left: str, right: str) -> list[list[Span]]:
    """Return the spans as Python's own library finds them."""
    split = highlighting._WORDS.findall(left), highlighting._WORDS.findall(right)
    a, b = ([highlighting._plain(word) for word in side] for side in split)
    spans: list[list[Span]] = [[], []]
    for tag, *at in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        for side in (0, 1):
            if text := "".join(split[side][at[2 * side] : at[2 * side + 1]]):
                spans[side].append(Span(text, "" if tag == "equal" else "differs"))
    return spans


@given(st.lists(st.sampled_from(NATURAL[0].split()), max_size=90),
       st.lists(st.sampled_from(NATURAL[1].split()), max_size=90))  # fmt: skip
def test_natural_texts_are_compared_as_python_compares_them(left, right):
    for a, b in (NATURAL, (" ".join(left), " ".join(right))):
        assert [list(side) for side in differing(a, b)] == by_difflib(a, b)


@pytest.mark.parametrize("words", ENDLESS.values(), ids=ENDLESS)
def test_texts_with_endless_repetition_are_compared_without_looking_at_every_pair(
    monkeypatch, words
):
    # With it, 1,000 repeated words took 11.5 s of CPU, and eight times that for twice as many.
    monkeypatch.delattr(highlighting, "SequenceMatcher")
    left, right = (" ".join(side) for side in words)

    spans = differing(left, right)

    assert [text_of(side) for side in spans] == [left, right]
    equal = [[span.text.split() for span in side if not span.kind] for side in spans]
    assert equal[0] == equal[1]


def test_the_limits_leave_room_for_long_natural_texts(monkeypatch):
    monkeypatch.delattr(highlighting, "Levenshtein")
    long = " ".join([*NATURAL[0].split(), *(f"word{n}" for n in range(850))])

    same, _ = differing(long, long)

    assert same == [Span(long)]
