"""Who did it is who is signed in: nothing that a request says makes it somebody else.

Every route that changes something, page and API, is asked with somebody else's id and address in
extra fields, in the address, in headers, and in place of each field that it has.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import literal, select, union_all

from review.corrections.searches import withdraw_file
from review.decisions.decisions import decide
from review.drafts import save_draft
from review.duplicates.judgements import judge
from review.events import OPERATOR
from review.people.invitations import invite
from review.people.tokens import TokenScope, issue_token, tokens_of
from review.permissions import may
from review.reviews import add_member, amend_protocol
from review.storage.files import FileStore
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.lists import keep_list
from review.studies.known_contracts.projects import Evaluation, KnownProject
from review.tables import Base, Event, OfferedFile, Record
from review.vocabulary import Judgement, Role, Stage, Verdict
from tests.api.routes import ROUTES
from tests.api.test_permissions import FILES, ROLES
from tests.api.v1.api_routes import UNSAFE
from tests.api.v1.conftest import filled_in, one_of_everything, program  # noqa: F401
from tests.factories import include_fully, make_records, protocol_text

# Columns that name whom an act is about; every other column with an account names who acts.
ABOUT = {("membership", "account_id"), ("assignment", "account_id")}
ACTORS = [
    column
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if any(key.column.table.name == "account" for key in column.foreign_keys)
    and (table.name, column.name) not in ABOUT
]
NAMES = (
    "account", "account_id", "actor", "actor_id", "adjudicator", "adjudicator_id", "as", "asked_by",
    "author", "by", "coder", "coder_id", "created_by", "email", "id", "member", "on_behalf_of",
    "owner", "owner_id", "person", "person_id", "reviewer", "reviewer_id", "user", "user_id",
    "username", "used_by",
)  # fmt: skip
HEADERS = ("from", "remote-user", "x-account-id", "x-actor-id", "x-forwarded-user", "x-user-id")


@dataclass(frozen=True)
class World:
    """A review with one of everything, and somebody with every role who does nothing."""

    names: dict[str, Any]
    victim: str
    email: str

    def forged(self, *declared: str) -> dict[str, str]:
        """Return every name by which a field could say who acts, with the other person's id."""
        values = {name: self.victim for name in NAMES if name not in declared}
        return values | ({"email": self.email} if "email" not in declared else {})

    @property
    def headers(self) -> dict[str, str]:
        return {**dict.fromkeys(HEADERS, self.victim), "from": self.email}


@pytest.fixture
def world(database, people, app, tmp_path, sign_in) -> World:
    with database.writing() as session:
        names = one_of_everything(session, people, app.state.settings.files_dir, tmp_path)
        for role in Role:
            add_member(session, review_id=people.review_id, email=people.emails["reviewer_b"],
                       role=role, by=OPERATOR)  # fmt: skip
        disputed, own, second, left, right, in_list, *_ = make_records(
            session, people.review_id, 12
        )
        include_fully(session, people, second)
        merge = judge(session, review_id=people.review_id, left_id=left, right_id=right,
                      verdict=Judgement.DUPLICATE, by=people.lead)  # fmt: skip
        add_member(session, review_id=people.review_id, email=people.emails["outsider"],
                   role=Role.REVIEWER, by=OPERATOR)  # fmt: skip
        cited = [
            decision(session, people, disputed, by=people.outsider, verdict=Verdict.INCLUDE),
            decision(session, people, disputed, by=people.reviewer_a, verdict=Verdict.EXCLUDE),
        ]
        amend_protocol(session, review_id=people.review_id, why="So that one stays open.",
                       protocol_text=protocol_text(closes_after=20), by=people.lead)  # fmt: skip
        undone = decision(session, people, own, by=people.reviewer_a, verdict=Verdict.EXCLUDE)
        invitation, _ = invite(session, review_id=people.review_id, name="A colleague",
                               roles=[Role.REVIEWER], by=people.lead)  # fmt: skip
        placed = session.get_one(Record, in_list)
        [elsewhere] = make_records(session, people.review_id)
        aside = session.get_one(Record, elsewhere)
        corrected = withdraw_file(session, review_id=people.review_id, why="Wrong.",
                                  file_id=aside.import_file_id, by=people.lead)  # fmt: skip
        issue_token(session, account_id=people.lead.account_id, name="own",
                    scopes=(TokenScope.READ,))  # fmt: skip
        [token] = tokens_of(session, people.lead.account_id)
        contract = add_contract(session, review_id=people.review_id, label="A bond of its own",
                                by=people.lead)  # fmt: skip
        link_contract(session, review_id=people.review_id, study_id=names["study"],
                      contract_id=contract.id, by=people.lead)  # fmt: skip
        given = [
            code(session, review_id=people.review_id, item="area", value=value, by=coder,
                 contract_id=contract.id)
            for coder, value in zip(people.reviewers, ("work", "home"), strict=True)
        ]  # fmt: skip
        offered = OfferedFile(
            id=uuid4(), review_id=people.review_id, sha256=kept_pdf(app, tmp_path), name="b.pdf",
            first_words="", n_pages=1, candidates=[], offered_by=people.lead.account_id,
        )  # fmt: skip
        session.add(offered)
        evaluated = KnownProject("A-1", "A bond", evaluations=(Evaluation("Report", "", ""),))
        keep_list(session, review_id=people.review_id, found=IndigoFile([evaluated]), name="a.json",
                  by=people.lead)  # fmt: skip
        names |= {"contract_id": contract.id, "code_id": given[0].id, "offered_id": offered.id}
        names |= {"token_id": token.id, "invitation_id": invitation.id, "disputed": disputed,
                  "cited": cited, "undone": undone, "second": second, "merge": merge,
                  "in_list": in_list, "file_id": placed.import_file_id, "number": corrected,
                  "to_search_id": aside.search_id, "section": "stopping", "part": "reasons",
                  "entry": "new"}  # fmt: skip
    same = {"slug": "review", "record_id": "record", "other_id": "other", "reviewer_id": "reviewer",
            "study_id": "study", "search_id": "search", "job_id": "job", "link_id": "link",
            "publication_id": "publication", "feedback_id": "feedback"}  # fmt: skip
    names |= {page: names[api] for page, api in same.items()}
    shown = sign_in(people.lead).post(f"/reviews/{people.slug}/searches/files",
                                      files=FILES["/searches/files"])  # fmt: skip
    names["protocol"] = protocol_text(needed=1)
    with database.writing() as session:
        save_draft(session, review_id=people.review_id, text=names["protocol"], by=people.lead)
    names["sealed"] = re.search(r'name="file" value="([^"]+)"', shown.text)[1]
    return World(names, str(people.reviewer_b.account_id), people.emails["reviewer_b"])


def kept_pdf(app, folder):
    path = folder / "b.pdf"
    path.write_bytes(b"%PDF-1.4 and no more")
    return FileStore(app.state.settings.files_dir).keep(path)


def decision(session, people, record, *, by, verdict):
    return decide(session, review_id=people.review_id, record_id=record, verdict=verdict, by=by,
                  stage=Stage.TITLE_ABSTRACT).id  # fmt: skip


# What the examples of the tables need to be done to the records of `world`.
ADVISOR_TOO = {"email": "{email}", "role": "adjudicator"}
FORMS = {
    "/settings/members": ADVISOR_TOO,
    "/coding": {"reports": "{second}"},
    "{study_id}/reports": {"reports": "{included}"},
    "/offered/{offered_id}": {"record": "{included}"},
    "/conflicts": {"record": "{disputed}", "settles": ["{cited[0]}", "{cited[1]}"]},
    "/conflicts/proposals": {"record": "{talked}"},
    "/comments": {"record": "{talked}"},
    "/duplicates/undo": {"event": "{merge}"},
    "{stage}/list": {"record": "{in_list}"},
    "{stage}/undo": {"decision": "{undone}"},
    "/protocol/yaml": {"text": "{protocol}"},
    "/protocol/draft": {"text": "{protocol}"},
}
API_BODIES = {
    "/reviews/{review}/members": ADVISOR_TOO,
    "/reviews/{review}/duplicates/undo": {"event": "{merge}"},
    "/reviews/{review}/studies": {"label": "Roe 2001", "reports": ["{second}"]},
    "/reviews/{review}/screening/{stage}/adjudications": {
        "record": "{disputed}", "settles": ["{cited[0]}", "{cited[1]}"]
    },
}  # fmt: skip


# What is no act of the review: sessions, tokens, invitations, jobs, previews, skips, labels.
WITHOUT_EVENT = re.compile(
    r"/logout$|/account/tokens|/invitations|/jobs/|/files$|/hits$|/preview$|/skip$|/dedupe$|/rank$|/labels$|/terms$"
    r"|/facts$|/copies$|/again$|/evaluations$"  # nothing to confirm or match here; a job
    r"|/protocol/yaml$|/protocol/checklists$|/draft/discard$|/protocol/edit/|/search-log/table$|/type-record$"
    r"| /start$|/server/accounts$|/exports$|/simulation$|\{slug\}/searches$|\{slug\}/decisions$"
    r"|/coding-sheets$"
)
# Adding and linking, publishing and sharing, two themes that are left.
TWO_ACTS = re.compile(r"/contracts$|/publications$|/rest$")
LAST = (  # they change what else can be done
    "/stopping",
    "/stop",
    "/protocol/yaml",
    "/protocol/draft",
    "/rules",
    "/withdraw",
    "/unlink",
    "/reports",
    "/moves",
)  # they change what else can be done


def acting(database) -> Counter[tuple[str, UUID]]:
    """Return how often each account has done something, by the column that says so."""
    columns = [
        select(literal(f"{column.table.name}.{column.name}"), column).where(column.is_not(None))
        for column in ACTORS
    ]
    with database.reading() as session:
        return Counter((name, account) for name, account in session.execute(union_all(*columns)))


def actors_of_events(database, review_id) -> list[UUID | None]:
    with database.reading() as session:
        query = select(Event.actor_id).where(Event.review_id == review_id)
        return session.scalars(query.order_by(Event.number)).all()


def who_may(actions) -> str:
    """Return whom of the cast a route that needs one of ``actions`` is for."""
    if not actions:
        return "lead"
    return next(
        name for name in ROLES if any(may(frozenset(ROLES[name]), action) for action in actions)
    )


def variants(fields: Mapping[str, Any], world: World) -> Iterator[dict[str, Any]]:
    """Yield a form or body as it is, with more fields, and with each of its own forged."""
    yield dict(fields)
    yield fields | world.forged(*fields)
    for name in fields:
        yield fields | {name: world.victim}


def attempts_on_pages(world, people, sign_in):
    for route in sorted(ROUTES, key=lambda route: route.path.endswith(LAST)):
        if route.method == "GET":
            continue
        who = getattr(people, who_may([route.action] if route.action else []))
        report = {"record_id": world.names["included"]} if "/reports/" in route.path else {}
        path = route.path.format(**world.names | report)
        changes = next((form for end, form in FORMS.items() if route.path.endswith(end)), {})
        files = next((one for end, one in FILES.items() if route.path.endswith(end)), None)
        for form in variants(filled_in(route.form | changes, world.names), world):
            send = partial(
                sign_in(who).post, path, form, params=world.forged(), headers=world.headers,
                **({"files": files} if files else {}),
            )  # fmt: skip
            yield f"{route.method} {route.path}", who, send


def attempts_on_the_api(world, people, program):  # noqa: F811
    for route in sorted(UNSAFE, key=lambda route: route.path.endswith(LAST)):
        who = getattr(people, who_may(route.actions))
        path = route.path.format(**world.names)
        changes = API_BODIES.get(route.path, {})
        for body in variants(filled_in((route.body or {}) | changes, world.names), world):
            if route.files is not None:
                sent = {"files": route.files, "data": body}
            else:
                sent = {} if route.body is None and not body else {"json": body}
            for query in (route.query, route.query | world.forged(*route.query)):
                send = partial(program(who).ask, route.method, path, params=query,
                               headers=world.headers, **sent)  # fmt: skip
                yield f"{route.method} {route.path}", who, send


def check_attempts(attempts, database, people) -> dict[str, list[str]]:
    """Assert that nobody but the caller acts; return the routes by what their first attempt did.

    The first attempt at each route forges headers and, on pages, the address; nothing else.
    """
    done: dict[str, list[str]] = {}
    seen = set()
    for name, who, send in attempts:
        before, n_before = acting(database), len(actors_of_events(database, people.review_id))
        answer = send()
        new = acting(database) - before
        events = actors_of_events(database, people.review_id)[n_before:]
        assert answer.status_code < 500, (name, answer.text)
        assert {account for _, account in new} <= {who.account_id}, (name, new)
        assert set(events) <= {who.account_id}, (name, "an event with another actor")
        if name not in seen:
            what = "refused" if answer.status_code >= 400 else f"{len(events)} events"
            done.setdefault(what, []).append(name)
        seen.add(name)
    return done


def check_events(done: dict[str, list[str]], *, refused: set[str]) -> None:
    """Assert that every route but those known changed something, and wrote an event."""
    assert set(done.pop("refused", [])) <= refused
    silent = [route for route in done.pop("0 events", []) if not WITHOUT_EVENT.search(route)]
    assert silent == []
    assert {route for route in done.pop("2 events", []) if not TWO_ACTS.search(route)} == set()
    assert list(done) == ["1 events"]


def test_pages_take_the_actor_from_the_session_alone(sign_in, people, world, database):
    done = check_attempts(attempts_on_pages(world, people, sign_in), database, people)

    check_events(done, refused={
        "POST /account/password",  # which asks for the old one
        "POST /start",  # which is for administrators
        "POST /server/accounts",  # which is for administrators
        "POST /reviews/{slug}/decisions/files",
        "POST /reviews/{slug}/coding-again",  # the value is another coder's
        "POST /reviews/{slug}/coding-sheets/files",
        "POST /reviews/{slug}/coding-sheets/preview",
        "POST /reviews/{slug}/coding/{study_id}/reports/merge",  # with itself
        "POST /reviews/{slug}/coding/{study_id}/reports/{event_number}/undo",  # nothing was moved
        "POST /reviews/{slug}/duplicates/above",
        "POST /reviews/{slug}/reports/{record_id}/retrieval",
        "POST /reviews/{slug}/records/{record_id}/look-up",  # which is switched off
        "POST /reviews/{slug}/records/{record_id}/removal",
        "POST /reviews/{slug}/reopening-requests/{request_id}/reopen",  # which was refused
        "POST /reviews/{slug}/settings/rules",  # no record has a single decision by then
    })  # fmt: skip


def test_the_api_takes_the_actor_from_the_token_alone(program, people, world, database):  # noqa: F811
    done = check_attempts(attempts_on_the_api(world, people, program), database, people)

    check_events(done, refused={
        "POST /reviews",  # which is for administrators
        "POST /reviews/{review}/duplicates/above",
        "POST /reviews/{review}/codes/agreed",
        "POST /reviews/{review}/codes/{code}/clear",  # there is no such code
        "POST /reviews/{review}/studies/{study}/moves/{event}/undo",  # nothing was moved
        "POST /reviews/{review}/screening/{stage}/rules",  # which have not changed
        "POST /reviews/{review}/reopening-requests/{request_id}/reopen",  # which was refused
    })  # fmt: skip


def test_every_column_that_says_who_acts_is_looked_at():
    assert len(ACTORS) > 10
    assert ("event", "actor_id") in {(column.table.name, column.name) for column in ACTORS}
