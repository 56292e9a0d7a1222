"""Text made safe for spreadsheets, which run cells that look like formulas."""

# OWASP, CSV injection: a cell that begins with one of these may be run by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def safe_cell(text: str) -> str:
    """Return ``text`` in a form that a spreadsheet shows and never runs."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
