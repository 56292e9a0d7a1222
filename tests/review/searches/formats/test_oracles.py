"""Compare with other people's readers, and read real exports if they are available."""

import csv
from contextlib import suppress
from pathlib import Path

import nbib
import pytest
import rispy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.errors import Unreadable
from review.searches.formats import Format, count_blocks, detect, read
from tests.review.searches.formats.format_cases import SAMPLES, read_text

IMPORTS = Path(__file__).parents[5] / "shared/bench/imports"
FAMILIES = ("ris", "nbib", "medline", "pubmed-xml", "endnote-xml", "bibtex", "csv", "tsv")
# A file with two kinds of first line, of which the manifest counts one.
COUNTED_OTHERWISE = {"jabref__MedlinePlainImporterTestMultipleEntries.txt"}

WORDS = st.lists(
    st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=9),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, st.integers(1900, 2030)), min_size=1, max_size=6))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_well_formed_ris_gives_what_rispy_gives(tmp_path, works):
    text = "".join(
        f"TY  - JOUR\nTI  - {title}\nAU  - {name}, A.\nPY  - {year}\nER  - \n\n"
        for title, name, year in works
    )

    ours = [block.record for block in read_text(tmp_path, text)]
    theirs = rispy.loads(text)

    titles = [" ".join(entry["title"].split()) for entry in theirs]
    assert [record.title for record in ours] == titles
    assert [list(record.authors) for record in ours] == [entry["authors"] for entry in theirs]
    assert [str(record.year) for record in ours] == [entry["year"] for entry in theirs]


def test_well_formed_nbib_gives_what_nbib_gives(tmp_path):
    ours = [block.record for block in read_text(tmp_path, SAMPLES[Format.NBIB])]
    theirs = nbib.read(SAMPLES[Format.NBIB])

    assert [int(record.pmid) for record in ours] == [entry["pubmed_id"] for entry in theirs]
    assert [record.title for record in ours] == [entry["title"] for entry in theirs]
    assert ours[0].doi == theirs[0]["doi"]
    assert list(ours[0].authors) == [author["author"] for author in theirs[0]["authors"]]


def real_exports():
    if not (IMPORTS / "MANIFEST.csv").exists():
        reason = "real exports (../shared/bench/imports) are not available"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason))]
    with (IMPORTS / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["format"].startswith(FAMILIES)]
    return [pytest.param(row, id=row["file"]) for row in rows]


@pytest.mark.parametrize("row", real_exports())
def test_every_record_of_a_real_export_is_accounted_for(row):
    if row["file"] in COUNTED_OTHERWISE:
        pytest.skip("the manifest counts PMID lines only, and this file has other first lines")
    path = IMPORTS / row["file"]
    detected = detect(path)

    blocks = list(read(path, format=detected.format, encoding=detected.encoding))

    assert len(blocks) == int(row["expected_records"])
    assert count_blocks(path, format=detected.format, encoding=detected.encoding) == len(blocks)


def test_detection_never_raises_anything_but_unreadable(tmp_path):
    for text in SAMPLES.values():
        for n in (1, 5, 11, 40):
            path = tmp_path / "head"
            path.write_text(text[:n], encoding="utf-8")
            with suppress(Unreadable):
                detect(path)
