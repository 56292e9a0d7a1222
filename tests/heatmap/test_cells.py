"""A map counts what is coded: gaps are zeros, nothing is dropped, and every sum comes out."""

import csv
import io
import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from heatmap.cells import HeatMap, build, count_cells
from heatmap.coded import Coded, tidy
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
FRAMEWORK = PROTOCOL.framework("area_by_type")
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
def codings(draw) -> Coded:
    """Draw studies that share contracts, some of them coded, on no axis, one or both."""
    of_study = draw(studies)
    coded_contracts = draw(st.lists(contracts, min_size=5, max_size=5))
    contract_ids = [UUID(int=100 + place) for place in range(5)]
    study_ids = [UUID(int=1 + place) for place in range(len(of_study))]
    values = {
        (Subject(None, id_), item): value
        for id_, coded in zip(contract_ids, coded_contracts, strict=True)
        for item, value in coded.items()
        if value is not None
    }
    links = {
        study: [contract_ids[place] for place in places]
        for study, places in zip(study_ids, of_study, strict=True)
    }
    coded_subjects = {subject for subject, _ in values}
    return Coded(
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


def cells_of(coded: Coded, study: UUID, *, secondary: bool = False) -> set[tuple[str, str]]:
    """Return the cells that a study stands in, the long way round."""
    found = set()
    for contract in coded.contracts[study]:
        values = {item: value for (subject, item), value in coded.values.items()
                  if subject.contract_id == contract}  # fmt: skip
        rows = [values["area"]] if "area" in values else []
        rows += values.get("secondary", []) if secondary else []
        found |= {(row, values["contract_type"]) for row in rows if "contract_type" in values}
    return found


@given(coded=codings(), secondary=st.booleans())
def test_the_cells_add_up_to_the_cells_of_each_study_and_the_rest_is_accounted_for(
    coded, secondary
):
    frame = tidy(coded, protocol=PROTOCOL, framework=FRAMEWORK, secondary=secondary)

    cells = count_cells(frame, AREAS, TYPES)

    expected = Counter(
        cell for study in coded.studies for cell in cells_of(coded, study, secondary=secondary)
    )
    found = {(row, column): n for row, column, n in
             zip(cells["row"], cells["column"], cells["n_studies"], strict=True)}  # fmt: skip
    assert found == {(row, column): expected[row, column] for row in AREAS for column in TYPES}
    assert (cells[["n_contracts", "n_studies"]] >= 0).all(axis=None)
    assert len(cells) == len(AREAS) * len(TYPES)
    assert set(frame["study_id"]) == set(coded.studies)  # a gap on an axis drops nobody
    on_map = {study for study in coded.studies if cells_of(coded, study, secondary=secondary)}
    assert set(frame.dropna(subset=["row", "column"])["study_id"]) == on_map
    assert on_map <= coded.coded_studies


@given(coded=codings())
def test_a_shared_contract_counts_once_in_a_cell_however_many_studies_report_it(coded):
    frame = tidy(coded, protocol=PROTOCOL, framework=FRAMEWORK)

    cells = count_cells(frame, AREAS, TYPES)

    reported = {contract for ids in coded.contracts.values() for contract in ids}
    where = Counter(
        (coded.values.get((Subject(None, one), "area")),
         coded.values.get((Subject(None, one), "contract_type")))
        for one in reported
    )  # fmt: skip
    for row, column, n in zip(cells["row"], cells["column"], cells["n_contracts"], strict=True):
        assert n == where[row, column]


def test_a_code_outside_the_grid_is_an_error_and_not_a_lost_line():
    coded = Coded(
        studies=[UUID(int=1)], n_reports={}, contracts={UUID(int=1): [UUID(int=2)]},
        values={(Subject(None, UUID(int=2)), "area"): "gone",
                (Subject(None, UUID(int=2)), "contract_type"): "sib"},
        coded_studies=frozenset(),
    )  # fmt: skip
    frame = tidy(coded, protocol=PROTOCOL, framework=FRAMEWORK)

    with pytest.raises(ValueError, match="outside the framework"):
        count_cells(frame, AREAS, TYPES)


# ------------------------------------------------------------------------------- a review's map


class Atlas:
    """A review with included studies, to be linked to contracts and coded."""

    def __init__(self, session: Session, **rules: Any) -> None:
        self.session = session
        self.cast: Cast = make_review(session, **rules)

    def do(self, act: Any, **asked: Any) -> Any:
        return act(self.session, review_id=self.cast.review_id, **asked)

    def study(self, label: str, *of: UUID) -> UUID:
        [report] = make_records(self.session, self.cast.review_id)
        include_fully(self.session, self.cast, report)
        study = self.do(add_study, label=label, reports=[report], by=self.cast.lead)
        for contract in of:
            self.do(link_contract, study_id=study.id, contract_id=contract, by=self.cast.lead)
        return study.id

    def contract(self, label: str, **values: Any) -> UUID:
        contract = self.do(add_contract, label=label, by=self.cast.lead).id
        for item, value in values.items():
            self.code(item, value, contract_id=contract)
        return contract

    def code(self, item: str, value: Any, **about: UUID) -> None:
        for by in self.cast.reviewers:
            self.do(code, item=item, value=value, by=by, **about)

    def map(self, **asked: Any) -> HeatMap:
        return self.do(build, **asked)


@pytest.fixture
def atlas(session):
    """Two studies of one bond, one of two contracts, one uncoded, one coded but on no axis."""
    atlas = Atlas(session)
    bond = atlas.contract("Bond", area="work", contract_type="sib", country="GB",
                          secondary=["home"])  # fmt: skip
    fund = atlas.contract("Fund", area="home", contract_type="pbr", country="KE")
    vague = atlas.contract("Vague", area={"special": "unclear"}, contract_type="pbr", country="KE")
    half = atlas.contract("Half", contract_type="sib", country="NO")
    first, second = atlas.study("First", bond), atlas.study("Second", bond, fund)
    atlas.study("Third", vague)
    atlas.study("Half coded", half)
    atlas.study("Not coded yet")
    atlas.code("design", "trial", study_id=first)
    atlas.code("costs", "present", study_id=first, contract_id=bond)
    atlas.code("costs", "absent", study_id=second, contract_id=bond)
    return atlas


def counted(heatmap: HeatMap) -> dict[tuple[str, str], int]:
    return {
        (row.key, column.key): heatmap.count(row.key, column.key)
        for row in heatmap.rows
        for column in heatmap.columns
    }


def test_every_cell_of_the_grid_is_there_and_gaps_are_zeros(atlas):
    of_contracts, of_studies = atlas.map(), atlas.map(unit="study")

    grid = {("work", "sib"): 1, ("work", "pbr"): 0, ("home", "sib"): 0, ("home", "pbr"): 1,
            ("unclear", "sib"): 0, ("unclear", "pbr"): 1}  # fmt: skip
    assert counted(of_contracts) == grid
    assert counted(of_studies) == grid | {("work", "sib"): 2}
    assert [row.key for row in of_studies.rows] == ["work", "home", "unclear"]  # its own, last
    assert (of_contracts.n_contracts, of_contracts.n_studies) == (4, 5)


def test_included_is_coded_and_awaiting_and_coded_is_placed_and_unplaced(atlas):
    heatmap = atlas.map(unit="study")

    placed = set(heatmap.frame.dropna(subset=["row", "column"])["study_id"])
    included = count_flow(atlas.session, review_id=atlas.cast.review_id).counts["new_studies"]
    assert (len(placed), len(heatmap.unplaced), len(heatmap.awaiting_coding)) == (3, 1, 1)
    assert len(placed) + len(heatmap.unplaced) + len(heatmap.awaiting_coding) == included
    assert placed.isdisjoint(heatmap.unplaced)


def test_row_and_column_totals_count_a_unit_once(atlas):
    heatmap = atlas.map(unit="study")

    assert heatmap.row_totals == {"work": 2, "home": 1, "unclear": 1}
    assert heatmap.column_totals == {"sib": 2, "pbr": 2}


def test_the_values_of_a_filter_part_the_map_and_put_it_together_again(atlas):
    whole = counted(atlas.map(unit="study"))

    parts = [
        Counter(counted(atlas.map(unit="study", filters={"country": [country]})))
        for country in ("GB", "KE", "NO")
    ]

    together = sum(parts, Counter())
    assert {cell: together[cell] for cell in whole} == whole
    at_once = atlas.map(unit="study", filters={"country": ["GB", "KE", "NO"]})
    assert counted(at_once) == whole


def test_secondary_values_count_only_when_they_are_switched_on(atlas):
    plain, wide = counted(atlas.map()), counted(atlas.map(secondary=True))

    assert plain["home", "sib"] == 0
    assert wide == plain | {("home", "sib"): 1}


def test_secondary_values_that_do_not_apply_add_no_place(session):
    atlas = Atlas(session)
    bond = atlas.contract("Bond", area="work", contract_type="sib",
                          secondary={"special": "not_applicable"})  # fmt: skip
    atlas.study("First", bond)

    assert counted(atlas.map(secondary=True)) == counted(atlas.map())


def test_themes_count_where_the_study_says_so_of_the_contract(atlas):
    heatmap = atlas.map(framework="area_by_theme", unit="study")

    cells = counted(heatmap)
    assert (cells["work", "costs"], cells["work", "equity"], cells["home", "costs"]) == (1, 0, 0)


def test_an_open_axis_has_the_countries_that_occur_by_name(atlas):
    heatmap = atlas.map(framework="country_by_type")

    assert [row.label for row in heatmap.rows] == ["Kenya", "Norway", "United Kingdom"]
    assert counted(heatmap)["KE", "pbr"] == 2


def test_a_value_that_waits_for_its_second_coder_is_not_on_the_map(session):
    atlas = Atlas(session)
    contract = atlas.contract("Bond", contract_type="sib")
    atlas.study("First", contract)
    about = {"item": "area", "contract_id": contract}

    atlas.do(code, value="work", by=atlas.cast.reviewer_a, **about)
    before = sum(counted(atlas.map()).values())
    atlas.do(code, value="work", by=atlas.cast.reviewer_b, **about)
    number = last_event(session, atlas.cast.review_id)

    assert (before, sum(counted(atlas.map()).values())) == (0, 1)
    assert sum(counted(atlas.map(as_of=number - 1)).values()) == 0  # a past map stays as it was
    assert atlas.map(as_of=number - 1).as_of == number - 1


def test_what_a_map_does_not_have_is_refused(atlas):
    with pytest.raises(NotFound):
        atlas.map(framework="nothing")
    with pytest.raises(Invalid):
        atlas.map(unit="report")
    with pytest.raises(Invalid):
        atlas.map(filters={"design": ["trial"]})


# -------------------------------------------------------------------------------------- exports


def expected_rows(heatmap: HeatMap) -> list[tuple[str, str, int, int]]:
    frame = heatmap.cells
    columns = (frame[name] for name in ("row", "column", "n_contracts", "n_studies"))
    return [(r, c, int(n), int(m)) for r, c, n, m in zip(*columns, strict=True)]


def test_exports_read_back_as_the_map(atlas):
    heatmap = atlas.map()

    from_csv = list(csv.DictReader(io.StringIO(to_csv(heatmap))))
    from_json = json.loads(json.dumps(to_json(heatmap)))
    sheet = load_workbook(io.BytesIO(to_xlsx(heatmap)))["Cells"]
    header, *lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    from_xlsx = [dict(zip(header, line, strict=True)) for line in lines]

    rows = expected_rows(heatmap)
    assert [
        (one["row_key"], one["column_key"], int(one["contracts"]), int(one["studies"]))
        for one in from_csv
    ] == rows
    assert [
        (one["row_key"], one["column_key"], one["contracts"], one["studies"]) for one in from_xlsx
    ] == rows
    assert [
        (one["row"], one["column"], one["contracts"], one["studies"]) for one in from_json["cells"]
    ] == rows
    assert from_json["n_unplaced"] + from_json["n_awaiting_coding"] == 2


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
@pytest.mark.parametrize("label", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\\tTabbed", "\\x07Bell"])
def test_no_label_is_a_formula_or_breaks_an_export(session, label):
    text = protocol_text().replace("label: Homelessness}", f'label: "{label}"}}')
    assert label in text
    try:
        atlas = Atlas(session, text=text)
    except ValueError as refused:
        pytest.skip(f"no protocol can say this: {refused}")
    heatmap = atlas.map()

    book = load_workbook(io.BytesIO(to_xlsx(heatmap)))
    cells = [cell for line in book["Cells"].iter_rows() for cell in line]
    fields = [field for line in csv.reader(io.StringIO(to_csv(heatmap))) for field in line]

    assert all(cell.data_type != "f" for cell in cells)
    assert not any(field.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) for field in fields)
