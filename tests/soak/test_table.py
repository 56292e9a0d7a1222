"""The table of goals is the one that the results give, and a result is never better than it is."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.soak.results import Result, results
from tests.soak.rows import BY_ID, ROWS
from tests.soak.run import judge
from tests.soak.table import BEGIN, END, PAGE, state, text

WHOLE, FEWER = BY_ID["CO1"], BY_ID["DU1"]


def cases(*inner: str) -> list[ElementTree.Element]:
    texts = (f'<testcase name="test_{n}[sqlite]">{one}</testcase>' for n, one in enumerate(inner))
    return [ElementTree.fromstring(one) for one in texts]  # noqa: S314 - ours


def figure(row: str, met: str) -> str:
    value = f'{{"met": {met}, "figure": "a figure"}}'.replace('"', "&quot;")
    return f'<properties><property name="{row}" value="{value}"/></properties>'


def test_the_page_has_the_table_that_the_results_give() -> None:
    page = PAGE.read_text(encoding="utf-8")

    written = page.partition(BEGIN)[2].partition(END)[0]

    assert written == text(results()), "python tests/soak/table.py"


def test_every_row_has_one_line_and_every_result_its_row() -> None:
    assert len(BY_ID) == len(ROWS)
    assert {one.row for one in results()} <= BY_ID.keys()
    assert all(one.database in BY_ID[one.row].databases for one in results())


@pytest.mark.parametrize(
    ("row", "inner", "expected"),
    [
        (WHOLE, ["", ""], (True, "2 tests passed")),
        (FEWER, ["", ""], (False, "with smaller numbers: 2 tests passed")),
        (WHOLE, ["", "<failure/>"], (False, "1 of 2 tests failed, such as test_1[sqlite]")),
        (WHOLE, ["<error/>"], (False, "1 of 1 tests failed, such as test_0[sqlite]")),
        (WHOLE, ["<skipped/>"], (False, "no test ran")),
        (WHOLE, [], (False, "no test ran")),
        (FEWER, [figure("DU1", "true"), ""], (True, "a figure")),
        (FEWER, [figure("DU1", "true"), figure("DU1", "false")], (False, "a figure; a figure")),
        (WHOLE, [figure("CO1", "true") + "<failure/>"],
         (False, "1 of 1 tests failed, such as test_0[sqlite]; a figure")),
    ],
)  # fmt: skip
def test_a_row_is_met_only_if_all_passed_with_its_own_numbers(row, inner, expected) -> None:
    assert judge(row, cases(*inner)) == expected


def test_a_row_is_met_only_on_all_its_databases() -> None:
    on_sqlite = Result("CO1", "sqlite", True, "f", "c", "2026-11-26", "0")
    on_postgresql = replace(on_sqlite, database="postgresql")

    assert state(WHOLE, []) == "not tried"
    assert state(WHOLE, [on_sqlite]) == "not met"
    assert state(WHOLE, [on_sqlite, on_postgresql]) == "met"
    assert state(WHOLE, [on_sqlite, replace(on_postgresql, met=False)]) == "not met"
    assert state(replace(WHOLE, needs="a command"), [on_sqlite, on_postgresql]) == "not met"
