"""A review's coding as a sheet of GO Lab's layout, which `sheet.read_sheet` reads again."""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.styles import Font
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem, Level
from review.decisions.external_reviewers import EXTERNAL
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.safe_text import safe_cell
from review.states.clusters import Scope
from review.storage.database import pairs
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject, subject_of
from review.studies.coding_sheets.cell_values import text_of
from review.studies.coding_sheets.columns import DETAILS, FACT_LABELS, GO_LAB, Fact
from review.studies.coding_sheets.importing import NUMBER_SCHEMES
from review.studies.contracts import contracts_of
from review.studies.current_codes import current_codes
from review.studies.studies import reports_of, studies_by_label
from review.tables import Account, Code, Contract, ExternalId, Study

MOST_IN_CELL = 32_000
Codes = Mapping[tuple[Subject, str], Code]


def coding_workbook(session: Session, *, review_id: UUID, by: Actor) -> bytes:
    """Return an XLSX: two heading rows, then a row for each study, coder and contract.

    The columns are GO Lab's, in their order, and after them those of items that only this review's
    codebook has.  What a coder found unclear has the coder's words in the *details*.  Codes of
    others that await a second coder are left out: the person who asks may be that coder.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    items = {item.key: item for item in protocol_of(session, review_id).codebook}
    means = list(GO_LAB)
    means += [
        name for item in items.values() for name in (item.key, DETAILS + item.key)
        if name not in means and (name == item.key or item.key not in GO_LAB)
        and item.key != "contract_name"
    ]  # fmt: skip
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.freeze_panes = "A3"
    for heading in _headings(means, items):
        cells = [WriteOnlyCell(sheet, _cell(text)) for text in heading]
        for cell in cells:
            cell.font = Font(bold=True)
        sheet.append(cells)
    for row in _rows(session, review_id, means, items=items, by=by):
        sheet.append([_cell(text) for text in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", safe_cell(text[:MOST_IN_CELL]))


def _headings(means: list[str], items: Mapping[str, CodebookItem]) -> tuple[list[str], list[str]]:
    first, second = [], []
    for name in means:
        key, is_details = name.removeprefix(DETAILS), name.startswith(DETAILS)
        label = items[key].label if key in items else FACT_LABELS.get(_fact(key), "")
        is_pair = bool(key) and key in means and DETAILS + key in means
        first.append(label)
        second.append(("Details" if is_details else "Present/absent") if is_pair else "")
    return first, second


def _fact(key: str) -> Any:
    return key if key in set(Fact) else None


def _rows(
    session: Session,
    review_id: UUID,
    means: list[str],
    *,
    items: Mapping[str, CodebookItem],
    by: Actor,
) -> Iterator[list[str]]:
    codes = _codes_by_coder(session, review_id, by)
    names = dict(pairs(session.execute(select(Account.id, Account.name))))
    numbers = {
        (row.study_id, row.scheme): row.value
        for row in session.scalars(select(ExternalId).where(ExternalId.review_id == review_id))
    }
    for study in studies_by_label(session, review_id=review_id):
        contracts = contracts_of(session, review_id=review_id, study_id=study.id)
        reports = reports_of(session, review_id=review_id, study_id=study.id)
        of_study = {
            **{
                fact: numbers.get((study.id, scheme), "") for fact, scheme in NUMBER_SCHEMES.items()
            },
            Fact.STUDY: numbers.get((study.id, NUMBER_SCHEMES[Fact.STUDY])) or study.label,
            Fact.TITLE: reports[0].title if reports else study.label,
        }
        for coder, own in codes.items():
            if not _has_coded(own, study, contracts):
                continue
            facts = of_study | {Fact.CODER: names[coder].removesuffix(EXTERNAL)}
            for place, contract in enumerate(contracts or [None]):
                yield _row(means, items, own, facts=facts if place == 0 else {}, study=study,
                           contract=contract)  # fmt: skip


def _codes_by_coder(
    session: Session, review_id: UUID, by: Actor
) -> dict[UUID, dict[tuple[Subject, str], Code]]:
    states = {
        (value.subject, value.item): value.state
        for value in coded_values(session, review_id=review_id)
    }
    rows = current_codes(Scope(review_id))
    found: dict[UUID, dict[tuple[Subject, str], Code]] = defaultdict(dict)
    query = select(Code).join(rows, rows.c.id == Code.id).order_by(Code.event_number)
    for code in session.scalars(query):
        key = (Subject(code.study_id, code.contract_id), code.item)
        if states[key] is not CodeState.AWAITING_SECOND or code.coder_id == by.account_id:
            found[code.coder_id][key] = code
    return found


def _has_coded(own: Codes, study: Study, contracts: list[Contract]) -> bool:
    ids = {contract.id for contract in contracts}
    return any(
        subject.study_id == study.id or (subject.study_id is None and subject.contract_id in ids)
        for subject, _ in own
    )


def _row(
    means: list[str],
    items: Mapping[str, CodebookItem],
    own: Codes,
    *,
    facts: Mapping[str, str],
    study: Study,
    contract: Contract | None,
) -> list[str]:
    cells = []
    for name in means:
        key = name.removeprefix(DETAILS)
        item = items.get(key)
        if item is None:
            is_name = name == Fact.CONTRACT and contract is not None
            cells.append(contract.label if is_name and contract else facts.get(name, ""))
            continue
        is_shown = bool(facts) if item.level is Level.STUDY else contract is not None
        subject = subject_of(item, study.id, contract.id if contract else None)
        code = own.get((subject, key)) if is_shown else None
        if code is None:
            cells.append("")
        elif name.startswith(DETAILS):
            cells.append(code.details or "")
        else:
            is_words = code.details and code.value == {"special": "unclear"}
            has_own_column = DETAILS + key in means
            cells.append(
                str(code.details) if is_words and not has_own_column else text_of(item, code.value)
            )
    return cells
