"""A text of any length is imported whole and exported whole: nothing is cut without a word."""

import csv
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from review.exports import ExportFormat, ExportKind, write_export
from review.searches.imports import import_file
from review.searches.searches import add_search
from review.storage.files import FileStore
from review.tables import ImportFile, Record
from review.vocabulary import SearchKind
from tests.factories import make_review

LENGTHS = [32_766, 32_767, 32_768, 65_536, 1_000_000]
NAMES = 5_000


def text_of(length: int) -> str:
    """Return words of exactly this length, all different, so that no cut goes unnoticed."""
    words = " ".join(f"w{number}" for number in range(length // 4))[: length - 4]
    return f"{words.rstrip()} ".ljust(length - 3, "x") + "end"


def csl(text: str) -> str:
    entry = {"id": "1", "type": "article-journal", "title": "A title", "abstract": text}
    return json.dumps([entry])


def endnote_xml(text: str) -> str:
    return (
        "<?xml version='1.0'?><xml><records><record><ref-type name='Journal Article'>17</ref-type>"
        f"<titles><title>A title</title></titles><abstract>{text}</abstract></record></records>"
        "</xml>"
    )


WRITERS: dict[str, Callable[[str], str]] = {
    "ris": lambda text: f"TY  - JOUR\nTI  - A title\nAB  - {text}\nER  - \n",
    "nbib": lambda text: f"PMID- 12345678\nTI  - A title\nAB  - {text}\nAU  - Doe J\n\n",
    "bib": lambda text: f"@article{{a,\n title = {{A title}},\n abstract = {{{text}}}\n}}\n",
    "csv": lambda text: f'title,abstract\n"A title","{text}"\n',
    "tsv": lambda text: f"title\tabstract\nA title\t{text}\n",
    "json": csl,
    "xml": endnote_xml,
    "enw": lambda text: f"%0 Journal Article\n%T A title\n%X {text}\n\n",
}


def hash_of(text: str) -> tuple[int, str]:
    return len(text), sha256(text.encode()).hexdigest()


@pytest.fixture
def imported(database, tmp_path):
    """Return a function that imports a file into a new review and returns the review."""

    def run(path: Path):
        with database.writing() as session:
            cast = make_review(session)
        import_file(
            database, FileStore(tmp_path / "files"), path, review_id=cast.review_id, by=cast.lead,
            search_for=lambda session: add_search(
                session, review_id=cast.review_id, source="A", kind=SearchKind.DATABASE,
                by=cast.lead,
            ).id,
        )  # fmt: skip
        return cast

    return run


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_keeps_a_text_of_any_length(database, tmp_path, imported, ending):
    for length in LENGTHS:
        text = text_of(length)
        path = tmp_path / f"{length}.{ending}"
        path.write_text(WRITERS[ending](text), encoding="utf-8")

        cast = imported(path)

        with database.reading() as session:
            [record] = session.scalars(select(Record).where(Record.review_id == cast.review_id))
            assert hash_of(record.abstract) == hash_of(text), length


@pytest.mark.parametrize("length", LENGTHS)
def test_every_export_that_is_exact_is_whole(database, tmp_path, imported, length):
    text = text_of(length)
    names = [f"Name{number}, Given" for number in range(NAMES)]
    authors = "".join(f"AU  - {name}\n" for name in names)
    path = tmp_path / "one.ris"
    path.write_text(f"TY  - JOUR\nTI  - T{text}\n{authors}AB  - {text}\nKW  - {text}\nER  - \n")
    cast = imported(path)
    files = {}
    for ending in ExportFormat:
        files[ending] = tmp_path / f"export.{ending}"
        with database.reading() as session:
            write_export(session, review_id=cast.review_id, kind=ExportKind.RECORDS, format=ending,
                         target=files[ending], by=cast.lead)  # fmt: skip

    limit = csv.field_size_limit(10_000_000)
    [row] = csv.DictReader(io.StringIO(files[ExportFormat.CSV].read_text()))
    csv.field_size_limit(limit)
    line = json.loads(files[ExportFormat.JSONL].read_text())
    again = imported(files[ExportFormat.RIS])

    assert [hash_of(row[name]) for name in ("title", "abstract")] == [
        hash_of(f"T{text}"), hash_of(text)
    ]  # fmt: skip
    assert row["authors"] == "; ".join(names)
    assert (line["title"], line["abstract"], line["keywords"]) == (f"T{text}", text, [text])
    assert line["authors"] == names
    with database.reading() as session:
        [record] = session.scalars(select(Record).where(Record.review_id == again.review_id))
        assert hash_of(record.title) == hash_of(f"T{text}")
        assert hash_of(record.abstract) == hash_of(text)
        assert record.authors == names


def test_a_cell_that_a_spreadsheet_may_have_cut_is_named(database, tmp_path, imported):
    book = Workbook()
    book.active.append(["title", "abstract"])
    book.active.append(["A title", text_of(32_767)])
    book.save(tmp_path / "cut.xlsx")

    cast = imported(tmp_path / "cut.xlsx")

    with database.reading() as session:
        [record] = session.scalars(select(Record).where(Record.review_id == cast.review_id))
        [file] = session.scalars(select(ImportFile))
        assert hash_of(record.abstract) == hash_of(text_of(32_767))
        assert any("its end may be missing" in str(warning) for warning in file.warnings)
