"""Write PDFs of plain text by hand: just enough for synthetic full texts."""

import textwrap
from collections.abc import Iterator, Sequence

WIDTH, HEIGHT, MARGIN = 595, 842, 64  # A4 in points
SIZE, LEADING = 11, 15
CHARACTERS = 88  # that usually fit on a line of 11-point Helvetica
LINES = (HEIGHT - 2 * MARGIN) // LEADING


def pdf_of(title: str, authors: str, pages_of_text: Sequence[str]) -> bytes:
    """Return a PDF 1.4 whose first page begins with the title and the authors.

    Each of ``pages_of_text`` begins a page and continues on the next if it is too long.
    Characters that Windows-1252 lacks become question marks.
    """
    first, *rest = pages_of_text or [""]
    texts = [f"{title}\n\n{authors}\n\n{first}", *rest]
    pages = [page for text in texts for page in _pages(text)]
    return _file([_information(title), *_objects(pages)])


def _pages(text: str) -> Iterator[list[str]]:
    lines = [
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(paragraph, CHARACTERS) or [""]
    ]
    for start in range(0, len(lines), LINES):
        yield lines[start : start + LINES]


def _information(title: str) -> bytes:
    return b"<< /Title (" + _escaped(title) + b") /Producer (siftmap demonstration) >>"


def _objects(pages: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """Yield the objects from number 2: catalogue, tree, font, then each page and its text."""
    numbers = [5 + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    yield b"<< /Type /Catalog /Pages 3 0 R >>"
    yield f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode()
    yield (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )  # fmt: skip
    for number, lines in zip(numbers, pages, strict=True):
        yield (
            f"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << /F1 4 0 R >> >> /Contents {number + 1} 0 R >>"
        ).encode()
        yield _stream(lines)


def _stream(lines: Sequence[str]) -> bytes:
    begin = f"BT /F1 {SIZE} Tf {LEADING} TL {MARGIN} {HEIGHT - MARGIN} Td\n".encode()
    text = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    content = begin + text + b"ET"
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _escaped(text: str) -> bytes:
    plain = text.encode("cp1252", errors="replace")
    for character in (b"\\", b"(", b")"):
        plain = plain.replace(character, b"\\" + character)
    return plain


def _file(objects: Sequence[bytes]) -> bytes:
    """Return the file, with the offset of every object in the cross-reference table."""
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file += b"trailer\n<< /Size %d /Root 2 0 R /Info 1 0 R >>\n" % (len(objects) + 1)
    file += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(file)
