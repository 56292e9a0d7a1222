"""Each contradiction between the parts of a protocol that the schema cannot find."""

import pytest

from tests.protocols.protocol_texts import broken, only

AXIS = "framework 'area_by_theme' names"
BAD_STAR = "use * only at the beginning or the end."


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "  - key: costs\n",
            "  - key: equity\n",
            "line 51: two codebook items have the key 'equity'; change one of them.",
        ),
        (
            "  - key: costs\n",
            "  - key: costs\n    asked_if: {item: aera, values: [health]}\n",
            "line 52: codebook item 'costs' is asked if 'aera', which is not in the codebook.",
        ),
        (
            "  - key: equity\n",
            "  - key: equity\n    asked_if: {item: costs, values: [present]}\n",
            "line 45: codebook item 'equity' is asked if 'costs', which comes after it; move "
            "'costs' before it.",
        ),
        (
            "  - key: costs\n",
            "  - key: costs\n    asked_if: {item: country, values: [kenya]}\n",
            "line 52: codebook item 'costs' is asked if 'country', which offers no values to "
            "choose from.",
        ),
        (
            "  - key: costs\n",
            "  - key: costs\n    asked_if: {item: outcome_area, values: [wealth]}\n",
            "line 52: codebook item 'costs': 'wealth' is not a value of 'outcome_area'. Did you "
            "mean 'health'?",
        ),
        (
            "{key: education, label: Education}",
            "{key: health, label: Education}",
            "line 25: two values of codebook item 'outcome_area' have the key 'health'; change one "
            "of them.",
        ),
        (
            "highlights:\n",
            "highlights:\n  - language: en\n",
            "line 11: two lists of highlights have the language 'en'; change one of them.",
        ),
        (
            "[en, es]",
            "[en, es, en]",
            "line 3: language 'en' is listed twice; remove one of them.",
        ),
        (
            "[en, es]",
            "[en, es, xx]",
            "line 3: 'xx' is not an ISO 639-1 language code; use one such as en, es or pt.",
        ),
        (
            "  - language: en",
            "  - language: fr",
            "line 10: highlights are in 'fr', which is not in languages; add it or remove them.",
        ),
        (
            "highlights:\n",
            "phrasings: {pt: [Os títulos funcionam?]}\nhighlights:\n",
            "line 9: phrasings are in 'pt', which is not in languages; add it or remove them.",
        ),
        (
            "      es: [bono",
            "      pt: [bono",
            "line 17: names of concept 'bond' are in 'pt', which is not in languages; add it or "
            "remove them.",
        ),
        (
            "      es: [bono",
            "      zz: [bono",
            "line 17: 'zz' is not an ISO 639-1 language code; use one such as en, es or pt.",
        ),
        (
            "published_to: 2020",
            "published_to: 1989",
            "line 4: published_from (1990) is after published_to (1989); correct one of them.",
        ),
        (
            "  - key: not_empirical\n    label: Not empirical\n",
            "  []\n",
            "line 6: every exclusion at full_text needs a reason, but none is for full_text; add "
            "one.",
        ),
        (
            "    label: Not empirical\n",
            "    label: Not empirical\n    stages: [title_abstract]\n",
            "line 6: every exclusion at full_text needs a reason, but none is for full_text; add "
            "one.",
        ),
        (
            "    values:\n      - {key: health, label: Health}\n",
            "",
            "line 26: codebook item 'other_areas' is many_of but lists no values; add them.",
        ),
        (
            "    type: integer\n",
            "    type: integer\n    earliest: 1990\n",
            "line 44: codebook item 'scale' is integer, which has no years; remove earliest.",
        ),
        (
            "    type: integer\n",
            "    type: year\n    earliest: 2030\n    latest: 1990\n",
            "line 44: codebook item 'scale': earliest (2030) is after latest (1990); correct one "
            "of them.",
        ),
        (
            "    type: integer\n",
            "    type: integer\n    values: [{key: few, label: Few}]\n",
            "line 44: codebook item 'scale' is integer, which takes no list of values; remove the "
            "list.",
        ),
        (
            "{key: education, label: Education}",
            "{key: unclear, label: Unclear}",
            "line 25: every item has the value 'unclear'; remove it from codebook item "
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
            f"line 61: {AXIS} columns by group 'theme', which no codebook item belongs to. "
            "Did you mean 'themes'?",
        ),
        (
            "{item: outcome_area, also: other_areas}",
            "{item: outcome_area, also: country}",
            f"line 60: {AXIS} rows with also 'country', which is not many_of; name a many_of item.",
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
            f"line 60: {AXIS} rows with also 'other_areas', whose value 'safety' is not a value "
            "of 'outcome_area'; use the same values.",
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
            f"line 61: {AXIS} columns with 'also' but without 'item'; add 'item' or remove 'also'.",
        ),
        ("[evaluat*]", "[eval*ation]", f"line 11: term 'eval*ation': {BAD_STAR}"),
        ("[evaluat*]", "['*']", "line 11: term '*' would mark almost every word; "
         "use three letters or more."),
        (
            "[impact bond]",
            "[impact bond*]",
            "line 16: name 'impact bond*': names are whole words; use * only in highlights.",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_reported_in_one_sentence_with_its_line(before, after, message):
    assert only(broken(before, after)) == message


def test_a_group_whose_items_lack_the_value_is_reported_for_each_item():
    problems = broken("value: present}", "value: presence}")

    assert [str(problem) for problem in problems] == [
        f"line 61: {AXIS} columns by value 'presence', which 'costs' does not have. "
        "Did you mean 'present'?",
        f"line 61: {AXIS} columns by value 'presence', which 'equity' does not have. "
        "Did you mean 'present'?",
    ]
