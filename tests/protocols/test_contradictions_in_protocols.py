"""What the schema cannot see: each way in which the parts of a protocol can disagree."""

import pytest

from tests.protocols.protocol_texts import broken, only

AXIS = "framework 'area_by_theme' names"
BAD_STAR = "a * may stand at the beginning or the end only."


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "  - key: costs\n",
            "  - key: equity\n",
            "line 51: two codebook items have the key 'equity'.",
        ),
        (
            "{key: education, label: Education}",
            "{key: health, label: Education}",
            "line 25: two values of codebook item 'outcome_area' have the key 'health'.",
        ),
        (
            "highlights:\n",
            "highlights:\n  - language: en\n",
            "line 11: two lists of highlights have the language 'en'.",
        ),
        ("[en, es]", "[en, es, en]", "line 3: language 'en' is listed twice."),
        (
            "[en, es]",
            "[en, es, xx]",
            "line 3: 'xx' is not a language code of ISO 639-1, such as en, es or pt.",
        ),
        (
            "  - language: en",
            "  - language: fr",
            "line 10: highlights are in 'fr', which is not one of the protocol's languages.",
        ),
        (
            "      es: [bono",
            "      pt: [bono",
            "line 17: names of concept 'bond' are in 'pt', which is not one of the protocol's "
            "languages.",
        ),
        (
            "      es: [bono",
            "      zz: [bono",
            "line 17: 'zz' is not a language code of ISO 639-1, such as en, es or pt.",
        ),
        (
            "published_to: 2020",
            "published_to: 1989",
            "line 4: published_from (1990) is after published_to (1989).",
        ),
        (
            "  - key: not_empirical\n    label: Not empirical\n",
            "  []\n",
            "line 6: no exclusion reason is for full_text, where every exclusion needs one.",
        ),
        (
            "    label: Not empirical\n",
            "    label: Not empirical\n    stages: [title_abstract]\n",
            "line 6: no exclusion reason is for full_text, where every exclusion needs one.",
        ),
        (
            "    values:\n      - {key: health, label: Health}\n",
            "",
            "line 26: codebook item 'other_areas' is many_of but lists no values.",
        ),
        (
            "    type: integer\n",
            "    type: integer\n    values: [{key: few, label: Few}]\n",
            "line 44: codebook item 'scale' is integer, which takes no list of values.",
        ),
        (
            "{key: education, label: Education}",
            "{key: unclear, label: Unclear}",
            "line 25: 'unclear' is a value of every item; leave it out of codebook item "
            "'outcome_area'.",
        ),
        (
            "segments: has_investor",
            "segments: has_investors",
            f"line 62: {AXIS} segments 'has_investors', which is not in the codebook. "
            "Did you mean 'has_investor'?",
        ),
        (
            "filters: [country]",
            "filters: [country, scale]",
            f"line 63: {AXIS} filter 'scale', which is integer; a map can use country, many_of, "
            "one_of or yes_no only.",
        ),
        (
            "{group: themes, value: present}",
            "{group: theme, value: present}",
            f"line 61: {AXIS} columns by group 'theme', to which no codebook item belongs. "
            "Did you mean 'themes'?",
        ),
        (
            "{item: outcome_area, also: other_areas}",
            "{item: outcome_area, also: country}",
            f"line 60: {AXIS} rows with also 'country', which is not many_of.",
        ),
        (
            "{item: outcome_area, also: other_areas}",
            "{item: outcome_area, also: other_area}",
            f"line 60: {AXIS} rows with also 'other_area', which is not in the codebook. "
            "Did you mean 'other_areas'?",
        ),
        (
            "      - {key: health, label: Health}\n",
            "      - {key: safety, label: Safety}\n",
            f"line 60: {AXIS} rows with also 'other_areas', whose value 'safety' is no value of "
            "'outcome_area'.",
        ),
        (
            "{group: themes, value: present}",
            "{group: themes}",
            f"line 61: {AXIS} columns with group: give either an item, or a group and the value "
            "that counts.",
        ),
        (
            "{group: themes, value: present}",
            "{group: themes, value: present, item: country}",
            f"line 61: {AXIS} columns with group, item or value: give either an item, or a group "
            "and the value that counts.",
        ),
        (
            "{group: themes, value: present}",
            "{group: themes, value: present, also: other_areas}",
            f"line 61: {AXIS} columns with 'also' but no item that it could add to.",
        ),
        ("[evaluat*]", "[eval*ation]", f"line 11: term 'eval*ation': {BAD_STAR}"),
        ("[evaluat*]", "['*']", "line 11: term '*' would mark almost every word; "
         "write three letters."),
        (
            "[impact bond]",
            "[impact bond*]",
            "line 16: name 'impact bond*': names are whole; a * belongs in the highlights.",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_in_one_sentence_with_its_line(before, after, message):
    assert only(broken(before, after)) == message


def test_a_group_whose_items_lack_the_value_is_told_for_each_item():
    problems = broken("value: present}", "value: presence}")

    assert [str(problem) for problem in problems] == [
        f"line 61: {AXIS} columns by value 'presence', which 'costs' does not have. "
        "Did you mean 'present'?",
        f"line 61: {AXIS} columns by value 'presence', which 'equity' does not have. "
        "Did you mean 'present'?",
    ]
