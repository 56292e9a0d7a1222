"""Who may do what, route by route: own review, another's, and one that is not there."""

from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from api.web.security import form_token, sealed
from heatmap.feedback import leave_feedback
from heatmap.publications import publish, share
from review.events import OPERATOR, last_event
from review.jobs import JobKind, enqueue
from review.people.invitations import invite
from review.permissions import ALLOWED, Action, may
from review.reviews import add_member
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import Role
from tests.api.authorisation import PAGE, text
from tests.api.conftest import KEY, Browser
from tests.api.routes import NOBODY_NEEDED, ROUTES, Route
from tests.factories import include_fully, make_records, make_review

ROLES = {
    "lead": {Role.LEAD},
    "reviewer_a": {Role.REVIEWER},
    "adjudicator": {Role.ADJUDICATOR},
    "advisor": {Role.ADVISOR},
}


@pytest.fixture
def filled(database, people):
    """Names for the addresses: a record, a study, a search and so on of the review."""
    with database.writing() as session:
        one, two, three = make_records(session, people.review_id, 3)
        include_fully(session, people, three)
        study = add_study(session, review_id=people.review_id, label="Doe 2000", reports=[three],
                          by=people.lead)  # fmt: skip
        contract = add_contract(session, review_id=people.review_id, label="A bond",
                                by=people.lead)  # fmt: skip
        link_contract(session, review_id=people.review_id, study_id=study.id,
                      contract_id=contract.id, by=people.lead)  # fmt: skip
        search, file = (getattr(session.get_one(Record, one), name)
                        for name in ("search_id", "import_file_id"))  # fmt: skip
        [elsewhere] = make_records(session, people.review_id)
        other_search = session.get_one(Record, elsewhere).search_id
        job = enqueue(session, review_id=people.review_id, kind=JobKind.DEDUPLICATE, arguments={},
                  by=people.lead)  # fmt: skip
        publication = publish(session, review_id=people.review_id, title="Map", by=people.lead)
        link, _ = share(session, review_id=people.review_id, publication_id=publication.id,
                        by=people.lead)  # fmt: skip
        said = leave_feedback(session, link=link, publication=publication, text="It is wrong.")
        invitation, _ = invite(session, review_id=people.review_id, name="A colleague",
                               roles=[Role.REVIEWER], by=people.lead)  # fmt: skip
        return {
            "publication_id": publication.id, "link_id": link.id, "invitation_id": invitation.id,
            "file_id": file, "to_search_id": other_search,
            "slug": people.slug, "record_id": one, "other_id": two, "study_id": study.id,
            "search_id": search, "job_id": job.id, "stage": "title_abstract", "format": "csv",
            "feedback_id": said.id, "contract_id": contract.id, "email": people.emails["advisor"],
            "reviewer_id": people.reviewer_b.account_id,
            "sealed": sealed(f"{'0' * 64}/a.ris", KEY.encode()),
        }  # fmt: skip


# Where a test has no such thing, it asks for one that is not there.
ABSENT = {
    key: uuid4()
    for key in (
        "job_id",
        "token_id",
        "calibration_set_id",
        "reviewer_id",
        "request_id",
        "adjudication_id",
        "proposal_id",
        "contract_id",
        "code_id",
        "offered_id",
        "document_id",
        "feedback_id",
        "file_id",
        "to_search_id",
    )
} | {"number": 1, "event_number": 1, "sealed": "x", "section": "stopping",
     "part": "reasons", "entry": 0, "which": "searches"}  # fmt: skip
# What is sent along where a route takes files.
FILES = {
    "/searches/files": {"files": ("a.ris", b"TY  - JOUR\nTI  - A title\nER  - \n")},
    "/reports/files": {"files": ("a.pdf", b"%PDF-1.4 and no more")},
    "/coding-sheets/files": {"file": ("a.csv", b"Title,Country\nPaying for results,Kenya\n")},
    "/full-text": {"file": ("a.pdf", b"%PDF-1.4 and no more")},
    "/known-contracts": {"file": ("a.json", b'{"project": {"id": "A-2", "data": {}}}')},
}


def ask(browser: Browser, route: Route, names: dict):
    names = ABSENT | names
    path = (route.path + route.query).format(**names)
    if route.method == "GET":
        return browser.get(path)
    form = {key: value.format(**names) for key, value in route.form.items()}
    files = next((one for end, one in FILES.items() if route.path.endswith(end)), None)
    return browser.post(path, form, **({"files": files} if files else {}))


def test_no_route_is_left_out_of_the_table(app):
    listed = {(route.method, route.path) for route in ROUTES}

    declared = {
        (method, route.path)
        for route in every_route(app.routes)
        if not any(route.path.startswith(open_one) for open_one in NOBODY_NEEDED)
        for method in route.methods - {"HEAD"}
    }

    assert declared == listed


def every_route(routes):
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif getattr(route, "path", "") != "/api/v1":  # which has a table of its own
            yield from every_route(getattr(route, "routes", None) or inner(route))


def inner(route):
    original = getattr(route, "original_router", None)
    return original.routes if original is not None else ()


@pytest.mark.parametrize("name", ROLES)
def test_each_role_may_do_what_the_table_says_and_nothing_else(sign_in, people, filled, name):
    browser = sign_in(getattr(people, name))

    for route in ROUTES:
        if route.action is None:
            continue
        status = ask(browser, route, filled).status_code
        allowed = may(frozenset(ROLES[name]), route.action)
        assert (status != 403) == allowed, (route.method, route.path, status)
        assert status < 500, (route.method, route.path, status)


def test_a_foreign_review_answers_exactly_like_a_missing_one(sign_in, people, filled, database):
    with database.writing() as session:
        stranger = make_review(session)
    for who in (stranger.lead, people.outsider):
        browser = sign_in(who)
        for route in ROUTES:
            if "{slug}" not in route.path:
                continue

            foreign = ask(browser, route, filled)
            missing = ask(browser, route, filled | {"slug": "x" * len(people.slug)})

            assert foreign.status_code == missing.status_code == 404, route
            assert foreign.text.replace(people.slug, "x" * len(people.slug)) == missing.text


def test_ids_of_another_review_are_missing_in_ones_own(sign_in, people, filled, database):
    with database.writing() as session:
        stranger = make_review(session)
        for role in (Role.REVIEWER, Role.ADJUDICATOR):  # so that no route is refused for the role
            add_member(session, review_id=stranger.review_id, email=stranger.emails["lead"],
                       role=role, by=OPERATOR)  # fmt: skip
    browser = sign_in(stranger.lead)
    names = filled | {"slug": stranger.slug}

    for route in ROUTES:
        if "_id}" not in route.path or "{slug}" not in route.path:
            continue
        foreign = ask(browser, route, names)
        missing = ask(browser, route, names | {key: uuid4() for key in names if "_id" in key})
        assert foreign.status_code == missing.status_code == 404, route
        assert foreign.text == missing.text


def test_nobody_is_sent_to_sign_in(sign_in, filled):
    browser = sign_in()

    for route in ROUTES:
        answer = ask(browser, route, filled)
        assert answer.status_code in (303, 403), route
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), route


def test_a_form_without_our_token_or_from_another_site_changes_nothing(sign_in, people, filled):
    browser = sign_in(people.lead)

    for route in ROUTES:
        if route.method != "POST":
            continue
        path = route.path.format(**ABSENT | filled)
        assert browser.client.post(path, data=route.form).status_code == 403, route
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert browser.post(path, route.form, headers=headers).status_code == 403, route


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)  # nothing of it is the database's
def test_no_form_of_another_kind_does_without_our_token(sign_in, people, filled):
    browser, other = sign_in(people.lead), sign_in(people.lead)
    text = {"content-type": "text/plain"}
    bodies = {
        "text": {"content": b"form_token=x", "headers": text},
        "JSON": {"json": {"form_token": other.token}},
        "fields of many parts": {"files": {"form_token": (None, "x")}},
        "nothing": {},
        "another session's token": {"data": {"form_token": form_token(KEY.encode(), other.token)}},
        "ours from a sister site": {
            "data": {"form_token": form_token(KEY.encode(), browser.token)},
            "headers": {"sec-fetch-site": "same-site"},
        },
    }  # fmt: skip

    for path in ("dedupe", "searches/files", "settings/members"):
        for what, sent in bodies.items():
            answer = browser.client.post(f"/reviews/{people.slug}/{path}", **sent)
            assert answer.status_code == 403, (path, what)


def test_reading_pages_writes_nothing(sign_in, people, filled, database):

    with database.reading() as session:
        before = last_event(session, people.review_id)

    for name in ROLES:
        browser = sign_in(getattr(people, name))
        for route in ROUTES:
            if route.method == "GET":
                ask(browser, route, filled)

    with database.reading() as session:
        assert last_event(session, people.review_id) == before


def test_every_action_is_allowed_to_somebody():
    assert set(ALLOWED) == set(Action)


def test_the_page_of_the_docs_says_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == text(), "python tests/api/authorisation.py --write"
