"""Studies, the reports they are known through, and the contracts they report on."""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.clustering import current_judgements
from review.duplicates.matching import PairKind
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import Scope, cluster_ids, cluster_of, latest
from review.states.resolution import stage_state
from review.tables import Contract, Record, Study, StudyContract, StudyReport
from review.vocabulary import Act, Judgement, Resolution, Stage


def add_study(
    session: Session, *, review_id: UUID, label: str, reports: Collection[UUID], by: Actor
) -> Study:
    """Add a study known through ``reports`` (records of included reports); flushes.

    Raises Conflicting for a report that is not included or belongs to another study.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = Study(id=uuid4(), label=_free_label(session, Study, review_id, label))
    links = [_link(session, review_id, study.id, record_id) for record_id in dict.fromkeys(reports)]
    if not links:
        raise Invalid("A study is known through at least one report; choose one.")
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_STUDY,
        by=by,
        rows=[study, *links],
        subject=("study", study.id),
    )
    return study


def link_report(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    record_id: UUID,
    by: Actor,
    linked: bool = True,
) -> None:
    """Link an included report to a study, or unlink it; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    study_of_review(session, review_id=review_id, study_id=study_id)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    if linked:
        rows = [_link(session, review_id, study_id, record_id)]
    elif study_of_report(session, review_id=review_id, cluster=cluster) != study_id:
        raise Conflicting("This report is not linked to that study.")
    else:
        rows = _unlinked(session, review_id, study_id, cluster)
    record_act(
        session,
        review_id=review_id,
        act=Act.LINK_REPORT,
        by=by,
        rows=rows,
        subject=("study", study_id),
    )


def add_contract(session: Session, *, review_id: UUID, label: str, by: Actor) -> Contract:
    """Add a contract under a name of its own; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    contract = Contract(id=uuid4(), label=_free_label(session, Contract, review_id, label))
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_CONTRACT,
        by=by,
        rows=[contract],
        subject=("contract", contract.id),
    )
    return contract


def link_contract(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID,
    by: Actor,
    linked: bool = True,
) -> None:
    """Say that a study reports on a contract, or that it does not; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study_id)
    contract_of_review(session, review_id=review_id, contract_id=contract_id)
    if linked == is_contract_of(
        session, review_id=review_id, study_id=study_id, contract_id=contract_id
    ):
        return
    row = StudyContract(id=uuid4(), study_id=study_id, contract_id=contract_id, is_linked=linked)
    record_act(
        session,
        review_id=review_id,
        act=Act.LINK_CONTRACT,
        by=by,
        rows=[row],
        subject=("study", study_id),
    )


def study_of_review(session: Session, *, review_id: UUID, study_id: UUID) -> Study:
    """Return a study; raise NotFound for one of another review."""
    study = session.get(Study, study_id)
    if study is None or study.review_id != review_id:
        raise NotFound("There is no such study in this review.")
    return study


def contract_of_review(session: Session, *, review_id: UUID, contract_id: UUID) -> Contract:
    """Return a contract; raise NotFound for one of another review."""
    contract = session.get(Contract, contract_id)
    if contract is None or contract.review_id != review_id:
        raise NotFound("There is no such contract in this review.")
    return contract


def contracts_of(session: Session, *, review_id: UUID, study_id: UUID) -> list[Contract]:
    """Return the contracts that a study reports on, by name."""
    links = latest(
        Scope(review_id),
        StudyContract,
        StudyContract.study_id,
        StudyContract.contract_id,
        where=StudyContract.study_id == study_id,
    )
    return list(
        session.scalars(
            select(Contract)
            .join(links, links.c.contract_id == Contract.id)
            .where(links.c.is_linked)
            .order_by(Contract.label)
        )
    )


def is_contract_of(session: Session, *, review_id: UUID, study_id: UUID, contract_id: UUID) -> bool:
    """Say whether a study reports on a contract."""
    return any(
        contract.id == contract_id
        for contract in contracts_of(session, review_id=review_id, study_id=study_id)
    )


def reports_of(session: Session, *, review_id: UUID, study_id: UUID) -> list[Record]:
    """Return the records whose reports are linked to a study, in import order."""
    links = latest(Scope(review_id), StudyReport, StudyReport.record_id)
    return list(
        session.scalars(
            select(Record)
            .join(links, links.c.record_id == Record.id)
            .where(links.c.is_linked, links.c.study_id == study_id)
            .order_by(Record.number)
        )
    )


def study_of_report(session: Session, *, review_id: UUID, cluster: Collection[UUID]) -> UUID | None:
    """Return the study that the report of a cluster is linked to."""
    held = studies_of_reports(session, review_id=review_id, cluster=cluster)
    return held[-1] if held else None


def studies_of_reports(
    session: Session, *, review_id: UUID, cluster: Collection[UUID]
) -> list[UUID]:
    """Return the studies that any of the records is linked to, the latest link last."""
    acts = session.scalars(
        select(StudyReport)
        .where(StudyReport.review_id == review_id, StudyReport.record_id.in_(cluster))
        .order_by(StudyReport.event_number)
    )
    newest = {act.record_id: act for act in acts}
    linked = sorted(
        (act for act in newest.values() if act.is_linked), key=lambda act: act.event_number
    )
    return list(dict.fromkeys(act.study_id for act in linked))


def same_study_links(session: Session, *, review_id: UUID) -> dict[UUID, set[UUID]]:
    """Return, by cluster, the clusters that are other reports of the same study.

    So it was said by a person who compared the two, or by a rule of the search for duplicates
    (preprint and article, conference and journal, erratum): for whoever makes studies to confirm.
    """
    home = cluster_ids(session, Scope(review_id))
    links: dict[UUID, set[UUID]] = {}
    for (left, right), row in current_judgements(session, review_id).items():
        is_rule = (
            row.verdict is Judgement.DISTINCT and row.evidence.get("kind") == PairKind.SAME_STUDY
        )
        if (row.verdict is Judgement.SAME_STUDY or is_rule) and home[left] != home[right]:
            links.setdefault(home[left], set()).add(home[right])
            links.setdefault(home[right], set()).add(home[left])
    return links


def _link(session: Session, review_id: UUID, study_id: UUID, record_id: UUID) -> StudyReport:
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    came_to = {
        stage_state(session, review_id=review_id, stage=stage, cluster=cluster).resolution
        for stage in Stage
    }
    if came_to != {Resolution.INCLUDE}:
        raise Conflicting("Only a report that was included on its full text belongs to a study.")
    held = study_of_report(session, review_id=review_id, cluster=cluster)
    if held not in (None, study_id):
        raise Conflicting("This report belongs to another study; unlink it there first.")
    return StudyReport(id=uuid4(), study_id=study_id, record_id=cluster[0], is_linked=True)


def _unlinked(
    session: Session, review_id: UUID, study_id: UUID, cluster: Collection[UUID]
) -> list[StudyReport]:
    """Return an act for every record of the cluster whose own link stands."""
    return [
        StudyReport(id=uuid4(), study_id=study_id, record_id=record_id, is_linked=False)
        for record_id in cluster
        if studies_of_reports(session, review_id=review_id, cluster=[record_id])
    ]


def _free_label(
    session: Session, table: type[Study] | type[Contract], review_id: UUID, label: str
) -> str:
    name = " ".join(label.split())
    if not any(one.isalnum() for one in name) or len(name) > 255:
        raise Invalid("Give it a name of at most 255 characters.")
    if session.scalar(select(table.id).where(table.review_id == review_id, table.label == name)):
        raise Conflicting(f"There is already one called '{name}'; use it, or choose another name.")
    return name
