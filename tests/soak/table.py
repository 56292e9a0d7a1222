"""The table in docs/reliability.md, made from what trying the rows has shown.

`python tests/soak/table.py` writes it again.
"""

from collections.abc import Sequence

from tests.soak.results import ROOT, Result, results
from tests.soak.rows import ROWS, Row

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- table: python tests/soak/table.py -->\n", "<!-- end of the table -->"
NAMES = {"sqlite": "SQLite: ", "postgresql": "PostgreSQL: ", "none": ""}


def write() -> None:
    """Write the table into the page again."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{text(results())}{END}{after}", encoding="utf-8")


def text(kept: Sequence[Result]) -> str:
    """Return the table with its sums."""
    by_row = {row.id: [one for one in kept if one.row == row.id] for row in ROWS}
    states = [state(row, by_row[row.id]) for row in ROWS]
    counts = ", ".join(f"{states.count(word)} {word}" for word in ("met", "not met", "not tried"))
    lines = [f"\n{len(ROWS)} goals: {counts}.\n", "| goal | what | | figure | command |"]
    lines += ["|---|---|---|---|---|", *(line(row, by_row[row.id]) for row in ROWS)]
    return "\n".join(lines) + "\n\n"


def state(row: Row, kept: Sequence[Result]) -> str:
    """Return whether a row was met on all its databases, was not, or was not tried."""
    if not kept:
        return "not tried"
    met = {one.database for one in kept if one.met}
    return "met" if met == set(row.databases) and not row.needs else "not met"


def line(row: Row, kept: Sequence[Result]) -> str:
    """Return the line of a row."""
    figures = [
        f"{NAMES[one.database]}{one.figure} ({one.date}, `{one.commit}`)"
        for database in row.databases
        for one in kept
        if one.database == database
    ]
    missing = [f"needs {row.needs}"] if row.needs else []
    commands = dict.fromkeys(f"`{one.command}`" for one in kept)
    cells = [row.id, row.goal, state(row, kept), "; ".join(figures + missing) or "–"]
    return f"| {' | '.join([*cells, ', '.join(commands) or '–'])} |".replace("\n", " ")


if __name__ == "__main__":
    write()
