"""The text of a file in chunks, so that a whole file is never in memory."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from review.errors import Unreadable

CHUNK = 256 * 1024

# Tab, newline and carriage return are text.  Other control characters, byte order marks in mid-text
# and lone surrogates are not, and databases refuse some of them.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127])

CONTROLS_REMOVED = "Control characters were removed."
NOT_DECODED = "Some bytes do not fit the file's encoding and are shown as \ufffd."


class TextSource:
    """The decoded text of ``path``, one chunk at a time, with every line ending as a newline.

    ``on_progress`` gets the number of bytes read so far.
    """

    def __init__(
        self, path: Path, *, encoding: str, on_progress: Callable[[int], None] | None = None
    ) -> None:
        self.path = path
        self.encoding = encoding
        self._on_progress = on_progress
        # In UTF-16 every second byte of plain English is a NUL, so bytes show nothing there.
        self._may_have_controls = _is_wide(encoding)

    def __iter__(self) -> Iterator[str]:
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(self.encoding)(errors="replace"), translate=True
        )
        n_read = 0
        with self.path.open("rb") as file:
            while data := file.read(CHUNK):
                n_read += len(data)
                self._look_for_controls(data)
                yield self._decoded(decoder, data)
                if self._on_progress is not None:
                    self._on_progress(n_read)
        yield self._decoded(decoder, b"", is_last=True)

    def _decoded(
        self, decoder: io.IncrementalNewlineDecoder, data: bytes, *, is_last: bool = False
    ) -> str:
        try:
            return decoder.decode(data, final=is_last)
        except UnicodeError as error:
            raise Unreadable(
                f"This file cannot be read as {self.encoding}. Choose another encoding."
            ) from error

    def lines(self) -> Iterator[str]:
        """Yield the lines, each with its newline."""
        rest = ""
        for chunk in self:
            *lines, rest = _split_lines(rest, chunk)
            yield from lines
            if len(rest) > 16 * CHUNK:  # an endless line must not be joined again and again
                yield rest
                rest = ""
        if rest:
            yield rest

    def clean(self, text: str) -> tuple[str, list[str]]:
        """Return ``text`` without control characters, and warnings about faults in it."""
        warnings = []
        if self._may_have_controls or "\ufeff" in text:
            plain = _NOT_TEXT.sub("", text)
            if len(plain) != len(text) - text.count("\ufeff"):
                warnings.append(CONTROLS_REMOVED)
            text = plain
        if "\ufffd" in text:
            warnings.append(NOT_DECODED)
        return text, warnings

    def _look_for_controls(self, data: bytes) -> None:
        if not self._may_have_controls:
            self._may_have_controls = len(data.translate(None, _CONTROL_BYTES)) != len(data)


def without_controls(text: str) -> str:
    """Return ``text`` without the characters that some databases refuse."""
    return _NOT_TEXT.sub("", text)


def _is_wide(encoding: str) -> bool:
    return encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))


def _split_lines(rest: str, chunk: str) -> list[str]:
    lines = (rest + chunk).split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [lines[-1]]
