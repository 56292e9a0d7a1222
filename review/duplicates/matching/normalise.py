"""Bring each field of a record into one spelling, so that equal things compare as equal.

Every function takes the text as a source wrote it and returns "" (or an empty tuple) where the
text has no information; none raises, whatever the text is.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from opencc import OpenCC

TEXT_LIMIT = 4000  # characters read of any field: a megabyte in a title is a mistake of the file
TITLE_LIMIT = 400  # the longest title in 110,000 real and synthetic records has 392 characters
ABSTRACT_LIMIT = 600  # enough to distinguish abstracts; copyright lines come later
AUTHORS_LIMIT = 300

# Letters that Unicode does not decompose although indexes write them plainly.
PLAIN_LETTERS = {"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th"}
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega",
}  # fmt: skip
MISSING = frozenset(
    {"na", "n a", "nan", "none", "null", "unknown", "not available", "no abstract",
     "no abstract available", "anonymous", "anon", "no author", "no authors listed",
     "no pagination", "no pagination specified", "no title"}
)  # fmt: skip
DASHES = re.compile(r"\s*(?:[-‐‑‒–—―−﹘﹣－]|--)+\s*")
_MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
MONTHS = {name: str(number) for number, name in enumerate(_MONTH_NAMES, start=1)}
# The short words of English, German, French, Spanish and Portuguese titles.
_SHORT_WORDS = """
a an and are as at be by can do does for from has have how in into is it its not of on or that the
their this to was were what when which who with within without between among using use via vs
versus der die das und von des den im zu le la les de du et en un une el los las del y para por con
o e da do dos na no em
"""
STOP_WORDS = frozenset(_SHORT_WORDS.split())
ROMAN = re.compile(r"(x{0,3})(ix|iv|v?i{0,3})")
_NUMBER_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBER_WORDS = {name: str(number) for number, name in enumerate(_NUMBER_NAMES, start=1)}

_INLINE_TAG = re.compile(
    r"</?(?:su[bp]|inf|i|b|em|strong|u|sc|italic|bold)\b[^<>]{0,200}>", re.IGNORECASE
)
_TAG = re.compile(r"<[/!?]?[A-Za-z][^<>]{0,300}>")
_HAN = re.compile("[\u3400-\u9fff]")
_TEX = re.compile(r"\\[A-Za-z]+\s?|\\[^A-Za-z]")
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:[ ,.'’\u00a0\u2009\u202f]\d{3})+(?![\d])")
_LONE_GREEK = re.compile(r"(?<![α-ω])[α-ω](?![α-ω])")
_TRAILING_NOTE = re.compile(r"(?:\s*\[[^\[\]]{1,60}\]\s*\.?)+\s*$")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"]+")
# BibTeX writes the underscore of a DOI as `\_`, `{\_}` or `\textunderscore{}`; no DOI has these.
_TEX_IN_DOI = re.compile(r"[{}]|\\(?=[^A-Za-z])")
_TEX_NAMES = {"underscore": "_", "less": "<", "greater": ">", "asciitilde": "~"}
_TEX_NAME = re.compile(r"\\(?:text)?(underscore|less|greater|asciitilde)\b ?|\$([<>])\$")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_PAGE = re.compile(r"([a-z]{0,4})(\d{1,9})[a-z]{0,2}(?:-([a-z]{0,4})(\d{1,9}))?")
_LOST_FIRST_PAGE = re.compile(r"\s*[a-z. ]{1,9}-(\d{1,9})\b")  # `Suppl-29`, `t-20`
_EXCEL_DATE = re.compile(r"(?:(\d{1,2})-([a-z]{3})|([a-z]{3})-(\d{1,2}))(?:-\d{2,4})?")
_JOURNAL_TAIL = re.compile(r"(?<=.)(?:\. ?conference\b| = |[(\[]).*", re.IGNORECASE | re.DOTALL)
_PMID = re.compile(
    r"(?:(?:pubmed|medline|pmid|pm|[\[({<:]|\s){0,6}[:\s=#-]{0,3})"
    r"0*([1-9]\d{3,7})(?:\.0)?(?:\s|[\])}>.;,]|\[?pmid\]?|\[?pubmed\]?){0,6}",
    re.IGNORECASE,
)
_SERIAL = re.compile(
    r"(?<!\d)(?:97[89][\d-]{10,14}|\d{9}[\dx]|\d{4}-?\d{3}[\dx])(?![\dx])", re.IGNORECASE
)


class _Letters(dict[int, str | None]):
    """A translation that keeps letters and digits, drops accents and turns the rest to blanks."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        kept: str | None = " "
        if char in "'’‘ʼ`{}" or unicodedata.combining(char):
            kept = None
        elif char.isalnum() or unicodedata.category(char).startswith("M"):
            kept = PLAIN_LETTERS.get(char, char)
        self[code] = kept
        return kept


_LETTERS = _Letters()


class Pages(NamedTuple):
    """First and last page; both "" where unknown."""

    first: str
    last: str


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Return Chinese text in simplified characters, any other text as it is."""
    return str(_to_simplified().convert(text)) if _HAN.search(text) else text


def plain(text: str) -> str:
    """Return lower-case words without accents, markup or punctuation, single-spaced.

    Traditional Chinese characters become simplified ones.
    """
    text = simplified(text[:TEXT_LIMIT])
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "<" in text:
        text = _TAG.sub(" ", _INLINE_TAG.sub("", text))
    if "\\" in text:
        text = _TEX.sub("", text)
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = _LONE_GREEK.sub(lambda found: GREEK.get(found[0], found[0]), text)
        text = unicodedata.normalize("NFC", text.translate(_LETTERS))
    return " ".join(text.translate(_LETTERS).split())


def known(text: str) -> str:
    """Return ``text``, already plain, or "" where it only says that nothing is known."""
    return "" if text in MISSING else text


def title(text: str) -> str:
    """Return the plain title without the notes that indexes append (`[Review] [16 refs]`)."""
    if "[" in text:
        text = text[:TEXT_LIMIT].strip()
        if text.startswith("[") and text.rstrip(".").endswith("]"):
            text = text.rstrip(".")[1:-1]
        shorter = _TRAILING_NOTE.sub("", text)
        text = shorter if len(shorter) >= 10 else text
    return known(plain(_THOUSANDS.sub(_joined, text)))[:TITLE_LIMIT].rstrip()


def _joined(found: re.Match[str]) -> str:
    return re.sub(r"\D", "", found[0])


def names(text: str) -> frozenset[str]:
    """Return the words of a title that are written as names: with a capital, amid small letters.

    Those are acronyms and, unless the title capitalises most of its words, words but the first.
    """
    words = re.findall(r"[^\W\d_]+", text[:TITLE_LIMIT])
    if all(word.isupper() for word in words):
        return frozenset()
    acronyms = [word for word in words if len(word) > 1 and word.isupper()]
    telling = [word for word in words[1:] if word.casefold() not in STOP_WORDS]
    capital = [word for word in telling if word[0].isupper()]
    if len(telling) < 4 or 2 * len(capital) > len(telling):
        capital = []
    return frozenset(plain(word) for word in (*acronyms, *capital))


def is_cut_short(text: str) -> bool:
    """Say whether a title ends in an ellipsis, as search engines print long ones."""
    return text.rstrip(" ])").endswith(("…", "...")) or len(text) > TEXT_LIMIT


def ends_in_half_a_word(text: str) -> bool:
    """Say whether a title cut short is cut inside a word, as far as its spelling shows."""
    return is_cut_short(text) and not text.rstrip(" ])…").rstrip(".").endswith((" ", "[", "("))


def doi(text: str) -> str:
    """Return the DOI from `10.` on, lower case and unquoted, wherever it is in ``text``."""
    if "10." not in text:
        return ""
    text = _TEX_IN_DOI.sub("", _TEX_NAME.sub(_named, html.unescape(text[:TEXT_LIMIT])))
    found = _DOI.search(unquote(text).lower() if "%" in text else text.lower())
    return found[0].rstrip(".,;)]}'/>") if found else ""


def _named(found: re.Match[str]) -> str:
    return found[2] or _TEX_NAMES[found[1]]


def year(text: str) -> int:
    """Return the first plausible year, or 0."""
    found = _YEAR.search(text[:TEXT_LIMIT])
    return int(found[1]) if found else 0


def volume(text: str) -> str:
    """Return the number of the volume without its supplement or issue, or ""."""
    text = text[:100].casefold().strip()
    if (text.endswith(")") and "(" not in text) or text.startswith(("suppl", "unknown")):
        return ""  # "1)" is what some exports leave of "36 (Suppl. 1)"
    found = re.search(r"\d{1,9}", text)
    if found:
        return found[0].lstrip("0")
    word = plain(text).removeprefix("vol ").removeprefix("volume ")
    return roman(word)


def roman(word: str) -> str:
    """Return a roman numeral up to 39 as digits, or "" where ``word`` is none."""
    found = ROMAN.fullmatch(word) if word else None
    if not found:
        return ""
    units = {"": 0, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}
    return str(10 * len(found[1]) + units.get(found[2], 9))


def pages(text: str) -> Pages:
    """Return first and last page: `244-58` is 244 and 258, a spreadsheet's `01-Jun` 1 and 6."""
    text = DASHES.sub("-", text[:200].casefold())
    date = _EXCEL_DATE.fullmatch(text.strip())
    if date:
        day, month = date[1] or date[4], MONTHS.get(date[2] or date[3])
        if month:
            first, last = sorted((int(day), int(month)))
            return Pages(str(first), str(last))
    if lost := _LOST_FIRST_PAGE.match(text):
        return Pages("", lost[1].lstrip("0"))
    found = _PAGE.search(text)
    if not found:
        return Pages("", "")
    prefix = found[1] if found[1] not in {"p", "pp", "pg", "e", "page"} else ""
    first_digits, last_digits = found[2].lstrip("0"), (found[4] or "").lstrip("0")
    if len(last_digits) < len(first_digits) and last_digits:
        last_digits = first_digits[: len(first_digits) - len(last_digits)] + last_digits
    if not first_digits:
        return Pages("", "")
    return Pages(prefix + first_digits, prefix + last_digits if last_digits else "")


def journal(text: str) -> str:
    """Return the words of a journal's name, without series, place, conference or articles."""
    words = known(plain(_JOURNAL_TAIL.sub("", text[:400]))).split()
    return " ".join([word for word in words if word not in STOP_WORDS or len(word) == 1])


def authors(text: str) -> str:
    """Return the words of the authors' names in order, without initials, single-spaced."""
    text = text[: 3 * AUTHORS_LIMIT]
    text = re.sub(r"\bet al\b\.?|\bnull\b", " ", text)
    text = re.sub(r"(?<=[.;,])(?=\w)", " ", text)  # `Smith A.Jones B.`
    is_mixed = any(char.islower() for char in text.replace(" and ", " "))
    names = []
    for word in re.findall(r"[^\W\d_]+(?:['’`-][^\W\d_]+)*", text):
        is_initials = len(word) == 1 or (is_mixed and len(word) <= 3 and word.isupper())
        if word not in {"and", "und", "et"} and not (is_initials and word.isascii()):
            names.append(plain(word))
    return known(" ".join(names))[:AUTHORS_LIMIT]


def abstract(text: str) -> str:
    """Return the plain beginning of the abstract, or "" if it is too short to compare."""
    words = plain(text[: 2 * ABSTRACT_LIMIT])
    return words[:ABSTRACT_LIMIT] if len(words) >= 100 else ""


def pmid(text: str) -> str:
    """Return a PubMed number (up to eight digits), or "" for the number of another register."""
    found = _PMID.fullmatch(text.strip()[:60])
    return found[1] if found else ""


def serials(text: str) -> frozenset[str]:
    """Return the ISSNs and ISBNs named in ``text``, without hyphens."""
    if not text:
        return frozenset()
    found = _SERIAL.findall(text[:TEXT_LIMIT])
    return frozenset(number.replace("-", "").lower() for number in found)


def numbers(words: Sequence[str]) -> frozenset[str]:
    """Return the numbers among the words of a title, `II`, `two` and `2` all as "2"."""
    found = set()
    for position, word in enumerate(words):
        if word.isalpha():
            is_letter_i = word == "i" and position not in {0, len(words) - 1}
            after_part = position > 0 and words[position - 1] in {"part", "phase", "type", "stage"}
            digits = NUMBER_WORDS.get(word) or roman(word)
            if digits and word != "v" and (after_part or not is_letter_i):
                found.add(digits)
        else:
            found.update(part.lstrip("0") or "0" for part in re.findall(r"\d+", word))
    return frozenset(found)
