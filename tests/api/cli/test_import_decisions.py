"""`siftmap import-decisions`."""

import csv

from sqlalchemy import select

from review.tables import Record, Review
from tests.api.cli.shell import Shell, ris


def test_decisions_of_another_program_are_imported_in_the_name_of_a_person(
    shell: Shell, new_review: str
) -> None:
    shell.run("import", new_review, shell.write("own.ris", ris(range(60, 62))))
    export = shell.write(
        "kept.csv",
        "title,doi,decision,reviewer\n"
        f"{title_of(shell, new_review)},,kept,Zoë\nA title that nobody here has,,kept,Zoë\n",
    )
    command = ("import-decisions", new_review, export, "--verdict", "kept=include")

    nobody = shell.run(*command)
    assert (nobody.status, "--as" in nobody.err) == (1, True)
    unclear = shell.run(*command, "--verdict", "kept", "--as", "ana@example.org")
    assert unclear.status == 2
    shell.run("review", "member", new_review, "ana@example.org", "--role", "lead")
    result = shell.run(*command, "--out", "rows.csv", "--as", "ana@example.org", "--json")

    assert result.json["counts"] == {"imported": 1, "no certain match among the records here": 1}
    rows = list(csv.reader((shell.folder / "rows.csv").read_text("utf-8-sig").splitlines()))
    assert [row[2:5] for row in rows[1:]] == [
        ["Zoë", "kept", "imported"],
        ["Zoë", "kept", "no certain match among the records here"],
    ]
    assert shell.run("verify").status == 0


def title_of(shell: Shell, slug: str) -> str:
    """The title of some record of a review."""
    titles = select(Record.title).join(Review, Review.id == Record.review_id)
    return str(shell.query(lambda session: session.scalar(titles.where(Review.slug == slug))))
