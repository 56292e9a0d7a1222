"""Text made safe for programs that run what looks like a formula."""

# OWASP, CSV injection: a cell that begins with one of these may be run by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def safe_cell(text: str) -> str:
    """Return ``text`` so that a spreadsheet shows it and never runs it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
