"""The values that coders enter for an invented study or contract, item by item."""

from collections.abc import Iterator, Mapping
from random import Random

from api.demonstration.contracts import InventedContract
from api.demonstration.words import words, world
from api.demonstration.works import Work

UNCLEAR = {"special": "unclear"}
THEMES = tuple(words("en")["themes"])
REQUIRED = frozenset({"contract_name", "country"})
IN_FIRST_SENTENCE = frozenset({"country", "outcome_payer", "target_population", "start_date"})
VALIDATION = (
    "comparison_group",
    "independent_verification",
    "administrative_data",
    "provider_evidence",
    "several_methods",
)
PROVIDERS = ("public_body", "charity", "social_enterprise", "private_company")
DIRECTIONS = ("benefit", "mixed", "benefit", "no_effect", "benefit", "mixed", "no_effect", "harm",
              "benefit", "no_effect", "mixed", "benefit")  # fmt: skip
GOALS: Mapping[str, list[str]] = {
    "employment_and_training": ["sdg_8"],
    "child_and_family_welfare": ["sdg_3", "sdg_16"],
    "health": ["sdg_3"],
    "homelessness": ["sdg_1", "sdg_11"],
    "education": ["sdg_4", "sdg_5"],
    "criminal_justice": ["sdg_16"],
    "agriculture_and_environment": ["sdg_2", "sdg_6"],
    "poverty_reduction": ["sdg_1", "sdg_10"],
}
ALSO: Mapping[str, str] = {  # a secondary sector of such contracts
    "homelessness": "employment_and_training",
    "criminal_justice": "employment_and_training",
    "child_and_family_welfare": "education",
    "health": "poverty_reduction",
    "poverty_reduction": "employment_and_training",
}


def of_study(work: Work, chance: Random) -> Iterator[tuple[str, object]]:
    """Yield each item of a study with its value."""
    yield "study_authors", "; ".join(work.authors)
    yield "study_source", work.journal
    yield "publication_year", work.year
    if work.number % 8:
        yield "doi", work.doi
    yield "study_language", [words(work.language)["language"].lower()]
    yield "study_design", work.design
    if chance.random() < 0.9:
        yield "quality_appraisal", chance.choices(("high", "medium", "low"), (2, 5, 3))[0]


def double_coded(contract: InventedContract) -> Iterator[tuple[str, str]]:
    """Yield the items that two people code, with their values."""
    yield "contract_type", contract.type
    yield "outcome_area", contract.area


def mistaken(item: str, value: str) -> str:
    """Return the value that a coder in a hurry would enter."""
    if item == "outcome_area":
        return ALSO.get(value, "health")
    return "performance_based_contract" if value == "payment_by_results" else "payment_by_results"


def of_contract(contract: InventedContract, chance: Random) -> Iterator[tuple[str, object]]:
    """Yield each remaining item of a contract with its value."""
    slots, country = contract.slots("en"), world()["countries"][contract.country]
    yield "contract_name", contract.label
    yield "country", contract.country
    yield "outcome_payer", f"{slots['payer'].capitalize()} ({contract.town})"
    yield "outcome_payer_type", [country["kind"]]
    if contract.area in ALSO and contract.number % 3 == 0:
        yield "secondary_policy_sectors", [ALSO[contract.area]]
    yield "sustainable_development_goals", GOALS[contract.area]
    yield "target_population", slots["people"].capitalize()
    yield "scale", contract.scale
    yield "incentivised_outcome", slots["outcome"].capitalize()
    yield "incentive_size", _money(contract, country["currency"])
    yield "start_date", str(contract.start)
    yield "end_date", str(contract.start + 3 + contract.number % 4)
    yield "outcome_validation_method", chance.choice((*VALIDATION, UNCLEAR))
    yield "service_provider_type", chance.sample(PROVIDERS, 1 + contract.number % 2)
    yield "third_party_investor", contract.has_investor


def direction(work: Work, contract: InventedContract) -> str:
    """Return what a study found for the people served, as far as its design can show it."""
    if work.design not in ("randomised_trial", "quasi_experiment", "before_after"):
        return "not_measured"
    return DIRECTIONS[(7 * work.number + 3 * contract.number) % len(DIRECTIONS)]


def _money(contract: InventedContract, currency: str) -> dict[str, object]:
    return {"amount": str(contract.amount), "currency": currency, "year": contract.start}
