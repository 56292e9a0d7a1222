"""A contract is matched to the right project of a list, or somebody is asked, seldom."""

from dataclasses import replace
from random import Random

import pytest

from review.studies.known_contracts.matching import (
    ContractFacts,
    FactAgreement,
    ListIndex,
    sure_match,
)
from review.studies.known_contracts.projects import KnownProject
from tests.review.studies.known_contracts.invented import invented_contracts, invented_projects

SEEDS = range(20, 24)


@pytest.mark.parametrize("family", ["places", "programmes"])
def test_planted_variants_are_matched_rightly_and_few_are_asked_about(family, record_property):
    n = n_sure = n_right = n_asked = n_lost = 0
    for seed in SEEDS:
        chance = Random(seed)  # noqa: S311
        projects = invented_projects(chance, 300, family)
        index = ListIndex(projects)
        for named in invented_contracts(chance, projects, 100, family):
            found = index.matches(named.facts)
            sure = sure_match(found)
            n += 1
            n_sure += sure is not None
            n_right += sure is not None and sure.project.key == named.key
            n_asked += sure is None and bool(found)
            n_lost += bool(named.key) and named.key not in {one.project.key for one in found}

    record_property("matching", f"{family}: {n_right} of {n_sure} right, {n_asked} of {n} asked")
    assert n_right >= 0.99 * n_sure
    assert n_asked <= 0.05 * n
    assert n_sure >= 0.75 * n
    assert n_lost <= 0.02 * n


BASE = KnownProject("A-1", "Bridford Rough Sleepers SIB", countries=("GB",), start="2014-04",
                    payers=("Ministry of Housing",))  # fmt: skip


def matched(name: str, *projects: KnownProject, **facts):
    return ListIndex([BASE, *projects]).matches(ContractFacts([name], **facts))


@pytest.mark.parametrize(
    "name",
    [
        "Bridford Rough Sleepers Social Impact Bond",
        "Rough sleepers bond, Bridford",
        "BRIDFORD rough sleepers S.I.B.",
        "Bridfrod Rough Sleepers SIB",
    ],
)
def test_the_same_contract_under_a_name_of_its_own_needs_no_question(name):
    sure = sure_match(matched(name, countries=["GB"], year=2014))

    assert sure is not None
    assert sure.project is BASE


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Bridford Rough Sleepers SIB phase 2", {}),
        ("Bridford Rough Sleepers SIB II", {"year": 2014}),
        ("Bridford Rough Sleepers SIB", {"countries": ["AU"]}),
        ("Bridford Rough Sleepers SIB", {"year": 2020}),
        ("Bridford Rough Sleepers and Foyer for Youth SIB, Marwick", {"countries": ["GB"]}),
    ],
)
def test_what_contradicts_is_never_matched_without_a_question(name, facts):
    assert sure_match(matched(name, **facts)) is None


def test_two_that_fit_equally_well_are_both_shown():
    twin = replace(BASE, key="A-2", start="2015-01")

    found = matched("Bridford Rough Sleepers SIB", twin, countries=["GB"], year=2014)

    assert sure_match(found) is None
    assert {one.project.key for one in found} == {"A-1", "A-2"}


def test_another_town_is_not_even_asked_about():
    assert matched("Marwick Rough Sleepers SIB", countries=["GB"], year=2014) == []


def test_what_speaks_for_a_match_is_told():
    [one] = matched("Bridford rough sleepers", countries=["GB"], year=2016,
                    payers=["The Ministry of Housing"])  # fmt: skip

    agreements = (one.country, one.start, one.payer)
    assert agreements == (FactAgreement.SAME, FactAgreement.NEAR, FactAgreement.SAME)


def test_an_empty_list_and_a_name_without_letters_match_nothing():
    assert ListIndex([]).matches(ContractFacts(["Bridford"])) == []
    assert matched("2014") == []
