"""The lines of RIS: how a line with a tag looks, beside a wrapped line that only resembles one.

The specification writes "TY", two blanks, a hyphen and a blank.  Real files have tabs, one blank,
or no blank after the hyphen, and abstracts have wrapped lines that begin "ER-positive".
"""

import re

from review.searches.formats.tagged import Tags

_TYPES_WORDS = (
    "ABST ADVS AGGR ANCIENT ART BILL BLOG BOOK CASE CHAP CHART CLSWK COMP CONF CPAPER CTLG DATA "
    "DBASE DICT EBOOK ECHAP EDBOOK EJOUR ELEC ENCYC EQUA FIGURE GEN GOVDOC GRANT GRNT HEAR ICOMM "
    "INPR INTV JFULL JOUR LEGAL MANSCPT MAP MGZN MPCT MULTI MUSIC NEWS PAMP PAT PCOMM POD PRESS "
    "RPRT SER SLIDE SOUND STAND STAT STD SVIDEO THES UNBILL UNPB UNPD VIDEO WEB"
)
# After a single blank, only known tags count: a wrapped line may begin "UK - ".
_KNOWN_WORDS = (
    "A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DI DO DP ED EP ER "
    "ET ID IS J1 J2 JA JF JO KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NV OP PB PP PY RI RN RP SE SN "
    "SP ST T1 T2 T3 TA TI TT TY U1 U2 U3 U4 U5 UR VL VO WP Y1 Y2"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())
_BLANKS = r"[ \t\ufeff\x0c]*"
_WIDE = r"(?:[ \t]{2,6}|\t)[-\u2013]"
_CLOSE = r"[ ]?[-\u2013]"
_TYPE = (
    rf"TY(?:{_WIDE}(?=[ \t\n]|[A-Z]|\Z)"
    rf"|{_CLOSE}[ \t]*(?:{_TYPES_WORDS.replace(' ', '|')})[ \t]*(?=\n|\Z))"
)
_END = rf"ER(?:{_WIDE}(?=[ \t\n]|\Z)[^\n]*|{_CLOSE}[ \t]*(?=\n|\Z))"

MARK = re.compile(_TYPE)
"""The start of a record: TY.  With less than two blanks, a known type and nothing else follows."""

BORDER = re.compile(rf"{_BLANKS}(?:({_TYPE})|{_END}(?:\n[ \t]*(?=\n))*)")
"""A line of TY (group 1), or one of ER with the empty lines after it."""

NEXT_BORDER = re.compile(rf"\n{BORDER.pattern}")
END = re.compile(rf"{_BLANKS}{_END}")
WIDE_TAG = re.compile(rf"{_BLANKS}[A-Z][A-Z0-9]{_WIDE}")
TAG = re.compile(rf"^{_BLANKS}([A-Z][A-Z0-9])(?:{_WIDE}|[ ]-(?=[ \t]|$))", re.MULTILINE)

_VALUES = re.compile(rf"\n{_BLANKS}([A-Z][A-Z0-9]){_WIDE}")
_CLOSE_VALUES = re.compile(
    rf"\n{_BLANKS}([A-Z][A-Z0-9])(?:({_WIDE})|[ ]-(?=[ \t\n]|\Z)"
    rf"|(?<=TY)-(?=[ \t]*(?:{_TYPES_WORDS.replace(' ', '|')})[ \t]*(?:\n|\Z))"
    r"|(?<=ER)-(?=\s*\Z))"
)
_CLOSE_TYPE = re.compile(rf"\s*TY{_CLOSE}(.*)")
_CLOSE_END = re.compile(rf"\n{_BLANKS}ER{_CLOSE}\s*\Z")


def parse_lines(text: str) -> Tags:
    """Return the values of one record by tag; wrapped lines follow after a newline.

    Lines with a single blank before the hyphen count only where TY or most of the record has it.
    """
    tags = _tags_of(text)
    if "TY" not in tags or "ER" not in tags:
        widened = _with_wide_ends(text)
        tags = tags if widened == text else _tags_of(widened)
    return tags


def _tags_of(text: str) -> Tags:
    text = f"\n{text.rstrip()}"
    _, *parts = _VALUES.split(text)
    n_lines = text.count("\n")
    if n_lines > len(parts) or parts[:1] != ["TY"]:  # more wrapped lines than tags
        parts = _close_values(text) or parts
    values = map(str.strip, parts[1::2])
    if n_lines * 2 != len(parts):
        values = map(_without_empty_lines, values)
    tags = Tags()
    for tag, value in zip(parts[::2], values, strict=True):
        if tag in tags:
            tags[tag].append(value)
        else:
            tags[tag] = [value]
    return tags


def _without_empty_lines(value: str) -> str:
    if "\n" not in value:
        return value
    return "\n".join(part for line in value.split("\n") if (part := line.strip()))


def _close_values(text: str) -> list[str]:
    """Return tags and values in turn if TY or most have one blank before the hyphen, else []."""
    matches = [match for match in _CLOSE_VALUES.finditer(text) if match[2] or match[1] in _KNOWN]
    n_close = sum(match[2] is None for match in matches)
    if n_close * 2 <= len(matches) and not _CLOSE_TYPE.match(text):
        return []
    ends = [match.start() for match in matches[1:]] + [len(text)]
    return [
        part
        for match, end in zip(matches, ends, strict=True)
        for part in (match[1], text[match.end() : end])
    ]


def _with_wide_ends(text: str) -> str:
    if _CLOSE_TYPE.match(text):
        text = _CLOSE_TYPE.sub(r"TY  -\1", text, count=1)
    return _CLOSE_END.sub("\nER  - ", text)
