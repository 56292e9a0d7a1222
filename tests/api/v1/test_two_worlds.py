"""Blinding through the API: a hidden decision changes nothing that the other reviewer is told."""

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

TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


@pytest.fixture
def told(worlds):  # noqa: F811
    """A function that gives all that somebody is told by GET routes, in each of the worlds."""
    cast, names, made = worlds
    names = {
        "review": cast.slug, "record": names["record_id"], "other": names["other_id"],
        "search": names["search_id"], "box": "records_screened", "format": "csv",
    } | dict.fromkeys(("study", "job", "report"), UUID(int=1))  # fmt: skip

    def ask(who):
        return [everything(app, database, getattr(cast, who), names) for app, database in made]

    return ask


def everything(app, database, who, names):
    with database.writing() as session:
        token = issue_token(session, account_id=who.account_id, name="t", scopes=list(TokenScope))
    program = Program(TestClient(app), token)
    told = {}
    for route, stage in product(API_ROUTES, ("title_abstract", "full_text")):
        if route.method == "GET":
            for record in (names["record"], names["other"]):
                answer = program.call(route, names | {"stage": stage, "record": record})
                headers = dict(answer.headers) | {"content-length": ""}
                text = TIME.sub("time", answer.text)
                told[route, stage, record] = (answer.status_code, headers, text)
    return told


@pytest.mark.parametrize("who", ["reviewer_b", "outsider"])
def test_a_hidden_decision_changes_nothing_that_another_reviewer_is_told(told, who):
    first, *others = told(who)

    for other in others:
        assert other == first


def test_the_owns_of_reviewer_b_are_told_all_the_same(told):
    [first, *_] = told("reviewer_b")

    assert sum(status == 200 for status, _, _ in first.values()) > 10


def test_where_b_is_an_adjudicator_too_their_own_conflicts_stay_untold(told, worlds):  # noqa: F811
    cast, _, made = worlds
    for _, database in made:
        with database.writing() as session:
            add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                       role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip

    first, *others = told("reviewer_b")

    for other in others:
        assert other == first


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
def test_the_masks_do_not_hide_everything(told, request):
    """The lead is told something else once the round is complete and the worlds differ."""
    include, exclude, _ = told("lead")

    assert ("b_has_decided" in request.node.name) <= (include != exclude)
