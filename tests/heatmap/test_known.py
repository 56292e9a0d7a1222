"""Denominators: how many of the contracts that are known to exist are studied in a cell."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatmap.axes import axes_of
from heatmap.coded import ListedContract
from heatmap.counting import build
from heatmap.exports import to_csv, to_json
from heatmap.frozen import freeze, published_map
from heatmap.gaps import GapKind
from heatmap.known import KnownCount, count_known
from protocols.loader import load
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.lists import keep_list
from review.studies.known_contracts.matches import match_contract
from review.studies.known_contracts.projects import KnownProject
from tests.factories import protocol_text
from tests.heatmap.test_cells import CodedReview

PROTOCOL = load(protocol_text()).protocol
AXES = axes_of(PROTOCOL, PROTOCOL.framework("area_by_type"))
AREAS, TYPES = ("work", "home"), ("sib", "pbr")


def project(number: int, sector: str, instrument: str, country: str = "GB") -> KnownProject:
    return KnownProject(
        f"A-{number}", f"Project {number}", sectors=(sector,), instrument=instrument,
        countries=(country,),
    )  # fmt: skip


LIST = [
    project(1, "Employment", "Social impact bond"),
    project(2, "Employment", "Social impact bond", "KE"),
    project(3, "Employment", ""),  # whose type the list does not say
    project(4, "Homelessness", "Payment by results"),
    project(5, "Opera", "Social impact bond"),  # a sector that the protocol does not have
]


@pytest.fixture
def coded(session):
    review = CodedReview(session)
    contract = review.contract("Bridford", area="work", contract_type="sib", country="GB")
    review.study("Doe 2001", contract)
    lead = review.cast.lead
    review.do(keep_list, found=IndigoFile(LIST), name="all.zip", by=lead)
    review.do(match_contract, contract_id=contract, key="A-1", by=lead)
    return review


def test_each_cell_row_and_column_says_how_many_known_ones_are_studied(coded):
    known = coded.do(build).known

    assert known.cells == {
        ("work", "sib"): KnownCount(2, 1),
        ("home", "pbr"): KnownCount(1, 0),
    }
    assert known.rows == {"work": KnownCount(3, 1), "home": KnownCount(1, 0)}
    assert known.columns == {"sib": KnownCount(3, 1), "pbr": KnownCount(1, 0)}
    assert known.whole == KnownCount(5, 1)


def test_known_and_unstudied_is_a_kind_of_emptiness(coded):
    heatmap = coded.do(build)

    gap = heatmap.gap("home", "pbr")
    assert (gap.kind, gap.n) == (GapKind.KNOWN, 1)
    assert heatmap.gap("home", "sib").kind is GapKind.NONE_FOUND


def test_filters_for_the_contract_keep_the_known_ones_that_have_the_value(coded):
    known = coded.do(build, filters={"country": ["KE"]}).known

    assert known.cells == {("work", "sib"): KnownCount(1, 0)}
    assert coded.do(build, filters={"region": ["Northern Europe"]}).known.whole == KnownCount(4, 1)


def test_filters_for_studies_change_which_are_studied_and_not_how_many_there_are(coded):
    known = coded.do(build, filters={"design": ["trial"]}).known

    assert known.cells["work", "sib"] == KnownCount(2, 0)


def test_what_was_coded_counts_before_what_the_list_says(coded):
    contract = coded.contract("Marwick", contract_type="pbr")
    coded.do(match_contract, contract_id=contract, key="A-2", by=coded.cast.lead)

    known = coded.do(build).known

    assert known.cells["work", "sib"] == KnownCount(1, 1)
    assert known.cells["work", "pbr"] == KnownCount(1, 0)


def test_a_map_of_what_studies_report_has_rows_of_known_ones_and_no_cells(coded):
    known = coded.do(build, framework="area_by_theme").known

    assert known.cells == {}
    assert known.rows["work"] == KnownCount(3, 1)


def test_there_is_no_list_before_the_upload_and_matches_are_those_of_the_moment(coded):
    number = coded.do(build).as_of

    assert coded.do(build, as_of=number - 1).known.whole == KnownCount(5, 0)
    assert coded.do(build, as_of=number - 2).known.whole is None


def test_publications_keep_the_counts_without_names_or_numbers(coded):
    content = freeze(coded.session, coded.cast.review_id)

    assert published_map(content).known == coded.do(build).known
    assert "Project 4" not in str(content)
    assert "A-4" not in str(content)


def test_the_files_have_the_known_ones_beside_the_counts(coded):
    heatmap = coded.do(build)

    lines = to_csv(heatmap).splitlines()
    assert lines[0].endswith(",known,known_studied")
    assert "work,Employment,sib,Social impact bond,1,1,1,,2,1" in lines
    cells = {(cell["row"], cell["column"]): cell for cell in to_json(heatmap)["cells"]}
    assert (cells["work", "sib"]["known"], cells["work", "sib"]["known_studied"]) == (2, 1)
    assert (cells["home", "sib"]["known"], cells["home", "sib"]["known_studied"]) == (0, 0)
    themes = to_json(coded.do(build, framework="area_by_theme"))["cells"]
    assert {cell["known"] for cell in themes} == {None}


def test_a_project_in_two_countries_counts_in_both_however_many_contracts_it_is_here(coded):
    lead = coded.cast.lead
    uganda = coded.contract("Bridford in Uganda", area="home", contract_type="sib", country="UG")
    coded.study("Roe 2002", uganda)
    coded.do(match_contract, contract_id=uganda, key="A-1", by=lead)

    known = coded.do(build).known

    assert known.cells["work", "sib"] == KnownCount(2, 1)
    assert known.cells["home", "sib"] == KnownCount(1, 1)
    assert coded.do(build, filters={"country": ["UG"]}).known.whole == KnownCount(1, 1)


def test_what_is_on_the_list_and_waits_for_its_codes_is_no_gap_whatever_the_filters(coded):
    contract = coded.contract("Marwick")
    coded.study("Roe 2002", contract)
    coded.do(match_contract, contract_id=contract, key="A-4", by=coded.cast.lead)

    for filters in ({}, {"country": ["GB"]}, {"design": ["trial"]}):
        gap = coded.do(build, filters=filters).gap("home", "pbr")
        assert (gap.kind, gap.n) == (GapKind.AWAITING_CODING, 1), filters
    assert coded.do(build, filters={"country": ["GB"]}).known.cells["home", "pbr"].n_studied == 1
    assert coded.do(build, unit="study").gap("home", "pbr").n == 1


def test_a_country_that_is_unclear_has_no_region(coded):
    contract = coded.contract("Marwick", country={"special": "unclear"})
    coded.do(match_contract, contract_id=contract, key="A-2", by=coded.cast.lead)

    heatmap = coded.do(build, filters={"region": ["Northern Europe"]})

    assert heatmap.known.whole == KnownCount(4, 1)


def test_countries_in_which_nothing_was_studied_have_a_row(coded):
    heatmap = coded.do(build, framework="country_by_type")

    assert [row.key for row in heatmap.rows] == ["KE", "GB"]
    assert heatmap.gap("KE", "sib").kind is GapKind.KNOWN


def test_a_newer_list_counts_at_once_also_for_a_past_moment(coded):
    moment = coded.do(build).as_of
    coded.do(keep_list, found=IndigoFile(LIST[:1], is_whole=True), name="b.zip", by=coded.cast.lead)

    assert coded.do(build, as_of=moment).known.whole == KnownCount(1, 1)


def test_publications_place_contracts_as_the_map_does(coded):
    contract = coded.contract("Marwick", contract_type="pbr")  # which no study reports on
    coded.do(match_contract, contract_id=contract, key="A-2", by=coded.cast.lead)

    content = freeze(coded.session, coded.cast.review_id)

    assert published_map(content).known == coded.do(build).known


keys = st.fixed_dictionaries(
    {
        "area": st.sampled_from([(), ("work",), ("home",)]),
        "contract_type": st.sampled_from([(), ("sib",), ("pbr",), ("sib", "pbr")]),
        "secondary": st.sampled_from([(), ("home",), ("work", "home"), ("unclear",)]),
    }
)
CONTRACTS = [UUID(int=100 + number) for number in range(3)]


@given(
    listed=st.lists(st.tuples(keys, st.sets(st.sampled_from(CONTRACTS))), max_size=8),
    studied=st.sets(st.sampled_from(CONTRACTS)),
    secondary=st.booleans(),
)
def test_the_counts_equal_a_recount_the_long_way_round(listed, studied, secondary):
    known = count_known(
        [ListedContract(values, sorted(own)) for values, own in listed], AXES,
        studied=studied, reported=CONTRACTS, filters={}, secondary=secondary,
    )  # fmt: skip

    for row in AREAS:
        for column in TYPES:
            here = [
                own
                for values, own in listed
                if (row in values["area"] or (secondary and row in values["secondary"]))
                and column in values["contract_type"]
            ]
            expected = KnownCount(len(here), sum(bool(own & studied) for own in here))
            assert known.at(row, column) == (expected if here else None)
    if listed:
        n_studied = sum(bool(own & studied) for _, own in listed)
        assert known.whole == KnownCount(len(listed), n_studied)
