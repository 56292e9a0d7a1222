"""A coding sheet's studies, contracts and codes become those of a review, in one act.

The act belongs to the person who imports the sheet, and each code to the coder named in the sheet.
A coder who is a member codes in their own name; anyone else gets an account that nobody can sign in
to, as the authors of imported decisions do.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from review.decisions.external_reviewers import NamedAuthors
from review.decisions.imported import UNNAMED
from review.events import Actor, ActWriter
from review.permissions import Action, begin_act
from review.reviews import protocol_state
from review.safe_text import safe_cell
from review.studies.coding import Subject, subject_of
from review.studies.coding_sheets.already import read_already
from review.studies.coding_sheets.matching import plain_name, record_of
from review.studies.coding_sheets.sheet import CodingSheet, SheetCode, SheetStudy
from review.tables import AgreedCode, Code, Contract, ExternalId, Study, StudyContract, StudyReport
from review.tables.base import utc_now
from review.vocabulary import Act, AgreedBy

NUMBER_SCHEMES = {"number": "screening_program", "study": "coding_sheet"}
"""Under which scheme of external ids a sheet's numbers of a study are kept."""

NOT_INCLUDED = "Its report is not included on the full text, or a decision on it may still change."
NO_RECORD = "No record in this review could be matched to it with certainty."


@dataclass(frozen=True)
class SheetChoices:
    """What the person who imports a sheet says about it."""

    people: Mapping[str, str] = field(default_factory=dict)  # coder's name to e-mail, "" none
    same_as: Mapping[str, str] = field(default_factory=dict)  # a contract's name to another's
    are_agreed: bool = False  # the values are the team's: they count without a second coder


@dataclass
class SheetReport:
    """What an import of a coding sheet did, and what it left."""

    n_studies: int = 0
    n_new_studies: int = 0
    n_new_contracts: int = 0
    n_links: int = 0
    n_codes: int = 0
    n_unclear: int = 0
    event_number: int | None = None  # None where there was nothing new
    left: list[tuple[int, str, str]] = field(default_factory=list)  # row, what, why

    @property
    def counts(self) -> dict[str, int]:
        """How much of everything was added or left, in words for people."""
        return {
            "studies of the sheet are in the review": self.n_studies,
            "studies are new": self.n_new_studies,
            "contracts are new": self.n_new_contracts,
            "links between a study and a contract are new": self.n_links,
            "codes were added": self.n_codes,
            "of these codes are unclear: the codebook has no such value": self.n_unclear,
            "rows or values were left out": len(self.left),
        }


def write_left(sheet: CodingSheet, report: SheetReport, file: TextIO) -> None:
    """Write, as CSV, what an import left out and what came in as unclear, with the reasons."""
    table = csv.writer(file)
    table.writerow(("where", "what", "why"))
    for row, what, why in report.left:
        table.writerow((f"row {row}", safe_cell(what), why))
    for column in sheet.not_imported:
        table.writerow((f"column {column.letter}", safe_cell(column.heading), "not imported"))
    for code in sheet.unclear:
        why = f"unclear: {code.problem}"
        table.writerow((code.place, safe_cell(code.item.label), safe_cell(why)))


def import_sheet(
    session: Session,
    *,
    review_id: UUID,
    sheet: CodingSheet,
    reports: Mapping[int, UUID],
    choices: SheetChoices,
    by: Actor,
    file: Mapping[str, str],
) -> SheetReport:
    """Add what a sheet says and the review does not have yet, as one act; flushes.

    ``reports`` has the cluster of each study's report, by its place; a study whose report is not
    included is left out, with the reason.  Importing the same sheet again adds nothing.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    importer = _SheetImporter(session, review_id, choices, lead=by)
    for place, study in enumerate(sheet.studies):
        importer.add_study(study, reports.get(place))
    if choices.are_agreed:
        importer.agree()
    importer.report.left += [
        (row, "", "There is no study above this row.") for row in sheet.without_study
    ]
    if any(importer.rows.values()):
        writer = ActWriter(session, review_id=review_id, act=Act.IMPORT_CODING, by=by)
        for table, rows in importer.rows.items():
            writer.insert(table, rows)
        report = importer.report
        detail = {**file, "studies": report.n_studies, "n": report.n_codes}
        report.event_number = writer.finish(detail=detail)
    return importer.report


class _SheetImporter:
    """Collects the rows of the act, each in the light of those before it."""

    def __init__(
        self, session: Session, review_id: UUID, choices: SheetChoices, *, lead: Actor
    ) -> None:
        self.choices, self.lead = choices, lead
        self.same_as = {plain_name(name): other for name, other in choices.same_as.items() if other}
        self.new: set[tuple[Subject, str, UUID]] = set()  # of codes of this sheet
        self.touched: dict[tuple[Subject, str], tuple[SheetCode, dict[str, Any]]] = {}
        self.report = SheetReport()
        self.version = protocol_state(session, review_id).number
        self.authors = NamedAuthors(session, review_id, choices.people)
        self.rows: dict[type[Any], list[dict[str, Any]]] = {
            table: []
            for table in (
                Study, StudyReport, Contract, StudyContract, ExternalId, Code, AgreedCode,
            )
        }  # fmt: skip
        self.here = read_already(session, review_id)

    def add_study(self, study: SheetStudy, cluster_id: UUID | None) -> None:
        """Collect a study with its contracts and codes."""
        if cluster_id not in self.here.included:
            self._leave(study, NO_RECORD if cluster_id is None else NOT_INCLUDED)
            return
        self.report.n_studies += 1
        study_id = self.here.study_of.get(cluster_id)
        if study_id is None:
            study_id = self.here.study_of[cluster_id] = self._new_study(study, cluster_id)
        for fact, text in study.numbers.items():
            scheme = NUMBER_SCHEMES[fact]
            if (study_id, scheme) not in self.here.numbered and len(text) <= 255:
                self.here.numbered.add((study_id, scheme))
                self._row(ExternalId, study_id=study_id, contract_id=None, scheme=scheme,
                          value=text)  # fmt: skip
        coder = self.authors.account_of(study.coder or UNNAMED, "")
        for code in study.codes:
            self._add_code(code, Subject(study_id, None), coder)
        for n_before, contract in enumerate(study.contracts):
            name = contract.name or f"Unnamed contract {n_before + 1} of {study.title}"[:255]
            contract_id = self._contract(name)
            if (study_id, contract_id) in self.here.unlinked:
                self.report.left.append(
                    (contract.row, name, "Someone has unlinked this contract from the study.")
                )
                continue
            if (study_id, contract_id) not in self.here.links:
                self.here.links.add((study_id, contract_id))
                self.report.n_links += 1
                self._row(StudyContract, study_id=study_id, contract_id=contract_id, is_linked=True)
            for code in contract.codes:
                self._add_code(code, subject_of(code.item, study_id, contract_id), coder)

    def _new_study(self, study: SheetStudy, record_id: UUID) -> UUID:
        made = self._row(Study, label=self._free_label(study))
        self._row(StudyReport, study_id=made, record_id=record_id, is_linked=True)
        self.report.n_new_studies += 1
        return made

    def _free_label(self, study: SheetStudy) -> str:
        """Return a name such as *Doe 2001*, with a letter where several studies would have it."""
        record = record_of(study)
        first = next(filter(None, record.authors), "").partition(",")[0].strip()
        name = f"{first} {record.year or 'n.d.'}" if first else study.title
        for letter in ("", *"abcdefghijklmnopqrstuvwxyz", f" ({uuid4().hex[:8]})"):
            label = f"{name[:240]}{letter}"
            if label not in self.here.study_labels:
                break
        self.here.study_labels.add(label)
        return label

    def _same(self, name: str) -> str:
        """Return the name that a name leads to; of names that lead to each other, the first."""
        names = {plain_name(name): name}
        while other := self.same_as.get(plain_name(name)):
            if plain_name(other) in names:
                return names[min(names)]
            names[plain_name(other)] = name = other
        return name

    def _contract(self, name: str) -> UUID:
        chosen = self._same(name)
        key = plain_name(chosen) or (chosen,)
        if key not in self.here.contracts:
            label = chosen[:255]
            if label in self.here.contract_labels:
                label = f"{chosen[:240]} ({uuid4().hex[:8]})"
            self.here.contract_labels.add(label)
            self.here.contracts[key] = self._row(Contract, label=label)
            self.report.n_new_contracts += 1
        return self.here.contracts[key]

    def _add_code(self, code: SheetCode, subject: Subject, coder: UUID) -> None:
        key = (subject, code.item.key, coder)
        about = {"study_id": subject.study_id, "contract_id": subject.contract_id,
                 "item": code.item.key, "value": code.value, "details": code.details,
                 "quote": None, "report_id": None, "page": None}  # fmt: skip
        if code.item.double_coded and code.problem is None:
            self.touched[subject, code.item.key] = (code, about)
        if key in self.here.values:
            # What another coder chose is not for somebody who may be the second coder.
            is_told = key in self.new or not code.item.double_coded
            is_told = is_told or coder == self.lead.account_id
            if is_told and self.here.values[key] != code.value:
                self._leave_value(
                    code, "This coder already has another value for this, which was kept."
                )
            return
        self.here.values[key] = code.value
        self.new.add(key)
        self._row(
            Code, **about, confidence=None, coder_id=coder, protocol_version=self.version,
            note=f"From {code.place}: {code.problem}" if code.problem else None,
            coded_at=utc_now(),
        )  # fmt: skip
        self.report.n_codes += 1
        self.report.n_unclear += code.problem is not None

    def agree(self) -> None:
        """Collect an agreed value for what two must code, where all coders have the same."""
        given = defaultdict(list)
        for (subject, item, _), value in self.here.values.items():
            given[subject, item].append(value)
        for key, (code, about) in self.touched.items():
            if key in self.here.agreed:
                continue
            if any(value != code.value for value in given[key]):
                self._leave_value(code, "Coders differ, so nothing was agreed.")
            elif len(given[key]) == 1:
                self._row(AgreedCode, **about, basis=AgreedBy.ADJUDICATION, agreed_at=utc_now())

    def _leave_value(self, code: SheetCode, why: str) -> None:
        self.report.left.append((code.row, f"{code.item.label} (column {code.column.letter})", why))

    def _row(self, table: type[Any], **values: Any) -> UUID:
        made = uuid4()
        self.rows[table].append({"id": made, **values})
        return made

    def _leave(self, study: SheetStudy, why: str) -> None:
        self.report.left.append((study.row, study.title, why))
