"""Empty cells: each has one kind, and it says why the cell is empty."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given

from heatmap.axes import NOT_CODED
from heatmap.cells import HeatMap
from heatmap.coded import CodedStudies
from heatmap.counting import MapBase, count
from heatmap.gaps import Gap, GapKind
from heatmap.known import KnownCount, KnownCounts
from protocols.schema import OutsideSearches, Protocol
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.studies.coding import Subject
from review.tables import StudyReport
from review.vocabulary import Stage, Verdict
from tests.heatmap.test_cells import PROTOCOL, CodedReview, codings
from tests.heatmap.test_filters import KEYS, chosen, units

OUTSIDE = OutsideSearches(rows=("home",), columns=("pbr",), why="Housing was left to others.")
FRAMEWORK = PROTOCOL.framework("area_by_type").model_copy(
    update={"outside_searches": (OUTSIDE,), "filters": KEYS}
)
WITH_OUTSIDE: Protocol = PROTOCOL.model_copy(update={"frameworks": (FRAMEWORK,)})


def one_contract(values: dict[str, str], *, excluded: tuple[str, ...] = ()) -> CodedStudies:
    """Return one study of one contract; with reasons, it was excluded after coding."""
    study, contract = UUID(int=1), UUID(int=2)
    return CodedStudies(
        studies=[] if excluded else [study],
        n_reports={} if excluded else {study: 2},
        contracts={study: [contract]},
        values={(Subject(None, contract), item): value for item, value in values.items()},
        coded_studies=frozenset() if excluded else frozenset({study}),
        excluded={study: excluded} if excluded else {},
    )


def made(coded: CodedStudies, **options) -> HeatMap:
    return count(MapBase(coded, WITH_OUTSIDE), as_of=1, **options)


@given(coded=codings(), unit=units, filters=chosen)
def test_every_empty_cell_has_one_kind_and_no_other_cell_has_any(coded, unit, filters):
    heatmap = made(coded, unit=unit, filters=filters)

    for row in heatmap.rows:
        for column in heatmap.columns:
            cell = row.key, column.key
            gap = heatmap.gap(*cell)
            if heatmap.has_studies(*cell):
                assert gap is None
            elif heatmap.is_plain(*cell):
                assert gap is not None
                assert heatmap.gaps[cell] == gap
    kinds = [gap.kind for gap in heatmap.gaps.values()]
    n_filled = sum(heatmap.has_studies(row.key, column.key)
                   for row in heatmap.rows for column in heatmap.columns
                   if heatmap.is_plain(row.key, column.key))  # fmt: skip
    assert len(kinds) + n_filled == heatmap.n_combinations


@given(coded=codings(), unit=units)
def test_a_gap_that_is_certain_has_nothing_uncoded_beside_it(coded, unit):
    heatmap = made(coded, unit=unit)
    for (row, column), gap in heatmap.gaps.items():
        if gap.kind is GapKind.NONE_FOUND:
            assert not coded_as(coded, row, None) - {None}
            assert not coded_as(coded, None, column) - {None}


def coded_as(coded: CodedStudies, area: str | None, kind: str | None) -> set[UUID | None]:
    """Return the reported contracts that have just this area, or just this type."""
    contracts = {contract for ids in coded.contracts.values() for contract in ids}
    return {
        contract for contract in contracts
        if coded.values.get((Subject(None, contract), "area")) == area
        and coded.values.get((Subject(None, contract), "contract_type")) == kind
    }  # fmt: skip


def test_each_kind_of_gap():
    half = made(one_contract({"area": "work", "country": "KE"}))
    assert half.gap("work", "sib") == Gap(GapKind.AWAITING_CODING, 1)
    assert half.gap("home", "sib") == Gap(GapKind.NONE_FOUND)
    assert half.gap("home", "pbr") == Gap(GapKind.OUTSIDE_SEARCHES, why=OUTSIDE.why)
    assert half.gap("work", NOT_CODED) is None

    whole = one_contract({"area": "work", "contract_type": "sib", "country": "KE"})
    hidden = made(whole, filters={"country": ["NO"]})
    assert hidden.gap("work", "sib") == Gap(GapKind.FILTERED_OUT, 1)
    assert made(whole, unit="report", filters={"country": ["NO"]}).gap("work", "sib").n == 2

    dropped = made(one_contract({"area": "work", "contract_type": "sib"},
                                excluded=("Wrong population", "Wrong population")))  # fmt: skip
    assert dropped.gap("work", "sib") == Gap(GapKind.EXCLUDED, 1)
    assert dropped.excluded_for("work", "sib") == {"Wrong population": 1}

    known = replace(half, known=KnownCounts({("home", "sib"): KnownCount(12, 0)}))
    assert known.gap("home", "sib") == Gap(GapKind.KNOWN, 12)


def test_a_study_that_was_coded_and_then_excluded_leaves_its_reason_in_its_cell(session):
    review = CodedReview(session)
    bond = review.contract("Bond", area="work", contract_type="sib")
    study = review.study("First", bond)
    assert review.map().gap("work", "sib") is None

    [report] = reports_of(session, study)
    review.do(reopen, record_id=report, stage=Stage.FULL_TEXT, why="Other people.",
              by=review.cast.lead)  # fmt: skip
    for reviewer in review.cast.reviewers:
        review.do(decide, record_id=report, stage=Stage.FULL_TEXT, verdict=Verdict.EXCLUDE,
                  exclusion_reason="population", by=reviewer)  # fmt: skip

    heatmap = review.map()
    assert heatmap.gap("work", "sib") == Gap(GapKind.EXCLUDED, 1)
    assert heatmap.excluded_for("work", "sib") == {"Wrong population": 1}


def reports_of(session, study):
    return [link.record_id for link in session.query(StudyReport).filter_by(study_id=study)]


def test_a_study_without_a_contract_is_no_gap_and_may_belong_anywhere():
    study = UUID(int=1)
    lone = CodedStudies(studies=[study], n_reports={study: 3}, contracts={}, values={},
                        coded_studies=frozenset())  # fmt: skip
    for unit, n in (("contract", 0), ("study", 1), ("report", 3)):
        heatmap = made(lone, unit=unit)
        assert heatmap.count(NOT_CODED, NOT_CODED) == n
        assert heatmap.has_studies(NOT_CODED, NOT_CODED)
        hidden = made(lone, unit=unit, filters={"country": ["KE"]})
        assert hidden.n_filtered_out(NOT_CODED, NOT_CODED) == max(1, n)


def test_what_awaits_coding_counts_once_though_it_lacks_both_values():
    study, one, two = UUID(int=1), UUID(int=2), UUID(int=3)
    coded = CodedStudies(
        studies=[study], n_reports={study: 2}, contracts={study: [one, two]},
        values={(Subject(None, one), "area"): "work", (Subject(None, two), "contract_type"): "sib"},
        coded_studies=frozenset({study}),
    )  # fmt: skip
    for unit, n in (("contract", 2), ("study", 1), ("report", 2)):
        assert made(coded, unit=unit).gap("work", "sib") == Gap(GapKind.AWAITING_CODING, n)


def test_themes_that_are_all_absent_are_none_of_these_and_coded():
    study, contract = UUID(int=1), UUID(int=2)
    values = {(Subject(study, contract), item): "absent" for item in ("costs", "equity")}
    values[Subject(None, contract), "area"] = "work"
    coded = CodedStudies(studies=[study], n_reports={study: 1}, contracts={study: [contract]},
                         values=values, coded_studies=frozenset({study}))  # fmt: skip
    heatmap = count(MapBase(coded, PROTOCOL), framework="area_by_theme", as_of=1)
    assert heatmap.count("work", "none_of_these") == 1
    assert NOT_CODED not in {column.key for column in heatmap.columns}
    del values[Subject(study, contract), "equity"]
    heatmap = count(MapBase(coded, PROTOCOL), framework="area_by_theme", as_of=1)
    assert heatmap.count("work", NOT_CODED) == 1
