"""`siftmap prisma` and `heatmap`."""

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from tests.api.cli.shell import Shell, assert_fails_with, n_events_and_records

COUNTS = {
    "database_results": 14, "duplicates": 2, "records_screened": 5, "records_excluded": 3,
    "awaiting_title_abstract": 7, "dbr_sought_reports": 2, "dbr_assessed": 2, "new_reports": 2,
    "new_studies": 1, "awaiting_study": 1,
}  # fmt: skip


def test_the_flow_has_its_counts_under_the_keys_of_prisma(shell: Shell) -> None:
    flow = shell.run("prisma", "contracts", "--format", "json").json

    assert {key: flow[key] for key in COUNTS} == COUNTS
    assert flow["adds_up"] is True
    assert (flow["review"], flow["as_of"]) == (
        "contracts",
        n_events_and_records(shell, "contracts")[0],
    )


def test_the_flow_of_an_earlier_event_or_day(shell: Shell) -> None:
    def results(as_of: object) -> int:
        return shell.run("prisma", "contracts", "--as-of", as_of).json["database_results"]

    today = datetime.now(UTC).date()
    number = n_events_and_records(shell, "contracts")[0]

    assert results(1) == 0
    assert results(number) == results(today) == results(today + timedelta(days=400)) == 14


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        ("nonsense", "'nonsense' is neither an event number nor a date like 2026-11-22."),
        ("2026-02-30", "'2026-02-30' is neither"),
        ("-1", "neither an event number nor a date"),
        ("0", "The review has no event 0."),
        ("100000", "The review has no event 100000."),
        ("2001-01-01", "The review had not begun by 2001-01-01."),
    ],
)
def test_the_flow_of_no_moment_is_refused(shell: Shell, as_of: str, sentence: str) -> None:
    assert_fails_with(shell.run("prisma", "contracts", f"--as-of={as_of}"), sentence)


def test_the_flow_as_a_table(shell: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(shell.run("prisma", "contracts", "--format=csv").text)))

    assert {row["data"]: row["n"] for row in rows}["database_results"] == "14"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("command", "kind_of_file", "start"),
    [
        ("prisma", "svg", b"<svg"), ("prisma", "png", b"\x89PNG\r\n"), ("prisma", "pdf", b"%PDF-"),
        ("heatmap", "svg", b"<svg"), ("heatmap", "png", b"\x89PNG\r\n"),
        ("heatmap", "html", b"<!DOCTYPE html>"), ("heatmap", "xlsx", b"PK\x03\x04"),
    ],
)  # fmt: skip
def test_what_is_drawn_goes_to_standard_output_or_to_a_file(
    shell: Shell, command: str, kind_of_file: str, start: bytes
) -> None:
    file = shell.folder / f"drawn.{kind_of_file}"

    printed = shell.run(command, "contracts", "--format", kind_of_file)
    written = shell.run(command, "contracts", "--format", kind_of_file, "--out", file)

    assert (printed.status, written.status, written.out) == (0, 0, b"")
    assert printed.out.lstrip().startswith(start)
    assert file.read_bytes().startswith(printed.out[:100] if kind_of_file != "xlsx" else start)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_bytes_arrive_whole_through_a_pipe(shell: Shell) -> None:
    result = shell.start("prisma", "contracts", "--format", "png")

    assert result.out.startswith(b"\x89PNG\r\n\x1a\n")
    assert result.out.endswith(b"IEND\xaeB`\x82")


def test_the_map_as_data(shell: Shell) -> None:
    made = shell.run("heatmap", "contracts").json

    assert (made["framework"], made["n_studies"], made["n_contracts"]) == ("area_by_type", 1, 1)
    cells = {(cell["row"], cell["column"]): cell["contracts"] for cell in made["cells"]}
    assert cells["work", "sib"] == 1
    assert cells["home", "pbr"] == 0  # a gap is there, as a zero


def test_the_map_as_a_table(shell: Shell) -> None:
    text = shell.run("heatmap", "contracts", "--format", "csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    book = openpyxl.load_workbook(
        io.BytesIO(shell.run("heatmap", "contracts", "--format", "xlsx").out)
    )

    assert next(row["contracts"] for row in rows if row["row_key"] == "work") == "1"
    values = [
        ["" if cell is None else str(cell) for cell in row]
        for row in book["Cells"].iter_rows(values_only=True)
    ]
    assert values == list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_another_map_and_another_unit_can_be_asked_for(shell: Shell) -> None:
    made = shell.run(
        "heatmap", "contracts", "--framework", "country_by_type", "--unit", "study"
    ).json  # fmt: skip

    assert (made["framework"], made["unit"]) == ("country_by_type", "study")
    assert_fails_with(shell.run("heatmap", "contracts", "--framework", "nope"), "nope")
    assert_fails_with(shell.run("heatmap", "contracts", "--unit", "people"), "people")
