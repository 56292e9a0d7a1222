"""Files that are too large, or have too many records, are refused with the reason."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from api.settings import Settings
from review.errors import Unreadable
from review.searches.formats import USUAL_LIMITS, FileLimits, columns, tables
from review.searches.imports import import_file, stage_file
from review.searches.previews import preview
from review.searches.searches import SearchOnDemand
from review.storage.files import FileStore
from review.tables import ImportFile, Record, Search
from review.vocabulary import SearchKind
from tests.factories import make_review

RIS = "TY  - JOUR\nTI  - A title\nER  - \n\n"
THREE = FileLimits(n_records=3)


@pytest.fixture
def file(tmp_path):
    """A function that writes a file of so many records."""

    def written(n):
        path = tmp_path / f"{n}.ris"
        path.write_text(RIS * n)
        return path

    return written


@pytest.mark.parametrize("n", [4, 7, 50])
def test_one_record_too_many_and_nothing_is_imported(database, file, tmp_path, n):
    with database.writing() as session:
        people = make_review(session)

    def search_for_file():
        fields = {"source": "Scopus", "kind": SearchKind.DATABASE}
        return SearchOnDemand(people.review_id, people.lead, fields)

    def imported(path):
        return import_file(
            database, FileStore(tmp_path / "files"), path, review_id=people.review_id,
            search_for=search_for_file(), by=people.lead, limits=THREE,
        ).file.n_accepted  # fmt: skip

    with pytest.raises(Unreadable, match=r"more than 3 records\. Nothing of it was"):
        imported(file(n))
    with database.reading() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Search, ImportFile, Record)
        ]
    enough = imported(file(3))

    assert counts == [0, 0, 0]
    assert enough == 3


def test_far_too_many_records_are_refused_before_one_is_read(file, tmp_path):
    progress = []

    with pytest.raises(Unreadable, match="more than 3 records"):
        stage_file(
            file(50), files=FileStore(tmp_path / "files"), limits=THREE,
            on_progress=progress.append,
        )  # fmt: skip
    with pytest.raises(Unreadable, match="more than 3 records"):
        preview(file(50), name="50.ris", limits=THREE)

    assert progress == []
    assert list((tmp_path / "files").rglob("*")) == []


def test_a_file_that_is_too_large_is_refused(file, tmp_path):
    small = replace(USUAL_LIMITS, n_bytes=2**20)
    path = file(1)
    with path.open("a") as more:
        more.write("\n" * 2**20)

    for read in (
        lambda: stage_file(path, files=FileStore(tmp_path / "files"), limits=small),
        lambda: preview(path, name="a.ris", limits=small),
    ):
        with pytest.raises(Unreadable, match=r"larger than 1 MB\. Nothing of it was imported"):
            read()


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_headings_are_looked_for_at_the_beginning_of_lines_only(tmp_path, monkeypatch, name):
    """A quote that is never closed once took a minute and 600 MB, looked at again and again."""
    seen, plain = [], columns._plain
    monkeypatch.setattr(columns, "_plain", lambda text: seen.append(len(text)) or plain(text))
    sign = "," if name == "a.csv" else "\t"
    path = tmp_path / name
    path.write_text(sign.join(("Title", "Authors", "Year")) + '\n"' + "word " * 2_400_000)

    staged = stage_file(path, files=FileStore(tmp_path / "files"))
    staged.blocks.close()

    assert (staged.n_accepted, staged.n_rejected) == (0, 1)
    assert max(seen) <= tables.HEAD_LINE


def test_the_settings_have_the_limits_and_the_worker_gets_them(tmp_path, monkeypatch):
    settings = Settings(data_dir=tmp_path, import_mb=3, import_records=7)

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert Settings().limits == settings.limits == FileLimits(3 * 2**20, 7)
    assert FileLimits(512 * 2**20, 100_000) == USUAL_LIMITS
