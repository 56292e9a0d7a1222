"""Coded studies and contracts as a tidy frame: one line for each place on a map."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import (
    SPECIAL_VALUES,
    Axis,
    CodebookItem,
    ItemType,
    Level,
    MapFramework,
    Protocol,
)
from review.states.clusters import Scope, latest
from review.states.flow import FlowState, flow_states
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.tables import StudyContract

COLUMNS = ("study_id", "contract_id", "row", "column", "segment")
Values = Mapping[tuple[Subject, str], Any]


@dataclass(frozen=True)
class Coded:
    """What a map is counted from: included studies, their contracts, and what is coded of them."""

    studies: Sequence[UUID]
    n_reports: Mapping[UUID, int]
    contracts: Mapping[UUID, Sequence[UUID]]
    values: Values
    coded_studies: frozenset[UUID]  # those with at least one value that holds


def read_coded(
    session: Session, *, review_id: UUID, items: Iterable[str], as_of: int | None = None
) -> Coded:
    """Return included studies and the values that hold for ``items``, after event ``as_of``."""
    states = flow_states(session, review_id=review_id, as_of=as_of)
    reports = session.scalars(
        select(states.c.study_id)
        .where(states.c.flow_state == FlowState.INCLUDED.value)
        .order_by(states.c.number)
    ).all()
    studies = list(dict.fromkeys(reports))
    contracts = _contracts(session, review_id, as_of)
    settled = [
        value
        for value in coded_values(session, review_id=review_id, as_of=as_of)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    ]
    wanted = set(items)
    subjects = {value.subject for value in settled}
    return Coded(
        studies=studies,
        n_reports={study: reports.count(study) for study in studies},
        contracts=contracts,
        values={(v.subject, v.item): v.value for v in settled if v.item in wanted},
        coded_studies=frozenset(
            study
            for study in studies
            if any(
                Subject(study, None) in subjects
                or Subject(None, contract) in subjects
                or Subject(study, contract) in subjects
                for contract in [None, *contracts.get(study, [])]
            )
        ),
    )


def items_of(protocol: Protocol, framework: MapFramework) -> list[str]:
    """Return the codebook items that a framework reads."""
    keys: list[str] = []
    for axis in (framework.rows, framework.columns):
        keys += [item.key for item in _axis_items(protocol, axis)]
        keys += [axis.also] if axis.also else []
    keys += [framework.segments] if framework.segments else []
    return [*keys, *framework.filters]


def tidy(
    coded: Coded, *, protocol: Protocol, framework: MapFramework, secondary: bool = False
) -> pd.DataFrame:
    """Return one line for each place of each included study's contracts.

    Columns: study_id, contract_id, row, column, segment, and one for each filter.  A study
    without a contract, or a contract not coded on an axis, has one line with the gap as None:
    nothing is dropped.  With ``secondary`` the values of an axis's ``also`` item count too.
    """
    lines = []
    for study in coded.studies:
        contracts: Sequence[UUID | None] = coded.contracts.get(study) or [None]
        for contract in contracts:
            place = _Place(coded.values, protocol, study, contract)
            extra = {key: place.values(key) for key in framework.filters}
            segment = place.values(framework.segments)[0] if framework.segments else None
            rows = place.on(framework.rows, secondary=secondary)
            columns = place.on(framework.columns, secondary=secondary)
            lines += [
                {
                    "study_id": study,
                    "contract_id": contract,
                    "row": row,
                    "column": column,
                    "segment": segment,
                }
                | extra
                for row, column in product(rows, columns)
            ]
    return pd.DataFrame(lines, columns=[*COLUMNS, *framework.filters], dtype=object)


class _Place:
    """Where one study's report of one contract stands on any axis."""

    def __init__(
        self, values: Values, protocol: Protocol, study: UUID, contract: UUID | None
    ) -> None:
        self.coded = values
        self.protocol = protocol
        self.subjects = {
            Level.STUDY: Subject(study, None),
            Level.CONTRACT: Subject(None, contract),
            Level.STUDY_CONTRACT: Subject(study, contract),
        }

    def on(self, axis: Axis, *, secondary: bool) -> list[str | None]:
        """Return the entries of the axis where it stands; [None] where it is not coded."""
        if axis.item is not None:
            found = self.values(axis.item)
            if secondary and axis.also:
                also = [key for key in self.values(axis.also) if key not in SPECIAL_VALUES]
                found = list(dict.fromkeys([*found, *also]))
        else:
            found = [
                item.key
                for item in _axis_items(self.protocol, axis)
                if axis.value in self.values(item.key)
            ]
        known = [key for key in found if key is not None]
        return list(known) or [None]

    def values(self, key: str) -> list[str | None]:
        """Return the entries that the coded value stands for; [None] where it is not coded."""
        item = self.protocol.item(key)
        value = self.coded.get((self.subjects[item.level], key))
        return [None] if value is None else entries_of(item, value)


def entries_of(item: CodebookItem, value: Any) -> list[str | None]:
    """Return the entries of an axis that a coded value stands for."""
    if isinstance(value, dict) and "special" in value:
        return [value["special"]]
    if item.type is ItemType.YES_NO:
        return ["yes" if value else "no"]
    if item.type is ItemType.MANY_OF:
        return list(value)
    return [str(value)]


def _axis_items(protocol: Protocol, axis: Axis) -> Sequence[CodebookItem]:
    return [protocol.item(axis.item)] if axis.item else protocol.group(axis.group or "")


def _contracts(
    session: Session, review_id: UUID, as_of: int | None
) -> Mapping[UUID, Sequence[UUID]]:
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
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for study, contract in rows:
        found[study].append(contract)
    return found
