"""Lists in pages: an opaque cursor says where the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from review.errors import Invalid

T = TypeVar("T")
LARGEST = 2**31 - 1
WRONG_CURSOR = "This cursor is not valid. Start again from the first page, without a cursor."


class Page(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, null on the last page."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class Paging:
    """Where a page begins (after this position, or number, in the list) and how long it is."""

    after: int
    limit: int

    @property
    def n_needed(self) -> int:
        """Return how many items, from the first, show this page and whether another follows."""
        return self.after + self.limit + 1

    def page_of(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Return this page of a list whose items are given from the first."""
        end = self.after + self.limit
        return {
            "items": list(rows[self.after : end]),
            "next": _cursor(end) if len(rows) > end else None,
        }

    def page_of_next(self, rows: Sequence[T], number: Callable[[T], int]) -> dict[str, Any]:
        """Return this page, given the rows numbered after ``after``: one more than the limit."""
        shown = list(rows[: self.limit])
        return {
            "items": shown,
            "next": _cursor(number(shown[-1])) if len(rows) > self.limit else None,
        }


def paging(
    cursor: Annotated[
        str | None, Query(max_length=40, description="`next` of the previous page.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
) -> Paging:
    """Return which page is requested; raise Invalid for a cursor that this API did not give."""
    return Paging(_position(cursor) if cursor else 0, limit)


Paged = Annotated[Paging, Depends(paging)]


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"after {position}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        word, number = text.decode("ascii").split(" ")
    except (binascii.Error, ValueError) as error:
        raise Invalid(WRONG_CURSOR) from error
    if word != "after" or not number.isdecimal() or int(number) > LARGEST:
        raise Invalid(WRONG_CURSOR)
    return int(number)
