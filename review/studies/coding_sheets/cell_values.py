"""The text of a cell as a value of a codebook item."""

import re
from collections.abc import Iterator
from functools import cache

from babel import Locale

from protocols.names import Words, words_of
from protocols.places import COUNTRIES, country_code
from protocols.schema import SPECIAL_VALUES, CodebookItem, ItemType
from protocols.values import check_value

UNCLEAR = {"special": "unclear"}
LANGUAGES = ("en", "es", "fr", "pt", "de")
_NO_ANSWER = frozenset({"", "-", "–", "—", ".", "?"})
_SPECIALS = {
    "not reported": "not_reported", "nr": "not_reported", "n r": "not_reported",
    "not stated": "not_reported", "n d": "not_reported", "nd": "not_reported",
    "no date": "not_reported", "unclear": "unclear", "unknown": "unclear",
    "n a": "not_applicable", "na": "not_applicable", "not applicable": "not_applicable",
}  # fmt: skip
_YES = frozenset({"yes", "y", "true", "1", "present", "sí", "si", "oui", "sim", "ja"})
_NO = frozenset({"no", "n", "false", "0", "absent", "non", "não", "nao", "nein"})
_PARTS_OF_BRITAIN = ("England", "Scotland", "Wales", "Northern Ireland", "UK", "Great Britain")
_USUAL = dict.fromkeys(_PARTS_OF_BRITAIN, "GB") | {
    "USA": "US", "U.S.": "US", "United States of America": "US", "The Netherlands": "NL",
    "DRC": "CD", "Democratic Republic of the Congo": "CD", "Ivory Coast": "CI", "Burma": "MM",
    "Palestine": "PS", "South Korea": "KR", "Republic of Korea": "KR", "Kosovo": "XK",
    "Viet Nam": "VN", "Lao PDR": "LA", "Turkey": "TR", "Czech Republic": "CZ",
}  # fmt: skip
_SIGNS = {
    "£": "GBP", "$": "USD", "US$": "USD", "€": "EUR", "₹": "INR", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "R$": "BRL",
}  # fmt: skip
_ZEROS = {"": 0, "k": 3, "thousand": 3, "m": 6, "mn": 6, "mio": 6, "million": 6, "bn": 9,
             "billion": 9}  # fmt: skip
_SIGN_OR_CODE = r"(?P<{}>[A-Z]{{0,2}}[£$€₹]|[A-Z]{{3}})"
_MONEY = re.compile(
    rf"(?:{_SIGN_OR_CODE.format('before')}\s*)?(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    rf"(?P<unit>[A-Za-z]*?)(?:\s*{_SIGN_OR_CODE.format('after')})?(?:\s*\((?P<year>\d{{4}})\))?"
)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d{1,3}(?: \d{3})+")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_DAY_FIRST = re.compile(r"(?:(\d{1,2})[/.])?(\d{1,2})[/.](\d{4})")


def value_of(item: CodebookItem, text: str) -> object | None:
    """Return a cell's text as a value of the item, None for an empty cell.

    A value is known by its key, its label or a synonym, in any case and number, with or without
    accents; several are separated by semicolons, lines or, where no value has one, commas.  Raises
    ValueError, with a sentence for people, where the item has no such value.
    """
    words = " ".join(re.findall(r"\w+", text.casefold()))
    if text.strip() in _NO_ANSWER:
        return None
    for key, label in SPECIAL_VALUES.items():
        if words in (key.replace("_", " "), label.casefold()):
            return {"special": key}
    if words in _SPECIALS:
        return {"special": _SPECIALS[words]}
    return check_value(item, _read(item, text.strip()))


def _read(item: CodebookItem, text: str) -> object:
    match item.type:
        case ItemType.ONE_OF:
            return _choice(item, text)
        case ItemType.MANY_OF:
            return _choices(item, text)
        case ItemType.YES_NO:
            return _yes_or_no(text)
        case ItemType.COUNTRY:
            return country_of(text)
        case ItemType.YEAR:
            return text[:4] if re.match(r"\d{4}(\D|$)", text) else text
        case ItemType.INTEGER | ItemType.DECIMAL:
            return _number(text)
        case ItemType.MONEY:
            return money_of(text)
        case ItemType.DATE:
            return _date(text)
        case _:
            return text


def _names(item: CodebookItem) -> Iterator[tuple[Words, str]]:
    for value in item.values:
        yield words_of(value.key.replace("_", " ")), value.key
        for name in (value.label, *value.synonyms):
            yield words_of(name), value.key


def _choice(item: CodebookItem, text: str) -> str:
    words = words_of(text)
    found = {key for names, key in _names(item) if names == words}
    if not found and words[:1] and words[0].isdigit():  # "4", for "4 Quality education"
        found = {key for names, key in _names(item) if names[:1] == words[:1] == words}
    if not found and words[:2] and words[0] in ("sdg", "goal"):
        found = {key for names, key in _names(item) if names[:1] == words[1:2]}
    if len(found) != 1:
        raise ValueError(f"'{_short(text)}' is not one of its values.")
    return found.pop()


def _choices(item: CodebookItem, text: str) -> list[str]:
    for separator in (r"[;\n|]", r"[;\n|,/]", r"[;\n|,/&]|\band\b"):
        try:
            return [_choice(item, part) for part in re.split(separator, text) if part.strip()]
        except ValueError as error:
            refused = error
    raise refused


def _number(text: str) -> str:
    """Return a number without its thousands separators; *2,5* stays, because it may be 2.5."""
    return re.sub(r"[, ]", "", text) if _GROUPED.fullmatch(text) else text


def _yes_or_no(text: str) -> bool:
    first = re.findall(r"\w+", text.casefold())
    if len(first) == 1 and first[0] in _YES | _NO:
        return first[0] in _YES
    raise ValueError(f"'{_short(text)}' is neither yes nor no.")


@cache
def countries_by_name() -> dict[Words, str]:
    """Return the code of each country by the words of its names in five languages."""
    found = {words_of(name): code for name, code in _USUAL.items()}
    for language in LANGUAGES:
        names = Locale(language).territories
        for code in COUNTRIES:
            if code in names:
                found.setdefault(words_of(names[code]), code)
    return found


def country_of(text: str) -> str:
    """Return the code of a country that is named in one of five languages, or by its code."""
    if code := countries_by_name().get(words_of(text)):
        return code
    try:
        return country_code(text)
    except ValueError as error:
        raise ValueError(f"'{_short(text)}' is not a country that we know.") from error


def money_of(text: str) -> dict[str, object]:
    """Return an amount such as *£1.5m* as a value; raise ValueError, in words, for any other."""
    found = _MONEY.fullmatch(text)
    sign = found and (found["before"] or found["after"])
    if not found or not sign or found["unit"].casefold() not in _ZEROS:
        raise ValueError(f"'{_short(text)}' is not an amount with one currency.")
    whole, _, decimals = found["number"].replace(",", "").partition(".")
    zeros = _ZEROS[found["unit"].casefold()]
    if len(decimals) > zeros > 0:
        raise ValueError(f"'{_short(text)}' is not an amount in whole units.")
    amount = whole + decimals.ljust(zeros, "0") if zeros else found["number"].replace(",", "")
    return {"amount": amount, "currency": _SIGNS.get(sign, sign), "year": found["year"]}


def _date(text: str) -> str:
    if _DATE.fullmatch(text):
        return text
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
        if day and int(day) <= 12 and day != month:
            raise ValueError(f"'{_short(text)}' can be read in two ways; write it as 2014-05-31.")
        return "-".join(part.zfill(2) for part in (year, month, day) if part)
    raise ValueError(f"'{_short(text)}' is not a date such as 2014, 2014-05 or 2014-05-31.")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def text_of(item: CodebookItem, value: object) -> str:
    """Return a value as a cell has it, so that `value_of` reads the same value from it."""
    labels = {one.key: one.label for one in item.values}
    match value:
        case {"special": key}:
            return SPECIAL_VALUES.get(str(key), str(key))
        case bool():
            return "Yes" if value else "No"
        case list():
            return "; ".join(labels.get(str(key), str(key)) for key in value)
        case {"amount": amount, "currency": currency, **rest}:
            return f"{currency} {amount}" + (f" ({rest['year']})" if rest.get("year") else "")
        case str() if item.type is ItemType.COUNTRY:
            return str(Locale("en").territories.get(value, value))
        case _:
            return labels.get(str(value), str(value))
