"""What a new version changes is said in sentences, and nothing else is."""

import pytest

from protocols.changes import changes
from protocols.loader import load, read_shipped
from tests.factories import protocol_text

OLD = protocol_text()


def said(old: str, new: str) -> list[str]:
    assert old in OLD
    return changes(load(OLD).protocol, load(OLD.replace(old, new, 1)).protocol)


def test_the_same_protocol_changes_nothing():
    for text in (OLD, read_shipped("social-outcomes-contracting")):
        assert changes(load(text).protocol, load(text).protocol) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title: Outcomes contracts", "title: Contracts", "The title: “Outcomes contracts and"),
        ("languages: [en, es]", "languages: [en]", "The languages: en, es becomes en."),
        ("{decisions_needed: 2, maybe", "{decisions_needed: 1, maybe",
         "At title and abstract, decisions needed: 2 becomes 1."),
        ("Young people out of work.", "Young people.",
         "The criterion “Population” changes in: include"),
        ("  - {key: population, label: Wrong population}\n", "",
         "No more exclusion reason: “Wrong population”."),
        ("  - {key: country, label: Country, level: contract, type: country}\n",
         "  - {key: country, label: Country, level: contract, type: country}\n"
         "  - {key: year, label: Year, level: study, type: integer}\n",
         "New codebook item: “Year”."),
    ],
)  # fmt: skip
def test_each_change_has_its_sentence(old, new, sentence):
    found = said(old, new)

    assert len(found) == 1
    assert sentence in found[0]


def test_another_order_of_reasons_is_said():
    first = "  - {key: date, label: Published outside the dates, teaches_model: false}\n"
    second = "  - {key: population, label: Wrong population}\n"

    assert said(first + second, second + first) == [
        "The order changes in which one exclusion reason follows the other."
    ]
