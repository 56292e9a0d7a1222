"""The tidy tables: a program reads from every column the type that the dictionary names."""

import io

import pandas as pd
import pytest

from protocols.loader import read_shipped
from review.lists.tables import ListFormat, written
from review.lists.whole import whole_list
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from tests.factories import include_fully, make_records, make_review

PANDAS = {"logical": "boolean", "integer": "Int64", "double": "float64", "factor": "category",
          "character": "string"}  # fmt: skip


@pytest.fixture
def coded(session):
    closing = "    decisions_needed: 2\n    closes_after_decisions: 0\n"
    text = read_shipped("social-outcomes-contracting")
    cast = make_review(session, text=text.replace("    decisions_needed: 2\n", closing))
    into = {"review_id": cast.review_id, "by": cast.lead}
    two, alone = make_records(session, cast.review_id, 2)
    for record in (two, alone):
        include_fully(session, cast, record)
    study = add_study(session, label="Doe 2001", reports=[two], **into)
    add_study(session, label="Roe 2002", reports=[alone], **into)
    values = {"scale": 1200, "third_party_investor": True, "country": "NA", "start_date": "2015-04",
              "incentive_size": {"amount": "0.50", "currency": "GBP", "year": 2015},
              "secondary_policy_sectors": ["health", "education"]}  # fmt: skip
    for label in ("=1+1 bond", "Second bond"):
        contract = add_contract(session, label=label, **into)
        link_contract(session, study_id=study.id, contract_id=contract.id, **into)
        for item, value in values.items() if label == "Second bond" else [("scale", "unclear")]:
            given = {"special": value} if value == "unclear" else value
            code(session, contract_id=contract.id, item=item, value=given, **into)
    code(session, study_id=study.id, item="publication_year", value=2001, **into)
    return cast


def table_of(session, cast, name, **more):
    content = written(whole_list(session, cast.review_id, name, by=cast.lead), ListFormat.CSV)
    return pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""], **more)


def test_every_column_has_the_type_that_the_dictionary_names(session, coded):
    dictionary = table_of(session, coded, "dictionary")
    types = {row["column"]: PANDAS[row["type in R"]] for _, row in dictionary.iterrows()}

    table = table_of(session, coded, "coded", dtype=types)

    assert list(table.columns) == list(dictionary["column"])
    assert table["study"].tolist() == ["Doe 2001", "Doe 2001", "Roe 2002"]
    first, second, alone = (row for _, row in table.iterrows())
    assert second["scale"] == 1200
    assert bool(second["third_party_investor"]) is True
    assert second["country"] == "NA"  # Namibia, not a missing value
    assert second["secondary_policy_sectors"] == "health;education"
    assert (second["incentive_size_amount"], second["incentive_size_year"]) == (0.5, 2015)
    assert pd.isna(first["scale"])  # unclear
    assert first["contract"] == "'=1+1 bond"
    assert first["publication_year"] == second["publication_year"] == 2001
    assert pd.isna(alone["contract"])
