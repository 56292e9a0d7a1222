"""Blinding: worlds that differ in one hidden decision look the same to the other reviewer.

Until B's own decision on a record has closed, nothing B sees depends on what others decided on it:
no page, no file, no answer to anything that B tries, in whichever roles, before and after learning.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

import pytest

from review.decisions.closing import close_decisions
from review.vocabulary import Role, Stage
from tests.api.conftest import browse
from tests.api.routes import ROUTES, Route
from tests.api.test_permissions import ask
from tests.api.worlds import (
    CHOSEN,
    OTHER_ROLES,
    SITUATIONS,
    Answer,
    Situation,
    Worlds,
    answer_of,
    differences,
    make_worlds,
    undoing,
)

pytestmark = pytest.mark.slow

ROLES = [roles for n in range(len(OTHER_ROLES) + 1) for roles in combinations(OTHER_ROLES, n)]


@pytest.fixture
def worlds_for(templates, kind, tmp_path):
    """Return a function that makes the worlds of a situation in which B has more roles."""
    made = []

    def make(situation, roles=()):
        folder = tmp_path / str(len(made))
        made.append(make_worlds(situation, templates, kind, folder, roles=roles))
        return made[-1]

    yield make
    for worlds in made:
        for _, database in worlds.made:
            database.dispose()


def requests(routes: Sequence[Route]) -> Iterator[tuple[Route, Stage]]:
    for route in routes:
        stages = Stage if "{stage}" in route.path else [Stage.TITLE_ABSTRACT]
        yield from ((route, stage) for stage in stages)


def seen(
    worlds: Worlds, who: str, routes: Sequence[Route] = ROUTES
) -> list[dict[tuple[str, str, Stage], Answer]]:
    """Return all that a person can see in each world, and all the answers to what they try."""
    everything = []
    for app, database in worlds.made:
        browser = browse(app, database, getattr(worlds.cast, who))
        with undoing(app, database):
            everything.append(
                {
                    (route.method, route.path + route.query, stage): answer_of(
                        ask(browser, route, worlds.names | {"stage": stage.value}),
                        is_act=route.method != "GET",
                    )
                    for route, stage in requests(routes)
                }
            )
    return everything


@pytest.mark.parametrize(("situation", "roles", "kind"), CHOSEN)
def test_nothing_that_b_sees_or_tries_depends_on_a_hidden_decision(worlds_for, situation, roles):
    worlds = worlds_for(SITUATIONS[situation], roles)

    assert differences(seen(worlds, "reviewer_b")) == {}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_nothing_does_in_any_role_whatever_else_has_happened(worlds_for, seed):
    chance = Random(seed)  # noqa: S311
    chosen = chance.choice([*SITUATIONS.values()])
    situation = Situation(chosen.stage, chosen.b_has_decided, chosen.a_has_closed, chosen.needed,
                          seed=seed)  # fmt: skip
    worlds = worlds_for(situation, chance.choice(ROLES))

    assert differences(seen(worlds, "reviewer_b")) == {}
    assert differences(seen(worlds, "outsider")) == {}


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
@pytest.mark.parametrize(
    "situation",
    ["b_has_decided", pytest.param("b_undecided_a_closed", marks=pytest.mark.soak)],
)
def test_the_masks_do_not_hide_everything(worlds_for, situation):
    """Once all have closed theirs, the worlds come apart, also for B if B leads the review."""
    chosen = SITUATIONS[situation]
    worlds = worlds_for(chosen, (Role.LEAD,))
    for _, database in worlds.made:
        with database.writing() as session:
            for reviewer in worlds.cast.reviewers:
                close_decisions(session, review_id=worlds.cast.review_id, stage=chosen.stage,
                                by=reviewer)  # fmt: skip

    is_settled = chosen.b_has_decided or chosen.needed == 1
    records = [route for route in ROUTES if "/records" in route.path and route.method == "GET"]
    assert bool(differences(seen(worlds, "reviewer_b", records))) == is_settled
    assert bool(differences(seen(worlds, "lead", records))) == is_settled
