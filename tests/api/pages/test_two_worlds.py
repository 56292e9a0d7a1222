"""Blinding: two worlds that differ in one hidden decision look the same to the other reviewer."""

import re
from itertools import product

import pytest

from review.decisions.decisions import decide
from review.events import OPERATOR
from review.reviews import add_member
from review.storage.database import Database
from review.tables import Record
from review.vocabulary import Role, Stage, Verdict
from tests.api.conftest import browse, make_app
from tests.api.routes import ROUTES
from tests.api.test_permissions import ask
from tests.factories import decide_both, include_fully, make_records, make_review

pytestmark = pytest.mark.slow

# What differs between any two answers: form tokens and keys, and times.
MASKS = (
    (re.compile(r'name="(form_token|key)" value="[0-9a-f-]+"'), "one-time"),
    (re.compile(r'"form_token":"[0-9a-f]+"'), "one-time"),
    (re.compile(r"\d{1,2} \w+ \d{4}, \d\d:\d\d UTC"), "time"),
)
WORLDS = [
    {"verdict": Verdict.INCLUDE, "note": "Clearly in."},
    {"verdict": Verdict.EXCLUDE, "exclusion_reason": "date", "note": "Clearly out."},
    {"verdict": Verdict.MAYBE},
]


@pytest.fixture(params=["before", "after"], ids=["b_undecided", "b_has_decided"])
def worlds(request, templates, kind, tmp_path):
    """Applications over copies of one database, each with another hidden decision of A's."""
    url = templates.fresh(kind)
    base = Database(url)
    with base.writing() as session:
        cast = make_review(session)
        records = make_records(session, cast.review_id, 6)
        decide_both(session, cast, records[0], Verdict.EXCLUDE)
        include_fully(session, cast, records[1])
        if request.param == "after":
            say(session, cast, records[2], Verdict.INCLUDE, cast.reviewer_b)
        names = {
            "slug": cast.slug, "record_id": records[2], "other_id": records[3],
            "search_id": session.get_one(Record, records[0]).search_id,
            "study_id": records[2], "stage": "title_abstract", "format": "csv", "email": "x@y",
        }  # fmt: skip
    base.dispose()
    made = []
    for number, hidden in enumerate(WORLDS):
        database = Database(templates.clone(url))
        with database.writing() as session:
            say(session, cast, records[2], by=cast.reviewer_a, **hidden)
        made.append((make_app(database, tmp_path / str(number)), database))
    yield cast, names, made
    for _, database in made:
        database.dispose()


def say(session, cast, record, verdict, by, **more):
    decide(session, review_id=cast.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
           verdict=verdict, by=by, **more)  # fmt: skip


def seen(app, database, who, names):
    """Everything a person can see: status, headers and masked text of every page."""
    browser = browse(app, database, who)
    answers = {}
    for route, stage in product(ROUTES, ("title_abstract", "full_text")):
        if route.method != "GET":
            continue
        answer = ask(browser, route, names | {"stage": stage})
        text = answer.text
        for pattern, mask in MASKS:
            text = pattern.sub(mask, text)
        headers = {k: v for k, v in answer.headers.items() if k not in ("date", "content-length")}
        answers[route, stage] = (answer.status_code, headers, text)
    return answers


@pytest.mark.parametrize("who", ["reviewer_b", "outsider"])
def test_a_hidden_decision_changes_nothing_that_another_reviewer_sees(worlds, who):
    cast, names, made = worlds

    first, *others = [seen(app, database, getattr(cast, who), names) for app, database in made]

    for other in others:
        assert other == first


def test_where_b_is_an_adjudicator_too_their_own_conflicts_stay_hidden(worlds):
    cast, names, made = worlds
    for _, database in made:
        with database.writing() as session:
            add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                       role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip

    first, *others = [seen(app, database, cast.reviewer_b, names) for app, database in made]

    for other in others:
        assert other == first


@pytest.mark.parametrize("kind", ["sqlite"])  # nothing of it is the database's
def test_the_masks_do_not_hide_everything(worlds, request):
    """A lead's pages do differ, once the round is complete and the worlds have come apart."""
    cast, names, made = worlds

    include, exclude, _ = [seen(app, database, cast.lead, names) for app, database in made]

    is_complete = "b_has_decided" in request.node.name
    assert (include != exclude) == is_complete
