"""`siftmap migrate` and `verify`; the pages themselves have tests of their own."""

import pytest

from review.storage.database import Database
from tests.api.cli.conftest import PreparedReview
from tests.api.cli.shell import Shell, ris


def test_migrate_makes_the_database_and_again_does_nothing(prepared: PreparedReview) -> None:
    again = prepared.shell.run("migrate")

    assert prepared.results["migrate"].text == "The database is at the newest revision.\n"
    assert (again.status, again.out) == (0, prepared.results["migrate"].out)


def test_a_review_without_faults_is_reported_as_such(shell: Shell) -> None:
    assert shell.run("verify").text.startswith("All is well.\nHead: contracts:")
    assert shell.run("verify", "--json").json == []


TAMPERINGS = {
    "a record": (
        "record",
        "UPDATE record SET title = 'Other' WHERE number = 3",
        "a row that event",
    ),
    "a decision": (
        "decision",
        "UPDATE decision SET verdict = 'include' WHERE verdict = 'exclude'",
        "a row that event",
    ),
    "a lost decision": (
        "decision",
        "DELETE FROM decision WHERE verdict = 'exclude'",
        "wrote 1 rows; 0 are there",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_with_the_database_is_found(spoilable: Shell, what: str) -> None:
    table, statement, fault = TAMPERINGS[what]
    change_behind_its_back(spoilable.database_url, table, statement)

    result = spoilable.run("verify", "--json")

    assert result.status == 1
    assert result.json[0]["review"] == "contracts"
    assert fault in result.json[0]["fault"]


def change_behind_its_back(url: str, table: str, statement: str) -> None:
    database = Database(url)
    with database.writer.begin() as connection:
        triggers = (
            [f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete"]
            if database.is_sqlite
            else [f"DROP TRIGGER {table}_append_only ON {table}"]
        )
        for command in [*triggers, statement]:
            connection.exec_driver_sql(command)
    database.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_fault_ends_the_program_with_status_1_and_the_counter_example(spoilable: Shell) -> None:
    change_behind_its_back(
        spoilable.database_url, "event", "UPDATE event SET actor_kind = 'model' WHERE number = 2"
    )  # fmt: skip

    result = spoilable.start("verify")

    assert result.status == 1
    assert "contracts: event 2 does not follow from the events before it" in result.text.split("\n")
    assert "Traceback" not in result.err


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_changed_original_is_found(shell: Shell, new_review: str) -> None:
    path = shell.write("original.ris", ris(range(40, 42)))
    shell.run("import", new_review, path)
    (kept,) = [
        file
        for file in (shell.folder / "data" / "files").rglob("*")
        if file.is_file() and file.read_bytes() == path.read_bytes()
    ]

    kept.write_text("something else")
    changed = shell.run("verify")
    kept.unlink()
    gone = shell.run("verify")
    kept.write_bytes(path.read_bytes())

    assert (changed.status, gone.status, shell.run("verify").status) == (1, 1, 0)
    assert changed.text == f"{new_review}: the original of original.ris has been changed\n"
    assert gone.text == f"{new_review}: the original of original.ris is not in the file store\n"
