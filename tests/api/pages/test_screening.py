"""The screening page beside the record: criteria with their examples."""

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
