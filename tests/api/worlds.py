"""Worlds that differ only in what one reviewer decided and another may not know.

In each world the ranking has been trained after the hidden decision.  Writing works as always and
is undone at the end of each request, so that every act can be tried in the same situation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import unified_diff
from io import BytesIO
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.decisions.reopening_requests import ask_to_reopen
from review.errors import Conflicting
from review.events import OPERATOR
from review.reports.retrieval import retrieve
from review.reviews import add_member, amend_protocol
from review.storage.database import Database
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import RetrievalState, Role, Stage, Verdict
from screening.queue.labels import add_label
from screening.ranking.runs import rank_records
from tests.api.conftest import make_app
from tests.databases import KINDS
from tests.factories import (
    Cast,
    decide_both,
    make_records,
    make_review,
    protocol_text,
)

Answer = tuple[int, Mapping[str, str], str]  # status, headers, text
HIDDEN: tuple[dict[str, Any], ...] = (
    {"verdict": Verdict.INCLUDE, "note": "Clearly in.", "marked_words": ["contract"]},
    {"verdict": Verdict.EXCLUDE, "exclusion_reason": "date", "note": "Clearly out."},
)
MASKS = (  # what differs between any two answers: form tokens and keys, ids of new rows, and times
    (re.compile(r'name="(form_token|key)" value="[0-9a-f-]+"'), "one-time"),
    (re.compile(r'"form_token":"[0-9a-f]+"'), "one-time"),
    (re.compile(r"\d{1,2} \w+ \d{4}, \d\d:\d\d UTC"), "time"),
    (re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)"), "time"),
)
CHAIN = (  # what follows from the ids and times of the acts, in the log and beside the counts
    (re.compile(r'"(digest|previous_hash|hash|head)":"[0-9a-f]{64}"'), "hash"),
    (re.compile(r'"model_run","subject_id":"[0-9a-f-]{36}"'), "run"),
)
OF_ACTS = (  # what is new in each answer to an act: ids, tokens
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "id"),
    (re.compile(r"[\w-]{32,}"), "token"),
    (re.compile(r"\b[0-9a-f]{16,}\b"), "hash"),
)


@dataclass(frozen=True)
class Situation:
    """What has happened when B looks, beside A's hidden decision."""

    stage: Stage = Stage.TITLE_ABSTRACT
    b_has_decided: bool = True
    a_has_closed: bool = False
    needed: int = 2
    seed: int | None = None  # of what else has happened; nothing without one


SITUATIONS = {
    "b_undecided": Situation(b_has_decided=False),
    "b_undecided_a_closed": Situation(b_has_decided=False, a_has_closed=True),
    "b_has_decided": Situation(),
    "b_has_decided_a_closed": Situation(a_has_closed=True),
    "one_decides": Situation(b_has_decided=False, needed=1),
    "full_text": Situation(Stage.FULL_TEXT),
    "full_text_b_undecided": Situation(Stage.FULL_TEXT, b_has_decided=False, a_has_closed=True),
}


OTHER_ROLES = (Role.LEAD, Role.ADJUDICATOR, Role.ADVISOR)
IN_CI = (  # each pair of situation, roles and database is in one of them; the soak tries all
    ("b_has_decided", (), "postgresql"),
    ("b_has_decided", OTHER_ROLES, "sqlite"),
    ("full_text_b_undecided", (), "sqlite"),
    ("full_text_b_undecided", OTHER_ROLES, "postgresql"),
)
CHOSEN = [
    pytest.param(
        *chosen, id="-".join((chosen[0], "in_every_role" if chosen[1] else "reviewer", chosen[2])),
        marks=[] if chosen in IN_CI else [pytest.mark.soak],
    )
    for chosen in product(SITUATIONS, ((), OTHER_ROLES), KINDS)
]  # fmt: skip


class UndoingDatabase(Database):
    """A database on which whatever is written is undone when the writer is done."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with Session(self.writer) as session, session.begin() as transaction:
            yield session
            session.flush()
            transaction.rollback()

    writing_if_free = writing


@dataclass(frozen=True)
class Worlds:
    """The worlds, each with its own database and application."""

    cast: Cast
    names: dict[str, Any]
    made: Sequence[tuple[FastAPI, Database]]


def differences(everything: Sequence[Mapping[Any, Answer]]) -> dict[Any, Any]:
    """Return every answer that is not the same in all worlds, as far as it differs."""
    first, *others = everything
    return {
        key: [_difference(first[key], other[key]) for other in others]
        for key in first
        if any(other[key] != first[key] for other in others)
    }


def _difference(one: Answer, other: Answer) -> Any:
    if one[:2] != other[:2]:
        return one[:2], other[:2], other[2][:500]
    lines = (text.splitlines() for text in (one[2], other[2]))
    return list(unified_diff(*lines, lineterm="", n=0))


def answer_of(response: Response, *, is_act: bool) -> Answer:
    """Return the status, the headers and the text of a response, masked."""
    headers = {
        name: masked(value, is_act=is_act)
        for name, value in response.headers.items()
        if name not in ("date", "content-length", "set-cookie")
    }
    return response.status_code, headers, masked(_text_of(response), is_act=is_act)


def _text_of(response: Response) -> str:
    """Return the text of a response; of a workbook its cells, as its file also says the time."""
    if "spreadsheetml" not in response.headers.get("content-type", ""):
        return response.text
    book = load_workbook(BytesIO(response.content))
    return "\n".join(
        f"{sheet.title}: {row}" for sheet in book for row in sheet.iter_rows(values_only=True)
    )


@contextmanager
def undoing(app: FastAPI, database: Database) -> Iterator[None]:
    """Let the application undo whatever it writes."""
    app.state.database = UndoingDatabase(database.url)
    try:
        yield
    finally:
        app.state.database.dispose()
        app.state.database = database


def make_worlds(
    situation: Situation, templates: Any, kind: str, folder: Path, *, roles: Sequence[Role] = ()
) -> Worlds:
    """Return two worlds in which B also has ``roles``."""
    url = templates.fresh(kind)
    base = Database(url)
    with base.writing() as session:
        cast, records, names = _shared_past(session, situation, roles)
    base.dispose()
    made = []
    for number, decision in enumerate(HIDDEN):
        database = Database(templates.clone(url))
        at = {"review_id": cast.review_id, "stage": situation.stage}
        with database.writing() as session:
            decide(session, record_id=records[2], by=cast.reviewer_a, **at, **decision)
            add_label(session, review_id=cast.review_id, record_id=records[2], is_shared=True,
                      name=f"clearly {decision['verdict']}", by=cast.reviewer_a)  # fmt: skip
            if situation.a_has_closed:
                close_decisions(session, by=cast.reviewer_a, **at)
        for stage in Stage:
            rank_records(database, review_id=cast.review_id, stage=stage, by=OPERATOR)
        made.append((make_app(database, folder / str(number)), database))
    return Worlds(cast, names, made)


def _shared_past(
    session: Session, situation: Situation, roles: Sequence[Role]
) -> tuple[Cast, list[UUID], dict[str, Any]]:
    cast = make_review(session, needed=situation.needed)
    in_review: dict[str, Any] = {"review_id": cast.review_id}
    for role in roles:
        add_member(session, email=cast.emails["reviewer_b"], role=role, by=OPERATOR, **in_review)
    records = make_records(session, cast.review_id, 6)
    if situation.seed is not None:
        _make_more(session, cast, Random(situation.seed))  # noqa: S311
    for reviewer in cast.reviewers[: situation.needed]:
        for number, verdict in ((0, Verdict.EXCLUDE), (1, Verdict.INCLUDE)):
            decide(session, record_id=records[number], stage=Stage.TITLE_ABSTRACT,
                   verdict=verdict, by=reviewer, **in_review)  # fmt: skip
    at_full_text = [1, 2] if situation.stage is Stage.FULL_TEXT else [1]
    if situation.stage is Stage.FULL_TEXT:
        decide_both(session, cast, records[2], Verdict.INCLUDE)
    for number in at_full_text:
        retrieve(session, record_id=records[number], state=RetrievalState.RETRIEVED,
                 by=cast.lead, **in_review)  # fmt: skip
    for reviewer in cast.reviewers[: situation.needed]:
        decide(session, record_id=records[1], stage=Stage.FULL_TEXT, verdict=Verdict.INCLUDE,
               by=reviewer, **in_review)  # fmt: skip
    study = add_study(session, label="Doe 2000", reports=[records[1]], by=cast.lead, **in_review)
    amend_protocol(
        session, protocol_text=protocol_text(needed=situation.needed, closes_after=20),
        why="So that decisions stay open.", by=cast.lead, **in_review,
    )  # fmt: skip
    request = ask_to_reopen(session, record_id=records[0], stage=Stage.TITLE_ABSTRACT,
                            why="A slip.", by=cast.reviewer_a, **in_review)  # fmt: skip
    own = None
    if situation.b_has_decided:
        own = decide(session, record_id=records[2], stage=situation.stage,
                     verdict=Verdict.INCLUDE, by=cast.reviewer_b, **in_review)  # fmt: skip
    absent = (
        "publication_id",
        "link_id",
        "invitation_id",
        "token_id",
        "job_id",
        "reviewer_id",
        "adjudication_id",
        "proposal_id",
        "contract_id",
        "code_id",
        "offered_id",
        "document_id",
    )
    names = dict.fromkeys(absent, UUID(int=1)) | {
        "slug": cast.slug, "record_id": records[2], "other_id": records[3],
        "search_id": session.get_one(Record, records[0]).search_id, "study_id": study.id,
        "stage": situation.stage.value, "format": "csv", "email": "x@y",
        "event": 1, "event_number": 1, "code": UUID(int=1),
        "request_id": request.id, "own": own.id if own else UUID(int=2),
    }  # fmt: skip
    return cast, records, names


def _make_more(session: Session, cast: Cast, chance: Random) -> None:
    """Let reviewers decide on more records, one or both, alike or not, and resolve some."""
    at: dict[str, Any] = {"review_id": cast.review_id, "stage": Stage.TITLE_ABSTRACT}
    for record in make_records(session, cast.review_id, chance.randint(2, 6)):
        people = chance.sample(cast.reviewers, k=chance.randint(0, 2))
        verdicts = [chance.choice([Verdict.INCLUDE, Verdict.EXCLUDE]) for _ in people]
        made = []
        for reviewer, verdict in zip(people, verdicts, strict=True):
            with suppress(Conflicting):  # one decision may be enough
                made.append(decide(session, record_id=record, verdict=verdict, by=reviewer, **at))
        if len(made) == 2 and len(set(verdicts)) == 2 and chance.random() < 0.5:
            adjudicate(session, record_id=record, verdict=Verdict.INCLUDE, by=cast.adjudicator,
                       settles=[decision.id for decision in made], **at)  # fmt: skip


def masked(text: str, *, is_act: bool) -> str:
    """Return text without what differs between any two answers, to acts or to other requests."""
    for pattern, mask in (*MASKS, *CHAIN, *(OF_ACTS if is_act else ())):
        text = pattern.sub(mask, text)
    return text
