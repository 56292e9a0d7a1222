"""Finding a row, a column or a value by any of its names, in any language."""

from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatmap.cells import HeatMap
from heatmap.coded import CodedStudies
from heatmap.counting import MapBase, count
from heatmap.names import find, languages_of, relabelled
from protocols.loader import load_file
from protocols.names import other_names, words_of
from review.studies.coding import Subject

PROTOCOL = load_file(Path("protocols/social-outcomes-contracting.yaml")).protocol
TYPES = [value.key for value in PROTOCOL.item("contract_type").values]


@pytest.fixture(scope="module")
def heatmap() -> HeatMap:
    """One contract of each type, each in its own study, in Kenya or Germany."""
    studies = [UUID(int=n) for n, _ in enumerate(TYPES, start=1)]
    contracts = {study: [UUID(int=100 + study.int)] for study in studies}
    values = {}
    for study, key in zip(studies, TYPES, strict=True):
        subject = Subject(None, contracts[study][0])
        values[subject, "contract_type"] = key
        values[subject, "outcome_area"] = "health"
        values[subject, "country"] = "KE" if study.int % 2 else "DE"
    coded = CodedStudies(studies=studies, n_reports=dict.fromkeys(studies, 1),
                         contracts=contracts, values=values,
                         coded_studies=frozenset(studies))  # fmt: skip
    return count(MapBase(coded, PROTOCOL), as_of=1)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("pago por resultados", "payment_by_results"),
        ("PbR", "payment_by_results"),
        ("pbr", "payment_by_results"),
        ("Sozialer Wirkungskredit", "social_impact_bond"),
        ("contrat à impact social", "social_impact_bond"),
        ("contrat a impact social", "social_impact_bond"),
        ("SIB", "social_impact_bond"),
        ("SIBs", "social_impact_bond"),
        ("social impact bonds", "social_impact_bond"),
        ("P4P", "performance_based_contract"),
        ("Entwicklungswirkungsanleihe", "development_impact_bond"),
    ],
)
def test_a_column_is_found_by_any_of_its_names(heatmap, text, column):
    first = find(heatmap, PROTOCOL, text)[0]
    assert first.column == column
    assert (first.n_studies, first.n_contracts, first.row) == (1, 1, None)


def test_a_name_is_found_by_whole_words_only(heatmap):
    assert find(heatmap, PROTOCOL, "prescribing") == []
    assert find(heatmap, PROTOCOL, "si") == []
    assert find(heatmap, PROTOCOL, "") == []
    assert find(heatmap, PROTOCOL, "   ") == []
    assert find(heatmap, PROTOCOL, "(*") == []


def test_rows_countries_and_groups_of_countries_are_found_too(heatmap):
    assert find(heatmap, PROTOCOL, "santé")[0].row == "health"
    for text in ("Kenya", "Kenia", "Quênia"):
        [found, *_] = find(heatmap, PROTOCOL, text)
        assert (found.name.filter, found.name.value) == ("country", "KE")
        assert found.n_contracts == (len(TYPES) + 1) // 2
    assert find(heatmap, PROTOCOL, "sub-saharan Africa")[0].name.filter == "region"


def test_several_names_in_one_search_are_all_found(heatmap):
    found = {one.name.value for one in find(heatmap, PROTOCOL, "social impact bonds in Kenya")}
    assert {"social_impact_bond", "KE"} <= found


@pytest.mark.parametrize("language", ["es", "fr", "pt", "de"])
def test_other_words_change_labels_and_no_number(heatmap, language):
    other = relabelled(heatmap, PROTOCOL, language)

    assert language in languages_of(PROTOCOL)
    assert [one.key for one in other.columns] == [one.key for one in heatmap.columns]
    assert [one.label for one in other.columns] != [one.label for one in heatmap.columns]
    assert other.cells.equals(heatmap.cells)
    assert (other.row_totals, other.gaps) == (heatmap.row_totals, heatmap.gaps)


@given(text=st.text(max_size=40))
def test_whatever_is_typed_is_looked_for_and_nothing_breaks(text):
    assert all(word == word.strip() and word for word in words_of(text))
    assert words_of(" ".join(words_of(text))) is not None


def test_a_term_has_its_other_names_in_every_language():
    names = other_names(PROTOCOL, "PbR")
    assert {"payment by results", "pago por resultados", "pagamento por resultados"} <= set(names)
    assert "PbR" not in names
    assert other_names(PROTOCOL, "prescribing") == []
    assert other_names(PROTOCOL, "  ") == []
