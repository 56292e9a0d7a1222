"""The pages of a PDF as text and as images, read in a separate, limited process."""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from pathlib import Path
from unicodedata import bidirectional

import pypdfium2

from review.errors import Unreadable
from review.reports.page_text import SHORTEST_QUOTE, letters_of, printed, reflow
from review.storage.files import write_whole

MAX_CPU_SECONDS = 30
MAX_MEMORY = 1024 * 2**20  # bytes
MAX_PAGES = 2000
PAGE_WIDTH = 1000  # pixels
MAX_CHARACTERS = 10_000_000
MAX_LINES = 2_000  # of a page


@dataclass(frozen=True)
class Line:
    """A stretch of text and its place on the page, in points from the top left."""

    x: float
    y: float  # of its lower edge
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class DocumentPage:
    """A page of a PDF: its size in points, its text in paragraphs, and the places of its words."""

    width: float
    height: float
    text: str  # empty for a scan
    lines: Sequence[Line]  # none for a scan, or a page that is turned


def quote_boxes(lines: Sequence[Line], quotes: Iterable[str]) -> list[Line]:
    """Return where a page shows quotes: for each the parts of the lines that it runs over.

    Letters are taken to be equally wide within a line; a line that is written from the right is
    taken whole.  Quotes of a word or two are left out, as in the text.
    """
    letters = [letters_of(line.text) for line in lines]
    ends = list(accumulate(map(len, letters)))
    text = "".join(letters)
    boxes = []
    for quote in quotes:
        wanted = letters_of(quote)
        start = text.find(wanted) if len(quote) >= SHORTEST_QUOTE and wanted else -1
        if start < 0:
            continue
        for line, own, end in zip(lines, letters, ends, strict=True):
            first, last = max(start, end - len(own)), min(start + len(wanted), end)
            if first < last and any(bidirectional(sign) in ("R", "AL") for sign in line.text):
                boxes.append(line)
            elif first < last:
                share = line.width / len(own)
                x = line.x + (first - end + len(own)) * share
                boxes.append(replace(line, x=round(x, 1), width=round((last - first) * share, 1)))
    return boxes


def pages_of(path: Path) -> list[DocumentPage]:
    """Return the pages of a PDF; raise Unreadable."""
    return _parsed(_run_isolated("text", path))


def page_image(path: Path, number: int) -> bytes:
    """Return a page of a PDF, the first being 1, as PNG; raise Unreadable."""
    return _run_isolated("image", path, str(number))


def _run_isolated(task: str, path: Path, *arguments: str) -> bytes:
    """Return the output of a separate process that reads a PDF.

    A hostile PDF may hang its reader or fill the memory, so the process has limits.
    """
    try:
        process = subprocess.run(  # noqa: S603 - our own module, a path of our own
            # -P: the current folder is not to be searched for modules.
            [sys.executable, "-P", "-m", "review.reports.documents", task, str(path), *arguments],
            capture_output=True,
            timeout=MAX_CPU_SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("Reading this PDF took too long. You can still download it.") from error
    if process.returncode:
        raise Unreadable("This PDF cannot be read here. You can still download it.")
    return process.stdout


def keep_pages(path: Path, pages: Sequence[DocumentPage]) -> None:
    """Store the pages, for kept_pages to return."""
    write_whole(path, _written(pages))


def kept_pages(path: Path) -> list[DocumentPage] | None:
    """Return the pages that keep_pages stored; None if it stored none."""
    return _parsed(path.read_bytes()) if path.exists() else None


def _written(pages: Sequence[DocumentPage]) -> bytes:
    return json.dumps([asdict(page) for page in pages]).encode()


def _parsed(data: bytes) -> list[DocumentPage]:
    return [
        DocumentPage(**page | {"lines": [Line(**line) for line in page["lines"]]})
        for page in json.loads(data)
    ]


def _text(path: str) -> bytes:
    texts: list[str] = []
    pages: list[tuple[float, float, list[Line]]] = []
    with pypdfium2.PdfDocument(path) as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            pages.append((page.get_width(), page.get_height(), _lines(page, text_page)))
            page.close()
            if sum(map(len, texts)) > MAX_CHARACTERS:
                break
    return _written(
        [
            DocumentPage(width, height, text, lines)
            for (width, height, lines), text in zip(pages, reflow(texts), strict=True)
        ]
    )


def _lines(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> list[Line]:
    """Return a page's stretches of text with their places; none for a page that is turned."""
    if page.get_rotation():
        return []
    left, _bottom, _right, top = page.get_cropbox()
    lines = []
    for index in range(min(text_page.count_rects(), MAX_LINES)):
        x, low, right, high = text_page.get_rect(index)
        text = printed(text_page.get_text_bounded(x, low, right, high))
        if text and right > x and high > low:
            lines.append(
                Line(
                    x=round(x - left, 1),
                    y=round(top - low, 1),
                    width=round(right - x, 1),
                    height=round(high - low, 1),
                    text=text,
                )
            )
    return lines


def _image(path: str, number: str) -> bytes:
    with pypdfium2.PdfDocument(path) as document:
        page = document[int(number) - 1]
        scale = min(PAGE_WIDTH / page.get_width(), 2 * PAGE_WIDTH / page.get_height())
        png = io.BytesIO()
        page.render(scale=scale, draw_annots=False).to_pil().save(png, "PNG", optimize=True)
        return png.getvalue()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    task, *arguments = sys.argv[1:]
    sys.stdout.buffer.write(_text(*arguments) if task == "text" else _image(*arguments))
