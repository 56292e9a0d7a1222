"""The text of a PDF's pages as it reads: lines joined, words that a line cut joined, no boxes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

# PDFium writes U+FFFE, and some fonts U+0002 or a soft hyphen, where a line cuts a word.
_CUT = "\ufffe\x02\xad"
_CUT_WORD = re.compile(rf"(\w+)(?:[{_CUT}]\s*\n?|[-\u2010]\s*\n)\s*(?=(\w+))")
_UNPRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\xad\u200b\ufeff]")
_BULLET = re.compile(r"\s*(?:[•‣▪●○–—*·]|\(?\d{1,2}[.)]|[a-z]\))\s+\S")
_ENDS = tuple(".!?:;。！？")
SHORT = 0.75  # of the page's usual line: one so short may end a paragraph


def reflow(pages: Sequence[str]) -> list[str]:
    """Return the texts of a document's pages with the lines of each paragraph joined.

    Paragraphs are apart by an empty line.  A word that was cut at the end of a line is joined; it
    keeps its hyphen if the document writes it with one elsewhere, or only ever writes its halves.
    """
    counts = Counter(word for page in pages for word in _words(page))
    return [_reflow_page(page, counts) for page in pages]


def printed(text: str) -> str:
    """Return a line without what is not printed; a cut word's box is its hyphen."""
    hyphened = re.sub(f"[{_CUT}]", "-", text)
    return " ".join(_UNPRINTED.sub("", hyphened).split())


SHORTEST_QUOTE = 12  # characters; a word or two would be found wherever their letters are


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Return where a text has a quote; None if it has not.

    Spaces, lines, hyphens, boxes and the shapes of quotation marks and ligatures do not matter, so
    that a quote taken from another copy of the text is found as well.
    """
    return next(iter(find_quotes(text, [quote])), None)


def find_quotes(text: str, quotes: Iterable[str]) -> list[tuple[int, int]]:
    """Return where a text has each of the quotes that it has, as `find_quote` does, in order."""
    letters, places = _letters(text)
    found = []
    for quote in quotes:
        wanted = letters_of(quote)
        start = letters.find(wanted) if wanted else -1
        if start >= 0:
            found.append((places[start], places[start + len(wanted) - 1] + 1))
    return sorted(found)


def letters_of(text: str) -> str:
    """Return a text's letters and digits in one form: without case, accents or anything else."""
    return _letters(text)[0]


def _letters(text: str) -> tuple[str, list[int]]:
    """Return a text's letters and digits in one form, and the place of each in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in unicodedata.normalize("NFKD", character.casefold()):
            if letter.isalnum():
                letters.append(letter)
                places.append(place)
    return "".join(letters), places


def _words(page: str) -> Iterator[str]:
    return (word.casefold() for word in re.findall(r"\w+(?:[-\u2010]\w+)*", page))


def _reflow_page(page: str, counts: Counter[str]) -> str:
    text = page.replace("\r\n", "\n").replace("\r", "\n")
    text = _CUT_WORD.sub(lambda cut: cut[1] + _joint(cut[1], cut[2], counts), text)
    text = _UNPRINTED.sub("", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[int(len(lengths) * 0.8)] if lengths else 0
    paragraphs: list[list[str]] = [[]]
    previous = ""
    for line in lines:
        if not line or _begins_anew(previous, line, usual=usual):
            paragraphs.append([])
        if line:
            paragraphs[-1].append(line)
        previous = line
    return "\n\n".join(_joined(lines) for lines in paragraphs if lines)


def _joint(first: str, second: str, counts: Counter[str]) -> str:
    """Return what stands between the halves of a word that a line has cut: a hyphen or nothing."""
    whole, hyphened = (f"{first}{mark}{second}".casefold() for mark in ("", "-"))
    if counts[whole] or counts[hyphened]:
        return "-" if counts[hyphened] > counts[whole] else ""
    if first[-1].isdigit() or second[0].isdigit() or second[0].isupper():
        return "-"
    # Each half is counted once where it was cut.
    are_words = min(counts[first.casefold()], counts[second.casefold()]) > 1
    return "-" if are_words else ""


def _begins_anew(previous: str, line: str, *, usual: int) -> bool:
    if not previous:
        return False
    if _BULLET.match(line):
        return True
    is_short = len(previous) < usual * SHORT
    return is_short and (previous.endswith(_ENDS) or line[0].isupper() or line[0].isdigit())


def _joined(lines: Sequence[str]) -> str:
    """Return lines as one; scripts without spaces between words get none."""
    text = lines[0]
    for line in lines[1:]:
        is_wide = all(
            unicodedata.east_asian_width(letter) in "WF" for letter in (text[-1], line[0])
        )
        text += line if is_wide else f" {line}"
    return text
