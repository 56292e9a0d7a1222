"""The coding as tidy tables: a row for each study and contract, and a dictionary of the columns.

Every cell is one value: choices are their keys, dates and years are ISO 8601, money is three
columns.  What is not a value of the column's type (not coded, not agreed, unclear) is empty, so
that a program reads the type that the dictionary names (Wickham 2014, Tidy Data, J. Stat. Softw.
59).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import CodebookItem, ItemType
from review.reviews import protocol_of
from review.studies.agreement import coded_values
from review.studies.coding import subject_of
from review.studies.contracts import contracts_of
from review.studies.studies import studies_by_label

KEYS = ("study", "contract", "study_id", "contract_id")
R_TYPES: Mapping[ItemType, str] = {
    ItemType.YES_NO: "logical",
    ItemType.ONE_OF: "factor",
    ItemType.MANY_OF: "character",
    ItemType.INTEGER: "integer",
    ItemType.YEAR: "integer",
    ItemType.DECIMAL: "double",
    ItemType.COUNTRY: "factor",
}
MONEY = (("amount", "double"), ("currency", "factor"), ("year", "integer"))


def coded_rows(session: Session, review_id: UUID) -> Iterator[Sequence[object]]:
    """Yield a row for each study and contract, and for each study without one, by name.

    The columns are `KEYS` and then those of `columns`; the values are those that count on a map.
    """
    codebook = protocol_of(session, review_id).codebook
    values = {
        (one.subject, one.item): one.value for one in coded_values(session, review_id=review_id)
    }
    for study in studies_by_label(session, review_id=review_id):
        contracts = contracts_of(session, review_id=review_id, study_id=study.id)
        for contract in contracts or (None,):
            contract_id = contract.id if contract else None
            cells: list[object] = [study.label, contract and contract.label, study.id, contract_id]
            for item in codebook:
                value = values.get((subject_of(item, study.id, contract_id), item.key))
                cells += _cells(item, value)
            yield cells


def _cells(item: CodebookItem, value: Any) -> list[object]:
    is_special = isinstance(value, Mapping) and "special" in value
    if item.type is ItemType.MONEY:
        is_money = isinstance(value, Mapping) and not is_special
        return [value.get(part) if is_money else None for part, _ in MONEY]
    if value is None or is_special:
        return [None]
    match value:
        case bool():
            return ["TRUE" if value else "FALSE"]
        case list():
            return [";".join(map(str, value))]
    return [value]


def columns(codebook: Sequence[CodebookItem]) -> list[str]:
    """Return the names of the columns that the items have."""
    return [
        name
        for item in codebook
        for name in (
            [f"{item.key}_{part}" for part, _ in MONEY]
            if item.type is ItemType.MONEY
            else [item.key]
        )
    ]


DICTIONARY_COLUMNS = ("column", "label", "about", "type", "type in R", "values", "meaning")


def dictionary_rows(codebook: Sequence[CodebookItem]) -> Iterator[Sequence[object]]:
    """Yield what each column of `coded_rows` is: its type, and its values with their labels."""
    for name in KEYS:
        kind = "identifier" if name.endswith("_id") else "name"
        yield name, name.replace("_", " "), "", kind, "character", "", ""
    for item in codebook:
        about = item.level.value.replace("_", " and ")
        values = [f"{value.key} = {value.label}" for value in item.values]
        parts = (
            [(f"{item.key}_{part}", type_) for part, type_ in MONEY]
            if item.type is ItemType.MONEY
            else [(item.key, R_TYPES.get(item.type, "character"))]
        )
        for name, type_in_r in parts:
            yield name, item.label, about, item.type.value, type_in_r, values, item.help
