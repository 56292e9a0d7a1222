"""Each difference between two versions is told with what it was and what it is, and no other is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.changes import differences
from protocols.loader import load, read_shipped, shipped
from tests.factories import protocol_text

OLD = protocol_text()


def told(old: str, new: str) -> list[tuple[str, str | None, str | None]]:
    """Return the differences once ``old`` is replaced by ``new``."""
    assert old in OLD
    found = differences(load(OLD).protocol, load(OLD.replace(old, new, 1)).protocol)
    return [(one.part, one.before, one.after) for one in found]


@pytest.mark.parametrize("name", shipped())
def test_the_same_protocol_has_no_difference(name):
    protocol = load(read_shipped(name)).protocol
    assert differences(protocol, protocol) == []


COUNTRY = (
    "  - {key: country, label: Country, level: contract, type: country, known_from: country}\n"
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("languages: [en, es]", "languages: [en]", ("Languages", "en, es", "en")),
        ("{decisions_needed: 2, maybe", "{decisions_needed: 1, maybe",
         ("Title and abstract: decisions needed", "2", "1")),
        ("closes_after_decisions: 0}", "closes_after_decisions: 9}",
         ("Title and abstract: decisions can be changed until the reviewer has made this many more",
          "0", "9")),
        ("maybe_advances: true", "maybe_advances: false",
         ("Title and abstract: maybe counts as include", "yes", "no")),
        ("Young people out of work.", "Young people.",
         ("Criterion “Population”: Include", "Young people out of work.", "Young people.")),
        ("  - {key: population, label: Wrong population}\n", "",
         ("Exclusion reason “Wrong population”",
          "offer it at: Title and abstract, Full text; the ranking learns from it: yes", None)),
        (COUNTRY, COUNTRY + "  - {key: year, label: Year, level: study, type: integer}\n",
         ("Item to code “Year”", None,
          "level: the study; type of answer: integer; shown in publications: yes")),
    ],
)  # fmt: skip
def test_a_difference_says_from_what_to_what(old, new, expected):
    assert told(old, new) == [expected]


def test_another_order_of_reasons_is_a_difference():
    first = "  - {key: date, label: Published outside the dates, teaches_model: false}\n"
    second = "  - {key: population, label: Wrong population}\n"

    ((part, before, after),) = told(first + second, second + first)

    assert part == "Order: exclusion reasons"
    assert before.startswith("Published outside the dates, Wrong population")
    assert after.startswith("Wrong population, Published outside the dates")


@given(
    name=st.sampled_from(list(shipped())),
    other=st.sampled_from(list(shipped())),
    fields=st.sets(st.sampled_from(["title", "question", "criteria", "exclusion_reasons",
                                    "highlights", "terminology", "searches", "stopping"])),
)  # fmt: skip
def test_only_the_sections_that_differ_are_named(name, other, fields):
    old, donor = (load(read_shipped(one)).protocol for one in (name, other))
    new = old.model_copy(update={field: getattr(donor, field) for field in fields})
    differing = {field for field in fields if getattr(old, field) != getattr(donor, field)}
    section_of = {
        "title": "question", "question": "question", "criteria": "criteria",
        "exclusion_reasons": "reasons", "highlights": "highlights", "terminology": "terminology",
        "searches": "searches", "stopping": "stopping",
    }  # fmt: skip

    found = differences(old, new)

    assert {one.section for one in found} == {section_of[field] for field in differing}
    assert all(one.before != one.after for one in found)
