"""The finding at the top of a map follows from its numbers by rule."""

from dataclasses import replace

import pytest

from heatmap.headline import headline, in_sentence
from tests.heatmap.test_drawing import map_with


def finding(totals: dict[str, int], **changed):
    heatmap = map_with(tuple(totals), ("A column", "Another"))
    keys = {row.label: row.key for row in heatmap.rows}
    return headline(
        replace(heatmap, row_totals={keys[name]: n for name, n in totals.items()}, **changed)
    )


@pytest.mark.parametrize(
    ("totals", "named"),
    [
        ({"Health": 19, "Education": 13, "Housing": 12}, ["health", "education"]),
        ({"Health": 19, "Education": 12, "Housing": 1}, ["health"]),  # less than two thirds
        ({"Health": 5, "Education": 5, "Housing": 1}, ["health", "education"]),
        ({"Health": 5, "Education": 5, "Housing": 5}, []),  # three share the first place
        ({"Health": 5, "Education": 4, "Housing": 4}, ["health"]),
        ({"Health": 0, "Education": 0}, []),
        ({"Education": 13, "Health": 19}, ["health", "education"]),  # the largest first
    ],
)
def test_the_fullest_rows_are_named(totals, named):
    assert finding(totals).most == named


def test_the_empty_cells_are_counted():
    found = finding({"Health": 3, "Education": 3})
    assert (found.n_gaps, found.n_empty, found.n_combinations) == (0, 0, 4)
    heatmap = map_with(("Health", "Education"), ("A column", "Another"))
    half = replace(heatmap, frame=heatmap.frame.iloc[:2])
    assert headline(half).n_empty == 2


def test_a_label_is_written_as_within_a_sentence():
    assert in_sentence("Health") == "health"
    assert in_sentence("SDG 3") == "SDG 3"
    assert in_sentence("") == ""
    assert in_sentence("E") == "E"
