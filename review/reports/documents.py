"""The pages of a PDF as text and as images, read in a separate, limited process."""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from review.errors import Unreadable
from review.reports.page_text import reflow
from review.storage.files import write_whole

MAX_CPU_SECONDS = 30
MAX_MEMORY = 1024 * 2**20  # bytes
MAX_PAGES = 2000
PAGE_WIDTH = 1000  # pixels
MAX_CHARACTERS = 10_000_000


def pages_of(path: Path) -> list[str]:
    """Return the text of each page of a PDF, empty for scanned pages; raise Unreadable."""
    return [str(page) for page in json.loads(_run_isolated("text", path))]


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


def keep_pages(path: Path, pages: Sequence[str]) -> None:
    """Store the texts of the pages, for kept_pages to return."""
    write_whole(path, json.dumps(pages).encode())


def kept_pages(path: Path) -> list[str] | None:
    """Return the texts that keep_pages stored; None if it stored none."""
    return [str(page) for page in json.loads(path.read_bytes())] if path.exists() else None


def _text(path: str) -> bytes:
    pages: list[str] = []
    with pypdfium2.PdfDocument(path) as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            pages.append(text)
            page.close()
            if sum(map(len, pages)) > MAX_CHARACTERS:
                break
    return json.dumps(reflow(pages)).encode()


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
