"""How many blocks a file has, counted without the readers, so that the two can be compared."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from review.searches.formats.records import Format
from review.searches.formats.source import Source
from review.searches.formats.tables import HEAD_ROWS, find_layout
from review.searches.formats.workbook import iter_rows

_OVERLAP = 256

# Each begins with the newline (or the tag) before the mark, so that no mark is counted in mid-line.
_MARKS = {
    Format.PUBMED_XML: re.compile(r"<Pubmed(?:Book)?Article(?=[\s/>])"),
    Format.ENDNOTE_XML: re.compile(r"<record(?=[\s/>])"),
    Format.ZOTERO_RDF: re.compile(r"<z:itemType>(?!\s*(?:attachment|note|annotation)\b)"),
    Format.BIBTEX: re.compile(
        r"[\n})][ \t\ufeff]{0,8}@[ \t]{0,8}(?!(?:comment|string|preamble)\b)"
        r"[A-Za-z]{2,40}\s{0,8}[{(]",
        re.IGNORECASE,
    ),
    Format.OVID: re.compile(r"\n[ \t\ufeff]{0,8}<\d{1,7}[ \t]?\.?[ \t]?>[ \t]*(?=\n)"),
    Format.REFWORKS: re.compile(r"\nRT (?=[A-Z])"),
    Format.CNKI: re.compile(
        r"\n[ \t\ufeff]{0,8}(?:\{Reference Type\}|SrcDatabase-[^\s:：]{1,20})[ \t]?[:：]"
    ),
}


# A line that begins a record, one that ends it, and one that only records have.
_STRETCHES = {
    Format.RIS: (
        re.compile(r"TY[ \t]{0,4}[-\u2013](?=[ \t\nA-Z]|$)"),
        re.compile(r"ER[ \t]{0,4}-"),
        re.compile(r"(?:TI|T1|AU|A1|AB|N2|DO)[ \t]{1,4}-[ \t]*\S"),
    ),
    Format.WOS: (
        re.compile(r"PT(?: [A-Z]| ?$)"),
        re.compile(r"ER\s*$"),
        re.compile(r"(?:TI|AU|UT) \S"),
    ),
}


def count_blocks(path: Path, *, format: Format, encoding: str) -> int:  # noqa: A002
    """The number of places in the file where a record begins; for tables, of filled rows."""
    if format is Format.XLSX:
        return _count_sheet(path)
    source = Source(path, encoding=encoding)
    if format in (Format.CSV, Format.TSV):
        return _count_rows(source)
    if format in _STRETCHES:
        return _count_stretches(source, *_STRETCHES[format])
    if format is Format.NBIB:
        return _count_pubmed(source)
    if format is Format.REFER:
        return _count_refer(source)
    if format is Format.CSL_JSON:
        return _count_objects(source)
    return _count_marks(source, _MARKS[format])


def _count_marks(source: Source, mark: re.Pattern[str]) -> int:
    """Matches of ``mark``, each chunk seen together with the end of the one before."""
    n, text, counted_to = 0, "\n", 0
    for chunk in source:
        text += chunk
        safe = len(text) - _OVERLAP
        for found in mark.finditer(text, counted_to):
            if found.start() >= safe:
                break
            n += 1
            counted_to = found.end()
        cut = max(min(safe, len(text)), 0)
        text, counted_to = text[cut:], max(counted_to - cut, 0)
    return n + len(mark.findall(f"{text}\n", counted_to))


def _count_stretches(
    source: Source, mark: re.Pattern[str], end: re.Pattern[str], titled: re.Pattern[str]
) -> int:
    """Lines that begin a record, and stretches after an ended one that only records have."""
    n, is_marked, is_titled = 0, False, False
    for line in source.lines():
        line = line.lstrip(" \t\ufeff\x0c")
        if line[:2] in ("TY", "PT") and mark.match(line):
            n += 1 + (is_titled and not is_marked)
            is_marked, is_titled = True, False
        elif line.startswith("ER") and end.match(line):
            n += is_titled and not is_marked
            is_marked = is_titled = False
        elif not is_marked and not is_titled:
            is_titled = bool(titled.match(line))
    return n + (is_titled and not is_marked)


def _count_pubmed(source: Source) -> int:
    """`PMID-` lines, and paragraphs that begin anew after a title without one."""
    n, is_titled, is_after_blank = 0, True, True
    first = re.compile(r"(?:OWN|STAT|PMCR?|TI)[ \t]{0,3}-")
    title = re.compile(r"B?TI[ \t]{0,3}-")
    for line in source.lines():
        line = line.lstrip(" \t\ufeff")
        is_first = is_after_blank and is_titled and first.match(line)
        if is_first or re.match(r"PMID[ \t]{0,3}-", line):
            n += 1
            is_titled = False
        is_titled = is_titled or bool(title.match(line))
        is_after_blank = not line.strip()
    return n


def _count_refer(source: Source) -> int:
    """`%0` lines but not two in a row, or in a file without any, paragraphs with a tag."""
    n, n_paragraphs, was_mark, is_after_blank = 0, 0, False, True
    for line in source.lines():
        is_mark = bool(re.match(r"\s{0,3}%0(?:\s|$)", line))
        n += is_mark and not was_mark
        n_paragraphs += is_after_blank and bool(re.match(r"\s{0,3}%[A-Z@]\s", line))
        was_mark, is_after_blank = is_mark, not line.strip()
    return n or n_paragraphs


def _count_rows(source: Source) -> int:
    """Lines that end outside quotes and are not empty, below the headings."""
    lines = source.lines()
    head = list(islice(lines, HEAD_ROWS * 5))
    layout = find_layout(head)
    heading = layout.heading_row if layout else 0
    delimiter = layout.delimiter if layout else ","
    n, quotes, filled = 0, 0, False
    for line in _both(head, lines):
        quotes += line.count('"')
        filled = filled or bool(line.replace('"', "").replace(delimiter, "").strip())
        if quotes % 2 == 0:
            n += filled
            quotes, filled = 0, False
    return max(n + filled - heading - 1, 0)


def _both(head: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from head
    yield from rest


def _count_objects(source: Source) -> int:
    """Objects at the outermost level of braces, strings taken out first."""
    n, depth = 0, 0
    rest = ""
    for chunk in source:
        text = rest + chunk
        last = text.rfind("\n") + 1 or len(text)
        text, rest = text[:last], text[last:]
        for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[{}]', text):
            n += sign == "{" and depth == 0
            depth += {"{": 1, "}": -1}.get(sign, 0)
    return n


def _count_sheet(path: Path) -> int:
    rows = [cells for _, cells in islice(iter_rows(path), HEAD_ROWS)]
    layout = find_layout(["\t".join(cells) + "\n" for cells in rows])
    heading = layout.heading_row if layout else 0
    return max(sum(1 for _ in iter_rows(path)) - heading - 1, 0)
