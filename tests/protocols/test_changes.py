"""Each change in a new version has a sentence, and there are no other sentences."""

import pytest

from protocols.changes import changes
from protocols.loader import load, read_shipped
from tests.factories import protocol_text

OLD = protocol_text()


def sentences(old: str, new: str) -> list[str]:
    """Return the changes once ``old`` is replaced by ``new``."""
    assert old in OLD
    return changes(load(OLD).protocol, load(OLD.replace(old, new, 1)).protocol)


def test_the_same_protocol_changes_nothing():
    for text in (OLD, read_shipped("social-outcomes-contracting")):
        assert changes(load(text).protocol, load(text).protocol) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title: Outcomes contracts", "title: Contracts",
         "The title changes from “Outcomes contracts and"),
        ("languages: [en, es]", "languages: [en]", "The languages change from en, es to en."),
        ("{decisions_needed: 2, maybe", "{decisions_needed: 1, maybe",
         "At title and abstract, the number of decisions needed changes from 2 to 1."),
        ("closes_after_decisions: 0}", "closes_after_decisions: 9}",
         "At title and abstract, the number of further decisions after which a decision closes "
         "changes from 0 to 9."),
        ("closes_after_decisions: 0}", "closes_after_decisions: 0, closes_after_hours: 8}",
         "At title and abstract, the number of hours after which a decision closes changes from "
         "24 to 8."),
        ("Young people out of work.", "Young people.",
         "Changes to criterion “Population”: include"),
        ("  - {key: population, label: Wrong population}\n", "",
         "Removed exclusion reason: “Wrong population”."),
        ("  - {key: country, label: Country, level: contract, type: country}\n",
         "  - {key: country, label: Country, level: contract, type: country}\n"
         "  - {key: year, label: Year, level: study, type: integer}\n",
         "New codebook item: “Year”."),
    ],
)  # fmt: skip
def test_each_change_has_its_sentence(old, new, sentence):
    (only,) = sentences(old, new)

    assert sentence in only


def test_another_order_of_reasons_has_its_sentence():
    first = "  - {key: date, label: Published outside the dates, teaches_model: false}\n"
    second = "  - {key: population, label: Wrong population}\n"

    assert sentences(first + second, second + first) == [
        "The order of the exclusion reasons changes."
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("maybe_advances: true,", "maybe_advances: false,",
         "At title and abstract, a maybe no longer advances a record."),
        ("consensus_allowed: false,", "consensus_allowed: true,",
         "At title and abstract, reviewers who disagree may now agree on a resolution."),
    ],
)  # fmt: skip
def test_a_rule_that_is_switched_on_or_off_has_its_sentence(old, new, sentence):
    assert sentences(old, new) == [sentence]
