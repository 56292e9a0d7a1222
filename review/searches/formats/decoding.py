"""Find the encoding of a file: strict Unicode first, then one of a short list of old ones."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

LEGACY = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "gb18030", "shift_jis")
"""Encodings of exports that are not Unicode, the most frequent first."""

_COMMON_LETTERS = frozenset("áàâäãåéèêëíîïóòôöõúùûüñçßøæœ")
_ALONE = frozenset("àèéóåøÀÈÉÓÅØ")  # words of one letter
_APOSTROPHES = frozenset("\u2018\u2019")
_DASHES = frozenset("\u2013\u2014")
_OPENING = frozenset("\u201c\u201e\u00ab\u00bf\u00a1\u20ac\u2022")
_CLOSING = frozenset("\u201d\u2013\u2014\u2026\u00bb\u00a0\u2122\u00ae\u20ac\u00b0\u2030")
_END_OF_WORD = {  # after \xf3 and \xf1 of Mac Roman: "evaluaci\u2014n", "ni\u2013os"
    "\u2014": re.compile(r"[bcdlmnrst]\b"),
    "\u2013": re.compile(r"[aeiou][a-z]?\b"),
}

_EAST_ASIAN = ("gb18030", "shift_jis")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 128 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding, with a note if it is a guess."""

    name: str
    note: str = ""


def find_encoding(path: Path) -> Encoding:
    """Return the encoding of ``path``; this reads the whole file once to prove UTF-8."""
    with path.open("rb") as file:
        head = file.read(4096)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name)
    if wide := _wide_without_bom(head):
        return Encoding(wide, "UTF-16 without a byte order mark.")
    n_valid, n_wrong, sample = _try_utf8(path)
    # A few wrong bytes are damage or a pasted line; more of them mean another encoding.
    if n_wrong == 0 or n_valid >= 20 * n_wrong:
        note = f"Bytes that are not valid UTF-8: {n_wrong}." if n_wrong else ""
        return Encoding("utf-8", note)
    name = _guess_legacy(sample)
    return Encoding(name, f"Not Unicode; read as {name}. Check the accents.")


def _wide_without_bom(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < 8:
        return None
    # A quarter: the tags and blanks of a file whose texts are in another script than ours.
    if head[1::2].count(0) > 0.25 * pairs and head[::2].count(0) < 0.05 * pairs:
        return "utf-16-le"
    if head[::2].count(0) > 0.25 * pairs and head[1::2].count(0) < 0.05 * pairs:
        return "utf-16-be"
    return None


def _try_utf8(path: Path) -> tuple[int, int, bytes]:
    """Return the number of valid and invalid non-ASCII characters, and some non-ASCII lines.

    A character that the end of the file cuts off is not counted as invalid.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    n_valid = n_wrong = 0
    sample = bytearray()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            text = decoder.decode(data)
            if len(text) == len(data) and text.isascii():
                continue
            bad = text.count("\ufffd") - data.count("\ufffd".encode())
            n_wrong += max(bad, 0)
            n_valid += len(text) - len(text.encode("ascii", "ignore")) - max(bad, 0)
            if bad and len(sample) < _SAMPLE:
                sample += b"\n".join(line for line in data.splitlines() if not line.isascii())
    return n_valid, n_wrong, bytes(sample[:_SAMPLE])


def _guess_legacy(sample: bytes) -> str:
    """Return the likeliest of LEGACY or mac_roman, or cp1252 if nothing suggests another."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    # Accented letters are single high bytes; Chinese and Japanese are runs of high bytes.
    is_accents = sum(map(len, runs)) < 2.5 * len(runs)
    guess = _likeliest(
        sample, [name for name in LEGACY if not (is_accents and name in _EAST_ASIAN)]
    )
    if is_accents and _plausibility(sample, "mac_roman") > max(
        _plausibility(sample, "cp1252"), _plausibility(sample, guess)
    ):
        return "mac_roman"
    return guess


def _likeliest(sample: bytes, candidates: list[str]) -> str:
    matches = list(from_bytes(sample, cp_isolation=candidates, enable_fallback=False))
    if not matches:
        return "cp1252"
    least = min(match.chaos for match in matches)
    likely = [match for match in matches if match.chaos <= least + 0.01]
    if any(str(match) == sample.decode("cp1252", errors="replace") for match in likely):
        return "cp1252"
    return likely[0].encoding


def _plausibility(sample: bytes, encoding: str) -> float:
    """Return how well the characters that are not ASCII fit their neighbours, from -1 to 1.

    The same bytes are letters in one encoding and signs or capitals in the middle of a word in the
    other: "sant\u00e9" in Mac Roman is "sant\u017d" in cp1252.
    """
    text = f" {sample.decode(encoding, errors='replace')} "
    fits = [_fits(text, index) for index in range(1, len(text) - 1) if text[index] > "\x7f"]
    return sum(fits) / max(len(fits), 1)


def _fits(text: str, index: int) -> float:
    """Return how well a character that is not ASCII fits its place, from -1 to 1."""
    before, sign, after = text[index - 1], text[index], text[index + 1]
    if sign.isalpha():
        return _letter_fits(before, sign, after)
    if sign in _DASHES and before.isalpha() and after.isalpha():
        return -1.0 if _END_OF_WORD[sign].match(text, index + 1) else 1.0
    if sign in _APOSTROPHES:
        return 1.0 if before.isalpha() or after.isalpha() else 0.0
    if sign in _OPENING:
        return -1.0 if before.isalnum() else 1.0
    if sign in _CLOSING:
        return -1.0 if after.isalpha() else 1.0
    return -1.0 if before.isalpha() or after.isalpha() else 0.0


def _letter_fits(before: str, sign: str, after: str) -> float:
    is_alone = not before.isalpha() and not after.isalpha()
    if before.isdigit() or after.isdigit() or (is_alone and sign not in _ALONE):
        return -1.0
    is_inside = before.isalpha() and not (before.isupper() and not after.islower())
    if sign.isupper() and is_inside:
        return -1.0
    return 1.0 if sign.lower() in _COMMON_LETTERS else 0.25
