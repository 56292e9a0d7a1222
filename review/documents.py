"""The text of a PDF, page by page, read in a process of its own that is not trusted."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from review.errors import Unreadable
from review.files import write_whole

SECONDS = 30
MEMORY = 1024 * 2**20
MAX_PAGES = 2000
MAX_TEXT = 10_000_000


def pages_of(path: Path) -> list[str]:
    """Return the text of each page of a PDF; empty texts for scanned pages.

    A PDF may be made to hang or to fill the memory of whoever reads it, so reading it happens in
    a process with limits.  Raises Unreadable where it does not end well.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module, a path of our own
            [sys.executable, "-m", "review.documents", str(path)],
            capture_output=True,
            timeout=SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(
            "Reading this PDF took too long; it can be opened all the same."
        ) from error
    if done.returncode:
        raise Unreadable("The text of this PDF cannot be read; it can be opened all the same.")
    return [str(page) for page in json.loads(done.stdout)]


def keep_pages(path: Path, pages: Sequence[str]) -> None:
    """Keep the pages that were read."""
    write_whole(path, json.dumps(pages).encode())


def kept_pages(path: Path) -> list[str] | None:
    """Return pages that were kept before; None where there are none."""
    return [str(page) for page in json.loads(path.read_bytes())] if path.exists() else None


def _read(path: str) -> list[str]:
    pages: list[str] = []
    with pypdfium2.PdfDocument(path) as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            pages.append(text.replace("\r\n", "\n").replace("\0", ""))
            page.close()
            if sum(map(len, pages)) > MAX_TEXT:
                break
    return pages


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(json.dumps(_read(sys.argv[1])))
