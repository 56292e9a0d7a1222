"""Days as forms and commands send them: 2026-11-22, or nothing."""

from datetime import UTC, date, datetime, time

from review.errors import Invalid


def day_of(text: str) -> date | None:
    """Return the day that a text says, None for an empty one; raise Invalid for anything else."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(f"'{text}' is not a date like 2026-11-22.") from error


def end_of(text: str) -> datetime | None:
    """Return the last moment (UTC) of the day that a text says; None for an empty one."""
    day = day_of(text)
    return datetime.combine(day, time.max, UTC) if day else None
