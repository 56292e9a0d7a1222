"""Imports are written in pieces: nobody sees one before it is whole, and nobody waits for it."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import delete, event, func, inspect, select

from review.decisions.decisions import decide
from review.errors import Conflicting
from review.events import last_event
from review.searches import saving
from review.searches.imports import ImportResult, import_file
from review.searches.searches import SearchOnDemand, n_records_by_search, search_counts
from review.states.clusters import Scope, cluster_ids
from review.states.flow import flow_states
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Event, ImportFile, Record, RejectedBlock, Search, StoredRecord
from review.verify import verify
from review.vocabulary import SearchKind, Stage, Verdict
from tests.factories import Cast, make_records, make_review

N_RECORDS = 40
PIECE = 10
FIELDS = {"source": "Scopus", "kind": SearchKind.DATABASE}
RIS = "TY  - JOUR\nTI  - {name} on paying for results, part {number}\nER  - \n"
DAMAGED = "TY  - JOUR\nER  - \n"


@pytest.fixture
def cast(database: Database) -> Cast:
    """A review with three records."""
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 3)
    return cast


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "ROWS_PER_PIECE", PIECE)


def make_file(folder: Path, name: str = "search") -> Path:
    """Return a file of records, of which one is damaged."""
    path = folder / f"{name}.ris"
    blocks = [RIS.format(name=name, number=number) for number in range(N_RECORDS)]
    path.write_text("".join([*blocks[:7], DAMAGED, *blocks[7:]]))
    return path


def import_into(database: Database, cast: Cast, path: Path, **more: object) -> ImportResult:
    review_id, by = cast.review_id, cast.lead
    search = SearchOnDemand(review_id, by, FIELDS)
    files = FileStore(path.parent / "files")
    return import_file(
        database, files, path, review_id=review_id, search_for=search, by=by, **more
    )  # fmt: skip


def what_is_seen(database: Database, review_id: UUID) -> dict[str, object]:
    """Return what readers of a review see of records, files, searches and acts."""
    with database.reading() as session:
        in_flow = flow_states(session, review_id=review_id)
        return {
            "records": set(session.scalars(select(Record.id))),
            "files": session.scalar(select(func.count()).select_from(ImportFile)),
            "searches": session.scalar(select(func.count()).select_from(Search)),
            "events": last_event(session, review_id),
            "clusters": cluster_ids(session, Scope(review_id)),
            "flow": Counter(session.scalars(select(in_flow.c.flow_state))),
            "by search": [n for _, n in n_records_by_search(session, review_id=review_id)],
            "rejected": [row.n_rejected for row in search_counts(session, review_id=review_id)],
        }


def faults_of(database: Database) -> list[str]:
    with database.reading() as session:
        return [fault.what for fault in verify(session)]


def n_stored(database: Database) -> int:
    with database.reading() as session:
        tables = (StoredRecord, RejectedBlock)
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def test_nothing_is_seen_of_an_import_before_it_is_whole(database, cast, tmp_path):
    before = what_is_seen(database, cast.review_id)
    seen, stored = [], []

    def look(_progress: int) -> None:
        seen.append(what_is_seen(database, cast.review_id))
        stored.append(n_stored(database))

    import_into(database, cast, make_file(tmp_path), on_progress=look)

    assert all(state == before for state in seen)
    assert stored[-1] == 3 + N_RECORDS + 1
    after = what_is_seen(database, cast.review_id)
    assert len(after["records"]) == 3 + N_RECORDS
    assert (after["by search"], after["rejected"]) == ([3, N_RECORDS], [0, 1])
    assert faults_of(database) == []


def test_no_transaction_of_an_import_writes_more_than_a_piece(database, cast, tmp_path):
    written: list[int] = []

    def begin(_connection) -> None:
        written.append(0)

    def count(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if statement.startswith("INSERT INTO"):
            written[-1] += len(parameters) if isinstance(parameters, list) else 1

    event.listen(database.writer, "begin", begin)
    event.listen(database.writer, "before_cursor_execute", count)
    import_into(database, cast, make_file(tmp_path))

    assert sum(written) >= N_RECORDS
    assert max(written) <= PIECE


def test_a_long_record_is_a_piece_of_its_own(database, cast, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "CHARACTERS_PER_PIECE", 1)
    pieces: list[int] = []

    import_into(database, cast, make_file(tmp_path), on_progress=lambda _: pieces.append(0))

    assert len(pieces) >= N_RECORDS


def test_decisions_are_made_between_the_pieces_and_come_before_the_import(database, cast, tmp_path):
    with database.reading() as session:
        records = list(session.scalars(select(Record.id)))
    others = Database(database.url)

    def decide_meanwhile(_progress: int) -> None:
        if not records:
            return
        with others.writing_if_free() as session:  # refused at once if the import has the lock
            decide(
                session, review_id=cast.review_id, record_id=records.pop(),
                stage=Stage.TITLE_ABSTRACT, verdict=Verdict.INCLUDE, by=cast.reviewer_a,
            )  # fmt: skip

    result = import_into(database, cast, make_file(tmp_path), on_progress=decide_meanwhile)

    others.dispose()
    assert records == []
    with database.reading() as session:
        acts = session.scalars(
            select(Event.act).where(Event.review_id == cast.review_id).order_by(Event.number.desc())
        )
        assert [act.value for act in acts][:5] == [
            "import_file", "add_search", "decide", "decide", "decide"
        ]  # fmt: skip
        in_file = select(Record).where(Record.import_file_id == result.file.id)
        for record in session.scalars(in_file):
            assert record.event_number == result.file.event_number
            assert record.search_id == result.file.search_id


KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from sqlalchemy import Engine, event
from review.events import OPERATOR
from review.searches import saving
from review.searches.imports import import_file
from review.searches.searches import SearchOnDemand
from review.storage.database import Database
from review.storage.files import FileStore
from review.vocabulary import SearchKind
url, path, review_id, n, moment = sys.argv[1:]
left = int(n)
saving.ROWS_PER_PIECE = 10
@event.listens_for(Engine, moment)
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
path, review_id = Path(path), UUID(review_id)
search = SearchOnDemand(review_id, OPERATOR, {"source": "Scopus", "kind": SearchKind.DATABASE})
import_file(Database(url), FileStore(path.parent / "files"), path, review_id=review_id,
            search_for=search, by=OPERATOR)
print("done")
"""


def kill_import(database: Database, cast: Cast, path: Path, n: int, moment: str) -> bool:
    """Import a file in a process that kills itself at the n-th ``moment``; say whether it did."""
    database.dispose()  # an open connection would keep SQLite from recovering
    run = [sys.executable, "-c", KILLED, database.url, str(path), str(cast.review_id), str(n)]
    done = subprocess.run(
        [*run, moment], cwd=Path(__file__).parents[3], capture_output=True, check=False
    )
    assert done.returncode in {0, -9}, done.stderr.decode()
    return done.returncode == -9


@pytest.mark.parametrize(("n", "moment"), [(2, "commit"), (4, "commit"), (5, "commit")])
def test_a_killed_import_leaves_nothing_to_see_and_the_next_run_completes_it(
    database, cast, tmp_path, templates, n, moment
):
    path = make_file(tmp_path)
    before = what_is_seen(database, cast.review_id)
    database.dispose()
    undisturbed = Database(templates.clone(database.url))
    import_into(undisturbed, cast, path)
    expected = what_is_seen(undisturbed, cast.review_id)["records"]
    undisturbed.dispose()

    assert kill_import(database, cast, path, n, moment)

    assert n_stored(database) > 3
    assert what_is_seen(database, cast.review_id) == before
    assert faults_of(database) == []
    assert not import_into(database, cast, path).was_known
    assert what_is_seen(database, cast.review_id)["records"] == expected
    assert n_stored(database) == 3 + N_RECORDS + 1
    assert faults_of(database) == []


@pytest.mark.soak
def test_an_import_killed_at_any_statement_is_all_or_nothing(database, cast, tmp_path):
    path = make_file(tmp_path)
    before = what_is_seen(database, cast.review_id)

    n = 3
    while kill_import(database, cast, path, n, "before_cursor_execute"):
        assert what_is_seen(database, cast.review_id) == before
        n += 3

    assert len(what_is_seen(database, cast.review_id)["records"]) == 3 + N_RECORDS
    assert n_stored(database) == 3 + N_RECORDS + 1
    assert faults_of(database) == []


def test_what_another_import_left_is_deleted_and_its_numbers_are_used_again(
    database, cast, tmp_path
):
    assert kill_import(database, cast, make_file(tmp_path, "killed"), 3, "commit")

    import_into(database, cast, make_file(tmp_path, "next"))

    with database.reading() as session:
        numbers = session.scalars(select(StoredRecord.number).order_by(StoredRecord.number)).all()
        titles = session.scalars(select(StoredRecord.title).where(StoredRecord.number > 3)).all()
    assert numbers == list(range(1, 3 + N_RECORDS + 1))
    assert all(title.startswith("next") for title in titles)


def test_two_imports_into_a_review_wait_for_each_other(database, cast, tmp_path):
    paths = [make_file(tmp_path, name) for name in ("one", "two")]
    threads = [Thread(target=import_into, args=(database, cast, path)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        by_number = session.execute(
            select(Record.number, Record.event_number).order_by(Record.number)
        ).all()
    assert [number for number, _ in by_number] == list(range(1, 3 + 2 * N_RECORDS + 1))
    assert [event for _, event in by_number] == sorted(event for _, event in by_number)
    assert faults_of(database) == []


def test_an_import_whose_rows_somebody_deleted_is_refused(database, cast, tmp_path):
    before = what_is_seen(database, cast.review_id)

    def interfere(_progress: int) -> None:
        with database.writing() as session:
            session.execute(delete(StoredRecord).where(StoredRecord.number > 3))

    with pytest.raises(Conflicting, match="nothing was imported"):
        import_into(database, cast, make_file(tmp_path), on_progress=interfere)

    assert what_is_seen(database, cast.review_id) == before


def test_readers_read_records_through_their_files(database):
    """The table itself has no event: who reads it by mistake cannot read an unfinished import."""
    with database.reader.connect() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("record")}

    assert columns & {"event_number", "search_id"} == set()
