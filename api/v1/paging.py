"""Lists by the page: a cursor that says where to go on, and nothing to read into."""

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


class Page(BaseModel, Generic[T]):
    """A part of a list; `next` is the cursor of the part after it, null at the end."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class Paging:
    """Where a page begins (after this place in the list) and how long it is."""

    after: int
    limit: int

    @property
    def reach(self) -> int:
        """How many items from the list's beginning show this page and whether another follows."""
        return self.after + self.limit + 1

    def cut(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Return this page of a list that is known from its beginning."""
        end = self.after + self.limit
        return {
            "items": list(rows[self.after : end]),
            "next": _cursor(end) if len(rows) > end else None,
        }

    def follow(self, rows: Sequence[T], number: Callable[[T], int]) -> dict[str, Any]:
        """Return a page of rows numbered after ``after``, fetched with one more than the limit."""
        shown = list(rows[: self.limit])
        return {
            "items": shown,
            "next": _cursor(number(shown[-1])) if len(rows) > self.limit else None,
        }


def paging(
    cursor: Annotated[
        str | None, Query(max_length=40, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
) -> Paging:
    """Return where the page that is asked for begins; raise Invalid for a cursor not of ours."""
    return Paging(_place(cursor) if cursor else 0, limit)


Paged = Annotated[Paging, Depends(paging)]


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"after {place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        word, number = said.decode("ascii").split(" ")
    except (binascii.Error, ValueError) as error:
        raise Invalid("This cursor is none of ours; begin at the first page.") from error
    if word != "after" or not number.isdecimal() or int(number) > LARGEST:
        raise Invalid("This cursor is none of ours; begin at the first page.")
    return int(number)
