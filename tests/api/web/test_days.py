"""Days as forms send them."""

from datetime import UTC, datetime

import pytest

from api.web.days import day_of, end_of
from review.errors import Invalid


def test_a_day_ends_at_midnight_in_utc() -> None:
    end = end_of("2026-11-22")

    assert end == datetime(2026, 11, 22, 23, 59, 59, 999999, UTC)
    assert end.utcoffset().total_seconds() == 0


def test_no_text_is_no_day() -> None:
    assert (day_of(" "), end_of("")) == (None, None)


@pytest.mark.parametrize("text", ["22.11.2026", "2026-02-30", "tomorrow"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a date"):
        end_of(text)
