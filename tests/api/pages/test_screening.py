"""The screening page beside the record: criteria with their examples."""

import re

import pytest

from review.reviews import amend_protocol, versions_of_protocol
from tests.factories import make_records

EXAMPLES = """include: Young people out of work.
    include_examples: [A bond for school leavers in Bogotá]
    exclude_examples: [A tax credit for employers]"""


def test_reviewers_see_the_examples_of_each_criterion(database, people, sign_in):
    with database.writing() as session:
        make_records(session, people.review_id)
        text = versions_of_protocol(session, people.review_id)[0].text
        amend_protocol(
            session, review_id=people.review_id, by=people.lead, why="Examples help.",
            protocol_text=text.replace("include: Young people out of work.", EXAMPLES),
        )  # fmt: skip

    page = sign_in(people.reviewer_a).get(f"/reviews/{people.slug}/screening/title_abstract").text

    for words in ("Examples to include", "A bond for school leavers in Bogotá",
                  "Examples to exclude", "A tax credit for employers"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize("closes_after", [20])
def test_marked_words_are_saved_without_a_script_and_shown_again_to_their_author_alone(
    database, people, sign_in
):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    reader, base = sign_in(people.reviewer_a), f"/reviews/{people.slug}/screening/title_abstract"
    address = f"{base}?record={record}"

    def marks(who):
        page = who.get(address).text
        return re.search(r'name="marked_words"[^>]*>([^<]*)</textarea>', page)[1].split("\n")

    reader.post(f"{base}/decisions", {
        "record": record, "verdict": "include",
        "marked_words": "paid  for outcomes\r\n\r\nOutcomes <b>contract</b>",
    })  # fmt: skip

    assert marks(reader) == ["Outcomes &lt;b&gt;contract&lt;/b&gt;", "paid for outcomes"]
    assert marks(sign_in(people.reviewer_b)) == [""]


def test_a_mark_that_is_too_long_is_refused_and_nothing_is_saved(database, people, sign_in):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    reader, base = sign_in(people.reviewer_a), f"/reviews/{people.slug}/screening/title_abstract"

    answer = reader.post(
        f"{base}/decisions",
        {"record": record, "verdict": "include", "marked_words": "x" * 201},
    )

    assert answer.status_code == 422
    assert "at most 200 characters" in answer.text
    assert "You decided" not in reader.get(f"{base}?record={record}").text
