"""The shipped protocols, and the JSON Schema for editors."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from protocols import loader
from protocols.schema import SearchKind


def social_outcomes():
    return loader.load(loader.read_shipped("social-outcomes-contracting")).protocol


def test_three_protocols_are_shipped():
    names = set(loader.shipped())

    assert names == {"blank", "health-interventions", "social-outcomes-contracting"}


@pytest.mark.parametrize("name", sorted(loader.shipped()))
def test_every_shipped_protocol_loads_and_names_its_editor_schema(name):
    loaded = loader.load_file(loader.find(name))

    assert loaded.text.startswith("# yaml-language-server: $schema=protocol.schema.json\n")
    assert loaded.protocol.framework().key == loaded.protocol.frameworks[0].key


@pytest.mark.parametrize("name", sorted(loader.shipped()))
def test_every_shipped_protocol_satisfies_the_editor_schema(name):
    data = yaml.safe_load(loader.read_shipped(name))

    jsonschema.validate(data, loader.json_schema())


def test_the_editor_schema_is_current():
    file = Path(loader.__file__).with_name(loader.SCHEMA_FILE)

    assert file.read_text(encoding="utf-8") == loader.json_schema_text(), "run: python -m protocols"
    assert "searches" in json.loads(loader.json_schema_text())["properties"]


def test_the_social_outcomes_map_is_outcome_area_by_contract_type():
    protocol = social_outcomes()
    default = protocol.framework()

    rows, columns = protocol.axis_entries(default.rows), protocol.axis_entries(default.columns)

    assert [label for _, label, _ in rows] == [
        "Employment and training", "Child and family welfare", "Health", "Homelessness",
        "Education", "Criminal justice", "Agriculture and environment", "Poverty reduction",
    ]  # fmt: skip
    assert [key for key, _, _ in columns] == [
        "social_impact_bond", "development_impact_bond", "payment_by_results", "pay_for_success",
        "performance_based_contract", "results_based_financing", "outcomes_fund",
        "other_or_unclear",
    ]  # fmt: skip
    assert all(definition for _, _, definition in (*rows, *columns))


def test_seventeen_evidence_themes_are_the_columns_of_the_second_map():
    protocol = social_outcomes()

    columns = protocol.axis_entries(protocol.framework("outcome_area_by_evidence_theme").columns)

    assert len(columns) == 17
    assert {item.level for item in protocol.group("evidence_themes")} == {"study_contract"}


def test_secondary_sectors_are_the_same_as_the_outcome_areas():
    protocol = social_outcomes()

    primary = [value.key for value in protocol.item("outcome_area").values]
    secondary = [value.key for value in protocol.item("secondary_policy_sectors").values]

    assert primary == secondary


def test_twelve_databases_and_grey_literature_are_planned():
    protocol = social_outcomes()

    kinds = [search.kind for search in protocol.searches]

    assert kinds.count(SearchKind.DATABASE) == 12
    assert {"website", "organisation", "citation_searching", "contact"} <= set(kinds)


def test_reasons_that_an_abstract_cannot_show_do_not_teach_the_model():
    protocol = social_outcomes()

    not_taught = {reason.key for reason in protocol.exclusion_reasons if not reason.teaches_model}

    assert not_taught == {
        "no_full_text", "duplicate_publication", "publication_date", "publication_language",
        "other_reason",
    }  # fmt: skip
    assert "no_full_text" not in {reason.key for reason in protocol.reasons("title_abstract")}


def test_every_concept_has_names_in_all_five_languages():
    protocol = social_outcomes()

    for concept in protocol.terminology:
        assert set(concept.names) == {"en", "es", "fr", "pt", "de"}, concept.key
    assert {part.language for part in protocol.highlights} == set(protocol.languages)


def test_the_two_axes_of_the_default_map_are_double_coded_and_required():
    protocol = social_outcomes()

    for key in ("outcome_area", "contract_type"):
        assert protocol.item(key).double_coded
        assert protocol.item(key).required
    assert len(protocol.item("sustainable_development_goals").values) == 17


def test_a_health_review_calls_its_contracts_interventions():
    protocol = loader.load(loader.read_shipped("health-interventions")).protocol

    assert protocol.wording.contract.many == "interventions"
    assert protocol.question_framework.name == "PICO"


def test_a_missing_protocol_is_reported_with_the_likeliest_name(tmp_path):
    with pytest.raises(LookupError, match="Did you mean 'health-interventions'"):
        loader.read_shipped("health-intervention")
    with pytest.raises(LookupError, match="neither a file nor a shipped protocol"):
        loader.find(tmp_path / "absent.yaml")


def test_a_path_to_a_file_is_returned_as_it_is(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(loader.read_shipped("blank"), encoding="utf-8")

    path = loader.find(str(file))

    assert path == file
    assert loader.load_file(path).protocol.title == "Title of the review"
