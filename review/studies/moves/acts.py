"""Merge a study with another one, or move some of its reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import clusters_of
from review.studies.contracts import contracts_of
from review.studies.moves.moved_codes import CodeMove
from review.studies.studies import free_label, reports_of, study_of_review
from review.tables import (
    ActRow,
    AgreedCode,
    Study,
    StudyContract,
    StudyReport,
)
from review.vocabulary import Act


@dataclass(frozen=True)
class Move:
    """What moves from a study to another one.

    ``shared`` contracts are reported on by both studies from then on.  Without ``copies_codes`` the
    other study takes over only what quotes one of the reports.
    """

    study_id: UUID
    reports: Collection[UUID]
    contracts: Collection[UUID] = ()
    shared: Collection[UUID] = ()
    copies_codes: bool = False


def merge_study(
    session: Session, *, review_id: UUID, study_id: UUID, into_id: UUID, by: Actor
) -> int:
    """Move all reports of a study to another one; return the event's number.  Flushes.

    Raises Invalid for a study and itself, and Conflicting for one without reports.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    reports = [one.id for one in reports_of(session, review_id=review_id, study_id=study_id)]
    target = study_of_review(session, review_id=review_id, study_id=into_id)
    if not reports_of(session, review_id=review_id, study_id=into_id):
        raise Conflicting(f"{target.label} has no reports, so nothing can be merged into it.")
    if not reports:
        raise Conflicting("This study has no reports, so there is nothing to merge.")
    return _moved(session, review_id, move=Move(study_id, reports), target=target, by=by)


def move_reports(
    session: Session, *, review_id: UUID, move: Move, by: Actor,
    to: UUID | None = None, label: str = "",
) -> UUID:  # fmt: skip
    """Move reports to another study, or to a new one; return that study's id.  Flushes.

    With the last report of a study everything goes.  Raises Invalid where nothing moves and for a
    name that cannot be used, and Conflicting for what the study does not have.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    study_of_review(session, review_id=review_id, study_id=move.study_id)
    if to is not None:
        target = study_of_review(session, review_id=review_id, study_id=to)
    else:
        target = Study(
            id=uuid4(), label=free_label(session, Study, review_id=review_id, label=label)
        )
    _moved(session, review_id, move=move, target=target, by=by)
    return target.id


def _moved(session: Session, review_id: UUID, *, move: Move, target: Study, by: Actor) -> int:
    """Write the act that moves what ``move`` names; see `move_reports`."""
    if target.id == move.study_id:
        raise Invalid("Choose another study. These reports are in this one already.")
    linked = [one.id for one in reports_of(session, review_id=review_id, study_id=move.study_id)]
    if not move.reports:
        raise Invalid("Choose at least one report to move.")
    if set(move.reports) - set(linked):
        raise Conflicting("This report is not linked to that study. Reload to see where it is.")
    clusters = clusters_of(session, review_id=review_id, record_ids=linked)
    chosen = {one for report in move.reports for one in clusters[report]}  # copies go along
    going = [report for report in linked if report in chosen]
    contracts, there = (
        {one.id for one in contracts_of(session, review_id=review_id, study_id=study)}
        for study in (move.study_id, target.id)
    )
    is_whole = len(going) == len(linked)
    shared = set() if is_whole else set(move.shared)
    gone = contracts if is_whole else set(move.contracts) - shared
    if (gone | shared) - contracts:
        raise Conflicting("This study is not linked to that contract. Reload to see its contracts.")
    rows: list[ActRow] = [target] if inspect(target).transient else []
    rows += [
        StudyReport(id=uuid4(), study_id=target.id, record_id=report, is_linked=True)
        for report in going
    ]
    rows += [
        StudyContract(id=uuid4(), study_id=study, contract_id=contract, is_linked=is_linked)
        for study, of_study, is_linked in (
            (move.study_id, gone, False),
            (target.id, (gone | shared) - there, True),
        )
        for contract in sorted(of_study)
    ]
    codes = [
        row
        for contract in (None, *sorted(gone | shared))
        for row in CodeMove(
            session, review_id, move.study_id, target.id, contract,
            takes_all=is_whole or contract in gone, reports=chosen, copies=move.copies_codes,
        ).rows()
    ]  # fmt: skip
    rows += sorted(codes, key=lambda row: isinstance(row, AgreedCode))
    return record_move(session, review_id, rows, source=move.study_id, target=target.id, by=by)


def record_move(
    session: Session,
    review_id: UUID,
    rows: Sequence[ActRow],
    *,
    source: UUID,
    target: UUID,
    by: Actor,
    undoes: int | None = None,
) -> int:
    """Write the act that moved reports from ``source`` to ``target``, or undid that; flushes."""
    detail: dict[str, Any] = {"to": str(target)}
    if undoes is not None:
        detail["undoes"] = undoes
    return record_act(
        session,
        review_id=review_id,
        act=Act.MOVE_REPORTS,
        by=by,
        rows=rows,
        subject=("study", source),
        detail=detail,
    )
