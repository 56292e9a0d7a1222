"""Coded studies and contracts as a tidy frame: one line for each cell that a pair is in."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from heatmap.axes import NONE_OF_THESE, NOT_CODED, Axes, MapAxis, MapFilter, entry_keys
from protocols.conditions import condition_items, is_asked
from protocols.schema import SPECIAL_VALUES, CodebookItem, Level
from review.reviews import protocol_of
from review.states.clusters import Scope, latest
from review.states.flow import FlowState, flow_states
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.studies.known_contracts.lists import known_projects, latest_list
from review.studies.known_contracts.matches import matches_of
from review.studies.known_contracts.values import ListedValues
from review.tables import Contract, Record, Study, StudyContract, StudyReport
from review.vocabulary import Stage

COLUMNS = ("study_id", "contract_id", "row", "column", "segment", "n_reports", "years")
Values = Mapping[tuple[Subject, str], Any]


@dataclass(frozen=True)
class ListedContract:
    """A contract on the list of known ones, as a map places it."""

    values: Mapping[str, Sequence[str]]  # keys by item: as coded here, else as the list says
    contracts: Sequence[UUID] = ()  # those of the review that were matched to it


@dataclass(frozen=True)
class CodedStudies:
    """What a map is counted from: included studies, their contracts, and their current values."""

    studies: Sequence[UUID]
    n_reports: Mapping[UUID, int]
    contracts: Mapping[UUID, Sequence[UUID]]
    values: Values
    coded_studies: frozenset[UUID]  # those with at least one current value
    years: Mapping[UUID, Sequence[int]] = field(default_factory=dict)  # of each study's reports
    excluded: Mapping[UUID, Sequence[str]] = field(default_factory=dict)
    """Studies none of whose reports is included, with the reasons, where some are excluded."""
    labels: Mapping[UUID, str] = field(default_factory=dict)  # of studies and contracts
    known: Sequence[ListedContract] = ()


def read_coded(
    session: Session, *, review_id: UUID, items: Iterable[str], as_of: int | None = None
) -> CodedStudies:
    """Return included studies and the current values of ``items``, after event ``as_of``."""
    states = flow_states(session, review_id=review_id, as_of=as_of)
    reports = session.execute(
        select(states.c.study_id, Record.year)
        .join(Record, Record.id == states.c.record_id)
        .where(states.c.flow_state == FlowState.INCLUDED.value)
        .order_by(states.c.number)
    ).all()
    studies = list(dict.fromkeys(report.study_id for report in reports))
    n_reports = Counter(report.study_id for report in reports)
    years: dict[UUID, list[int]] = defaultdict(list)
    for study, year in reports:
        if year is not None:
            years[study].append(year)
    contracts = _contracts(session, review_id, as_of)
    current_values = [
        value
        for value in coded_values(session, review_id=review_id, as_of=as_of)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    ]
    codebook = protocol_of(session, review_id, as_of=as_of).codebook
    keys = set(items) | condition_items(codebook)
    values = {(v.subject, v.item): v.value for v in current_values if v.item in keys}
    coded_subjects = {value.subject for value in current_values}
    return CodedStudies(
        studies=studies,
        n_reports={study: n_reports[study] for study in studies},
        contracts=contracts,
        values=values,
        coded_studies=frozenset(
            study
            for study in studies
            if any(
                Subject(study, None) in coded_subjects
                or Subject(None, contract) in coded_subjects
                or Subject(study, contract) in coded_subjects
                for contract in [None, *contracts.get(study, [])]
            )
        ),
        years=years,
        excluded={
            study: reasons
            for study, reasons in _excluded(session, review_id, as_of).items()
            if study not in n_reports
        },
        labels=_labels(session, review_id),
        known=_known(session, review_id, keys=keys, values=values, as_of=as_of),
    )


def tidy(coded: CodedStudies, axes: Axes, *, secondary: bool = False) -> pd.DataFrame:
    """Return a line for each row and column in which a contract of an included study counts.

    Columns: study_id, contract_id, row, column, segment (the key of the bar's value), n_reports and
    years of the study, and for each filter the list of its values.  Nothing is dropped: what has no
    value counts under *not_coded*, and a study without a contract has a line with None for it.
    With ``secondary``, the values of the axes' secondary items count too.
    """
    return _tidy(coded.studies, coded, axes, secondary=secondary)


def tidy_excluded(
    coded: CodedStudies, axes: Axes, *, secondary: bool = False
) -> Mapping[tuple[str, str], frozenset[UUID]]:
    """Return the studies that were coded and then excluded, by the cells they would be in."""
    frame = _tidy(list(coded.excluded), coded, axes, secondary=secondary)
    cells: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for row, column, study in zip(frame["row"], frame["column"], frame["study_id"], strict=True):
        if NOT_CODED not in (row, column):
            cells[row, column].add(study)
    return {cell: frozenset(studies) for cell, studies in cells.items()}


def _tidy(
    studies: Iterable[UUID], coded: CodedStudies, axes: Axes, *, secondary: bool
) -> pd.DataFrame:
    lines = []
    for study in studies:
        contracts: Sequence[UUID | None] = coded.contracts.get(study) or [None]
        n_reports, years = coded.n_reports.get(study, 0), list(coded.years.get(study, ()))
        for contract in contracts:
            values = _PairValues(coded.values, study, contract)
            filters = [values.keys_of_filter(one) for one in axes.filters.values()]
            segment = values.keys_of(axes.segments)[0] if axes.segments else NOT_CODED
            rows = values.keys_on(axes.rows, secondary=secondary)
            columns = values.keys_on(axes.columns, secondary=secondary)
            lines += [
                (study, contract, row, column, segment, n_reports, years, *filters)
                for row, column in product(rows, columns)
            ]
    return pd.DataFrame(lines, columns=[*COLUMNS, *axes.filters], dtype=object)


class _PairValues:
    """The coded values of one contract as one study reports it."""

    def __init__(self, values: Values, study: UUID, contract: UUID | None) -> None:
        self.values = values
        self.subjects = {
            Level.STUDY: Subject(study, None),
            Level.CONTRACT: Subject(None, contract),
            Level.STUDY_CONTRACT: Subject(study, contract),
        }

    def keys_on(self, axis: MapAxis, *, secondary: bool = False) -> list[str]:
        """Return the keys of the entries in which the pair counts; never none."""
        if axis.is_group:
            asked = [item for item in axis.items if self._is_asked(item)]
            values = {item.key: self.keys_of(item) for item in asked}
            keys = [key for key, of_item in values.items() if axis.counted_value in of_item]
            is_whole = [NOT_CODED] not in values.values()
            return keys or [NONE_OF_THESE if is_whole else NOT_CODED]
        [item] = axis.items
        keys = self.keys_of(item)
        if secondary and axis.secondary:
            added = [
                key
                for key in self.keys_of(axis.secondary)
                if key != NOT_CODED and key not in SPECIAL_VALUES
            ]
            keys = list(dict.fromkeys([*(keys if keys != [NOT_CODED] else []), *added])) or keys
        return keys

    def _is_asked(self, item: CodebookItem) -> bool:
        if item.asked_if is None:
            return True
        key = item.asked_if.item
        held = (self.values.get((subject, key)) for subject in self.subjects.values())
        return is_asked(item, {key: next((one for one in held if one is not None), None)})

    def keys_of_filter(self, one: MapFilter) -> list[str]:
        """Return the values of a filter that the pair has; never none."""
        return one.shown(self.keys_on(one.axis))

    def keys_of(self, item: CodebookItem) -> list[str]:
        """Return the keys of the entries of an item's value; *not_coded* if it has none."""
        value = self.values.get((self.subjects[item.level], item.key))
        return [NOT_CODED] if value is None else entry_keys(item, value) or [NOT_CODED]


def _known(
    session: Session,
    review_id: UUID,
    *,
    keys: Collection[str],
    values: Values,
    as_of: int | None,
) -> Sequence[ListedContract]:
    """Return the contracts on the list, matched as they were after event ``as_of``.

    The list itself is today's, because what is no longer public may not be kept; before the first
    upload there is none.
    """
    if latest_list(session, review_id=review_id, as_of=as_of) is None:
        return ()
    codebook = protocol_of(session, review_id, as_of=as_of).codebook
    items = [one for one in codebook if one.level is Level.CONTRACT and one.key in keys]
    listed = ListedValues(items)
    matched: dict[str, list[UUID]] = defaultdict(list)
    for contract, match in matches_of(session, review_id=review_id, as_of=as_of).items():
        matched[match.key].append(contract)
    return [
        ListedContract(
            {
                item.key: _coded_keys(item, matched[project.key], values)
                or listed.keys(item, project)
                for item in items
            },
            sorted(matched[project.key]),
        )
        for project in known_projects(session, review_id=review_id)
    ]


def _coded_keys(item: CodebookItem, contracts: Iterable[UUID], values: Values) -> list[str]:
    """Return the keys that were coded for any of the contracts, each once."""
    coded = (values.get((Subject(None, contract), item.key)) for contract in contracts)
    keys = [key for value in coded if value is not None for key in entry_keys(item, value)]
    return list(dict.fromkeys(keys))


def _labels(session: Session, review_id: UUID) -> Mapping[UUID, str]:
    labels: dict[UUID, str] = {}
    for table in (Study, Contract):
        rows = session.execute(select(table.id, table.label).where(table.review_id == review_id))
        labels |= {row.id: row.label for row in rows}
    return labels


def _excluded(session: Session, review_id: UUID, as_of: int | None) -> Mapping[UUID, Sequence[str]]:
    """Return the reasons for which the reports of studies were excluded at full text, by study."""
    states = flow_states(session, review_id=review_id, as_of=as_of)
    links = latest(Scope(review_id, as_of), StudyReport, StudyReport.record_id)
    rows = session.execute(
        select(links.c.study_id, states.c.reason)
        .join(states, states.c.record_id == links.c.record_id)
        .where(links.c.is_linked, states.c.flow_state == FlowState.FULL_TEXT_EXCLUDED.value)
        .order_by(states.c.number)
    )
    protocol = protocol_of(session, review_id, as_of=as_of)
    labels = {reason.key: reason.label for reason in protocol.reasons(Stage.FULL_TEXT)}
    reasons: dict[UUID, list[str]] = defaultdict(list)
    for study, reason in rows:
        reasons[study].append(labels.get(reason, reason or "No reason given"))
    return reasons


def _contracts(
    session: Session, review_id: UUID, as_of: int | None
) -> Mapping[UUID, Sequence[UUID]]:
    """Return the contracts that each study reports, in the order in which they were linked."""
    links = latest(
        Scope(review_id, as_of),
        StudyContract,
        StudyContract.study_id,
        StudyContract.contract_id,
    )
    rows = session.execute(
        select(links.c.study_id, links.c.contract_id)
        .where(links.c.is_linked)
        .order_by(links.c.event_number)
    )
    contracts: dict[UUID, list[UUID]] = defaultdict(list)
    for study, contract in rows:
        contracts[study].append(contract)
    return contracts
