"""Blinding through the API: a hidden decision changes no answer to the other reviewer."""

from itertools import product
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from review.people.tokens import TokenScope, issue_token
from review.vocabulary import Stage
from tests.api.pages.test_two_worlds import worlds_for  # noqa: F401 - a fixture
from tests.api.v1.api_routes import API_ROUTES
from tests.api.v1.conftest import Program
from tests.api.worlds import CHOSEN, SITUATIONS, answer_of, differences, undoing

pytestmark = pytest.mark.slow


def answers(worlds, who):
    """Return the answers to every request that a person can make, in each of the worlds."""
    person, names = getattr(worlds.cast, who), worlds.names
    missing = dict.fromkeys(("job", "publication", "link", "calibration_set_id"), UUID(int=1))
    names = names | missing | {
        "review": worlds.cast.slug, "record": names["record_id"], "other": names["other_id"],
        "search": names["search_id"], "box": "records_screened", "study": names["study_id"],
        "reviewer": worlds.cast.reviewer_a.account_id, "account_id": UUID(int=1),
        "included": names["record_id"], "talked": names["record_id"], "report": names["record_id"],
    }  # fmt: skip
    everything = []
    for app, database in worlds.made:
        with database.writing() as session:
            token = issue_token(
                session, account_id=person.account_id, name="t", scopes=list(TokenScope)
            )
        program = Program(TestClient(app), token)
        with undoing(app, database):
            everything.append(
                {
                    (route.method, route.path, stage): answer_of(
                        program.call(route, names | {"stage": stage.value}),
                        is_act=route.method != "GET",
                    )
                    for route, stage in product(API_ROUTES, Stage)
                    if "{stage}" in route.path or stage is Stage.TITLE_ABSTRACT
                }
            )
    return everything


@pytest.mark.parametrize(("situation", "roles", "kind"), CHOSEN)
def test_no_answer_to_b_depends_on_a_hidden_decision(worlds_for, situation, roles):  # noqa: F811
    worlds = worlds_for(SITUATIONS[situation], roles)

    assert differences(answers(worlds, "reviewer_b")) == {}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_reviewer_b_gets_their_own_records_all_the_same(worlds_for):  # noqa: F811
    [first, _] = answers(worlds_for(SITUATIONS["b_has_decided"]), "reviewer_b")

    assert sum(status == 200 for status, _, _ in first.values()) > 10


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
def test_the_masks_do_not_hide_everything(worlds_for):  # noqa: F811
    """The lead gets other answers once the round is complete and the worlds differ."""
    assert differences(answers(worlds_for(SITUATIONS["b_has_decided"]), "lead"))
