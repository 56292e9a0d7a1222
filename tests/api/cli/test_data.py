"""`siftmap import`, `dedupe` and `rank`."""

import os

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from review.reviews import find_review
from review.tables import Record, RejectedBlock
from tests.api.cli.conftest import PreparedReview
from tests.api.cli.shell import Shell, n_events_and_records, ris

FIELDS = ["file", "format", "encoding", "found", "accepted", "rejected", "warnings"]


def test_an_import_says_what_happened_to_each_file(prepared: PreparedReview) -> None:
    assert prepared.results["import"].json == [
        dict(zip(FIELDS, ["scopus.ris", "ris", "utf-8", 8, 8, 0, []], strict=True))
    ]
    # No progress bar where nobody looks; that the tests' PostgreSQL runs without fsync is said.
    lines = prepared.results["import"].err.splitlines()
    assert [line for line in lines if "ALLOW_UNSAFE_DATABASE" not in line] == []
    assert prepared.results["import 2"].text == (
        "pubmed.ris: ris, utf-8: 6 found, 6 accepted, 0 rejected\n"
    )


def test_a_search_keeps_what_the_options_say_of_it(shell: Shell) -> None:
    rows = shell.query(
        lambda session: session.execute(
            text("SELECT source, kind, n_hits, CAST(run_on AS TEXT) FROM search ORDER BY 1")
        ).all()
    )

    assert ("Scopus", "database", 8, "2026-01-31") in [tuple(row) for row in rows]


def test_the_same_file_again_adds_nothing_and_says_so(shell: Shell) -> None:
    before = n_events_and_records(shell, "contracts")
    renamed = shell.write("renamed.ris", (shell.folder / "scopus.ris").read_bytes())

    (again,) = shell.run("import", "contracts", renamed, "--source", "Other", "--json").json

    assert list(again) == FIELDS
    assert (again["accepted"], again["rejected"]) == (0, 0)
    assert again["warnings"] == ["The content of this file was imported before; nothing was added."]
    assert "imported before" in shell.run("import", "contracts", renamed).text
    assert n_events_and_records(shell, "contracts") == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "This is not a reference file but a PDF."),
        (b"", "This file is empty."),
        (b"\n \n\n", "only spaces and blank lines"),
        (bytes(range(256)) * 9, "This is a binary file"),
        (b"PK\x03\x04 and no more", "damaged zip"),
        (b"Dear colleagues, please find attached our search.\n", ""),
    ],
)
def test_what_is_no_search_file_is_refused_and_nothing_is_added(
    shell: Shell, new_review: str, content: bytes, sentence: str
) -> None:
    before = n_events_and_records(shell, new_review)
    path = shell.write("strange.ris", content)

    result = shell.run("import", new_review, path, "--json")

    assert result.status == 1
    assert result.json[0]["file"] == str(path)
    assert sentence in result.json[0]["error"]
    assert n_events_and_records(shell, new_review) == before
    assert "not imported. " in shell.run("import", new_review, path).text


def test_a_file_that_is_not_there_does_not_stop_the_others(shell: Shell, new_review: str) -> None:
    good = shell.write("good.ris", ris(range(20, 23)))
    empty = shell.write("empty.ris", "")

    result = shell.run("import", new_review, shell.folder / "absent.ris", good, empty, "--json")

    assert result.status == 1
    assert "Traceback" not in result.err
    assert ["error" in file for file in result.json] == [True, False, True]
    assert n_events_and_records(shell, new_review)[1] == result.json[1]["accepted"] == 3


def test_no_block_of_a_damaged_file_is_lost(shell: Shell, new_review: str) -> None:
    damaged = (
        "TY  - JOUR\nTI  - Without an end\nPY  - 2001\n"
        "TY  - JOUR\nAU  - Nobody, N.\nER  - \n"
        "TY  - JOUR\nTI  - Cut off in the mid"
    )

    result = shell.run("import", new_review, shell.write("damaged.ris", damaged), "--json")

    (file,) = result.json
    assert (result.status, file["found"], file["accepted"] + file["rejected"]) == (0, 3, 3)
    assert file["warnings"]
    assert all(warning.startswith("line ") for warning in file["warnings"])
    kept = shell.query(lambda session: raw_blocks_of(session, new_review))
    for line in damaged.splitlines():
        assert line in kept


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_file_name_that_is_not_utf_8_is_imported_with_a_question_mark(
    shell: Shell, new_review: str
) -> None:
    strange_name = shell.write(os.fsdecode(b"r\xe9sultats.ris"), ris(range(33, 35)))

    result = shell.start("import", new_review, strange_name.name, "--json")

    (file,) = result.json
    assert (result.status, file["file"], file["accepted"]) == (0, "r?sultats.ris", 2)


def raw_blocks_of(session: Session, slug: str) -> str:
    review = find_review(session, slug).id
    raws = [
        raw
        for table in (Record, RejectedBlock)
        for raw in session.scalars(select(table.raw).where(table.review_id == review))
    ]
    return "\n".join(raws)


def test_the_format_and_encoding_can_be_given(shell: Shell, new_review: str) -> None:
    path = shell.write("export.txt", ris(range(30, 32)).replace("Doe", "Døe").encode("cp1252"))

    (file,) = shell.run(
        "import", new_review, path, "--format", "ris", "--encoding", "cp1252", "--json"
    ).json  # fmt: skip

    assert (file["format"], file["encoding"], file["accepted"]) == ("ris", "cp1252", 2)
    assert "Døe" in shell.query(lambda session: raw_blocks_of(session, new_review))


def test_duplicates_are_counted(prepared: PreparedReview) -> None:
    counts = prepared.results["dedupe"].json

    assert (counts["compared"], counts["duplicates"], counts["questions"]) == (14, 2, 0)
    assert counts.keys() == {"compared", "duplicates", "questions", "event"}


def test_ranking_says_what_it_was_trained_on(prepared: PreparedReview) -> None:
    run = prepared.results["rank"].json

    assert run.keys() == {"records", "training", "included", "fingerprint"}
    assert (run["records"], run["training"], run["included"]) == (12, 5, 2)
