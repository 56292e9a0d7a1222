"""`siftmap user`, `review` and `protocol`."""

import pytest
from sqlalchemy import text

from tests.api.cli.conftest import PreparedReview
from tests.api.cli.shell import Shell, assert_fails_with
from tests.factories import protocol_text


def test_a_review_is_started_from_a_file_or_a_shipped_protocol(
    prepared: PreparedReview, new_review: str
) -> None:
    listed = {
        review["slug"]: review for review in prepared.shell.run("review", "list", "--json").json
    }

    title = "Outcomes contracts and employment"
    assert prepared.results["create"].text == f"Started the review 'contracts': {title}\n"
    assert listed["contracts"] == {"slug": "contracts", "title": title, "records": 14}
    assert listed[new_review]["records"] == 0
    assert "contracts  14 records" in prepared.shell.run("review", "list").text


def test_a_started_review_is_printed_as_json(shell: Shell) -> None:
    created = shell.run("review", "create", "json", "--protocol", "blank", "--title", "T", "--json")

    assert (created.json["slug"], created.json["title"]) == ("json", "T")
    assert created.json.keys() == {"id", "slug", "title"}


def test_members_get_the_roles_they_were_given(prepared: PreparedReview) -> None:
    rows = prepared.shell.query(
        lambda session: session.execute(
            text(
                "SELECT a.email, m.role FROM membership m JOIN account a ON a.id = m.account_id "
                "JOIN review r ON r.id = m.review_id WHERE r.slug = 'contracts' ORDER BY 1, 2"
            )
        ).all()
    )

    assert prepared.results["ana"].text == "Added ana@example.org.\n"
    assert [tuple(row) for row in rows] == [
        ("ana@example.org", "lead"),
        ("ana@example.org", "reviewer"),
        ("ben@example.org", "reviewer"),
    ]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_every_mistake_of_a_protocol_is_reported_with_its_line(shell: Shell) -> None:
    wrong = (
        protocol_text()
        .replace("languages: [en, es]", "languages: [en, es]\ncolour: red")
        .replace("title_abstract: {decisions_needed: 2", "title_abstract: {decisions_needed: 7")
        .replace("rows: {item: country}", "rows: {item: county}")
    )
    path = shell.write("wrong.yaml", wrong)
    lines = wrong.splitlines()
    at = [
        1 + next(number for number, line in enumerate(lines) if mark in line)
        for mark in ("colour", "needed: 7", "county")
    ]

    result = shell.start("protocol", "check", path)

    assert_fails_with(result, "'colour'", "'decisions_needed'", "'county'")
    mistakes = [line for line in result.err.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in mistakes] == [f"line {number}" for number in at]
    assert_fails_with(shell.run("review", "create", "wrong", "--protocol", path), *mistakes)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_protocol_without_mistakes_passes(shell: Shell) -> None:
    checked = shell.run("protocol", "check", "--json", shell.folder / "protocol.yaml")

    assert checked.status == 0
    assert checked.json.keys() == {"title", "sha256"}


def test_no_account_is_added_if_its_review_does_not_exist(shell: Shell) -> None:
    email = "left@example.org"
    shell.run(
        "user", "add", email, "--password", "a-long-password", "--review", "nope", "--role", "lead"
    )  # fmt: skip

    assert_fails_with(shell.run("dedupe", "contracts", "--as", email), "no account for")


def test_an_account_is_closed_and_opened_again(shell: Shell) -> None:
    email = "leaving@example.org"
    shell.run("user", "add", email, "--password", "a-long-password")

    closed = shell.run("user", "close", email)
    again = shell.run("user", "close", email)
    opened = shell.run("user", "reopen", email)

    assert closed.text == (
        f"{email} is closed: signed out everywhere, and all tokens are revoked.\n"
    )
    assert_fails_with(again, "closed already")
    assert opened.text == f"{email} is open again.\n"


def test_closing_the_only_lead_names_the_review(shell: Shell, new_review: str) -> None:
    email = "only-lead@example.org"
    shell.run("user", "add", email, "--password", "a-long-password", "--review", new_review,
              "--role", "lead")  # fmt: skip

    result = shell.run("user", "close", email)

    assert f"'{new_review}' has no other lead." in result.text
