"""PubMed's "Summary (text)" and "Abstract (text)", whose records are numbered `1: ` and `1. `.

A summary is one paragraph: authors, title, journal, date, pages, identifiers.  An abstract has a
paragraph each for the journal, the title, the authors, their affiliations, related records, the
abstract and the identifiers.  See https://pubmed.ncbi.nlm.nih.gov/help/#save-citations
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedAbstract, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Starts, after_blank_line, cut

_NUMBER = re.compile(r"^[ \t\ufeff]{0,3}(\d{1,6})(?::|(\.)) (?=\S)", re.MULTILINE)
_PMID = re.compile(r"\bPMID:\s?(\d{1,8})\b")
_NUMBER_OR_ID = re.compile(f"{_NUMBER.pattern}|{_PMID.pattern}", re.MULTILINE)
_PMCID = re.compile(r"\bPMCID:\s?(PMC\d+)")
_DOI = re.compile(r"\bdoi:\s?(10\.\S+)", re.IGNORECASE)
_TAIL = re.compile(r" (?:doi: ?10\.|PMID: ?\d|PMCID: ?PMC|Epub \d|eCollection \d|Online ahead of)")
# The journal, and a date that a volume, pages or the end of the sentence follows.
CITATION = re.compile(
    r"(?P<journal>[^.?!\s\"”’)\]][^.?!]{1,200})\. (?P<date>(?:18|19|20)\d\d(?: [\w/-]{1,12}){0,3})"
    r"(?:;(?P<volume>[^:;(.]{0,30})(?:\((?P<issue>[^()]{1,40})\))?)?"
    r"(?::(?P<pages>(?:[^.;]|\.(?=\d)){1,40}))?(?:[.;]|$)"
)
_BOOK = re.compile(r"\.(?: (?P<date>(?:18|19|20)\d\d[^.]{0,20})\.)? In: (?P<journal>[^.\[]{2,200})")
_GROUP = re.compile(
    r"\b(?:Group|Network|Collaborators|Investigators|Consortium|Organi[sz]ation|Committee|Team|"
    r"Initiative|Collaboration|Association|Society)$"
)
_SUFFIXES = frozenset(("Jr", "Sr", "2nd", "3rd", "4th"))
_AFFILIATION_MARKS = re.compile(r"(?:\((?:\d{1,4}|[#*†‡])\))+")
_NO_AUTHORS = "[No authors listed]"
_RELATED = re.compile(
    r"(?:Comment|Erratum|Update|Retraction|Republished|Corrected|Retracted|Summary for patients|"
    r"Expression of concern|Associated|Cites)[a-z ]{0,25} (?:in|of|on|for|from|data|dataset)\s"
)
_ASIDE = re.compile(
    r"(?P<name>Author information|Collaborators|Conflict of interest statement|Plain Language "
    r"Summary):|(?P<notice>Copyright|©|\(c\))",
    re.IGNORECASE,
)
_IDENTIFIERS = re.compile(r"(?:DOI|PMCID|PMID): ?\S")
_LANGUAGE = re.compile(r"\[Article in ([A-Za-z, ]{2,60})(?:;[^\]]{1,150})?\]")
_BOOK_YEAR = re.compile(r"; ((?:18|19|20)\d\d)[.\u2013-]")


@dataclass(slots=True)
class _Texts:
    """The texts of a record, by what they are."""

    title: str
    authors: list[str] = field(default_factory=list)
    abstract: list[str] = field(default_factory=list)
    other_abstracts: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    language: str | None = None
    extra: dict[str, list[str]] = field(default_factory=dict)


def looks_like(text: str) -> bool:
    """Return whether a text begins with a numbered record and has PubMed ids."""
    return bool(_NUMBER.match(text.lstrip("\ufeff \t\n")) and _PMID.search(text))


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of either text; a heading before the first record is not a block."""
    blocks = Blocks()
    for line, text in cut(source, _starts()):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        number = _NUMBER.match(text.lstrip("\n"))
        record = to_record(text)
        if number or (record.title and (record.pmid or record.doi)):
            yield blocks.block(record, line=line, raw=text.strip("\n"), warnings=faults)


def _starts() -> Starts:
    """Return where records begin: numbers in order, or after a record that has its PubMed id.

    A paragraph of an abstract may begin with a number too.
    """
    last, has_id = 0, False

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        nonlocal last, has_id
        for match in _NUMBER_OR_ID.finditer(text, begin, end):
            if not match[1]:
                has_id = True
                continue
            number, start = int(match[1]), match.start()
            is_next = number == last + 1 and (not match[2] or text.endswith("\n\n\n", 0, start))
            if after_blank_line(text, start) and (last == 0 or is_next or has_id):
                yield start
                last, has_id = number, False

    return starts


def to_record(text: str) -> ParsedRecord:
    """Return the record in a numbered text; what cannot be split surely stays in the title."""
    number = _NUMBER.match(text.lstrip("\n"))
    body = _NUMBER.sub("", text.lstrip("\n"), count=1)
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", body) if part.strip()]
    book = next((n for n, part in enumerate(paragraphs[:4]) if part.startswith("In: ")), 0)
    if book:  # a chapter has its title and authors before its book
        paragraphs.insert(0, paragraphs.pop(book))
    first, *others = paragraphs or [""]
    cited = _TAIL.split(first, maxsplit=1)[0]
    citation = _citation(cited)
    parts = citation.groupdict() if citation else {}
    has_paragraphs = bool(others) and not (number and not number[2])
    if has_paragraphs:
        texts = _sorted_paragraphs(others)
    else:
        texts = _split_summary(cited[: citation.start()] if citation else cited)
    identifiers = " ".join(texts.identifiers) or first
    doi = _DOI.search(first) or _DOI.search(identifiers)
    pmid, pmcid = _PMID.search(identifiers), _PMCID.search(identifiers)
    return build_record(
        title=texts.title.removesuffix("."),
        abstract="\n".join(texts.abstract),
        other_abstracts=[ParsedAbstract(None, further) for further in texts.other_abstracts],
        authors=texts.authors,
        years=[
            parts.get("date") or "",
            cited[citation.end() :] if citation else "",
            *_BOOK_YEAR.findall(first),
        ],
        journal=parts.get("journal"),
        volume=parts.get("volume"),
        issue=parts.get("issue"),
        first_page=parts.get("pages"),
        doi=doi[1] if doi else None,
        pmid=pmid[1] if pmid else None,
        language=texts.language,
        accession=pmcid[1] if pmcid else None,
        extra=texts.extra,
    )


def _citation(text: str) -> re.Match[str] | None:
    """Return the journal and date: those of a book, else the first with a volume, else the last."""
    if book := _BOOK.search(text):
        return book
    matches = list(CITATION.finditer(text))
    return next((match for match in matches if match["volume"] or match["pages"]), None) or (
        matches[-1] if matches else None
    )


def _split_summary(text: str) -> _Texts:
    """Return the authors and title of a summary; authors are only what looks like nothing else."""
    text = text.strip().removeprefix(f"{_NO_AUTHORS}. ")
    names, _, title = text.replace(", et al. ", ". ", 1).partition(". ")
    authors = re.split("[,;] ", names)
    if title and all(_is_person(name) or _is_group(name) for name in authors):
        return _Texts(title, [_with_comma(name) if _is_person(name) else name for name in authors])
    return _Texts(text)


def _is_person(name: str) -> bool:
    """Return whether a name is written as PubMed does: "van Dam AM", "Smith J Jr"."""
    words = [word for word in name.split() if word not in _SUFFIXES]
    return (
        1 < len(words) <= 6 and words[-1].isupper() and len(words[-1]) <= 4 and words[-1].isalpha()
    )


def _is_group(name: str) -> bool:
    """Return whether a name ends like a group's and has capitals, as no title has on PubMed."""
    long_words = (word for word in name.split() if len(word) > 3)
    return bool(_GROUP.search(name)) and all(word[0].isupper() for word in long_words)


def _with_comma(name: str) -> str:
    """Return "Smith J Jr" as "Smith, J Jr"."""
    words = name.split()
    n_given = 2 if words[-1] in _SUFFIXES else 1
    return f"{' '.join(words[:-n_given])}, {' '.join(words[-n_given:])}"


def _sorted_paragraphs(paragraphs: list[str]) -> _Texts:
    """Return what each paragraph after the journal is."""
    texts = _Texts(paragraphs[0])
    for index, text in enumerate(paragraphs[1:]):
        names = _AFFILIATION_MARKS.sub("", text).rstrip(".").replace("; ", ", ").split(", ")
        aside = _ASIDE.match(text)
        if text.rstrip(".") == _NO_AUTHORS:
            continue
        n_named = sum(_is_person(name) or (index == 0 and _is_group(name)) for name in names)
        if not texts.authors and index < 2 and n_named * 2 > len(names):
            texts.authors = [_with_comma(name) if _is_person(name) else name for name in names]
        elif language := _LANGUAGE.fullmatch(text.rstrip(".")):
            texts.language = language[1]
        elif _IDENTIFIERS.match(text):
            texts.identifiers.append(text)
        elif aside or _RELATED.match(text):
            name = (aside["name"] or "copyright") if aside else "related records"
            texts.extra.setdefault(name, []).append(text)
        elif text.startswith("Publisher: "):
            texts.other_abstracts.append(text.removeprefix("Publisher: "))
        else:
            texts.abstract.append(text)
    return texts
