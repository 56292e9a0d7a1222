"""What the columns of a coding sheet mean: by GO Lab's order of columns, or by their headings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from openpyxl.utils import get_column_letter

from protocols.names import words_of
from protocols.schema import CodebookItem, Prefill, Protocol

DETAILS = "details:"  # before an item's key: what the coder wrote beside the value
MANY = 60  # a sheet with so many columns in two heading rows may be GO Lab's


class Fact(StrEnum):
    """What a column can say beside the values of codebook items."""

    NUMBER = "number"  # of the record in the program that it was screened in
    STUDY = "study"  # the study's own number or name in the sheet
    TITLE = "title"
    CODER = "coder"
    CONTRACT = "contract"


HEADINGS: Mapping[Fact, str] = {
    Fact.NUMBER: "covidence number, covidence, covidence id, record number, reference number",
    Fact.STUDY: "study id, study, study name, study number",
    Fact.TITLE: "title, study title, report title, document title",
    Fact.CODER: "reviewer, reviewer name, coder, coded by, extractor, coder name",
    Fact.CONTRACT: "contract, contract name, name of the contract, project, project name, impact "
    "bond name, name of contract",
}
FACT_LABELS: Mapping[Fact, str] = {
    Fact.NUMBER: "Number in the program used for screening",
    Fact.STUDY: "Study's number or name in the sheet",
    Fact.TITLE: "Title",
    Fact.CODER: "Coder's name",
    Fact.CONTRACT: "Name of the contract",
}

# GO Lab's sheet of 2022, column A to BQ (INDIGO-Initiative/indigo-2022-09-hackandlearn-team-25):
# two heading rows, a row for each study and contract.  The names are ours.
_THEMES = (
    "service_delivery", "utilisation", "person_level_outcomes", "unintended_effects",
    "parallel_reforms", "acceptability", "satisfaction", "management_information", "costs",
    "equity", "development_and_design", "investor_involvement", "scalability", "relationships",
    "ecosystem_strengthening", "provider_performance", "sustainment_and_legacy",
)  # fmt: skip
GO_LAB: Sequence[str] = (
    Fact.NUMBER, Fact.STUDY, Fact.TITLE, Fact.CODER, "", "study_authors", "study_source",
    "publication_year", "doi", "url", "issn", "details:study_design", "study_design",
    "quality_appraisal", "study_language", "non_qualitative_casp", "",
    Fact.CONTRACT, "country", "outcome_payer", "outcome_payer_type", "outcome_area",
    "secondary_policy_sectors", "sustainable_development_goals", "target_population", "scale",
    "incentivised_outcome", "incentive_size", "start_date", "end_date",
    "outcome_validation_method", "service_providers", "service_provider_type",
    "third_party_investor",
    *(meaning for theme in _THEMES for meaning in (theme, DETAILS + theme)),
    "review_beneficial",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column: where it is, what its headings say, and what it means ("" for nothing)."""

    place: int  # from 0
    heading: str
    means: str

    @property
    def letter(self) -> str:
        """Return the column's letters in a spreadsheet."""
        return str(get_column_letter(self.place + 1))


def meanings(protocol: Protocol) -> dict[str, str]:
    """Return everything that a column can mean under a protocol, with a name for people."""
    found = {str(fact): label for fact, label in FACT_LABELS.items()}
    for item in protocol.codebook:
        if item.prefill is not Prefill.CONTRACT_NAME:
            found[item.key] = item.label
            found[DETAILS + item.key] = f"{item.label}: details"
    return found


def find_columns(
    rows: Sequence[Sequence[str]], protocol: Protocol, chosen: Mapping[int, str] | None = None
) -> tuple[list[Column], int]:
    """Return the columns of a sheet by its first rows, and how many rows are headings.

    ``chosen`` says what columns mean, by place, against what their headings seem to say.
    """
    known = meanings(protocol)
    n_headings = _n_heading_rows(rows)
    headings = _headings(rows[:n_headings])
    if is_go_lab(headings, n_headings):
        means = [one if one in known else "" for one in GO_LAB]
        means += [""] * (len(headings) - len(means))
    else:
        means = _by_heading(headings, protocol.codebook)
    if chosen is not None:
        means = [chosen.get(place, "") for place in range(len(headings))]
    columns = [Column(place, heading, means[place]) for place, heading in enumerate(headings)]
    return [column for column in columns if column.heading or column.means], n_headings


def is_go_lab(headings: Sequence[str], n_headings: int) -> bool:
    """Say whether the headings are those of GO Lab's sheet, by three that no other has there."""
    if n_headings != 2 or len(headings) < MANY:
        return False
    places = {2: "title", 8: "doi", 34: "present"}
    return all(word in headings[place].casefold() for place, word in places.items())


def _n_heading_rows(rows: Sequence[Sequence[str]]) -> int:
    """Return 2 where the second row says *present* or *details* below other headings, else 1."""
    if len(rows) < 2:
        return min(1, len(rows))
    below = [cell.casefold().strip() for cell in rows[1]]
    says = sum(bool(re.match(r"(details?|present)\b", cell)) for cell in below)
    return 2 if says >= 2 and {"details", "detail"} & set(below) else 1


def _headings(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one heading for each column; a heading above several columns is for all of them."""
    width = max(map(len, rows), default=0)
    joined = [""] * width
    for number, row in enumerate(rows):
        above = ""
        for place in range(width):
            cell = row[place].strip() if place < len(row) else ""
            is_first = number == 0 and len(rows) > 1
            below = rows[1][place].strip() if is_first and place < len(rows[1]) else ""
            above = cell or (above if is_first and below else "")
            joined[place] = " ".join(filter(None, (joined[place], above)))
    return joined


def _by_heading(headings: Sequence[str], codebook: Sequence[CodebookItem]) -> list[str]:
    names = {
        words_of(name): str(fact) for fact, text in HEADINGS.items() for name in text.split(",")
    }
    for item in codebook:
        if item.prefill is Prefill.CONTRACT_NAME:
            names[words_of(item.label)] = Fact.CONTRACT
            continue
        for name in (item.key.replace("_", " "), item.label, *filter(None, [item.prefill])):
            names.setdefault(words_of(name), item.key)
            names.setdefault(words_of(f"{name} details"), DETAILS + item.key)
            for present in ("present absent", "present"):
                names.setdefault(words_of(f"{name} {present}"), item.key)
    means, taken = [], set[str]()
    for heading in headings:
        found = names.get(words_of(heading), "")
        means.append("" if found in taken else found)
        taken |= {found} - {""}
    return means
