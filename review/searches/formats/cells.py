"""What R and spreadsheet programs do to the cells of a table, and how it is undone."""

import re
from collections.abc import Iterable, Sequence

from review.searches.formats.columns import Columns

ERRORS_LEFT_OUT = "Errors of a spreadsheet, such as #REF!, were left out."

_ERRORS = frozenset(
    (
        "#N/A", "#N/A N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!",
        "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#ERROR!",
        "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#N/D", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!",
        "#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡DIV/0!", "#¡NULO!", "#¡NUM!", "#VALOR!", "#NOME?",
        "#NULO!", "#NÚM!",
    )
)  # fmt: skip
"""Excel's errors in English, German, French, Spanish and Portuguese; Google Sheets' #ERROR!."""

_TOO_NARROW = re.compile("#{4,}")  # what Excel saves of a date in a narrow column
_NEVER_TEXT = frozenset(
    ("year", "volume", "issue", "first_page", "last_page", "doi", "pmid", "numbers", "url")
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv ene", "feb févr fev", "mar mär mars", "apr avr abr", "may mai", "jun juin",
            "jul juil", "aug août ago", "sep sept set", "oct okt out", "nov", "dec dez déc dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DAY_FIRST = re.compile(r"(\d{1,2})[-. /]([^\W\d_]{3,4})\.?".replace("\\\\", "\\"))
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,4})\.?[-. /](\d{1,2})".replace("\\\\", "\\"))
_ISO_DATE = re.compile(
    r"((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[ T]00:00(?::00)?(?:\.0+)?)?".replace("\\\\", "\\")
)


def has_habit_of_r(columns: Columns, rows: Iterable[Sequence[str]]) -> bool:
    """Return whether a table writes NA into empty cells, as R does.

    That is sure if NA is in several columns, one of which never has text (such as the volume), and
    more cells are NA than empty.  Elsewhere a title may be "NA".
    """
    na_fields, n_na, n_empty = set[int](), 0, 0
    for cells in rows:
        for index, cell in enumerate(cells[: len(columns.names)]):
            if cell == "NA":
                na_fields.add(index)
                n_na += 1
            n_empty += not cell.strip()
    is_plain = any(columns.fields[index] in _NEVER_TEXT for index in na_fields)
    return len(na_fields) > 1 and is_plain and n_na > n_empty


def repaired(
    columns: Columns, cells: Sequence[str], *, has_na: bool
) -> tuple[list[str], list[str]]:
    """Return the cells without NA and errors, with pages that became dates, and warnings."""
    values, warnings = [], []
    for index, cell in enumerate(cells):
        field = columns.fields[index] if index < len(columns.fields) else None
        value = cell.strip()
        if value == "NA" and (has_na or field in _NEVER_TEXT):
            cell = ""
        elif value[:1] == "#" and (value.upper() in _ERRORS or _TOO_NARROW.fullmatch(value)):
            cell = ""
            if ERRORS_LEFT_OUT not in warnings:
                warnings.append(ERRORS_LEFT_OUT)
        elif field in ("first_page", "last_page", "issue") and (numbers := _numbers_of_date(value)):
            first, last = numbers
            # A double issue has consecutive numbers; others may be named after their day.
            if field != "issue" or last - first == 1:
                cell = f"{first}-{last}" if first < last else str(first)
                warnings.append(f"{value} is a date that a spreadsheet made of {cell}.")
        values.append(cell)
    return values, warnings


def _numbers_of_date(value: str) -> tuple[int, int] | None:
    """Return the two numbers of which a spreadsheet made a date, the smaller first, or None.

    "1-6" becomes 6 January or 1 June, and "1-45" January 1945.  A range of pages ascends.
    """
    if match := _ISO_DATE.fullmatch(value):
        year, month, day = map(int, match.groups())
        is_month = day == 1 and year % 100 >= 32 and year < 2000
        numbers = (month, year % 100) if is_month else (month, day)
    elif match := _DAY_FIRST.fullmatch(value):
        numbers = int(match[1]), _MONTHS.get(match[2].lower(), 0)
    elif match := _MONTH_FIRST.fullmatch(value):
        numbers = _MONTHS.get(match[1].lower(), 0), int(match[2])
    else:
        return None
    return (min(numbers), max(numbers)) if min(numbers) > 0 else None
