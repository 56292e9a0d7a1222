"""Coded studies and contracts as a tidy frame: one line for each cell that a pair is in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from heatmap.axes import Axes, MapAxis, entry_keys
from protocols.schema import SPECIAL_VALUES, CodebookItem, Level
from review.states.clusters import Scope, latest
from review.states.flow import FlowState, flow_states
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.tables import StudyContract

COLUMNS = ("study_id", "contract_id", "row", "column", "segment")
Values = Mapping[tuple[Subject, str], Any]


@dataclass(frozen=True)
class CodedStudies:
    """What a map is counted from: included studies, their contracts, and their current values."""

    studies: Sequence[UUID]
    n_reports: Mapping[UUID, int]
    contracts: Mapping[UUID, Sequence[UUID]]
    values: Values
    coded_studies: frozenset[UUID]  # those with at least one current value


def read_coded(
    session: Session, *, review_id: UUID, items: Iterable[str], as_of: int | None = None
) -> CodedStudies:
    """Return included studies and the current values of ``items``, after event ``as_of``."""
    states = flow_states(session, review_id=review_id, as_of=as_of)
    study_of_reports = session.scalars(
        select(states.c.study_id)
        .where(states.c.flow_state == FlowState.INCLUDED.value)
        .order_by(states.c.number)
    ).all()
    studies = list(dict.fromkeys(study_of_reports))
    contracts = _contracts(session, review_id, as_of)
    current_values = [
        value
        for value in coded_values(session, review_id=review_id, as_of=as_of)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    ]
    keys = set(items)
    coded_subjects = {value.subject for value in current_values}
    return CodedStudies(
        studies=studies,
        n_reports={study: study_of_reports.count(study) for study in studies},
        contracts=contracts,
        values={(v.subject, v.item): v.value for v in current_values if v.item in keys},
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
    )


def tidy(coded: CodedStudies, axes: Axes, *, secondary: bool = False) -> pd.DataFrame:
    """Return a line for each row and column in which a contract of an included study counts.

    Columns: study_id, contract_id, row, column, segment, and one for each filter.  A study without
    a contract, or a contract that is not coded on an axis, has a line with None in the gap: nothing
    is dropped.  With ``secondary``, the values of the axes' secondary items count too.
    """
    lines = []
    for study in coded.studies:
        contracts: Sequence[UUID | None] = coded.contracts.get(study) or [None]
        for contract in contracts:
            values = _PairValues(coded.values, study, contract)
            filters = {key: values.keys_of(item) for key, item in axes.filters.items()}
            segment = values.keys_of(axes.segments)[0] if axes.segments else None
            rows = values.keys_on(axes.rows, secondary=secondary)
            columns = values.keys_on(axes.columns, secondary=secondary)
            lines += [
                {
                    "study_id": study,
                    "contract_id": contract,
                    "row": row,
                    "column": column,
                    "segment": segment,
                }
                | filters
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

    def keys_on(self, axis: MapAxis, *, secondary: bool) -> list[str | None]:
        """Return the keys of the entries in which the pair counts; [None] if it is not coded."""
        if axis.is_group:
            keys: list[str | None] = [
                item.key for item in axis.items if axis.counted_value in self.keys_of(item)
            ]
        else:
            [item] = axis.items
            keys = self.keys_of(item)
            if secondary and axis.secondary:
                added = [key for key in self.keys_of(axis.secondary) if key not in SPECIAL_VALUES]
                keys = list(dict.fromkeys([*keys, *added]))
        return [key for key in keys if key is not None] or [None]

    def keys_of(self, item: CodebookItem) -> list[str | None]:
        """Return the keys of the entries of an item's value; [None] if it is not coded."""
        value = self.values.get((self.subjects[item.level], item.key))
        return [None] if value is None else entry_keys(item, value)


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
