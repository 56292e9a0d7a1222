"""`siftmap import-contracts`."""

from random import Random

from tests.api.cli.shell import Shell
from tests.review.studies.known_contracts.invented import invented_projects, write_zip


def test_a_list_comes_in_and_a_newer_one_replaces_it(shell: Shell, new_review: str) -> None:
    projects = invented_projects(Random(3), 30, "places")  # noqa: S311
    path = write_zip(shell.folder / "all.zip", projects)

    first = shell.run("import-contracts", new_review, str(path), "--json")
    assert first.json == {
        "contracts": 30, "new": 30, "removed": [], "matched": 0, "to_confirm": 0
    }  # fmt: skip
    write_zip(path, projects[2:])
    second = shell.run("import-contracts", new_review, str(path))
    assert second.status == 0
    assert "28 contracts are on the list, 0 of them new. 2 no longer public were deleted." in (
        second.out.decode()
    )
    wrong = shell.folder / "wrong.json"
    wrong.write_text("{}")
    refused = shell.run("import-contracts", new_review, str(wrong))
    assert (refused.status, "No project of INDIGO" in refused.err) == (1, True)
