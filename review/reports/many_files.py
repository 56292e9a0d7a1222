"""Many PDFs at once: each is attached to its report, or offered to a person who knows it."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound, ReviewError, Unreadable
from review.events import Actor, lock_review
from review.permissions import Action, check
from review.reports.documents import keep_pages, pages_of
from review.reports.full_texts import add_full_text, check_pdf, full_texts_of
from review.reports.library_files import LIBRARIES, LibraryEntry, library_entries, plain_name
from review.reports.matching import Candidate, Sought, candidates_of, is_scan
from review.states.flow import SOUGHT, record_rows
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import FullText, OfferedFile, Record
from review.vocabulary import DocumentPart

FIRST_WORDS = 400  # letters of the first page that a person sees beside the candidates


@dataclass(frozen=True)
class GivenFile:
    """A stored PDF with the name it was given under, and its entry in a reference library."""

    sha256: str
    name: str
    entry: LibraryEntry | None = None


@dataclass
class Matched:
    """What became of the files: their names, with the report's title or the problem."""

    saved: list[tuple[str, str, str]] = field(default_factory=list)  # name, title, what agreed
    asked: list[str] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)  # with nobody to ask
    copies: list[tuple[str, str]] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def match_files(
    database: Database,
    files: Sequence[GivenFile],
    *,
    review_id: UUID,
    store: FileStore,
    text_path: Callable[[str], Path],
    by: Actor,
    on_progress: Callable[[float], None] = lambda _done: None,
) -> Matched:
    """Attach each stored file to its report, or offer it to the lead.

    Each file is a transaction of its own, so that what was saved stays saved.  Raises NotAllowed
    for those who may not manage the review.
    """
    done = Matched()
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        sought = sought_reports(session, review_id=review_id)
    for number, file in enumerate(files):
        on_progress(number / len(files))
        try:
            read = pages_of(store.path(file.sha256))
            keep_pages(text_path(file.sha256), read)
        except Unreadable:
            read = []
            file = replace(file, entry=None)
        pages = [page.text for page in read]
        with database.writing() as session:
            _match(session, done, review_id, sought=sought, file=file, pages=pages, store=store,
                   by=by)  # fmt: skip
        if is_scan(pages):
            done.scans.append(file.name)
    return done


def _match(
    session: Session,
    done: Matched,
    review_id: UUID,
    *,
    sought: Sequence[Sought],
    file: GivenFile,
    pages: Sequence[str],
    store: FileStore,
    by: Actor,
) -> None:
    sha256, name = file.sha256, file.name
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if title := _title_of_copy(session, review_id, sha256):
        done.copies.append((name, title))
        return
    found = candidates_of(name, pages, sought, entry=file.entry)
    report = next((one for one in sought if found and one.record_id == found[0].record_id), None)
    if report and found[0].is_sure and not _has_file(session, review_id, report.record_id):
        # A decision on the report may still be changed; then a person attaches it later.
        with suppress(Conflicting, NotFound), session.begin_nested():
            attach(session, review_id=review_id, record_id=report.record_id, sha256=sha256,
                   name=name, store=store, by=by)  # fmt: skip
            done.saved.append((name, report.title, ", ".join(found[0].agrees)))
            return
    if by.account_id is None:  # nobody who could be asked
        done.in_doubt.append(name)
        return
    _offer(session, review_id, sha256=sha256, name=name, pages=pages, found=found, by=by)
    done.asked.append(name)


def sought_reports(session: Session, *, review_id: UUID) -> list[Sought]:
    """Return the reports that are sought, with what a file may say of them."""
    rows = record_rows(session, review_id=review_id, states=SOUGHT, limit=None)
    return [
        Sought(record.id, record.title or "", record.authors, record.year, record.doi)
        for record, _, _ in rows
    ]


def _has_file(session: Session, review_id: UUID, record_id: UUID) -> bool:
    return bool(full_texts_of(session, review_id=review_id, record_ids=[record_id]))


def attach(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    sha256: str,
    name: str,
    store: FileStore,
    by: Actor,
    part: DocumentPart = DocumentPart.REPORT,
) -> FullText:
    """Make a stored file a report's full text, or a part of it; no longer offer it.  Flushes."""
    kept = add_full_text(
        session, review_id=review_id, record_id=record_id, path=store.path(sha256), name=name,
        files=store, by=by, part=part,
    )  # fmt: skip
    _forget(session, review_id, sha256)
    return kept


def offered_files(session: Session, *, review_id: UUID, by: Actor) -> list[OfferedFile]:
    """Return the files of which nobody has said what they are, the oldest first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    query = select(OfferedFile).where(OfferedFile.review_id == review_id)
    return list(session.scalars(query.order_by(OfferedFile.offered_at, OfferedFile.name)))


def offered_file(session: Session, *, review_id: UUID, file_id: UUID, by: Actor) -> OfferedFile:
    """Return a file that is offered; raise NotFound where it no longer is."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    file = session.get(OfferedFile, file_id)
    if file is None or file.review_id != review_id:
        raise NotFound("This file has been matched or left out already.")
    return file


def leave_out(session: Session, *, review_id: UUID, file_id: UUID, by: Actor) -> None:
    """Stop offering a file; it can be uploaded again.  Flushes."""
    file = offered_file(session, review_id=review_id, file_id=file_id, by=by)
    _forget(session, review_id, file.sha256)


def report_of_number(session: Session, *, review_id: UUID, number: str) -> UUID | None:
    """Return the record with this number, None for no number; raise NotFound for a wrong one."""
    typed = number.strip().lstrip("#")
    if not typed:
        return None
    found = None
    if typed.isdecimal() and len(typed) < 10:
        query = select(Record.id).where(Record.review_id == review_id, Record.number == int(typed))
        found = session.scalar(query)
    if found is None:
        raise NotFound(f"There is no record with the number {typed[:20]}.")
    return found


def candidate_records(session: Session, files: Collection[OfferedFile]) -> Mapping[UUID, Record]:
    """Return the records that files may be, by their ids."""
    ids = {UUID(one["record"]) for file in files for one in file.candidates}
    return {
        record.id: record for record in session.scalars(select(Record).where(Record.id.in_(ids)))
    }


def keep_pdfs(
    paths: Sequence[tuple[str, Path]], store: FileStore
) -> tuple[list[GivenFile], list[tuple[str, str]]]:
    """Store PDFs given as (name, path); return them, and (name, problem) of what is none.

    A RIS or Zotero RDF file among them is a library: it says which report each PDF is.
    """
    kept: list[GivenFile] = []
    refused = []
    entries: dict[str, LibraryEntry | None] = {}
    is_library = {name: name.lower().endswith(LIBRARIES) for name, _ in paths}
    n_named = Counter(plain_name(name) for name, _ in paths)
    for name, path in sorted(paths, key=lambda one: not is_library[one[0]]):
        try:
            if is_library[name]:
                for key, entry in library_entries(path, name).items():
                    entries[key] = None if key in entries or n_named[key] > 1 else entry
                continue
            check_pdf(path, name)
            kept.append(GivenFile(store.keep(path), name, entries.get(plain_name(name))))
        except (ReviewError, OSError) as error:
            refused.append((name, str(error)))
    return kept, refused


def _offer(
    session: Session,
    review_id: UUID,
    *,
    sha256: str,
    name: str,
    pages: Sequence[str],
    found: Sequence[Candidate],
    by: Actor,
) -> None:
    _forget(session, review_id, sha256)
    session.add(
        OfferedFile(
            id=uuid4(),
            review_id=review_id,
            sha256=sha256,
            name=name[:255],
            first_words=" ".join(" ".join(pages[:1]).split())[:FIRST_WORDS],
            n_pages=len(pages),
            candidates=[_stored(one) for one in found],
            offered_by=by.account_id,
        )
    )
    session.flush()


def _stored(candidate: Candidate) -> dict[str, Any]:
    values = asdict(candidate)
    return {
        "record": str(values["record_id"]),
        "score": values["score"],
        "agrees": list(values["agrees"]),
    }


def _forget(session: Session, review_id: UUID, sha256: str) -> None:
    session.execute(
        delete(OfferedFile).where(OfferedFile.review_id == review_id, OfferedFile.sha256 == sha256)
    )


def _title_of_copy(session: Session, review_id: UUID, sha256: str) -> str | None:
    """Return the title of a report that has this very file already, if one has."""
    query = (
        select(Record.title)
        .join(FullText, FullText.record_id == Record.id)
        .where(FullText.review_id == review_id, FullText.sha256 == sha256)
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else row[0] or "(no title)"
