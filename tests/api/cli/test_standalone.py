"""`siftmap dedupe-file` and `simulate`: files of one's own, without a review."""

import random

import pytest

from tests.api.cli.shell import Shell, assert_fails_with, rows_of_csv

TABLE_WITH_DUPLICATES = """\
id,author,year,title,journal,volume,number,pages,doi,abstract
a,"Doe, Jane",2004,Bonds for homelessness in a northern town,Journal of Outcomes,4,1,10-20,10.1/a,
b,"Doe, J.",2004,Bonds for homelessness in a northern town.,J Outcomes,4,1,10-20,10.1/a,
c,"Roe, R.",2011,Payment by results in prisons,Justice,7,2,33-41,10.1/c,
d,"Poe, P.",1999,An unrelated history of municipal lending,Ledger,2,1,1-9,,
e,"Doe, Jane",2004,Bonds for homelessness in a northern town,Journal of Outcomes,4,1,10-20,,
"""


def test_the_duplicates_of_a_table(empty_shell: Shell) -> None:
    empty_shell.write("table.csv", TABLE_WITH_DUPLICATES)

    result = empty_shell.start(
        "dedupe-file", "table.csv", "--out", "clusters.csv", "--questions", "pairs.csv", "--json"
    )  # fmt: skip

    clusters = rows_of_csv(empty_shell.folder / "clusters.csv")
    pairs = rows_of_csv(empty_shell.folder / "pairs.csv")
    assert (result.status, result.err) == (0, "")
    assert clusters == [
        ["id", "cluster_id"], ["a", "a"], ["b", "a"], ["c", "c"], ["d", "d"], ["e", "a"]
    ]  # fmt: skip
    assert pairs[0] == ["left", "right", "score"]
    assert result.json == {"records": 5, "clusters": 3, "questions": len(pairs) - 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("title,year\nA,2001\n", "has no column 'id'; its columns are title, year."),
        ("id,title\na,A\na,B\n", "occurs more than once"),
        ("", "is not a CSV table in UTF-8"),
        (b"id,title\na,\xff\xfe\n", "is not a CSV table in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(
    empty_shell: Shell, content: str | bytes, sentence: str
) -> None:
    table, out, pairs = (
        empty_shell.write("t.csv", content),
        empty_shell.folder / "c",
        empty_shell.folder / "p",
    )

    assert_fails_with(
        empty_shell.run("dedupe-file", table, "--out", out, "--questions", pairs), sentence
    )
    assert not out.exists()


@pytest.fixture(scope="module")
def labelled() -> str:
    """Sixty labelled records, the relevant ones about bonds."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    words = ("price", "garden", "river", "metal", "winter", "music", "engine", "paper")
    lines = ["id,title,abstract,label"]
    for n in range(60):
        is_relevant = n % 10 == 3
        about = "outcomes contract impact bond" if is_relevant else "study of things"
        abstract = " ".join(chance.choices(words, k=25))
        lines.append(f"r{n},{about} {chance.choice(words)},{about} {abstract},{int(is_relevant)}")
    return "\n".join(lines) + "\n"


SIMULATION_KEYS = {"wss95", "rrf10", "ndcg", "atd", "n", "included", "seconds", "stops"}


QUESTION = ("--question", "What do outcomes contracts and impact bonds achieve?")


def test_a_simulation_prints_its_measures(empty_shell: Shell, labelled: str) -> None:
    empty_shell.write("labelled.csv", labelled)

    result = empty_shell.start(
        "simulate", "labelled.csv", *QUESTION, "--order", "order.csv", "--json"
    )

    heading, *order = rows_of_csv(empty_shell.folder / "order.csv")
    assert (result.status, result.err) == (0, "")
    assert result.json.keys() == SIMULATION_KEYS
    assert (result.json["n"], result.json["included"]) == (60, 6)
    assert result.json["wss95"] > 0.5
    assert heading == ["position", "id", "label", "score"]
    assert [row[0] for row in order] == [str(n) for n in range(1, 61)]
    assert {row[1] for row in order} == {f"r{n}" for n in range(60)}
    assert sum(row[2] == "1" for row in order) == 6


def test_a_simulation_prints_where_each_rule_would_have_stopped_and_draws_its_curve(
    empty_shell: Shell, labelled: str
) -> None:
    file = empty_shell.write("labelled.csv", labelled)
    curve, drawing = empty_shell.folder / "curve.csv", empty_shell.folder / "curve.svg"

    printed = empty_shell.run("simulate", file, *QUESTION, "--curve", curve)
    stops = empty_shell.run("simulate", file, *QUESTION, "--curve", drawing, "--json").json["stops"]

    heading, *lines = rows_of_csv(curve)
    assert heading == ["read", "found", "recall"]
    assert (lines[0], lines[-1]) == (["0", "0", "0.0"], ["60", "6", "1.0"])
    assert drawing.read_text().startswith("<svg")
    assert "50 irrelevant in a row" in drawing.read_text()
    by_rule = {stop["rule"]: stop for stop in stops}
    assert by_rule["50 irrelevant in a row"]["recall"] == 1
    assert by_rule["50 irrelevant in a row"]["n_read"] < 60
    assert not by_rule["100 irrelevant in a row"]["has_stopped"]
    assert b"100 irrelevant in a row: not before the end" in printed.out


def test_a_simulation_starts_from_priors_and_can_be_repeated(
    empty_shell: Shell, labelled: str
) -> None:
    file = empty_shell.write("labelled.csv", labelled)
    orders = [empty_shell.folder / f"order{n}.csv" for n in range(4)]

    measured = empty_shell.run(
        "simulate", file, "--prior", "r3, r0", "--order", orders[0], "--json"
    ).json
    for order in orders[1:3]:
        empty_shell.run("simulate", file, "--seed", "4", "--order", order)
    empty_shell.run("simulate", file, "--seed", "5", "--order", orders[3])

    assert (measured["n"], measured["included"]) == (58, 5)
    assert not {"r3", "r0"} & {row[1] for row in rows_of_csv(orders[0])}
    assert orders[1].read_text() == orders[2].read_text() != orders[3].read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "sentence"),
    [
        (("label", "colour"), (), "The table has no column label."),
        ((",0\n", ",2\n"), (), "Every label must be 1 (included) or 0 (excluded)."),
        ((",0\n", ",maybe\n"), (), "Every label must be 1 (included) or 0 (excluded)."),
        ((",0\n", ",1\n"), (), "a relevant and an irrelevant record to start from"),
        (("r1,", "r2,"), (), "Two records have the same id."),
        (("", ""), ("--prior", "r3,unknown"), "No record has the id unknown."),
        (("", ""), ("--seed", "-2000"), "The seed -2000 is out of range."),
    ],
)
def test_a_simulation_that_makes_no_sense_is_refused(
    empty_shell: Shell,
    labelled: str,
    change: tuple[str, str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    file = empty_shell.write("labelled.csv", labelled.replace(*change))

    assert_fails_with(empty_shell.run("simulate", file, *arguments, "--json"), sentence)
