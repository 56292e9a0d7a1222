"""Full texts: the PDFs of reports, stored by the hash of their bytes."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound, Unreadable
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reports.retrieval import NOT_INCLUDED, is_retrieved
from review.states.closing import check_closed
from review.states.clusters import cluster_of, clusters_of
from review.states.resolution import stage_state
from review.storage.files import FileStore
from review.tables import FullText, Retrieval
from review.vocabulary import Act, DocumentPart, Resolution, RetrievalState, Stage

MAX_BYTES = 100 * 2**20
PDF_MAGIC = b"%PDF-"


def add_full_text(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    path: Path,
    name: str,
    files: FileStore,
    by: Actor,
    part: DocumentPart = DocumentPart.REPORT,
) -> FullText:
    """Store the PDF at ``path`` as a report's full text and mark it as retrieved; flushes.

    With ``part``, as its supplement or translation, which does not mark it.  The newest full text
    is shown; earlier ones stay on record.  Raises Unreadable for a file that
    is not a PDF or is larger than 100 MB, Conflicting for a record that was not included on title
    and abstract.
    """
    check_pdf(path, name)
    sha256 = files.keep(path)
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    check_closed(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    screened = stage_state(
        session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster
    )
    if screened.resolution is not Resolution.INCLUDE:
        raise Conflicting(NOT_INCLUDED)
    is_report = part is DocumentPart.REPORT
    full_text = FullText(
        id=uuid4(),
        record_id=cluster[0],
        sha256=sha256,
        part=None if is_report else part,
        name=name[:255],
        n_bytes=path.stat().st_size,
    )
    rows: list[FullText | Retrieval] = [full_text]
    if part is DocumentPart.REPORT and not is_retrieved(
        session, review_id=review_id, cluster=cluster
    ):
        rows.append(Retrieval(id=uuid4(), record_id=cluster[0], state=RetrievalState.RETRIEVED))
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_FULL_TEXT,
        by=by,
        rows=rows,
        subject=("record", record_id),
    )
    return full_text


def full_text_of(
    session: Session, *, review_id: UUID, record_id: UUID, by: Actor
) -> FullText | None:
    """Return the newest full text of a record's report, if there is one.

    Raises NotAllowed for those who may not read full texts.
    """
    check(session, review_id=review_id, by=by, action=Action.READ)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    return next(
        iter(full_texts_of(session, review_id=review_id, record_ids=cluster).values()), None
    )


def full_texts_of(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, FullText]:
    """Return the newest full text of each record, or of a copy of it, if any, the newest first."""
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    everyone = {member for cluster in clusters.values() for member in cluster}
    full_texts = session.scalars(
        select(FullText)
        .where(
            FullText.review_id == review_id,
            FullText.record_id.in_(everyone),
            FullText.part.is_(None),
        )
        .order_by(FullText.event_number)
    )
    by_record = {row.record_id: row for row in full_texts}
    newest: dict[UUID, FullText] = {}
    for record_id, cluster in clusters.items():
        rows = [by_record[member] for member in cluster if member in by_record]
        if rows:
            newest[record_id] = max(rows, key=lambda row: row.event_number)
    return dict(sorted(newest.items(), key=lambda pair: -pair[1].event_number))


def documents_of(
    session: Session, *, review_id: UUID, record_id: UUID, by: Actor
) -> list[FullText]:
    """Return a report's files: its newest full text first, then supplements and translations."""
    newest = full_text_of(session, review_id=review_id, record_id=record_id, by=by)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    parts = session.scalars(
        select(FullText)
        .where(
            FullText.review_id == review_id,
            FullText.record_id.in_(cluster),
            FullText.part.is_not(None),
        )
        .order_by(FullText.event_number)
    )
    return [*([newest] if newest else []), *parts]


def require_full_text(session: Session, *, review_id: UUID, record_id: UUID, by: Actor) -> FullText:
    """Return the newest full text of a record's report; raise NotFound if there is none."""
    full_text = full_text_of(session, review_id=review_id, record_id=record_id, by=by)
    if full_text is None:
        raise NotFound("No full text of this report has been uploaded.")
    return full_text


def check_pdf(path: Path, name: str) -> None:
    """Raise Unreadable for a file that is not a PDF, or is larger than 100 MB."""
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"{name} is larger than {MAX_BYTES // 2**20} MB.")
    with path.open("rb") as file:
        if PDF_MAGIC not in file.read(1024):
            raise Unreadable(f"{name} is not a PDF. Save the full text as PDF and upload that.")
