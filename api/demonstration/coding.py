"""Code the included reports: their studies, their contracts, and values with quotes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration import values
from api.demonstration.contracts import InventedContract
from api.demonstration.copies import SourceEntry
from api.demonstration.people import Cast
from api.demonstration.works import Work
from review.events import Actor
from review.states.flow import FlowState, record_rows
from review.studies.agreement import agree
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import AgreedBy

N_WITHOUT_STUDY, N_UNCODED = 5, 6
N_DISAGREEMENTS, N_AGREED = 8, 4
SHARE_CODED, SHARE_SECOND = 0.8, 0.93
_SENTENCE = re.compile(r"(?<=[.?!]) +")
_HEADING = re.compile(r"^[A-ZÉ]+: ")


@dataclass
class IncludedReport:
    """The record of an included report, with its work."""

    record: Record
    work: Work

    @property
    def sentences(self) -> Sequence[str]:
        """Return the sentences of the abstract as it was indexed, without their headings."""
        sentences = _SENTENCE.split(self.record.abstract or "")
        return [_HEADING.sub("", sentence) for sentence in sentences if sentence]

    def sentence(self, index: int) -> str | None:
        """Return a sentence of the abstract, or None if it has fewer."""
        return self.sentences[index] if index < len(self.sentences) else None


class Coding:
    """Makes studies and contracts of the included reports, and codes them."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, SourceEntry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.contracts: dict[int, UUID] = {}
        self.labels: set[str] = set()
        # Contract, item, right value, and who gave another one.
        self.disagreements: list[tuple[UUID, str, object, Actor]] = []
        self.coded: set[int] = set()

    def reports(self, session: Session) -> list[list[IncludedReport]]:
        """Return the included reports by study, except a few studies left for later."""
        rows = record_rows(
            session, review_id=self.cast.review_id, states=[FlowState.AWAITING_STUDY], limit=1000
        )
        studies: dict[int, list[IncludedReport]] = {}
        for record, _, _ in rows:
            work = self.entries[record.id].work
            if work.study is not None:
                studies.setdefault(work.study, []).append(IncludedReport(record, work))
        return list(studies.values())[:-N_WITHOUT_STUDY]

    def add(self, session: Session, reports: Sequence[IncludedReport], *, is_coded: bool) -> None:
        """Add a study with its contracts, and code it unless it is left for later."""
        ids = [report.record.id for report in reports]
        review_id, lead = self.cast.review_id, self.cast.lead
        label = self._label(reports[0].work)
        study = add_study(session, review_id=review_id, label=label, reports=ids, by=lead)
        for contract in reports[0].work.contracts:
            link_contract(
                session,
                review_id=review_id,
                study_id=study.id,
                contract_id=self._contract(session, contract),
                by=lead,
            )
        if is_coded:
            self._code_study(session, study.id, reports[0])
            for contract in reports[0].work.contracts:
                self._code_contract(session, contract, reports[0])
                self._code_themes(session, study.id, contract, reports=reports)

    def _contract(self, session: Session, contract: InventedContract) -> UUID:
        """Return the id of a contract; add the contract if this study is its first."""
        if contract.number not in self.contracts:
            added = add_contract(
                session, review_id=self.cast.review_id, label=contract.label, by=self.cast.lead
            )
            self.contracts[contract.number] = added.id
        return self.contracts[contract.number]

    def _label(self, work: Work) -> str:
        """Return the first author and the year, with a letter if that label is taken."""
        name = f"{work.authors[0].split(',')[0]} {work.year}"
        label = next(
            label for label in (name, *(f"{name}{letter}" for letter in "bcdef"))
            if label not in self.labels
        )  # fmt: skip
        self.labels.add(label)
        return label

    def _code_study(self, session: Session, study_id: UUID, report: IncludedReport) -> None:
        coder = self._any_reviewer()
        for item, value in values.of_study(report.work, self.chance):
            sentence = 2 if item == "study_design" else None
            self._code(
                session,
                item,
                value,
                coder=coder,
                report=report,
                sentence=sentence,
                study_id=study_id,
            )

    def _code_contract(
        self, session: Session, contract: InventedContract, report: IncludedReport
    ) -> None:
        if contract.number in self.coded:
            return
        self.coded.add(contract.number)
        contract_id = self.contracts[contract.number]
        first = self._any_reviewer()
        second = next(reviewer for reviewer in self.cast.reviewers if reviewer != first)
        is_seconded = self.chance.random() < SHARE_SECOND
        disagrees = (
            is_seconded and contract.number % 7 == 0 and len(self.disagreements) < N_DISAGREEMENTS
        )
        # The first sentence of an abstract is about the first contract.
        sentence = 0 if contract == report.work.contracts[0] else None
        for item, right in values.double_coded(contract):
            self._code(
                session,
                item,
                right,
                coder=first,
                report=report,
                sentence=sentence,
                contract_id=contract_id,
            )
            is_mistaken = disagrees and item == "contract_type"
            value = values.mistaken(item, right) if is_mistaken else right
            if is_seconded:
                self._code(
                    session,
                    item,
                    value,
                    coder=second,
                    report=report,
                    sentence=sentence,
                    contract_id=contract_id,
                )
            if value != right:
                self.disagreements.append((contract_id, item, right, second))
        for item, answer in values.of_contract(contract, self.chance):
            if item in values.REQUIRED or self.chance.random() < SHARE_CODED:
                quoted = sentence if item in values.IN_FIRST_SENTENCE else None
                self._code(
                    session,
                    item,
                    answer,
                    coder=first,
                    report=report,
                    sentence=quoted,
                    contract_id=contract_id,
                )

    def _code_themes(
        self,
        session: Session,
        study_id: UUID,
        contract: InventedContract,
        *,
        reports: Sequence[IncludedReport],
    ) -> None:
        coder = self._any_reviewer()
        for report, theme, value in self._themes(reports):
            is_quotable = value == "present" and report.record.abstract is not None
            quote = report.work.themes.get(theme) if is_quotable else None
            code(
                session,
                review_id=self.cast.review_id,
                study_id=study_id,
                contract_id=self.contracts[contract.number],
                item=theme,
                value=value,
                quote=quote,
                page="1" if quote else None,
                report_id=report.record.id if quote else None,
                confidence="sure" if quote else None,
                by=coder,
            )
        code(
            session,
            review_id=self.cast.review_id,
            study_id=study_id,
            contract_id=self.contracts[contract.number],
            item="direction_of_effect",
            value=values.direction(reports[0].work, contract),
            by=coder,
        )

    def _themes(
        self, reports: Sequence[IncludedReport]
    ) -> Iterator[tuple[IncludedReport, str, object]]:
        """Yield most of the themes, each with a report and its value, such as present."""
        for theme in values.THEMES:
            quotable = [
                report
                for report in reports
                if theme in report.work.themes and report.record.abstract
            ]
            if quotable:
                yield quotable[0], theme, "present"
            elif self.chance.random() < SHARE_CODED:
                weights = (70, 22, 8)
                value = self.chance.choices(("absent", "present", values.UNCLEAR), weights)[0]
                yield reports[0], theme, value

    def agree_on_some(self, session: Session) -> None:
        """Resolve half of the disagreements, by the lead or by consensus of the coders."""
        for index, (contract_id, item, value, mistaken) in enumerate(self.disagreements[:N_AGREED]):
            is_consensus = index % 2 == 0
            agree(
                session,
                review_id=self.cast.review_id,
                contract_id=contract_id,
                item=item,
                value=value,
                basis=AgreedBy.CONSENSUS if is_consensus else AgreedBy.ADJUDICATION,
                by=mistaken if is_consensus else self.cast.lead,
            )

    def _any_reviewer(self) -> Actor:
        return self.chance.choice(self.cast.reviewers)

    def _code(
        self,
        session: Session,
        item: str,
        value: object,
        *,
        coder: Actor,
        report: IncludedReport,
        sentence: int | None,
        study_id: UUID | None = None,
        contract_id: UUID | None = None,
    ) -> None:
        """Code a value, with the sentence of the abstract that supports it, if there is one."""
        quote = None if sentence is None else report.sentence(sentence)
        code(
            session,
            review_id=self.cast.review_id,
            study_id=study_id,
            contract_id=contract_id,
            item=item,
            value=value,
            quote=quote,
            page="1" if quote else None,
            report_id=report.record.id if quote else None,
            by=coder,
        )
