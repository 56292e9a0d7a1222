"""A map counts what is coded: gaps are zeros, nothing is dropped, and all sums are right."""

import csv
import io
import json
from collections import Counter
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from heatmap.axes import NOT_CODED, axes_of
from heatmap.cells import HeatMap
from heatmap.coded import CodedStudies, tidy
from heatmap.counting import build, count_cells
from heatmap.exports import to_csv, to_json, to_xlsx
from protocols.loader import load
from review.errors import Invalid, NotFound
from review.events import last_event
from review.prisma.counts import count_flow
from review.studies.coding import Subject, code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from tests.factories import Cast, include_fully, make_records, make_review, protocol_text

PROTOCOL = load(protocol_text()).protocol
AXES = axes_of(PROTOCOL, PROTOCOL.framework("area_by_type"))
AREAS, TYPES = ("work", "home"), ("sib", "pbr")

# ------------------------------------------------------------------------- laws of the counting

one_area = st.sampled_from([None, *AREAS])
contracts = st.fixed_dictionaries(
    {
        "area": one_area,
        "contract_type": st.sampled_from([None, *TYPES]),
        "secondary": st.sampled_from([None, ["work"], ["home"], ["work", "home"]]),
        "country": st.sampled_from([None, "KE", "GB", "NO"]),
    }
)
studies = st.lists(st.lists(st.integers(0, 4), unique=True, max_size=3), max_size=6)


@st.composite
def codings(draw) -> CodedStudies:
    """Draw studies that share contracts, some of them coded, on no axis, one or both."""
    contracts_of_studies = draw(studies)
    coded_contracts = draw(st.lists(contracts, min_size=5, max_size=5))
    contract_ids = [UUID(int=100 + number) for number in range(5)]
    study_ids = [UUID(int=1 + number) for number in range(len(contracts_of_studies))]
    values = {
        (Subject(None, id_), item): value
        for id_, coded in zip(contract_ids, coded_contracts, strict=True)
        for item, value in coded.items()
        if value is not None
    }
    links = {
        study: [contract_ids[number] for number in numbers]
        for study, numbers in zip(study_ids, contracts_of_studies, strict=True)
    }
    coded_subjects = {subject for subject, _ in values}
    return CodedStudies(
        studies=study_ids,
        n_reports=dict.fromkeys(study_ids, 1),
        contracts=links,
        values=values,
        coded_studies=frozenset(
            study
            for study, ids in links.items()
            if any(Subject(None, id_) in coded_subjects for id_ in ids)
        ),
    )


def settled(frame):
    """Return the lines with a value on both axes."""
    return frame[(frame["row"] != NOT_CODED) & (frame["column"] != NOT_CODED)]


def cells_of(coded: CodedStudies, study: UUID, *, secondary: bool = False) -> set[tuple[str, str]]:
    """Return the cells that a study is in, the long way round."""
    cells = set()
    for contract in coded.contracts[study]:
        values = {item: value for (subject, item), value in coded.values.items()
                  if subject.contract_id == contract}  # fmt: skip
        rows = [values["area"]] if "area" in values else []
        rows += values.get("secondary", []) if secondary else []
        cells |= {(row, values["contract_type"]) for row in rows if "contract_type" in values}
    return cells


@given(coded=codings(), secondary=st.booleans())
def test_the_cells_add_up_to_the_cells_of_each_study_and_the_rest_is_accounted_for(
    coded, secondary
):
    frame = tidy(coded, AXES, secondary=secondary)

    cells = count_cells(settled(frame), AREAS, TYPES)

    expected = Counter(
        cell for study in coded.studies for cell in cells_of(coded, study, secondary=secondary)
    )
    counts = {(row, column): n for row, column, n in
              zip(cells["row"], cells["column"], cells["n_studies"], strict=True)}  # fmt: skip
    assert counts == {(row, column): expected[row, column] for row in AREAS for column in TYPES}
    assert (cells[["n_contracts", "n_studies"]] >= 0).all(axis=None)
    assert len(cells) == len(AREAS) * len(TYPES)
    assert set(frame["study_id"]) == set(coded.studies)  # a gap on an axis drops nobody
    on_map = {study for study in coded.studies if cells_of(coded, study, secondary=secondary)}
    assert set(settled(frame)["study_id"]) == on_map
    assert on_map <= coded.coded_studies


@given(coded=codings())
def test_a_shared_contract_counts_once_in_a_cell_however_many_studies_report_it(coded):
    frame = tidy(coded, AXES)

    cells = count_cells(settled(frame), AREAS, TYPES)

    reported = {contract for ids in coded.contracts.values() for contract in ids}
    n_in_cell = Counter(
        (coded.values.get((Subject(None, contract), "area")),
         coded.values.get((Subject(None, contract), "contract_type")))
        for contract in reported
    )  # fmt: skip
    for row, column, n in zip(cells["row"], cells["column"], cells["n_contracts"], strict=True):
        assert n == n_in_cell[row, column]


def test_a_code_outside_the_grid_is_an_error_and_not_a_lost_line():
    coded = CodedStudies(
        studies=[UUID(int=1)], n_reports={}, contracts={UUID(int=1): [UUID(int=2)]},
        values={(Subject(None, UUID(int=2)), "area"): "gone",
                (Subject(None, UUID(int=2)), "contract_type"): "sib"},
        coded_studies=frozenset(),
    )  # fmt: skip
    frame = tidy(coded, AXES)

    with pytest.raises(ValueError, match="outside the framework"):
        count_cells(frame, AREAS, TYPES)


# ------------------------------------------------------------------------------- a review's map


class CodedReview:
    """A review with included studies, to link to contracts and to code."""

    def __init__(self, session: Session, **rules: Any) -> None:
        self.session = session
        self.cast: Cast = make_review(session, **rules)

    def do(self, act: Any, **arguments: Any) -> Any:
        return act(self.session, review_id=self.cast.review_id, **arguments)

    def study(self, label: str, *contracts: UUID) -> UUID:
        [report] = make_records(self.session, self.cast.review_id)
        include_fully(self.session, self.cast, report)
        study = self.do(add_study, label=label, reports=[report], by=self.cast.lead)
        for contract in contracts:
            self.do(link_contract, study_id=study.id, contract_id=contract, by=self.cast.lead)
        return study.id

    def contract(self, label: str, **values: Any) -> UUID:
        contract = self.do(add_contract, label=label, by=self.cast.lead).id
        for item, value in values.items():
            self.code(item, value, contract_id=contract)
        return contract

    def code(self, item: str, value: Any, **subject: UUID) -> None:
        for by in self.cast.reviewers:
            self.do(code, item=item, value=value, by=by, **subject)

    def map(self, **options: Any) -> HeatMap:
        return self.do(build, **options)


@pytest.fixture
def review(session):
    """Two studies of one bond, one of two contracts, one uncoded, one coded but on no axis."""
    review = CodedReview(session)
    bond = review.contract("Bond", area="work", contract_type="sib", country="GB",
                          secondary=["home"])  # fmt: skip
    fund = review.contract("Fund", area="home", contract_type="pbr", country="KE")
    vague = review.contract("Vague", area={"special": "unclear"}, contract_type="pbr", country="KE")
    half = review.contract("Half", contract_type="sib", country="NO")
    first, second = review.study("First", bond), review.study("Second", bond, fund)
    review.study("Third", vague)
    review.study("Half coded", half)
    review.study("Not coded yet")
    review.code("design", "trial", study_id=first)
    review.code("costs", "present", study_id=first, contract_id=bond)
    review.code("costs", "absent", study_id=second, contract_id=bond)
    return review


def counts_of(heatmap: HeatMap) -> dict[tuple[str, str], int]:
    return {
        (row.key, column.key): heatmap.count(row.key, column.key)
        for row in heatmap.rows
        for column in heatmap.columns
    }


def test_every_cell_of_the_grid_is_there_and_gaps_are_zeros(review):
    of_contracts, of_studies = review.map(), review.map(unit="study")

    grid = dict.fromkeys(product(("work", "home", "unclear", NOT_CODED),
                                 ("sib", "pbr", NOT_CODED)), 0)  # fmt: skip
    grid |= {("work", "sib"): 1, ("home", "pbr"): 1, ("unclear", "pbr"): 1, (NOT_CODED, "sib"): 1}
    assert counts_of(of_contracts) == grid
    # The study without a contract counts as a study.
    assert counts_of(of_studies) == grid | {("work", "sib"): 2, (NOT_CODED, NOT_CODED): 1}
    assert [row.key for row in of_studies.rows] == ["work", "home", "unclear", NOT_CODED]
    assert (of_contracts.n_contracts, of_contracts.n_studies) == (4, 5)


def test_included_is_coded_and_awaiting_and_coded_is_placed_and_unplaced(review):
    heatmap = review.map(unit="study")

    placed = set(settled(heatmap.frame)["study_id"])
    included = count_flow(review.session, review_id=review.cast.review_id).counts["new_studies"]
    assert (len(placed), len(heatmap.unplaced), len(heatmap.awaiting_coding)) == (3, 1, 1)
    assert len(placed) + len(heatmap.unplaced) + len(heatmap.awaiting_coding) == included
    assert placed.isdisjoint(heatmap.unplaced)


def test_row_and_column_totals_count_a_unit_once(review):
    heatmap = review.map(unit="study")

    assert heatmap.row_totals == {"work": 2, "home": 1, "unclear": 1, NOT_CODED: 2}
    assert heatmap.column_totals == {"sib": 3, "pbr": 2, NOT_CODED: 1}


@pytest.mark.parametrize("framework", ["area_by_type", "area_by_theme", "country_by_type"])
def test_every_study_report_and_contract_of_prisma_is_in_a_row_and_in_a_column(review, framework):
    counts = count_flow(review.session, review_id=review.cast.review_id).counts
    included = {"study": counts["new_studies"], "report": counts["new_reports"], "contract": 4}

    for unit, n in included.items():
        heatmap = review.map(framework=framework, unit=unit)
        assert heatmap.n == n
    for axis in ("row", "column"):
        assert set(heatmap.frame[axis]) <= {one.key for one in getattr(heatmap, f"{axis}s")}
        assert heatmap.frame["study_id"].nunique() == included["study"]
        assert heatmap.frame["contract_id"].nunique() == included["contract"]


def test_the_maps_of_all_values_of_a_filter_add_up_to_the_whole(review):
    whole = counts_of(review.map(unit="study"))

    parts = [
        Counter(counts_of(review.map(unit="study", filters={"country": [country]})))
        for country in ("GB", "KE", "NO", NOT_CODED)
    ]

    together = sum(parts, Counter())
    assert {cell: together[cell] for cell in whole} == whole
    at_once = review.map(unit="study", filters={"country": ["GB", "KE", "NO", NOT_CODED]})
    assert counts_of(at_once) == whole


def test_secondary_values_count_only_when_they_are_switched_on(review):
    plain, wide = counts_of(review.map()), counts_of(review.map(secondary=True))

    assert plain["home", "sib"] == 0
    assert wide == plain | {("home", "sib"): 1}


def test_secondary_values_that_do_not_apply_count_in_no_cell(session):
    review = CodedReview(session)
    bond = review.contract("Bond", area="work", contract_type="sib",
                          secondary={"special": "not_applicable"})  # fmt: skip
    review.study("First", bond)

    assert counts_of(review.map(secondary=True)) == counts_of(review.map())


def test_themes_count_where_the_study_reports_them_for_the_contract(review):
    heatmap = review.map(framework="area_by_theme", unit="study")

    cells = counts_of(heatmap)
    assert (cells["work", "costs"], cells["work", "equity"], cells["home", "costs"]) == (1, 0, 0)


def test_an_open_axis_has_the_countries_that_occur_by_name(review):
    heatmap = review.map(framework="country_by_type")

    names = [row.label for row in heatmap.rows]
    assert names == ["Kenya", "Norway", "United Kingdom", "Not yet coded"]
    assert counts_of(heatmap)["KE", "pbr"] == 2


def test_a_value_that_needs_a_second_coder_is_not_on_the_map(session):
    review = CodedReview(session)
    contract = review.contract("Bond", contract_type="sib")
    review.study("First", contract)
    area = {"item": "area", "contract_id": contract}

    review.do(code, value="work", by=review.cast.reviewer_a, **area)
    before = counts_of(review.map())["work", "sib"]
    review.do(code, value="work", by=review.cast.reviewer_b, **area)
    number = last_event(session, review.cast.review_id)

    assert (before, counts_of(review.map())["work", "sib"]) == (0, 1)
    past = counts_of(review.map(as_of=number - 1))
    assert (past["work", "sib"], past[NOT_CODED, "sib"]) == (0, 1)  # a past map does not change
    assert review.map(as_of=number - 1).as_of == number - 1


def test_what_a_map_does_not_have_is_refused(review):
    with pytest.raises(NotFound):
        review.map(framework="nothing")
    with pytest.raises(Invalid):
        review.map(unit="person")
    with pytest.raises(Invalid):
        review.map(order="age")
    with pytest.raises(Invalid):
        review.map(filters={"colour": ["blue"]})
    with pytest.raises(Invalid, match="not a year"):
        review.map(filters={"since": ["last week"]})


# -------------------------------------------------------------------------------------- exports


def expected_rows(heatmap: HeatMap) -> list[tuple[str, str, int, int]]:
    frame = heatmap.cells
    columns = (frame[name] for name in ("row", "column", "n_contracts", "n_studies"))
    return [(r, c, int(n), int(m)) for r, c, n, m in zip(*columns, strict=True)]


def test_exports_read_back_as_the_map(review):
    heatmap = review.map()

    from_csv = list(csv.DictReader(io.StringIO(to_csv(heatmap))))
    from_json = json.loads(json.dumps(to_json(heatmap)))
    sheet = load_workbook(io.BytesIO(to_xlsx(heatmap)))["Cells"]
    header, *lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    from_xlsx = [dict(zip(header, line, strict=True)) for line in lines]

    rows = expected_rows(heatmap)
    assert [
        (line["row_key"], line["column_key"], int(line["contracts"]), int(line["studies"]))
        for line in from_csv
    ] == rows
    assert [
        (line["row_key"], line["column_key"], line["contracts"], line["studies"])
        for line in from_xlsx
    ] == rows
    assert [
        (cell["row"], cell["column"], cell["contracts"], cell["studies"])
        for cell in from_json["cells"]
    ] == rows
    assert from_json["n_unplaced"] + from_json["n_awaiting_coding"] == 2


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
@pytest.mark.parametrize("label", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\\tTabbed", "\\x07Bell"])
def test_no_label_is_a_formula_or_breaks_an_export(session, label):
    text = protocol_text().replace("label: Homelessness}", f'label: "{label}"}}')
    assert label in text
    try:
        review = CodedReview(session, text=text)
    except ValueError as refused:
        pytest.skip(f"no protocol can say this: {refused}")
    heatmap = review.map()

    book = load_workbook(io.BytesIO(to_xlsx(heatmap)))
    cells = [cell for line in book["Cells"].iter_rows() for cell in line]
    fields = [field for line in csv.reader(io.StringIO(to_csv(heatmap))) for field in line]

    assert all(cell.data_type != "f" for cell in cells)
    assert not any(field.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) for field in fields)
