"""BibTeX and BibLaTeX, read leniently: a broken entry costs that entry at most."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi, doi_alone, doi_in_url
from review.searches.formats.latex import to_text
from review.searches.formats.name_lists import names_in
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import cut, line_start

NOT_BALANCED = "The braces of this entry do not balance, so its fields were split at their names."

_MACRO_LIMIT = 100_000
ENTRY = re.compile(r"@[ \t]{0,20}([A-Za-z]{2,40})\s{0,100}[{(]")
_KEY = re.compile(
    r"\s{0,100}(?:([^,={}\"\n]{0,500}),"
    r"|([^\s,={}\"]{1,500})\s{1,100}(?=[A-Za-z_][\w:.+/-]{0,80}\s{0,100}=))"
)
"""The key and its comma, which some files forget."""

_FIELD = re.compile(r"[\s,]{0,1000}([A-Za-z_][\w:.+/-]{0,80})\s{0,100}=\s{0,100}")
_NEXT_FIELD = re.compile(
    r"[\n,][ \t]{0,200}([A-Za-z_][\w:.+/-]{0,80})[ \t]{0,100}=[ \t]{0,100}(?=[{\"\w])"
)
_SWALLOWED = re.compile(
    r"\n[ \t]{0,200}(?:abstract|author|booktitle|date|doi|isbn|issn|journal|journaltitle|keywords|"
    r"month|number|pages|publisher|title|url|volume|year)[ \t]{0,100}=[ \t]{0,100}[{\"\d]",
    re.IGNORECASE,
)
_ESCAPING = re.compile(r"\\.|[{}]", re.DOTALL)
_LITERAL = re.compile(r"[{}]")
_QUOTED = re.compile(r"\\.|[{}\"]", re.DOTALL)
_AFTER_QUOTE = re.compile(
    r"\s{0,1000}(?:\Z|#|\}\s{0,1000}(?:\Z|\n)|\)\s{0,1000}\Z"
    r"|,\s{0,1000}(?:\Z|\}|\)\s{0,1000}\Z|[A-Za-z_][\w:.+/-]{0,80}\s{0,100}=))"
)
"""What follows the quote that ends a value; EBSCO also writes quotes inside values."""

_BARE = re.compile(r"[^\s,#{}\"]{1,500}")
_JOIN = re.compile(r"\s{0,1000}#\s{0,1000}")
# A set names other entries, xdata has fields for them, and the others control the layout.
_NOT_RECORDS = frozenset(
    ("bstcontrol", "comment", "control", "ieeetranbstctl", "preamble", "set", "string", "xdata")
)
_MONTH_NAMES = (
    "January February March April May June July August September October November December"
)
_MONTHS = {month[:3].lower(): month for month in _MONTH_NAMES.split()}


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a BibTeX file: every entry, even those that share a key.

    Sets, data for other entries, comments and macros are not records.
    """
    blocks = Blocks()
    macros = dict(_MONTHS)
    for line, text in cut(source, _starts, boundary="}\n"):
        opening = ENTRY.match(text.lstrip(" \t\ufeff"))
        if opening is None:
            continue
        kind = opening.group(1).lower()
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
        elif kind == "string":
            _learn_macro(text, macros)
        elif kind not in _NOT_RECORDS:
            text, faults = source.clean(text)
            entry = BibTexEntry(text, macros)
            warnings = [*faults, NOT_BALANCED] if not entry.is_balanced else faults
            raw = text.strip("\n")
            yield blocks.block(to_record(entry), line=line, raw=raw, warnings=warnings)


def _starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Yield where entries begin: at the start of a line, or right after another's last brace."""
    for match in ENTRY.finditer(text, begin, end):
        start = line_start(text, match.start())
        if start is not None:
            yield start
        elif text[max(0, match.start() - 12) : match.start()].rstrip(" \t")[-1:] in ("}", ")"):
            yield match.start()


def _learn_macro(text: str, macros: dict[str, str]) -> None:
    match = ENTRY.search(text)
    if match and (field := _FIELD.match(text, match.end())):
        value, _ = value_at(text, field.end(), macros)
        macros[field.group(1).lower()] = value[:_MACRO_LIMIT]


class BibTexEntry:
    """One entry: its type, key and fields, with lower-case names and LaTeX values."""

    def __init__(self, text: str, macros: dict[str, str]) -> None:
        opening = ENTRY.search(text)
        assert opening is not None  # noqa: S101 - entries are cut where this matches
        self.kind = opening.group(1).lower()
        key = _KEY.match(text, opening.end())
        self.key = (key[1] or key[2] or "").strip() if key else ""
        self.fields: dict[str, list[str]] = {}
        self.is_balanced = True
        self._read(text, key.end() if key else opening.end(), macros)

    def _read(self, text: str, position: int, macros: dict[str, str]) -> None:
        while match := _FIELD.match(text, position):
            value, position = self._next_value(text, match.end(), macros)
            self.fields.setdefault(match.group(1).lower(), []).append(value)

    def _next_value(self, text: str, begin: int, macros: dict[str, str]) -> tuple[str, int]:
        # After the first unbalanced brace we stop counting braces, to keep the work linear.
        if self.is_balanced:
            value, end = value_at(text, begin, macros)
            if end >= 0 and not _SWALLOWED.search(text, begin, end):
                return value, end
            self.is_balanced = False
        return _up_to_next_field(text, begin)

    def take_all(self, *names: str) -> list[str]:
        """Remove these fields and return all their values, as text."""
        values = [value for name in names for value in self.fields.pop(name, ())]
        return [text for value in values if (text := to_text(value).strip())]

    def take_first(self, *names: str) -> str | None:
        """Remove these fields up to the first that has a value, and return that value."""
        return next((value for name in names for value in self.take_all(name)), None)

    def take_names(self, name: str) -> list[str]:
        """Remove a field and return its people; an organisation (in braces) ends in a comma."""
        parts = [part for value in self.fields.pop(name, ()) for part in _split_and(value)]
        return [_name(name) for part in parts for name in _people(part)]


def value_at(text: str, position: int, macros: dict[str, str]) -> tuple[str, int]:
    """Return the value that begins at ``position`` and where it ends, or -1 if it never does."""
    parts: list[str] = []
    while position < len(text):
        if text[position] in '{"':
            end = _closing(text, position)
            if end < 0:
                return "", -1
            parts.append(text[position + 1 : end])
            position = end + 1
        elif bare := _BARE.match(text, position):
            parts.append(macros.get(bare.group().lower(), bare.group()))
            position = bare.end()
        else:
            break
        if not (join := _JOIN.match(text, position)):
            break
        position = join.end()
    return "".join(parts), position


def _closing(text: str, position: int) -> int:
    """Return where the brace or quote that opens at ``position`` closes, or -1."""
    if text[position] == '"':
        return _scan(_QUOTED, text, position + 1, depth=0)
    end = _scan(_ESCAPING, text, position + 1, depth=1)
    # A Windows path that ends in a backslash looks as if it escaped its closing brace.
    return end if end >= 0 else _scan(_LITERAL, text, position + 1, depth=1)


def _scan(tokens: re.Pattern[str], text: str, position: int, *, depth: int) -> int:
    for match in tokens.finditer(text, position):
        sign = match.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and tokens is not _QUOTED:
                return match.start()
        elif sign == '"' and depth <= 0 and _AFTER_QUOTE.match(text, match.end()):
            return match.start()
    return -1


def _up_to_next_field(text: str, begin: int) -> tuple[str, int]:
    match = _NEXT_FIELD.search(text, begin)
    end = match.start() if match else len(text)
    return text[begin:end].strip(' \t\n,{}()"'), end


def _split_and(value: str) -> Iterator[str]:
    """Yield the names in a list, split at each "and" outside braces."""
    begin, depth = 0, 0
    for match in re.finditer(r"\\.|[{}]|(?<=\s)and(?=\s)", value, re.DOTALL | re.IGNORECASE):
        token = match.group()
        depth += {"{": 1, "}": -1}.get(token, 0)
        if len(token) == 3 and depth <= 0:
            yield value[begin : match.start()]
            begin = match.end()
    yield value[begin:]


def _people(part: str) -> list[str]:
    """Return the people in a part of the list, where semicolons are between them instead."""
    return names_in([part]) if ";" in part and "{" not in part else [part]


def _name(name: str) -> str:
    name = name.strip()
    text = " ".join(to_text(name).split())
    if name.startswith("{") and _closing(name, 0) == len(name) - 1:
        return f"{text},"
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return f"{parts[0]}, {parts[2]} {parts[1]}" if len(parts) == 3 else text


def to_record(entry: BibTexEntry) -> ParsedRecord:
    """Return the record that an entry describes."""
    links = entry.take_all("url", "ee", "link")
    kind, key = entry.kind, entry.key
    titles = entry.take_all("title")[:1] or entry.take_all("booktitle", "maintitle")[:1]
    return build_record(
        title=" : ".join(titles + entry.take_all("subtitle")[:1]),
        abstract=entry.take_first("abstract", "abstractnote"),
        authors=entry.take_names("author"),
        years=entry.take_all("year", "date", "issued"),
        journal=entry.take_first(
            "journal", "journaltitle", "journal-title", "booktitle", "fjournal"
        ),
        journal_abbreviation=entry.take_first(
            "shortjournal", "journal-iso", "journalabbreviation", "abbrev_source_title"
        ),
        volume=entry.take_first("volume"),
        issue=entry.take_first("number", "issue"),
        first_page=entry.take_first("pages", "page"),
        doi=_doi(entry, links),
        pmid=entry.take_first("pmid", "pubmed_id", "pubmedid"),
        numbers=entry.take_all("issn", "isbn", "eissn"),
        url=links[0] if links else None,
        type=kind,
        language=entry.take_first("language", "langid"),
        accession=entry.take_first("accession", "unique-id", "pmcid", "eprint", "mrnumber"),
        keywords=[
            word
            for value in entry.take_all("keywords", "keyword", "author_keywords", "keywords-plus")
            for word in re.split(r"\n|,(?!\d)", value)
        ],
        translated_title=entry.take_first("titletranslation", "translatedtitle", "origtitle"),
        extra={"key": [key], **{name: entry.take_all(name) for name in list(entry.fields)}},
    )


def _doi(entry: BibTexEntry, links: list[str]) -> str | None:
    for value in entry.take_all("doi"):
        if doi := clean_doi(value):
            return doi
    for name in ("note", "eprint", "howpublished"):
        for value in entry.fields.get(name, ()):
            if len(value) < 300 and (doi := doi_alone(value) or doi_in_url(value)):
                return doi
    in_links = next((doi for link in links if (doi := doi_in_url(link))), None)
    return in_links or doi_alone(entry.key)  # JSTOR and ACM write the DOI as the key
