"""Full texts: the documents behind reports, kept by the hash of their bytes."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound, Unreadable
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reports.retrieval import is_retrieved
from review.states.clusters import cluster_of
from review.states.resolution import stage_state
from review.storage.files import FileStore
from review.tables import FullText, Retrieval
from review.vocabulary import Act, Resolution, RetrievalState, Stage

LIMIT = 100 * 2**20
MAGIC = b"%PDF-"


def add_full_text(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    path: Path,
    name: str,
    files: FileStore,
    by: Actor,
) -> FullText:
    """Keep the PDF at ``path`` as a report's full text, which is then retrieved; flushes.

    The newest one is shown; those before it stay on record.  Raises Unreadable for what is no
    PDF or larger than 100 MB, Conflicting for a record that was not included on title and abstract.
    """
    _check_pdf(path, name)
    sha256 = files.keep(path)
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    screened = stage_state(
        session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster
    )
    if screened.resolution is not Resolution.INCLUDE:
        raise Conflicting("Only reports of records included on title and abstract are sought.")
    kept = FullText(
        id=uuid4(),
        record_id=cluster[0],
        sha256=sha256,
        name=name[:255],
        n_bytes=path.stat().st_size,
    )
    rows: list[FullText | Retrieval] = [kept]
    if not is_retrieved(session, review_id=review_id, cluster=cluster):
        rows.append(Retrieval(id=uuid4(), record_id=cluster[0], state=RetrievalState.RETRIEVED))
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_FULL_TEXT,
        by=by,
        rows=rows,
        subject=("record", record_id),
    )
    return kept


def full_text_of(
    session: Session, *, review_id: UUID, record_id: UUID, by: Actor
) -> FullText | None:
    """Return the newest full text of a record's report, for those who work on the review."""
    check(session, review_id=review_id, by=by, action=Action.READ)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    return next(
        iter(full_texts_of(session, review_id=review_id, record_ids=cluster).values()), None
    )


def full_texts_of(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, FullText]:
    """Return the newest full text of each of the records that has one, the newest first."""
    kept = session.scalars(
        select(FullText)
        .where(FullText.review_id == review_id, FullText.record_id.in_(record_ids))
        .order_by(FullText.event_number)
    )
    newest = {one.record_id: one for one in kept}
    return dict(sorted(newest.items(), key=lambda pair: -pair[1].event_number))


def require_full_text(session: Session, *, review_id: UUID, record_id: UUID, by: Actor) -> FullText:
    """Return the newest full text of a record's report; raise NotFound where there is none."""
    found = full_text_of(session, review_id=review_id, record_id=record_id, by=by)
    if found is None:
        raise NotFound("No full text of this report has been uploaded.")
    return found


def _check_pdf(path: Path, name: str) -> None:
    if path.stat().st_size > LIMIT:
        raise Unreadable(f"{name} is larger than {LIMIT // 2**20} MB.")
    with path.open("rb") as file:
        if MAGIC not in file.read(1024):
            raise Unreadable(f"{name} is no PDF. Save the full text as PDF and upload that.")
