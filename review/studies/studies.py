"""Studies, and the reports they are known through."""

from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.clustering import current_judgements
from review.duplicates.matching import PairKind
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.closing import check_closed
from review.states.clusters import Scope, cluster_ids, cluster_of, latest
from review.states.resolution import stage_state
from review.tables import Contract, Record, Study, StudyReport
from review.vocabulary import Act, Judgement, Resolution, Stage


def add_study(
    session: Session, *, review_id: UUID, label: str, reports: Collection[UUID], by: Actor
) -> Study:
    """Add a study with its ``reports`` (records of included reports); flushes.

    Raises Invalid where there is no report or no usable name, and Conflicting where the name is in
    use, or where a report is not included or belongs to another study.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = Study(id=uuid4(), label=free_label(session, Study, review_id=review_id, label=label))
    links = [
        _link(session, review_id, study_id=study.id, record_id=record_id)
        for record_id in dict.fromkeys(reports)
    ]
    if not links:
        raise Invalid("A study needs at least one report. Choose one.")
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
        rows = [_link(session, review_id, study_id=study_id, record_id=record_id)]
    elif study_of_report(session, review_id=review_id, cluster=cluster) != study_id:
        raise Conflicting("This report is not linked to that study.")
    else:
        rows = _unlinked(session, review_id, study_id=study_id, cluster=cluster)
    record_act(
        session,
        review_id=review_id,
        act=Act.LINK_REPORT,
        by=by,
        rows=rows,
        subject=("study", study_id),
    )


def studies_of(session: Session, *, review_id: UUID, after: int, limit: int) -> Sequence[Study]:
    """Return the first studies added after event ``after``, in the order they were added.

    Those that were merged into others are left out.
    """
    merged = merged_studies(session, review_id)
    return session.scalars(
        select(Study)
        .where(Study.review_id == review_id, Study.event_number > after, Study.id.not_in(merged))
        .order_by(Study.event_number)
        .limit(limit)
    ).all()


def study_of_review(session: Session, *, review_id: UUID, study_id: UUID) -> Study:
    """Return a study; raise NotFound for one of another review."""
    study = session.get(Study, study_id)
    if study is None or study.review_id != review_id:
        raise NotFound("There is no such study in this review.")
    return study


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
    """Return the study that the report of a cluster is linked to, if it is."""
    studies = studies_of_reports(session, review_id=review_id, cluster=cluster)
    return studies[-1] if studies else None


def studies_of_reports(
    session: Session, *, review_id: UUID, cluster: Collection[UUID]
) -> list[UUID]:
    """Return the studies that any of the records is linked to; the latest link comes last."""
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


def merged_studies(session: Session, review_id: UUID) -> dict[UUID, UUID]:
    """Return the studies all of whose reports belong to others now, each with one that has them."""
    held: dict[UUID, dict[UUID, None]] = {}
    newest: dict[UUID, tuple[UUID, int]] = {}  # by report: its study, and the event that said so
    for study, record, is_linked, event in session.execute(
        select(
            StudyReport.study_id,
            StudyReport.record_id,
            StudyReport.is_linked,
            StudyReport.event_number,
        )
        .where(StudyReport.review_id == review_id)
        .order_by(StudyReport.event_number)
    ):
        held.setdefault(study, {})[record] = None
        newest.pop(record, None)
        if is_linked:
            newest[record] = study, event
    with_reports = {study for study, _ in newest.values()}
    merged = {}
    for study in held.keys() - with_reports:
        links = [newest[record] for record in held[study] if record in newest]
        if links:
            merged[study] = max(links, key=lambda link: link[1])[0]
    return merged


def check_not_merged(session: Session, *, review_id: UUID, study_id: UUID) -> None:
    """Raise NotFound for a study of another review, Conflicting for one merged into another."""
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    into = merged_studies(session, review_id).get(study_id)
    if into is not None:
        other = session.get_one(Study, into)
        raise Conflicting(f"{study.label} was merged into {other.label}. Open that study instead.")


def same_study_links(session: Session, *, review_id: UUID) -> dict[UUID, set[UUID]]:
    """Return, by cluster, the clusters that are other reports of the same study.

    Either a person who compared two records said so, or a rule of the search for duplicates did
    (preprint and article, conference and journal, erratum).  It is a suggestion, for the
    person who adds the study to confirm.
    """
    cluster_id = cluster_ids(session, Scope(review_id))
    links: dict[UUID, set[UUID]] = {}
    for (left_id, right_id), row in current_judgements(session, review_id).items():
        kind = row.evidence.get("kind")
        is_rule = row.verdict is Judgement.DISTINCT and kind == PairKind.SAME_STUDY
        left, right = cluster_id[left_id], cluster_id[right_id]
        if (row.verdict is Judgement.SAME_STUDY or is_rule) and left != right:
            links.setdefault(left, set()).add(right)
            links.setdefault(right, set()).add(left)
    return links


def _link(session: Session, review_id: UUID, *, study_id: UUID, record_id: UUID) -> StudyReport:
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    for stage in Stage:
        check_closed(session, review_id=review_id, stage=stage, cluster=cluster)
    resolutions = {
        stage_state(session, review_id=review_id, stage=stage, cluster=cluster).resolution
        for stage in Stage
    }
    if resolutions != {Resolution.INCLUDE}:
        raise Conflicting(
            "Only a report that was included on its full text can be linked to a study."
        )
    linked_id = study_of_report(session, review_id=review_id, cluster=cluster)
    if linked_id not in (None, study_id):
        raise Conflicting("This report belongs to another study. Unlink it there first.")
    return StudyReport(id=uuid4(), study_id=study_id, record_id=cluster[0], is_linked=True)


def _unlinked(
    session: Session, review_id: UUID, *, study_id: UUID, cluster: Collection[UUID]
) -> list[StudyReport]:
    """Return an act that ends the link of each record of the cluster that has one."""
    return [
        StudyReport(id=uuid4(), study_id=study_id, record_id=record_id, is_linked=False)
        for record_id in cluster
        if studies_of_reports(session, review_id=review_id, cluster=[record_id])
    ]


def free_label(
    session: Session, table: type[Study] | type[Contract], *, review_id: UUID, label: str
) -> str:
    """Return the label with tidy spaces; raise Invalid or Conflicting if it cannot be used."""
    name = " ".join(label.split())
    if not any(character.isalnum() for character in name) or len(name) > 255:
        raise Invalid("Enter a name of 1 to 255 characters, with at least one letter or digit.")
    if session.scalar(select(table.id).where(table.review_id == review_id, table.label == name)):
        raise Conflicting(f"'{name}' already exists. Use it, or choose another name.")
    return name


def studies_by_label(session: Session, *, review_id: UUID) -> list[Study]:
    """Return the review's studies, by name, without those that were merged into others."""
    merged = merged_studies(session, review_id)
    found = session.scalars(select(Study).where(Study.review_id == review_id).order_by(Study.label))
    return [study for study in found if study.id not in merged]
