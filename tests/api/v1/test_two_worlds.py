"""Blinding through the API: a hidden decision changes no answer to the other reviewer."""

import re
from itertools import product
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from review.events import OPERATOR
from review.people.tokens import TokenScope, issue_token
from review.reviews import add_member
from review.vocabulary import Role
from tests.api.pages.test_two_worlds import worlds  # noqa: F401 - a fixture
from tests.api.v1.api_routes import API_ROUTES
from tests.api.v1.conftest import Program

pytestmark = pytest.mark.slow

TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


@pytest.fixture
def answers_to(worlds):  # noqa: F811
    """Return a function that gets every GET route for a person, in each of the worlds."""
    cast, names, made = worlds
    names = {
        "review": cast.slug, "record": names["record_id"], "other": names["other_id"],
        "search": names["search_id"], "box": "records_screened", "format": "csv",
    } | dict.fromkeys(("study", "job", "report"), UUID(int=1))  # fmt: skip

    def ask(name):
        return [
            all_answers(app, database, person=getattr(cast, name), names=names)
            for app, database in made
        ]

    return ask


def all_answers(app, database, *, person, names):
    with database.writing() as session:
        token = issue_token(
            session, account_id=person.account_id, name="t", scopes=list(TokenScope)
        )
    program = Program(TestClient(app), token)
    answers = {}
    for route, stage in product(API_ROUTES, ("title_abstract", "full_text")):
        if route.method == "GET":
            for record in (names["record"], names["other"]):
                answer = program.call(route, names | {"stage": stage, "record": record})
                headers = dict(answer.headers) | {"content-length": ""}
                text = TIME.sub("time", answer.text)
                answers[route, stage, record] = (answer.status_code, headers, text)
    return answers


@pytest.mark.parametrize("name", ["reviewer_b", "outsider"])
def test_a_hidden_decision_changes_no_answer_to_another_reviewer(answers_to, name):
    first, *others = answers_to(name)

    for other in others:
        assert other == first


def test_reviewer_b_gets_their_own_records_all_the_same(answers_to):
    [first, *_] = answers_to("reviewer_b")

    assert sum(status == 200 for status, _, _ in first.values()) > 10


def test_an_adjudicator_does_not_get_the_conflicts_of_their_own_decisions(answers_to, worlds):  # noqa: F811
    cast, _, made = worlds
    for _, database in made:
        with database.writing() as session:
            add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                       role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip

    first, *others = answers_to("reviewer_b")

    for other in others:
        assert other == first


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
def test_the_masks_do_not_hide_everything(answers_to, request):
    """The lead gets other answers once the round is complete and the worlds differ."""
    include, exclude, _ = answers_to("lead")

    assert ("b_has_decided" in request.node.name) <= (include != exclude)
