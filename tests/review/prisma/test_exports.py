"""The counts as JSON and as the file that the PRISMA2020 R package reads."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from protocols.schema import SearchKind
from review.duplicates.merge_check import MergeCheck
from review.prisma.boxes import describe
from review.prisma.counts import BOXES, Flow, count_flow
from review.prisma.drawing import to_svg
from review.prisma.exports import FIELDS, TEMPLATE, to_csv, to_json
from review.safe_text import FORMULA_STARTS
from review.vocabulary import Stream, Verdict
from tests.factories import Cast, decide_both, include_fully, make_records

TOTALS = ("previous_studies", "previous_reports", "new_studies", "total_studies", "total_reports")
# The package looks its keys up by pattern in the column data, and expects one row for each.
PATTERNS = [row[0] for row in TEMPLATE if row[0] not in ("NA", "total_studies", "total_reports")]
PATTERNS += ["total_studies$", "total_reports$", "database_specific_results"]
FIRST_ROWS = """\
NA,node4,prevstud
previous_studies,node5,box1
previous_reports,NA,box1
NA,node6,newstud
database_results,node7,box2
register_results,NA,box2
NA,node16,othstud
website_results,node17,box11
organisation_results,NA,box11
citations_results,NA,box11
duplicates,node8,box3
excluded_automatic,NA,box3
excluded_other,NA,box3
records_screened,node9,box4
records_excluded,node10,box5
dbr_sought_reports,node11,box6
dbr_notretrieved_reports,node12,box7
other_sought_reports,node18,box12
other_notretrieved_reports,node19,box13
dbr_assessed,node13,box8
dbr_excluded,node14,box9
other_assessed,node20,box14
other_excluded,node21,box15
new_studies,node15,box10
new_reports,NA,box10
total_studies,node22,box16
total_reports,NA,box16
identification,node1,identification
screening,node2,screening
included,node3,included
""".splitlines()


def make_flow(*, reasons: dict[str, int] | None = None, **counts: int) -> Flow:
    all_counts = {key: n for n, key in enumerate((*BOXES, *TOTALS), start=100)} | counts
    in_databases = {"Wrong population": 12, "No outcomes contract": 3}
    return Flow(
        412,
        all_counts,
        {SearchKind.DATABASE: {"Scopus": 90, "Web of Science": 10}},
        {Stream.DATABASES: in_databases if reasons is None else reasons, Stream.OTHER: {}},
    )


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def by_key(text: str) -> dict[str, dict[str, str]]:
    return {row["data"]: row for row in read(text) if row["data"] != "NA"}


def test_json_has_every_count_with_its_sources_and_reasons() -> None:
    flow = make_flow()

    data = json.loads(json.dumps(to_json(flow, review="contracts", head="3f2a")))

    assert {key: data[key] for key in flow.counts} == flow.counts
    assert (data["review"], data["as_of"], data["head"]) == ("contracts", 412, "3f2a")
    assert data["dbr_excluded_reasons"] == {"Wrong population": 12, "No outcomes contract": 3}
    assert data["other_excluded_reasons"] == {}
    assert data["sources"] == {"database": {"Scopus": 90, "Web of Science": 10}}


def test_json_says_whether_the_counts_add_up() -> None:
    zeros = dict.fromkeys((*BOXES, *TOTALS), 0)

    assert to_json(make_flow(reasons={}, **zeros), review="r")["adds_up"] is True
    assert to_json(make_flow(**zeros), review="r")["adds_up"] is False


def test_csv_begins_with_the_rows_of_the_template_in_its_order() -> None:
    rows = read(to_csv(make_flow()))

    assert to_csv(make_flow()).splitlines()[0] == ",".join(FIELDS)
    assert [f"{row['data']},{row['node']},{row['box']}" for row in rows][
        : len(FIRST_ROWS)
    ] == FIRST_ROWS


def test_csv_has_every_count_once() -> None:
    flow = make_flow()

    rows = read(to_csv(flow))

    n_of = {row["data"] if row["data"] in flow.counts else row["box"]: row["n"] for row in rows}
    lists = {"dbr_excluded"}
    assert {key: n_of[key] for key in flow.counts.keys() - lists} == {
        key: str(n) for key, n in flow.counts.items() if key not in lists
    }
    assert len(rows) == len(FIRST_ROWS) + 2 + len(flow.counts.keys() - {row[0] for row in TEMPLATE})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_package_finds_one_row_for_each_of_its_keys(pattern: str) -> None:
    rows = read(to_csv(make_flow()))

    assert len([row for row in rows if re.search(pattern, row["data"])]) == 1


def test_reasons_are_a_list_or_zero_where_there_are_none() -> None:
    rows = by_key(to_csv(make_flow(other_excluded=0)))

    assert rows["dbr_excluded"]["n"] == "Wrong population, 12; No outcomes contract, 3"
    assert rows["other_excluded"]["n"] == "0"
    assert rows["database_specific_results"]["n"] == "Scopus, 90; Web of Science, 10"


def test_labels_cannot_end_a_reason_or_run_as_a_formula() -> None:
    hostile = {'=cmd("calc"), x; y': 1, "a;\nb": 2, "Authors' own": 3, ",;": 4}

    n = by_key(to_csv(make_flow(reasons=hostile)))["dbr_excluded"]["n"]

    assert n == '\'=cmd("calc") x y, 1; a b, 2; Authors’ own, 3; Not named, 4'


@given(st.dictionaries(st.text(max_size=60), st.integers(1, 10**7), max_size=15))
def test_any_reasons_can_be_read_back_and_sum_to_their_total(reasons: dict[str, int]) -> None:
    total = sum(reasons.values())

    text = to_csv(make_flow(reasons=reasons, dbr_excluded=total))

    n = by_key(text)["dbr_excluded"]["n"]
    assert sum(int(part.rpartition(",")[2]) for part in n.split("; ")) == total
    assert len(n.split("; ")) == max(1, len(reasons))
    assert not [cell for row in read(text) for cell in row.values()
                if cell.startswith(FORMULA_STARTS)]  # fmt: skip


def test_a_count_without_words_is_an_error_and_not_left_out() -> None:
    with pytest.raises(ValueError, match="'surprise'"):
        to_csv(make_flow(surprise=1))


def test_a_review_is_exported_with_numbers_that_reconcile(session: Session, cast: Cast) -> None:
    included, excluded, _ = make_records(session, cast.review_id, 3)
    include_fully(session, cast, included)
    decide_both(session, cast, excluded, Verdict.EXCLUDE)

    flow = count_flow(session, review_id=cast.review_id)
    data, rows = to_json(flow, review=cast.slug), by_key(to_csv(flow))

    assert data["adds_up"] is True
    assert (data["records_screened"], data["awaiting_title_abstract"]) == (2, 1)
    assert [int(rows[key]["n"]) for key in ("database_results", "records_excluded")] == [3, 1]
    screened = int(rows["records_excluded"]["n"]) + int(rows["dbr_sought_reports"]["n"])
    assert int(rows["records_screened"]["n"]) == screened


def test_a_checked_sample_is_in_every_file_and_in_the_words_of_the_diagram():
    checked = MergeCheck(n_merged=1_196, n_checked=50, n_wrong=1)
    flow = replace(make_flow(), merge_check=checked)

    row = next(row for row in read(to_csv(flow)) if row["box"] == "merge_check")
    exported = to_json(flow, review="r")["merge_check"]

    assert row["n"] == str(checked.at_most_wrong)
    assert exported["at_most_wrong"] == checked.at_most_wrong
    assert exported["statement"] in describe(flow)
    assert to_json(make_flow(), review="r")["merge_check"] is None
    assert "at 95 % confidence" in " ".join(to_svg(flow).split())
