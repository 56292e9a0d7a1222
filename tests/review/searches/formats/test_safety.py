"""Damage, bombs and foreign files: nothing is lost silently, and only Unreadable is raised."""

import os
import random
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.errors import Unreadable
from review.searches.formats import Format, count_blocks, detect, read
from review.searches.formats.records import RECORD_LIMIT
from tests.review.searches.formats.format_cases import DIALECTS, RIS, SAMPLES, read_bytes, read_text

LONG = {kind: text * 3 for kind, text in SAMPLES.items() if kind is not Format.CSL_JSON}


def read_sample(kind):
    """Return the blocks of an undamaged sample."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample"
        path.write_text(SAMPLES[kind], encoding="utf-8")
        return list(read(path, format=kind, encoding="utf-8"))


DAMAGE = settings(
    max_examples=300 if os.environ.get("SIFTMAP_TEST_PROFILE") == "soak" else 25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def damaged(text: str, seed: int) -> str:
    """Return ``text`` with lines removed, junk added, and perhaps its end cut off."""
    chance = random.Random(seed)  # noqa: S311 - damage, not a secret
    lines = text.split("\n")
    for _ in range(chance.randrange(6)):
        index = chance.randrange(len(lines))
        junk = chance.choice(
            ['"', "}", "{{", "<", "&x;", "ER  - ", "TY  - ", "\x00\x1b", "%0", ",,,"]
        )
        lines[index : index + chance.randrange(2)] = [junk] if chance.random() < 0.5 else []
        lines = lines or [""]
    text = "\n".join(lines)
    return text[: chance.randrange(len(text) + 1)] if chance.random() < 0.4 else text


@pytest.mark.parametrize("kind", list(LONG))
@given(seed=st.integers(0, 10**6))
@DAMAGE
def test_damaged_files_give_accepted_or_rejected_blocks_and_no_exception(tmp_path, kind, seed):
    path = tmp_path / "damaged"
    path.write_text(damaged(LONG[kind], seed), encoding="utf-8")

    try:
        blocks = list(read(path, format=kind, encoding="utf-8"))
    except Unreadable:
        return

    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    assert all((block.record is None) != (block.reason is None) for block in blocks)
    assert all("\x00" not in block.raw for block in blocks)
    assert count_blocks(path, format=kind, encoding="utf-8") >= 0


TITLES = {
    kind: [
        block.record.title
        for block in read_sample(kind)
        if block.record and block.record.title in text
    ]
    for kind, text in SAMPLES.items()
}


@pytest.mark.parametrize("kind", list(SAMPLES))
@given(seed=st.integers(0, 10**6))
@DAMAGE
def test_no_title_in_a_damaged_file_is_lost_without_a_warning(tmp_path, kind, seed):
    text = damaged(LONG.get(kind, SAMPLES[kind]), seed)
    path = tmp_path / "damaged"
    path.write_text(text, encoding="utf-8")
    try:
        blocks = list(read(path, format=kind, encoding="utf-8"))
    except Unreadable:
        return  # the user is told that the whole file is refused

    warnings = [warning for block in blocks for warning in block.warnings]
    has_rows_above = any("above the headings" in warning for warning in warnings)
    for title in TITLES[kind]:
        n_in_blocks = sum(block.raw.count(title) for block in blocks)
        assert has_rows_above or n_in_blocks >= text.count(title)


@pytest.mark.parametrize(("kind", "text"), DIALECTS)
def test_every_dialect_is_detected_and_both_counts_agree(tmp_path, kind, text):
    blocks = read_text(tmp_path, text)

    path = tmp_path / "search.txt"
    assert detect(path).format is kind
    assert [bool(block.record) for block in blocks] == [True, True]
    assert count_blocks(path, format=kind, encoding="utf-8") == 2


@pytest.mark.parametrize(("kind", "text"), DIALECTS)
@given(seed=st.integers(0, 10**6))
@DAMAGE
def test_no_title_in_a_damaged_dialect_is_lost(tmp_path, kind, text, seed):
    text = damaged(text, seed)
    path = tmp_path / "damaged"
    path.write_text(text, encoding="utf-8")

    blocks = list(read(path, format=kind, encoding="utf-8"))

    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    for title in ("Second", "Paying for homes", "Paying for jobs", "Rent help"):
        assert sum(block.raw.count(title) for block in blocks) >= text.count(title)


@pytest.mark.parametrize("kind", [Format.RIS, Format.WOS, Format.NBIB])
@given(seed=st.integers(0, 10**6))
@DAMAGE
def test_lost_first_and_last_lines_lose_no_record_from_either_count(tmp_path, kind, seed):
    chance = random.Random(seed)  # noqa: S311 - damage, not a secret
    lines = [line for line in LONG[kind].split("\n") if chance.random() < 0.9]
    path = tmp_path / "damaged"
    path.write_text("\n".join(lines), encoding="utf-8")

    n_blocks = sum(1 for _ in read(path, format=kind, encoding="utf-8"))

    assert count_blocks(path, format=kind, encoding="utf-8") == n_blocks


@given(data=st.binary(min_size=1, max_size=300))
@DAMAGE
def test_random_bytes_are_read_or_refused(tmp_path, data):
    with suppress(Unreadable):
        read_bytes(tmp_path, data)


@pytest.mark.parametrize("n_kept", range(20, len(RIS), 37))
def test_ris_cut_anywhere_keeps_every_begun_record(tmp_path, n_kept):
    text = RIS[:n_kept]

    assert len(read_text(tmp_path, text, format=Format.RIS)) == text.count("TY  - ")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "blank lines"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b"<!DOCTYPE html><html><body>hello</body></html>", "web page"),
        (b"Dear all, please find attached the search.\nKind regards, A.\n", "No record"),
        (b"<?xml version='1.0'?><feed><entry/></feed>", "neither PubMed"),
        (bytes(range(256)) * 40, "binary"),
        (b"PK\x03\x04 not really", "zip"),
    ],
)
def test_files_without_references_are_refused_by_kind(tmp_path, data, words):
    with pytest.raises(Unreadable, match=words):
        read_bytes(tmp_path, data)


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY e0 "ha">' + BOMB,
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;',
    ],
)
def test_xml_that_declares_entities_is_refused_at_once(tmp_path, declarations):
    text = (
        f"<?xml version='1.0'?><!DOCTYPE xml [{declarations}]><xml><records><record><titles>"
        "<title>&x;&e11;</title></titles></record></records></xml>"
    )
    path = tmp_path / "bomb.xml"
    path.write_text(text, encoding="utf-8")
    started = time.process_time()

    with pytest.raises(Unreadable, match="entities"):
        detect(path)
    with pytest.raises(Unreadable, match="entities"):
        list(read(path, format=Format.ENDNOTE_XML, encoding="utf-8"))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        ("@article{a, title = " + "{" * 200_000, 1),
        ("@article{a, title = " + "{" * 100_000 + "}" * 100_000 + "}", 1),
        ("@article{a, title = {x\n" * 40_000, 40_000),
        ("@article{k, title = {x}, year = 2000}\n" * 20_000, 20_000),
        ("@comment{" * 20_000 + "\n@article{k, title = {x}}", 1),
        ('@article{a, title = "' + "\\" * 100_000, 1),
        ("@article{a" + ", f = {x" * 60_000, 1),
    ],
)
def test_pathological_bibtex_is_read_in_linear_time(tmp_path, text, at_least):
    started = time.process_time()

    blocks = read_text(tmp_path, text, format=Format.BIBTEX)

    assert len(blocks) >= at_least
    assert time.process_time() - started < 10


@pytest.mark.parametrize("line", ["AU  - " + "a, " * 300_000, "TY  -" * 200_000, "<a " * 300_000])
def test_pathological_lines_are_read_in_linear_time(tmp_path, line):
    started = time.process_time()

    read_text(tmp_path, f"TY  - JOUR\nTI  - x\n{line}\nER  - \n", format=Format.RIS)

    assert time.process_time() - started < 10


def test_a_block_over_the_limit_is_rejected_and_the_next_is_read(tmp_path):
    text = f"TY  - JOUR\nAB  - {'word ' * (RECORD_LIMIT // 4)}\nER  - \n{RIS}"

    blocks = read_text(tmp_path, text, format=Format.RIS)

    assert [block.record is None for block in blocks] == [True, False, False]
    assert "MB" in blocks[0].reason
    assert len(blocks[0].raw) < RECORD_LIMIT


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "search.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Exported on", "3 May"])
    sheet.append(["Title", "Authors", "Year", "DOI"])
    sheet.append(["One", "Roy, M.; Tan, S.", 2018, "10.1000/1"])
    sheet.append([None, None, None, None])
    sheet.append(["Two", "Silva, A.", 2019.0, None])
    book.save(path)
    return path


def test_a_workbook_is_read_below_its_headings(workbook):
    detected = detect(workbook)

    blocks = list(read(workbook, format=detected.format, encoding=detected.encoding))

    assert detected.format is Format.XLSX
    assert [block.record.title for block in blocks] == ["One", "Two"]
    assert [block.record.year for block in blocks] == [2018, 2019]
    assert [block.line for block in blocks] == [3, 5]
    assert count_blocks(workbook, format=Format.XLSX, encoding="utf-8") == 2


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(tmp_path, workbook):
    bomb = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(workbook) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            copy.writestr(name, source.read(name))
        copy.writestr("xl/worksheets/sheet9.xml", b" " * 30_000_000)
    started = time.process_time()

    with pytest.raises(Unreadable, match="tightly"):
        detect(bomb)
    assert time.process_time() - started < 2


def test_a_workbook_that_declares_entities_is_refused(tmp_path, workbook):
    bomb = tmp_path / "entities.xlsx"
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(bomb, "w") as copy:
        for name in source.namelist():
            prolog = b'<!DOCTYPE x [<!ENTITY a "ha">]>' if "sheet1" in name else b""
            copy.writestr(name, prolog + source.read(name))

    with pytest.raises(Unreadable, match="entities"):
        list(read(bomb, format=Format.XLSX, encoding="utf-8"))


@pytest.mark.parametrize("n_kept", [60, 500, 2_000, 4_000])
def test_a_torn_workbook_is_refused(tmp_path, workbook, n_kept):
    torn = tmp_path / "torn.xlsx"
    torn.write_bytes(workbook.read_bytes()[:n_kept])

    with pytest.raises(Unreadable):
        list(read(torn, format=Format.XLSX, encoding="utf-8"))


def test_progress_is_reported_in_bytes(tmp_path):
    path = tmp_path / "search.ris"
    path.write_text(RIS * 2_000, encoding="utf-8")
    reported: list[int] = []

    n = sum(1 for _ in read(path, format=Format.RIS, encoding="utf-8", on_progress=reported.append))

    assert n == 4_000
    assert reported == sorted(reported)
    assert reported[-1] == path.stat().st_size


def test_progress_of_a_workbook_is_reported_as_it_is_read(tmp_path):
    path = tmp_path / "search.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Title", "Year"])
    for number in range(1_000):
        book.active.append([f"Bond {number}", 2000])
    book.save(path)
    reported: list[int] = []

    n = sum(
        1 for _ in read(path, format=Format.XLSX, encoding="utf-8", on_progress=reported.append)
    )

    assert (n, len(reported) > 3, reported == sorted(reported)) == (1_000, True, True)
    assert reported[-1] == path.stat().st_size
