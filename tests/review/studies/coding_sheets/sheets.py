"""A workbook of GO Lab's shape with invented contents, as large as a test asks for."""

from pathlib import Path
from random import Random

from openpyxl import Workbook

from review.studies.coding_sheets.columns import DETAILS, GO_LAB, Fact

PLACES = ("Northmoor", "Eastmoor", "Quillon Bay", "Vellaby", "Tarn Valley", "Ostrava Hills")
COUNTRIES = ("UK", "Kenya", "Inde", "Estados Unidos", "Portugal", "Germany")
SECTORS = ("Health", "Education", "Criminal justice", "Homelessness", "employment and training")
DESIGNS = ("RCT", "Qualitative", "Mixed methods", "quasi-experiment", "survey")
SPELLINGS = ("Present", "present", "Absent", "absent", "")
METHODS = ("administrative data", "Independent verification")
CODERS = ("Ana Ardent", "Ben Bright", "Cai Crane")


def rows_of_sheet(n_studies: int, n_rows: int, seed: int = 1) -> list[list[object]]:
    """Return the rows below the headings: columns of a study are filled on its first row alone."""
    chance = Random(seed)  # noqa: S311
    n_contracts = [1] * n_studies
    for _ in range(n_rows - n_studies):
        n_contracts[chance.randrange(n_studies)] += 1
    rows: list[list[object]] = []
    for number, n in enumerate(n_contracts):
        for contract in range(n):
            cells = _of_contract(chance, number, contract)
            rows.append(
                [(cells | (_of_study(chance, number) if contract == 0 else {})).get(means)
                 for means in GO_LAB]
            )  # fmt: skip
    return rows


def _of_study(chance: Random, number: int) -> dict[str, object]:
    year = str(2010 + number % 14)
    return {
        Fact.NUMBER: f"#{1000 + number}",
        Fact.STUDY: f"S{number:03}",
        Fact.TITLE: f"What paying for outcomes did in {chance.choice(PLACES)}, part {number}",
        Fact.CODER: chance.choice(CODERS),
        "study_authors": f"Writer{chr(97 + number % 26)}, {chr(65 + number // 26)}.; Roe, R.",
        "study_source": "Journal of Invented Results",
        "publication_year": "n.d." if number % 10 == 9 else f"{year}-05-01",
        "doi": f"https://doi.org/10.5555/sheet.{number}",
        "url": f"https://invented.example/{number}",
        "issn": "1234-5679",
        DETAILS + "study_design": "As the authors describe it.",
        "study_design": chance.choice(DESIGNS),
        "quality_appraisal": chance.choice(("High", "medium", "Some concerns about sampling")),
        "study_language": chance.choice(("English", "english; Spanish")),
        "non_qualitative_casp": "8 of 11",
    }


def _of_contract(chance: Random, study: int, number: int) -> dict[str, object]:
    place = chance.choice(PLACES)
    cells: dict[str, object] = {
        Fact.CONTRACT: "N/A" if study % 7 == 3 else f"{place} bond {study}-{number}",
        "country": chance.choice(COUNTRIES),
        "outcome_payer": "Council of Northmoor",
        "outcome_payer_type": chance.choice(("National government", "A pension scheme")),
        "outcome_area": chance.choice(SECTORS),
        "secondary_policy_sectors": chance.choice(("", "Health; Education", "Health, Education")),
        "sustainable_development_goals": chance.choice(("3", "SDG 4; SDG 8", "1 No poverty")),
        "target_population": "People out of work for a year",
        "scale": 1200,
        "incentivised_outcome": "A job kept for 26 weeks",
        "incentive_size": chance.choice(("£1.5m", "USD 250,000", "about 3 million")),
        "start_date": "2015-04",
        "end_date": 2019,
        "outcome_validation_method": chance.choice(METHODS),
        "service_providers": "Helpers of Northmoor",
        "service_provider_type": chance.choice(("Public body", "Faith group")),
        "third_party_investor": chance.choice(("Yes", "no")),
        "review_beneficial": "Yes, of the pricing",
    }  # fmt: skip
    for means in GO_LAB:
        if means.startswith(DETAILS) and means != DETAILS + "study_design":
            theme = means.removeprefix(DETAILS)
            cells[theme] = chance.choice(SPELLINGS)
            if cells[theme] in ("Present", "present"):
                cells[means] = f"Reported in section {chance.randint(1, 9)}."
    return cells


def headings() -> tuple[list[str], list[str]]:
    """Return two heading rows in words of our own: a theme is above its two columns."""
    first, second = [], []
    for means in GO_LAB:
        theme = means.removeprefix(DETAILS)
        is_pair = DETAILS + theme in GO_LAB and theme != "study_design"
        is_details = means.startswith(DETAILS)
        first.append("" if is_pair and is_details else theme.replace("_", " ") or "unused")
        second.append(("details" if is_details else "present/absent") if is_pair else "")
    return first, second


def write_workbook(path: Path, rows: list[list[object]]) -> Path:
    """Write the workbook and return its path."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    for row in (*headings(), *rows):
        sheet.append(row)
    book.save(path)
    return path
