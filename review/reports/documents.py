"""The pages of a PDF as text and as images, made in a process of its own that is not trusted."""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from review.errors import Unreadable
from review.storage.files import write_whole

SECONDS = 30
MEMORY = 1024 * 2**20
MAX_PAGES = 2000
WIDTH = 1000  # pixels of a page
MAX_TEXT = 10_000_000


def pages_of(path: Path) -> list[str]:
    """Return the text of each page of a PDF; empty texts for scanned pages.

    Raises Unreadable where reading it does not end well.
    """
    return [str(page) for page in json.loads(_apart("text", path))]


def page_image(path: Path, number: int) -> bytes:
    """Return a page of a PDF, the first being 1, as PNG; raise Unreadable where it cannot be."""
    return _apart("image", path, str(number))


def _apart(what: str, path: Path, *more: str) -> bytes:
    """Return what a process of its own makes of a PDF.

    A PDF may be made to hang or to fill the memory of whoever reads it, so the process has limits.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module, a path of our own
            [sys.executable, "-m", "review.reports.documents", what, str(path), *more],
            capture_output=True,
            timeout=SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("Reading this PDF took too long; it can be saved all the same.") from error
    if done.returncode:
        raise Unreadable("This PDF cannot be read here; it can be saved all the same.")
    return done.stdout


def keep_pages(path: Path, pages: Sequence[str]) -> None:
    """Keep the pages that were read."""
    write_whole(path, json.dumps(pages).encode())


def kept_pages(path: Path) -> list[str] | None:
    """Return pages that were kept before; None where there are none."""
    return [str(page) for page in json.loads(path.read_bytes())] if path.exists() else None


def _text(path: str) -> bytes:
    pages: list[str] = []
    with pypdfium2.PdfDocument(path) as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            pages.append(text.replace("\r\n", "\n").replace("\0", ""))
            page.close()
            if sum(map(len, pages)) > MAX_TEXT:
                break
    return json.dumps(pages).encode()


def _image(path: str, number: str) -> bytes:
    with pypdfium2.PdfDocument(path) as document:
        page = document[int(number) - 1]
        scale = min(WIDTH / page.get_width(), 2 * WIDTH / page.get_height())
        drawn = io.BytesIO()
        page.render(scale=scale, draw_annots=False).to_pil().save(drawn, "PNG", optimize=True)
        return drawn.getvalue()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked, *given = sys.argv[1:]
    sys.stdout.buffer.write(_text(*given) if asked == "text" else _image(*given))
