"""Coded values: what each type of codebook item accepts, and how pages show a value."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from .addresses import doi, web_address
from .places import country_code, country_name
from .problems import listed, suggest
from .schema import SPECIAL_VALUES, CodebookItem, ItemType

MAX_TEXT = 20_000
MAX_INTEGER = 2**53 - 1  # the largest integer that every JSON reader keeps exactly
FIRST_YEAR, LAST_YEAR = 1000, 2999
MAX_DIGITS = 30  # before and after the point together
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,12})?")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_CURRENCIES = frozenset(Locale("en").currencies) - {"XXX", "XTS"}
COMMON_CURRENCIES = ("GBP", "USD", "EUR")


def check_value(item: CodebookItem, value: object) -> object:
    """Return ``value`` as it is stored for ``item``; raise ValueError with a sentence for people.

    A special value is ``{"special": "unclear"}``.  The others depend on the type: yes_no is a
    boolean; one_of a key; many_of a list of keys, in the codebook's order; integer a number;
    decimal a string such as "0.5", so that nothing is rounded; money a mapping with amount (a
    string, as for decimal), currency (ISO 4217) and year (or null); date "2014", "2014-05" or
    "2014-05-31"; country an alpha-2 code; doi begins with "10."; web_address with a scheme; text is
    trimmed.  A checked value stays as it is.
    """
    try:
        if isinstance(value, Mapping) and set(value) == {"special"}:
            return _check_special(value["special"])
        return _CHECKS[item.type](item, value)
    except ValueError as error:
        raise ValueError(f"{item.label}: {error}") from error


def describe_value(item: CodebookItem, value: object) -> str:
    """Return a stored value as people read it; keys no longer in the codebook stay keys."""
    if isinstance(value, Mapping) and "special" in value:
        return SPECIAL_VALUES.get(str(value["special"]), str(value["special"]))
    labels = {choice.key: choice.label for choice in item.values}
    match value:
        case bool():
            return "Yes" if value else "No"
        case int() if item.type is ItemType.YEAR:
            return str(value)
        case int():
            return f"{value:,}"
        case list():
            return "; ".join(labels.get(str(key), str(key)) for key in value)
        case Mapping():
            return _describe_money(value)
        case str() if item.type is ItemType.COUNTRY:
            return country_name(value)
        case str() if item.type is ItemType.DECIMAL:
            return _grouped(value)
        case _:
            return labels.get(str(value), str(value))


@cache
def currencies(also: str = "") -> tuple[tuple[str, str], ...]:
    """Return the (code, name) of each currency that some country uses today, common ones first.

    ``also`` is a currency that is listed even where no country uses it any more.
    """
    in_use = {
        code
        for place in get_global("territory_currencies")
        for code in get_territory_currencies(place)
    }
    names = Locale("en").currencies
    others = sorted((in_use | {also}) & _CURRENCIES - set(COMMON_CURRENCIES))
    return tuple((code, names[code]) for code in (*COMMON_CURRENCIES, *others))


def _describe_money(value: Mapping[Any, Any]) -> str:
    year = f" ({value['year']})" if value.get("year") else ""
    return f"{value['currency']} {_grouped(str(value['amount']))}{year}"


def _grouped(number: str) -> str:
    try:
        return f"{Decimal(number):,f}"
    except InvalidOperation:  # coded while the item had another type
        return number


def _check_special(key: object) -> dict[str, str]:
    if not isinstance(key, str) or key not in SPECIAL_VALUES:
        raise ValueError(f"a special value is {listed(list(SPECIAL_VALUES))}.")
    return {"special": key}


def _check_yes_no(_item: CodebookItem, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("answer yes or no (true or false).")  # noqa: TRY004
    return value


def _check_one_of(item: CodebookItem, value: object) -> str:
    keys = [choice.key for choice in item.values]
    if not isinstance(value, str):
        raise ValueError("choose one value.")  # noqa: TRY004
    if value not in keys:
        raise ValueError(f"'{value[:80]}' is not one of its values.{suggest(value[:80], keys)}")
    return value


def _check_many_of(item: CodebookItem, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("choose one or more values, or one of the special values.")
    chosen = {_check_one_of(item, key) for key in value}
    return [choice.key for choice in item.values if choice.key in chosen]


def _check_integer(item: CodebookItem, value: object) -> int:
    number = Decimal(_check_decimal(item, value))
    if number != number.to_integral_value():
        raise ValueError("give a whole number.")
    if abs(number) > MAX_INTEGER:
        raise ValueError(f"this number is too large; the limit is {MAX_INTEGER:,}.")
    return int(number)


def _check_year_value(item: CodebookItem, value: object) -> int:
    year = _check_integer(item, value)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("give a year with four digits, such as 2015.")
    _check_bounds(item, year)
    return year


def _check_bounds(item: CodebookItem, year: int) -> None:
    if item.earliest and year < item.earliest:
        raise ValueError(
            f"{year} is before {item.earliest}, the first year that the codebook allows."
        )
    if item.latest and year > item.latest:
        raise ValueError(f"{year} is after {item.latest}, the last year that the codebook allows.")


def _check_decimal(_item: CodebookItem, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("give a number.")  # noqa: TRY004
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError) as error:
        raise ValueError("give a number in digits, with a point for decimals.") from error
    text = value.strip() if isinstance(value, str) else _plain(number)
    if not _DECIMAL.fullmatch(text):
        raise ValueError("give a number in digits, with a point for decimals and no other signs.")
    return _plain(number)


def _plain(number: Decimal) -> str:
    # Decimal.normalize would round to 28 digits; this only drops trailing zeros.
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        return str(number)
    digits = format(number, "f")
    if "." in digits:
        digits = digits.rstrip("0").removesuffix(".")
    return digits if number else "0"


def _check_money(item: CodebookItem, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping) or not {"amount", "currency"} <= set(value):
        raise ValueError("give an amount and a currency, and the year of its prices if known.")
    if unknown := set(value) - {"amount", "currency", "year"}:
        name = min(map(str, unknown))
        raise ValueError(f"money has no field '{name}'; use amount, currency and year.")
    amount = _check_decimal(item, value["amount"])
    if amount.startswith("-"):
        raise ValueError("an amount of money cannot be negative.")
    currency = str(value["currency"]).strip().upper()
    if currency not in _CURRENCIES:
        raise ValueError("choose an ISO 4217 currency code, for example GBP.")
    return {"amount": amount, "currency": currency, "year": _check_year(value.get("year"))}


def _check_year(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not re.fullmatch("(19|20)[0-9]{2}", str(value)):
        raise ValueError("give the year of the prices as four digits, 1900 to 2099.")
    return int(str(value))


def _check_date(item: CodebookItem, value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not _DATE.fullmatch(text):
        raise ValueError("give a date as 2014, 2014-05 or 2014-05-31.")
    try:
        date.fromisoformat(text + "0000-01-01"[len(text) :])
    except ValueError as error:
        raise ValueError(f"the date {text} does not exist; correct it.") from error
    _check_bounds(item, int(text[:4]))
    return text


def _check_country(_item: CodebookItem, value: object) -> str:
    if value is False:
        raise ValueError("YAML reads NO as false; write Norway as 'NO', in quotes.")
    if not isinstance(value, str):
        raise ValueError("give an ISO 3166 country code, such as KE.")  # noqa: TRY004
    return country_code(value)


def _check_text(_item: CodebookItem, value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise ValueError("write some text, or choose one of the special values.")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the text is longer than {MAX_TEXT:,} characters; shorten it.")
    if re.search("[\x00\ud800-\udfff]", text):  # UTF-8 or PostgreSQL cannot store these
        raise ValueError("the text has a character that cannot be stored; remove it.")
    return text


def _check_doi(item: CodebookItem, value: object) -> str:
    return doi(_check_text(item, value))


def _check_web_address(item: CodebookItem, value: object) -> str:
    return web_address(_check_text(item, value))


_CHECKS: Mapping[ItemType, Callable[[CodebookItem, object], object]] = {
    ItemType.YES_NO: _check_yes_no,
    ItemType.ONE_OF: _check_one_of,
    ItemType.MANY_OF: _check_many_of,
    ItemType.INTEGER: _check_integer,
    ItemType.YEAR: _check_year_value,
    ItemType.DECIMAL: _check_decimal,
    ItemType.MONEY: _check_money,
    ItemType.DATE: _check_date,
    ItemType.COUNTRY: _check_country,
    ItemType.DOI: _check_doi,
    ItemType.WEB_ADDRESS: _check_web_address,
    ItemType.TEXT: _check_text,
}
