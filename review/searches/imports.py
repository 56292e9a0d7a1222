"""Import search files: read into a staging file, saved in pieces, then made to count by one act."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Unreadable
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.safe_text import safe_cell
from review.searches.formats import (
    USUAL_LIMITS,
    FileLimits,
    Format,
    count_blocks,
    language_of,
    read,
)
from review.searches.previews import ParseOptions, find_import_file
from review.searches.saving import delete_leftovers, file_id_of, n_saved, save_blocks
from review.searches.searches import files_now, search_of_review
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import ImportFile, RejectedBlock
from review.tables.base import utc_now
from review.vocabulary import Act

MAX_WARNINGS = 100
DETECTED = "told from the text"  # key in `extra` for fields that no source gave


@dataclass
class StagedFile:
    """A file that was read completely and checked, ready to be committed."""

    name: str
    sha256: str
    n_bytes: int
    format: Format
    encoding: str
    blocks: IO[str]  # a JSON line for each block; the file is deleted when closed
    n_accepted: int = 0
    n_rejected: int = 0
    warnings: tuple[str, ...] = ()
    mapping: Mapping[str, str] | None = None

    @property
    def n_found(self) -> int:
        """Return the number of blocks, accepted and rejected."""
        return self.n_accepted + self.n_rejected


@dataclass(frozen=True)
class ImportResult:
    """A file's row, and whether the review already had a file with the same bytes."""

    file: ImportFile
    was_known: bool


def import_file(
    database: Database,
    files: FileStore,
    path: Path,
    *,
    review_id: UUID,
    search_for: Callable[[Session], UUID],
    by: Actor,
    name: str | None = None,
    options: ParseOptions | None = None,
    limits: FileLimits = USUAL_LIMITS,
    on_progress: Callable[[int], None] | None = None,
    on_commit: Callable[[Session, ImportResult], None] | None = None,
) -> ImportResult:
    """Read one file and import it as one act; return its row, detached from the session.

    Nothing of it is seen before the act is written, which takes a moment however long the file is.
    ``search_for`` returns the id of the search for the file, and may add the search; it is not
    called for a file that the review already has.  ``on_commit`` may write more in the same
    transaction, such as the progress of a job.  ``on_progress`` is called with a number of bytes:
    half of those that were read, and half of those that were saved.  Raises Unreadable for a file
    that is not a search file.
    """
    report = on_progress or (lambda _: None)
    staged = stage_file(
        path,
        files=files,
        name=name,
        options=options,
        limits=limits,
        on_progress=lambda n: report(n // 2),
    )
    with staged.blocks, files.locked(f"import-{review_id}"):
        digest = _save(database, staged, review_id=review_id, by=by, report=report)
        with database.writing() as session:
            begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
            known_file = find_import_file(session, review_id=review_id, sha256=staged.sha256)
            if known_file is not None:
                _check_not_withdrawn(session, known_file)
                result = ImportResult(known_file, was_known=True)
            else:
                file = _file_row(staged, search_for(session), review_id=review_id, digest=digest)
                _commit(session, file, mapping=staged.mapping, by=by)
                result = ImportResult(file, was_known=False)
            if on_commit is not None:
                on_commit(session, result)
            session.expunge(result.file)
            return result


def _save(
    database: Database,
    staged: StagedFile,
    *,
    review_id: UUID,
    by: Actor,
    report: Callable[[int], None],
) -> str:
    """Save a file's blocks and return their digest; save nothing of a file that is known."""
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        if find_import_file(session, review_id=review_id, sha256=staged.sha256):
            return ""
    delete_leftovers(database, review_id)
    half = staged.n_bytes / 2
    return save_blocks(
        database,
        _staged_blocks(staged),
        review_id=review_id,
        file_id=file_id_of(review_id, staged.sha256),
        on_saved=lambda n: report(int(half + half * n / staged.n_found)),
    )


def stage_file(
    path: Path,
    *,
    files: FileStore,
    name: str | None = None,
    options: ParseOptions | None = None,
    limits: FileLimits = USUAL_LIMITS,
    on_progress: Callable[[int], None] | None = None,
) -> StagedFile:
    """Keep the original, parse it block by block into a staging file, and return that.

    Uses no database.  Raises Unreadable for a file that is not a search file or is over the
    limits; a damaged part of a
    search file becomes a rejected block with its line and reason.
    """
    options = options or ParseOptions()
    limits.check_size(path)
    format_, encoding = options.resolve(path, name=name or path.name)
    n_expected = count_blocks(path, format=format_, encoding=encoding)
    limits.check_rough_count(n_expected)
    staged = StagedFile(
        name=name or path.name,
        sha256=files.keep(path),
        n_bytes=path.stat().st_size,
        format=format_,
        encoding=encoding,
        blocks=tempfile.TemporaryFile("w+", encoding="utf-8"),  # noqa: SIM115 - closed by the caller
    )
    try:
        staged.mapping = options.mapping
        warnings = _parse_into(staged, path, limits, on_progress=on_progress)
        staged.warnings = tuple(_count_warnings(n_expected, staged) + _at_most(warnings))
    except BaseException:
        staged.blocks.close()
        raise
    return staged


def _parse_into(
    staged: StagedFile,
    path: Path,
    limits: FileLimits,
    *,
    on_progress: Callable[[int], None] | None,
) -> list[str]:
    """Write every block of a file to its staging file, and return the warnings about them."""
    warnings: list[str] = []
    for block in read(
        path,
        format=staged.format,
        encoding=staged.encoding,
        mapping=staged.mapping,
        on_progress=on_progress,
        limits=limits,
    ):
        staged.blocks.write(json.dumps(_with_language(asdict(block))) + "\n")
        staged.n_accepted += block.record is not None
        staged.n_rejected += block.record is None
        warnings += [f"line {block.line}: {warning}" for warning in block.warnings]
        warnings += [f"line {block.line}: rejected. {block.reason}"] if block.reason else []
    return warnings


def _with_language(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block whose texts have a language, detected if the file does not give one.

    A detected language is marked in ``extra``, beside the fields that the file had.
    """
    record = block["record"]
    if record and not record["language"]:
        record["language"] = language_of(record["title"], record["abstract"])
        if record["language"]:
            record["extra"][DETECTED] = ["language"]
    for abstract in record["other_abstracts"] if record else ():
        abstract["language"] = abstract["language"] or language_of("", abstract["text"])
    return block


def _check_not_withdrawn(session: Session, known_file: ImportFile) -> None:
    now = files_now(known_file.review_id).subquery()
    if session.scalar(select(now.c.is_withdrawn).where(now.c.id == known_file.id)):
        raise Unreadable(
            f"This file was imported before as {known_file.name}, and then withdrawn. Undo that "
            "under Searches instead of importing it again."
        )


def _commit(
    session: Session, file: ImportFile, *, mapping: Mapping[str, str] | None, by: Actor
) -> None:
    """Write the act that makes a file's saved blocks count.  Flushes.

    Raises NotFound if the review has no such search, and Conflicting if a block is missing.
    """
    review_id = file.review_id
    search = search_of_review(session, review_id=review_id, search_id=file.search_id)
    if search.is_withdrawn:
        raise Unreadable(
            f"{search.source} has been withdrawn, so nothing was imported. Undo that, or add the "
            "file to another search."
        )
    if n_saved(session, review_id=review_id, file_id=file.id) != file.n_found:
        raise Conflicting(
            "Another import into this review interfered with this one, so nothing was imported. "
            "Wait until it has ended, then import the file again."
        )
    detail: dict[str, Any] = {"sha256": file.sha256}
    if mapping:
        detail["mapping"] = dict(mapping)
    record_act(
        session,
        review_id=review_id,
        act=Act.IMPORT_FILE,
        by=by,
        rows=[file],
        subject=("import_file", file.id),
        detail=detail,
    )


def rejected_table(session: Session, *, review_id: UUID, search_id: UUID) -> str:
    """Return every rejected block of a search's files with its line and reason, as CSV."""
    now = files_now(review_id).subquery()
    rows = session.execute(
        select(now.c.name, RejectedBlock)
        .join(RejectedBlock, RejectedBlock.import_file_id == now.c.id)
        .where(now.c.search_id == search_id)
        .order_by(now.c.event_number, RejectedBlock.block)
    )
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("file", "block", "line", "reason", "as the file had it"))
    for name, rejected in rows:
        table.writerow(
            (
                safe_cell(name),
                rejected.block,
                rejected.line,
                safe_cell(rejected.reason),
                safe_cell(rejected.raw),
            )
        )
    return text.getvalue()


def _count_warnings(expected: int, staged: StagedFile) -> list[str]:
    """Return a warning if an independent count of the blocks differs from what was parsed."""
    if expected == staged.n_found:
        return []
    return [
        f"A second, simpler count finds {expected:,} records in this file; {staged.n_found:,} were "
        "read. Compare both with the number that the source reported."
    ]


def _at_most(warnings: list[str]) -> list[str]:
    if len(warnings) <= MAX_WARNINGS:
        return warnings
    more = len(warnings) - MAX_WARNINGS
    return [*warnings[:MAX_WARNINGS], f"… and {more:,} more like these."]


def _staged_blocks(staged: StagedFile) -> Iterator[dict[str, Any]]:
    staged.blocks.seek(0)
    for line in staged.blocks:
        yield json.loads(line)


def _file_row(staged: StagedFile, search_id: UUID, *, review_id: UUID, digest: str) -> ImportFile:
    return ImportFile(
        id=file_id_of(review_id, staged.sha256),
        review_id=review_id,
        search_id=search_id,
        name=staged.name,
        sha256=staged.sha256,
        n_bytes=staged.n_bytes,
        format=staged.format.value,
        encoding=staged.encoding,
        n_found=staged.n_found,
        n_accepted=staged.n_accepted,
        n_rejected=staged.n_rejected,
        warnings=list(staged.warnings),
        read_at=utc_now(),
        blocks_digest=digest,
    )
