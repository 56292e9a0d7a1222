"""Studies and contracts of the included reports, and what the coders read in them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration import values
from api.demonstration.contracts import Contract
from api.demonstration.copies import Entry
from api.demonstration.people import Cast
from api.demonstration.works import Work
from review.events import Actor
from review.states.flow import FlowState, record_rows
from review.studies.coding import agree, code
from review.studies.studies import add_contract, add_study, link_contract
from review.tables import Record
from review.vocabulary import AgreedBy

N_WITHOUT_STUDY, N_UNCODED = 5, 6
N_UNLIKE, N_AGREED = 8, 4
SHARE_CODED, SHARE_SECOND = 0.8, 0.93
_SENTENCE = re.compile(r"(?<=[.?!]) +")
_HEADING = re.compile(r"^[A-ZÉ]+: ")


@dataclass
class Report:
    """A record of an included report, with the work that it is about."""

    record: Record
    work: Work

    @property
    def sentences(self) -> Sequence[str]:
        """Return the sentences of the abstract as it was indexed, without their headings."""
        said = _SENTENCE.split(self.record.abstract or "")
        return [_HEADING.sub("", one) for one in said if one]

    def passage(self, place: int) -> str | None:
        """Return a sentence of the abstract; None where it is not that long."""
        return self.sentences[place] if place < len(self.sentences) else None


class Coding:
    """What is made of the included reports."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, Entry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.contracts: dict[int, UUID] = {}
        self.labels: set[str] = set()
        self.unlike: list[tuple[UUID, str, object]] = []  # contract, item, what is right
        self.coded: set[int] = set()

    def reports(self, session: Session) -> list[list[Report]]:
        """Return the included reports, those of one study together, a few left for later."""
        rows = record_rows(
            session, review_id=self.cast.review_id, states=[FlowState.AWAITING_STUDY], limit=1000
        )
        studies: dict[int, list[Report]] = {}
        for record, _, _ in rows:
            work = self.entries[record.id].work
            if work.study is not None:
                studies.setdefault(work.study, []).append(Report(record, work))
        return list(studies.values())[:-N_WITHOUT_STUDY]

    def add(self, session: Session, reports: Sequence[Report], *, is_coded: bool) -> None:
        """Add a study with its contracts, and code it unless it is left for later."""
        ids = [one.record.id for one in reports]
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
                self._code_themes(session, study.id, contract, reports)

    def _contract(self, session: Session, contract: Contract) -> UUID:
        """Return the id of a contract, which is added where no study reported on it before."""
        if contract.number not in self.contracts:
            made = add_contract(
                session, review_id=self.cast.review_id, label=contract.label, by=self.cast.lead
            )
            self.contracts[contract.number] = made.id
        return self.contracts[contract.number]

    def _label(self, work: Work) -> str:
        """Return the first author and the year, with a letter where they are taken."""
        name = f"{work.authors[0].split(',')[0]} {work.year}"
        label = next(
            one for one in (name, *(f"{name}{letter}" for letter in "bcdef"))
            if one not in self.labels
        )  # fmt: skip
        self.labels.add(label)
        return label

    def _code_study(self, session: Session, study_id: UUID, report: Report) -> None:
        coder = self._someone()
        for item, value in values.of_study(report.work, self.chance):
            place = 2 if item == "study_design" else None
            self._code(session, item, value, coder, report, place, study_id=study_id)

    def _code_contract(self, session: Session, contract: Contract, report: Report) -> None:
        if contract.number in self.coded:
            return
        self.coded.add(contract.number)
        contract_id = self.contracts[contract.number]
        first = self._someone()
        second = next(one for one in self.cast.reviewers if one != first)
        is_seconded = self.chance.random() < SHARE_SECOND
        is_unlike = is_seconded and contract.number % 7 == 0 and len(self.unlike) < N_UNLIKE
        # The first sentence of an abstract is about the first of its contracts.
        place = 0 if contract == report.work.contracts[0] else None
        for item, value in values.twice_coded(contract):
            self._code(session, item, value, first, report, place, contract_id=contract_id)
            other = values.mistaken(item, value) if is_unlike and item == "contract_type" else value
            if is_seconded:
                self._code(session, item, other, second, report, place, contract_id=contract_id)
            if other != value:
                self.unlike.append((contract_id, item, value))
        for item, said in values.of_contract(contract, self.chance):
            if item in values.REQUIRED or self.chance.random() < SHARE_CODED:
                quoted = place if item in values.SAID_FIRST else None
                self._code(session, item, said, first, report, quoted, contract_id=contract_id)

    def _code_themes(
        self, session: Session, study_id: UUID, contract: Contract, reports: Sequence[Report]
    ) -> None:
        coder = self._someone()
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

    def _themes(self, reports: Sequence[Report]) -> Iterator[tuple[Report, str, object]]:
        """Yield a good part of the themes: which report, which theme, and whether it is there."""
        for theme in values.THEMES:
            found = [one for one in reports if theme in one.work.themes and one.record.abstract]
            if found:
                yield found[0], theme, "present"
            elif self.chance.random() < SHARE_CODED:
                weights = (70, 22, 8)
                value = self.chance.choices(("absent", "present", values.UNCLEAR), weights)[0]
                yield reports[0], theme, value

    def agree_on_some(self, session: Session) -> None:
        """Settle half of what the coders differ about, by the lead or among themselves."""
        for place, (contract_id, item, value) in enumerate(self.unlike[:N_AGREED]):
            is_consensus = place % 2 == 0
            agree(
                session,
                review_id=self.cast.review_id,
                contract_id=contract_id,
                item=item,
                value=value,
                basis=AgreedBy.CONSENSUS if is_consensus else AgreedBy.ADJUDICATION,
                by=self.cast.reviewers[0] if is_consensus else self.cast.lead,
            )

    def _someone(self) -> Actor:
        return self.chance.choice(self.cast.reviewers)

    def _code(
        self,
        session: Session,
        item: str,
        value: object,
        coder: Actor,
        report: Report,
        place: int | None,
        *,
        study_id: UUID | None = None,
        contract_id: UUID | None = None,
    ) -> None:
        """Code a value, with a sentence of the abstract where one speaks for it."""
        quote = None if place is None else report.passage(place)
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
