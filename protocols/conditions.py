"""Items that coders are asked about only where another item has some value."""

from collections.abc import Iterable, Mapping

from .schema import CodebookItem


def is_asked(item: CodebookItem, values: Mapping[str, object]) -> bool:
    """Say whether an item is asked, by the values of other items.

    An item with a condition is not asked before the other item has a value.
    """
    condition = item.asked_if
    if condition is None:
        return True
    value = values.get(condition.item)
    keys = value if isinstance(value, list) else [value]
    return any(key in condition.values for key in keys)


def condition_items(codebook: Iterable[CodebookItem]) -> frozenset[str]:
    """Return the keys of the items that decide whether others are asked."""
    return frozenset(item.asked_if.item for item in codebook if item.asked_if)
