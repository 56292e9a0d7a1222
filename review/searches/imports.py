"""Reading a search file into a search: staged first, then all of it in one transaction."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, ActWriter, record_act
from review.permissions import Action, begin_act
from review.safe_text import safe_cell
from review.searches.formats import Format, count_blocks, language_of, read
from review.searches.previews import Reading, find_file
from review.states.clusters import Scope, members
from review.storage.files import FileStore
from review.tables import ImportFile, Record, RejectedBlock, Search
from review.tables.base import utc_now
from review.vocabulary import Act, SearchKind

MAX_WARNINGS = 100
TOLD = "told from the text"


@dataclass
class Staged:
    """A file that has been read whole and checked, and waits to be committed."""

    name: str
    sha256: str
    n_bytes: int
    format: Format
    encoding: str
    blocks: IO[str]  # one JSON line a block, in a file that is gone when closed
    n_accepted: int = 0
    n_rejected: int = 0
    warnings: tuple[str, ...] = ()
    mapping: Mapping[str, str] | None = None

    @property
    def n_found(self) -> int:
        """Return the number of blocks that claim to be records."""
        return self.n_accepted + self.n_rejected


@dataclass(frozen=True)
class Imported:
    """What became of a file: its row, and whether these bytes were here before."""

    file: ImportFile
    was_there: bool


def n_duplicates_by_search(session: Session, review_id: UUID) -> dict[UUID, int]:
    """Return how many records of each search stand for reports that came from elsewhere too."""
    member = members(Scope(review_id))
    rows = session.execute(
        select(member.c.search_id, func.count())
        .where(member.c.record_id != member.c.cluster_id)
        .group_by(member.c.search_id)
    )
    return {search_id: n for search_id, n in rows}  # noqa: C416 - a row is not a pair to mypy


def add_search(
    session: Session,
    *,
    review_id: UUID,
    source: str,
    kind: SearchKind,
    by: Actor,
    platform: str | None = None,
    query: str | None = None,
    run_on: date | None = None,
    limits: str | None = None,
    n_hits: int | None = None,
) -> Search:
    """Add a search with what PRISMA-S asks to be reported of it; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not source.strip() or len(source) > 255:
        raise Invalid("Name the source that was searched, in at most 255 characters.")
    if n_hits is not None and not 0 <= n_hits < 10**9:
        raise Invalid("The number of hits is between 0 and a thousand million.")
    search = Search(
        id=uuid4(),
        source=source.strip(),
        kind=kind,
        platform=platform or None,
        query=query or None,
        run_on=run_on,
        limits=limits or None,
        n_hits=n_hits,
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_SEARCH,
        by=by,
        rows=[search],
        subject=("search", search.id),
    )
    return search


def stage(
    path: Path,
    *,
    files: FileStore,
    name: str | None = None,
    reading: Reading | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Staged:
    """Keep the original, read it block by block into a staging file, and return what it holds.

    No database is touched.  Raises Unreadable for a file that is no search file; damage inside
    one is a rejected block with its place and reason.
    """
    reading = reading or Reading()
    format_, encoding = reading.of(path, name=name or path.name)
    staged = Staged(
        name=name or path.name,
        sha256=files.keep(path),
        n_bytes=path.stat().st_size,
        format=format_,
        encoding=encoding,
        blocks=tempfile.TemporaryFile("w+", encoding="utf-8"),  # noqa: SIM115 - closed by commit
    )
    try:
        staged.mapping = reading.mapping
        warnings = _fill(staged, path, on_progress)
        staged.warnings = tuple(_checked_count(path, staged) + _shortened(warnings))
    except BaseException:
        staged.blocks.close()
        raise
    return staged


def _fill(
    staged: Staged,
    path: Path,
    on_progress: Callable[[int], None] | None,
) -> list[str]:
    """Write every block of a file to its staging file, and return what is to be said of them."""
    warnings: list[str] = []
    for block in read(
        path,
        format=staged.format,
        encoding=staged.encoding,
        mapping=staged.mapping,
        on_progress=on_progress,
    ):
        staged.blocks.write(json.dumps(_with_language(asdict(block))) + "\n")
        staged.n_accepted += block.record is not None
        staged.n_rejected += block.record is None
        warnings += [f"line {block.line}: {warning}" for warning in block.warnings]
        warnings += [f"line {block.line}: rejected. {block.reason}"] if block.reason else []
    return warnings


def _with_language(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block whose texts have a language, told from them where the file is silent.

    What is told so is marked in ``extra``, beside the fields that the file had.
    """
    record = block["record"]
    if record and not record["language"]:
        record["language"] = language_of(record["title"], record["abstract"])
        if record["language"]:
            record["extra"][TOLD] = ["language"]
    for other in record["other_abstracts"] if record else ():
        other["language"] = other["language"] or language_of("", other["text"])
    return block


def commit(
    session: Session, staged: Staged, *, review_id: UUID, search_id: UUID, by: Actor
) -> Imported:
    """Write a staged file's records as one act; the same bytes again add nothing.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if present := find_file(session, review_id=review_id, sha256=staged.sha256):
        return Imported(present, was_there=True)
    search = session.get(Search, search_id)
    if search is None or search.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    writer = ActWriter(session, review_id=review_id, act=Act.IMPORT_FILE, by=by)
    file_id = uuid4()
    writer.insert(ImportFile, [_file_row(staged, file_id, search_id)])
    writer.insert(
        RejectedBlock,
        (_rejected_row(block, file_id) for block in _blocks(staged) if not block["record"]),
    )
    first = 1 + (
        session.scalar(select(func.max(Record.number)).where(Record.review_id == review_id)) or 0
    )
    accepted = (block for block in _blocks(staged) if block["record"])
    writer.insert(
        Record,
        (
            _record_row(block, number, file_id, search_id)
            for number, block in enumerate(accepted, start=first)
        ),
    )
    detail: dict[str, Any] = {"sha256": staged.sha256}
    if staged.mapping:
        detail["mapping"] = dict(staged.mapping)
    writer.finish(subject=("import_file", file_id), detail=detail)
    return Imported(session.get_one(ImportFile, file_id), was_there=False)


def rejected_table(session: Session, *, review_id: UUID, search_id: UUID) -> str:
    """Return every rejected block of a search's files with its place and reason, as CSV."""
    rows = session.execute(
        select(ImportFile.name, RejectedBlock)
        .join(RejectedBlock, RejectedBlock.import_file_id == ImportFile.id)
        .where(ImportFile.review_id == review_id, ImportFile.search_id == search_id)
        .order_by(RejectedBlock.event_number, RejectedBlock.block)
    )
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("file", "block", "line", "reason", "as the file had it"))
    for name, one in rows:
        table.writerow(
            (safe_cell(name), one.block, one.line, safe_cell(one.reason), safe_cell(one.raw))
        )
    return text.getvalue()


def _checked_count(path: Path, staged: Staged) -> list[str]:
    expected = count_blocks(path, format=staged.format, encoding=staged.encoding)
    if expected == staged.n_found:
        return []
    return [
        f"A second, simpler count finds {expected:,} records in this file; {staged.n_found:,} were "
        "read. Compare with the number the source reported."
    ]


def _shortened(warnings: list[str]) -> list[str]:
    if len(warnings) <= MAX_WARNINGS:
        return warnings
    more = len(warnings) - MAX_WARNINGS
    return [*warnings[:MAX_WARNINGS], f"… and {more:,} more like these."]


def _blocks(staged: Staged) -> Iterator[dict[str, Any]]:
    staged.blocks.seek(0)
    for line in staged.blocks:
        yield json.loads(line)


def _file_row(staged: Staged, file_id: UUID, search_id: UUID) -> dict[str, Any]:
    return {
        "id": file_id,
        "search_id": search_id,
        "name": staged.name,
        "sha256": staged.sha256,
        "n_bytes": staged.n_bytes,
        "format": staged.format.value,
        "encoding": staged.encoding,
        "n_found": staged.n_found,
        "n_accepted": staged.n_accepted,
        "n_rejected": staged.n_rejected,
        "warnings": list(staged.warnings),
        "read_at": utc_now(),
    }


def _rejected_row(block: dict[str, Any], file_id: UUID) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "import_file_id": file_id,
        "block": block["number"],
        "line": block["line"],
        "raw": block["raw"],
        "reason": block["reason"],
    }


def _record_row(
    block: dict[str, Any], number: int, file_id: UUID, search_id: UUID
) -> dict[str, Any]:
    record: dict[str, Any] = block["record"]
    return record | {
        "id": uuid4(),
        "number": number,
        "search_id": search_id,
        "import_file_id": file_id,
        "block": block["number"],
        "line": block["line"],
        "raw": block["raw"],
        "other_abstracts": record["other_abstracts"] or None,
    }
