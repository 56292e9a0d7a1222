"""PDFs made to hang, fill the memory or run something: each is read, or refused with a reason."""

import random
import zlib

import pytest

from api.demonstration.pdf import pdf_of
from review.errors import Unreadable
from review.reports.documents import (
    MAX_CPU_SECONDS,
    MAX_MEMORY,
    MAX_PAGES,
    Line,
    keep_pages,
    kept_pages,
    page_image,
    pages_of,
    quote_boxes,
)

GOOD = pdf_of("A bond for homes", "Doe, J.", ["We paid for outcomes.", "It worked."])
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
EMPTY = b"<< /Type /Pages /Kids [] /Count 0 >>"


def pdf(*objects: bytes, trailer: bytes = b"", junk: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1, with a table of true offsets."""
    data, offsets = b"%PDF-1.7\n" + junk, []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    n = len(objects) + 1
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (n, table)
    data += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (n, trailer)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


def page_with(content: bytes, more: bytes = b"") -> bytes:
    return pdf(
        CATALOG,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
        stream(content, more),
    )


def hostile() -> dict[str, bytes]:
    many = [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"] * 10_000
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(len(many)))
    bomb = zlib.compress(b" " * 200_000_000)
    chance = random.Random(6)  # noqa: S311 - damage, not a secret
    files = {
        "kids of itself": pdf(CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
        "kids in a ring": pdf(
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
        ),
        "ten thousand pages": pdf(
            CATALOG, b"<< /Type /Pages /Kids [%s] /Count 10000 >>" % kids, *many
        ),
        "a lying count": pdf(CATALOG, b"<< /Type /Pages /Kids [] /Count 2000000000 >>"),
        "a negative count": pdf(CATALOG, b"<< /Type /Pages /Kids [] /Count -5 >>"),
        "deep": pdf(CATALOG, EMPTY, b"[" * 200_000 + b"]" * 200_000),
        "deep, unclosed": pdf(CATALOG, EMPTY, b"<<" * 200_000),
        "locked": pdf(CATALOG, EMPTY, trailer=b"/Encrypt << /Filter /Standard /V 5 /R 6 >>"),
        "script": pdf(
            b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (alert(1)) >> >>",
            EMPTY,
        ),
        "launch": pdf(
            b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /Launch /F (/bin/sh) >> >>", EMPTY
        ),
        "fetch": pdf(
            b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI (http://[::1]:9) >> >>",
            EMPTY,
        ),
        "polyglot": pdf(CATALOG, EMPTY, junk=b"<html><script>alert(1)</script></html>\n"),
        "bomb": page_with(bomb, b"/Filter /FlateDecode"),
        "bomb in a bomb": page_with(zlib.compress(bomb), b"/Filter [/FlateDecode /FlateDecode]"),
        "operators": page_with(b"q " * 2_000_000),
        "paths": page_with(b"0 0 m " + b"9 9 l " * 1_000_000 + b"S"),
        "huge page": pdf(
            CATALOG,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1e9 1e9] >>",
        ),
        "no page": pdf(CATALOG, EMPTY),
        "no root": b"%PDF-1.7\ntrailer << >>\nstartxref\n0\n%%EOF",
        "xref to itself": GOOD.replace(b"trailer\n<<", b"trailer\n<< /Prev 9 "),
        "only a head": b"%PDF-1.7\n",
        "html": b"%PDF-1.7<html>",
    }
    files |= {f"torn {n}": GOOD[: len(GOOD) * n // 10] for n in range(1, 10)}
    for number in range(12):
        data = bytearray(GOOD)
        for _ in range(40):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        files[f"noise {number}"] = bytes(data)
    return files


FILES = hostile()


def test_there_are_enough_hostile_files_and_limits_are_tight():
    assert len(FILES) >= 40
    assert (MAX_CPU_SECONDS, MAX_MEMORY) <= (30, 1024 * 2**20)


@pytest.mark.parametrize("name", list(FILES))
def test_a_hostile_pdf_is_read_or_refused_with_a_reason(tmp_path, name):
    path = tmp_path / "document.pdf"
    path.write_bytes(FILES[name])

    for read in (lambda: pages_of(path), lambda: page_image(path, 1)):
        result, refusal = [], "You can still download it."
        try:
            result = read()
        except Unreadable as error:
            refusal = str(error)
        assert "You can still download it." in refusal
        assert len(result) <= MAX_PAGES or result.startswith(b"\x89PNG")


def test_the_reader_runs_no_module_of_the_current_folder(tmp_path, monkeypatch):
    path = tmp_path / "good.pdf"
    path.write_bytes(GOOD)
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "__init__.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)

    assert "We paid for outcomes." in pages_of(path)[0].text


def test_a_good_pdf_of_the_same_kind_is_read(tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(GOOD)

    assert "We paid for outcomes." in " ".join(page.text for page in pages_of(path))


def test_the_words_of_a_page_have_their_places_on_it(tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(GOOD)

    [page, *_] = pages_of(path)

    assert (page.width, page.height) == (595, 842)
    words = [line.text for line in page.lines]
    assert words[0] == "A bond for homes"
    assert "We paid for outcomes." in words
    heights = [line.y for line in page.lines]
    assert heights == sorted(heights)  # from the top
    for line in page.lines:
        assert 0 < line.x < line.x + line.width < page.width
        assert 0 < line.y - line.height < line.y < page.height


def test_a_quote_is_marked_over_the_lines_that_it_runs_over():
    lines = [
        Line(x=100, y=20, width=120, height=10, text="aaaa bbbbbbbb"),
        Line(x=100, y=40, width=50, height=10, text="cccc-"),
        Line(x=100, y=60, width=60, height=10, text="cccc dddddddd"),
        Line(x=100, y=80, width=70, height=10, text="שלום עולם גדול ויפה"),
    ]

    boxes = quote_boxes(
        lines, ["BBBBBBBB cccccccc", "not to be found", "", "dddd", "עולם גדול ויפה"]
    )

    assert [(box.x, box.y, box.width) for box in boxes] == [
        (140, 20, 80), (100, 40, 50), (100, 60, 20), (100, 80, 70),
    ]  # fmt: skip
    assert quote_boxes([], ["a long enough quote"]) == []


def test_the_quote_of_a_real_page_is_found_on_it(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(GOOD)
    page = next(page for page in pages_of(path) if "paid for outcomes" in page.text)

    [box] = quote_boxes(page.lines, ["paid for outcomes"])

    [line] = [line for line in page.lines if "outcomes" in line.text]
    assert line.x < box.x < box.x + box.width <= line.x + line.width


def test_pages_are_kept_as_they_were_read(tmp_path):
    path, kept = tmp_path / "document.pdf", tmp_path / "kept.json"
    path.write_bytes(GOOD)
    pages = pages_of(path)

    keep_pages(kept, pages)

    assert kept_pages(kept) == pages
