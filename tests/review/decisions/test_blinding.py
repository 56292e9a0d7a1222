"""Two worlds that differ in one reviewer's hidden decision look the same to the other reviewer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.blinding import n_own_decisions, own_decision, own_decisions
from review.decisions.conflicts import open_conflicts
from review.decisions.decisions import decide, decision_of
from review.decisions.history import history
from review.decisions.marked_words import own_marks
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge
from review.errors import NotAllowed, NotFound, ReviewError
from review.events import OPERATOR, Actor
from review.permissions import Action, check, may, roles_of
from review.reports.retrieval import remove, retrieve
from review.reviews import add_member
from review.tables import Decision, Record
from review.vocabulary import Judgement, RemovalKind, RetrievalState, Role, Stage, Verdict
from screening.queue.next_records import n_left, next_records, skip
from screening.ranking.training_data import training_data
from tests.factories import Cast, decide_both, make_records, make_review

TITLE_ABSTRACT, FULL_TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT
INCLUDE, EXCLUDE, MAYBE = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE


@dataclass(frozen=True)
class Hidden:
    """A decision of reviewer A that reviewer B may not know."""

    verdict: Verdict
    exclusion_reason: str | None = None
    note: str | None = None
    marked_words: tuple[str, ...] = ()


WORLDS = (
    Hidden(INCLUDE),
    Hidden(EXCLUDE, "date"),
    Hidden(EXCLUDE, "population", "Wrong country, I think."),
    Hidden(MAYBE, note="See the full text."),
    Hidden(INCLUDE, marked_words=("outcomes contract",)),
)


def shown(thing: Any) -> Any:
    """Return something as a page would show it, without ids and times of B's own acts."""
    match thing:
        case Decision():
            return (
                thing.record_id, thing.stage, thing.round, thing.verdict, thing.exclusion_reason,
                thing.note, thing.rank_shown, thing.protocol_version, thing.supersedes_id is None,
            )  # fmt: skip
        case Record():
            return thing.id
        case Sequence() if not isinstance(thing, str):
            return [shown(item) for item in thing]
        case _:
            return thing


def answer_to(session: Session, act: Callable[[], Any]) -> Any:
    """Return the answer to an act, or the words of its refusal; then undo it."""
    savepoint = session.begin_nested()
    try:
        return shown(act())
    except ReviewError as error:
        return type(error).__name__, str(error)
    finally:
        savepoint.rollback()


def everything_seen(
    session: Session, cast: Cast, by: Actor, hidden_record: UUID, other_record: UUID
) -> dict[str, Any]:
    """Return all that a reviewer can read, and all the answers that they can get by trying."""
    in_review: dict[str, Any] = {"review_id": cast.review_id, "by": by}
    on_record: dict[str, Any] = {"record_id": hidden_record, **in_review}
    requests: dict[str, Callable[[], Any]] = {
        "roles": lambda: roles_of(session, review_id=cast.review_id, account_id=by.account_id),
        "removing": lambda: remove(session, kind=RemovalKind.OTHER, why="No.", **on_record),
        "retrieving": lambda: retrieve(session, state=RetrievalState.REQUESTED, **on_record),
        "merging": lambda: judge(
            session,
            left_id=hidden_record,
            right_id=other_record,
            verdict=Judgement.DUPLICATE,
            **in_review,
        ),
    }
    for action in Action:
        requests[f"may {action}"] = lambda action=action: check(session, action=action, **in_review)
    for stage in Stage:
        at: dict[str, Any] = {"stage": stage}
        requests |= {
            f"{stage} queue": lambda at=at: next_records(session, limit=50, **at, **in_review),
            f"{stage} how many left": lambda at=at: n_left(session, **at, **in_review),
            f"{stage} own": lambda at=at: own_decisions(session, limit=50, **at, **in_review),
            f"{stage} how many": lambda at=at: n_own_decisions(session, **at, **in_review),
            f"{stage} own decision": lambda at=at: own_decision(session, **at, **on_record),
            f"{stage} own marks": lambda at=at: own_marks(session, **at, **on_record),
            f"{stage} conflicts": lambda at=at: open_conflicts(
                session, stages=[at["stage"]], **in_review
            ),
            f"{stage} deciding": lambda at=at: decide(session, verdict=INCLUDE, **at, **on_record),
            f"{stage} adjudicating": lambda at=at: adjudicate(
                session, verdict=INCLUDE, settles=[], **at, **on_record
            ),
            f"{stage} reopening": lambda at=at: reopen(session, why="Let me.", **at, **on_record),
        }
    return {name: answer_to(session, request) for name, request in requests.items()}


def differences(seen: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return everything that is not the same in every world, with its value in each."""
    return {
        name: [world[name] for world in seen]
        for name in seen[0]
        if any(world[name] != seen[0][name] for world in seen)
    }


def in_each_world(session: Session, worlds: tuple[Hidden, ...]) -> Iterator[Hidden]:
    """Yield each world in turn, and undo everything that was done in it."""
    for world in worlds:
        with session.begin_nested() as savepoint:
            yield world
            savepoint.rollback()


def make_decision(
    session: Session, cast: Cast, record: UUID, by: Actor, stage: Stage, **more: Any
) -> UUID:
    return decide(
        session, review_id=cast.review_id, record_id=record, stage=stage, by=by, **more
    ).id


@pytest.mark.parametrize("rules", [{}, {"maybe": False}, {"needed": 1}], ids=str)
def test_nothing_that_b_sees_depends_on_as_decision_before_b_decides(session, rules):
    cast = make_review(session, **rules)
    hidden, own, *_ = make_records(session, cast.review_id, 4)
    make_decision(session, cast, own, cast.reviewer_b, TITLE_ABSTRACT, verdict=EXCLUDE)
    seen = []

    for world in in_each_world(session, WORLDS):
        decision_id = make_decision(
            session, cast, hidden, cast.reviewer_a, TITLE_ABSTRACT, **asdict(world)
        )
        b_sees = everything_seen(session, cast, cast.reviewer_b, hidden, own)
        b_sees["by id"] = answer_to(
            session,
            lambda decision_id=decision_id: decision_of(
                session, review_id=cast.review_id, decision_id=decision_id, by=cast.reviewer_b
            ),
        )
        seen.append({name: without_id(answer, decision_id) for name, answer in b_sees.items()})

    assert differences(seen) == {}


def without_id(answer: Any, id_: UUID) -> Any:
    assert str(id_) not in repr(answer), "a hidden decision's id is on the page"
    return answer


def test_a_decision_of_another_reviewer_cannot_be_found(session, cast):
    [record] = make_records(session, cast.review_id)
    hidden = make_decision(session, cast, record, cast.reviewer_a, TITLE_ABSTRACT, verdict=INCLUDE)

    with pytest.raises(NotFound):
        decision_of(session, review_id=cast.review_id, decision_id=hidden, by=cast.reviewer_b)
    own = own_decision(
        session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
        by=cast.reviewer_b,
    )  # fmt: skip
    assert own is None


@pytest.mark.parametrize(
    ("own_verdict", "is_adjudicator"),
    [(INCLUDE, False), (EXCLUDE, False), (INCLUDE, True)],
    ids=["B includes", "B excludes", "B includes, and adjudicates other records"],
)
def test_nothing_that_b_sees_reveals_whether_a_agreed(session, cast, own_verdict, is_adjudicator):
    """The round is complete; people who decided in it may not know whether it is a conflict."""
    hidden, other_record = make_records(session, cast.review_id, 2)
    if is_adjudicator:
        add_member(
            session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
            role=Role.ADJUDICATOR, by=OPERATOR,
        )  # fmt: skip
    seen = []

    for world in in_each_world(session, WORLDS):
        make_decision(session, cast, hidden, cast.reviewer_a, TITLE_ABSTRACT, **asdict(world))
        make_decision(session, cast, hidden, cast.reviewer_b, TITLE_ABSTRACT, verdict=own_verdict)
        seen.append(everything_seen(session, cast, cast.reviewer_b, hidden, other_record))

    assert differences(seen) == {}


def test_at_full_text_too_nothing_that_b_sees_reveals_as_decision(session, cast):
    hidden, other_record = make_records(session, cast.review_id, 2)
    for record in (hidden, other_record):
        decide_both(session, cast, record, INCLUDE)
        retrieve(session, review_id=cast.review_id, record_id=record, by=cast.lead,
                 state=RetrievalState.RETRIEVED)  # fmt: skip
    before, after = [], []

    for world in in_each_world(session, WORLDS):
        make_decision(session, cast, hidden, cast.reviewer_a, FULL_TEXT, **asdict(world))
        before.append(everything_seen(session, cast, cast.reviewer_b, hidden, other_record))
        make_decision(session, cast, hidden, cast.reviewer_b, FULL_TEXT, verdict=INCLUDE)
        after.append(everything_seen(session, cast, cast.reviewer_b, hidden, other_record))

    assert differences(before) == {}
    assert differences(after) == {}


def test_the_ranker_learns_nothing_from_a_single_decision(session, cast):
    records = make_records(session, cast.review_id, 4)
    decide_both(session, cast, records[0], INCLUDE)
    learned = []

    for world in in_each_world(session, WORLDS):
        make_decision(session, cast, records[1], cast.reviewer_a, TITLE_ABSTRACT, **asdict(world))
        data = training_data(session, review_id=cast.review_id, stage=TITLE_ABSTRACT)
        learned.append((data.ids, data.texts, data.labels, data.marks))

    assert learned[0][2] == [1, -1, -1, -1]
    assert all(world == learned[0] for world in learned)


def test_an_adjudicator_sees_the_conflicts_of_others_and_none_of_their_own(session, cast):
    ours, theirs, agreed = make_records(session, cast.review_id, 3)
    outsider = Actor.person(cast.outsider.account_id)
    for name, role in (("outsider", Role.REVIEWER), ("reviewer_a", Role.ADJUDICATOR)):
        add_member(
            session, review_id=cast.review_id, email=cast.emails[name], role=role, by=OPERATOR
        )
    make_decision(session, cast, ours, cast.reviewer_a, TITLE_ABSTRACT, verdict=INCLUDE)
    make_decision(session, cast, ours, cast.reviewer_b, TITLE_ABSTRACT, verdict=EXCLUDE)
    make_decision(session, cast, theirs, outsider, TITLE_ABSTRACT, verdict=INCLUDE)
    make_decision(session, cast, theirs, cast.reviewer_b, TITLE_ABSTRACT, verdict=EXCLUDE)
    decide_both(session, cast, agreed, INCLUDE)

    def listed(by: Actor) -> list[UUID]:
        shown = open_conflicts(session, review_id=cast.review_id, stages=[TITLE_ABSTRACT], by=by)
        assert all(len(conflict.decisions) == 2 for conflict in shown)
        return [conflict.record.id for conflict in shown]

    assert listed(cast.adjudicator) == [ours, theirs]
    assert listed(cast.reviewer_a) == [theirs]
    assert listed(cast.reviewer_b) == []
    for person in (cast.lead, cast.advisor):
        with pytest.raises(NotAllowed):
            listed(person)


def test_a_conflict_within_a_cluster_is_hidden_from_people_who_decided_on_any_of_its_records(
    session, cast
):
    a, b = make_records(session, cast.review_id, 2)
    add_member(
        session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.ADJUDICATOR,
        by=OPERATOR,
    )  # fmt: skip
    make_decision(session, cast, b, cast.reviewer_a, TITLE_ABSTRACT, verdict=INCLUDE)
    make_decision(session, cast, a, cast.reviewer_b, TITLE_ABSTRACT, verdict=EXCLUDE)
    judge(session, review_id=cast.review_id, left_id=a, right_id=b,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    seen = [
        open_conflicts(session, review_id=cast.review_id, stages=[TITLE_ABSTRACT], by=person)
        for person in (cast.adjudicator, cast.reviewer_a)
    ]

    assert [len(shown) for shown in seen] == [1, 0]


def test_where_consensus_is_allowed_the_reviewers_themselves_see_their_conflict(session):
    cast = make_review(session, consensus=True)
    [record] = make_records(session, cast.review_id)
    add_member(
        session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.ADJUDICATOR,
        by=OPERATOR,
    )  # fmt: skip
    make_decision(session, cast, record, cast.reviewer_a, TITLE_ABSTRACT, verdict=INCLUDE)
    make_decision(session, cast, record, cast.reviewer_b, TITLE_ABSTRACT, verdict=EXCLUDE)

    shown = open_conflicts(
        session, review_id=cast.review_id, stages=[TITLE_ABSTRACT], by=cast.reviewer_a
    )

    assert [conflict.record.id for conflict in shown] == [record]


def test_counts_are_for_people_to_whom_they_reveal_no_decision(session, cast):
    allowed = {Role.LEAD, Role.ADJUDICATOR, Role.ADVISOR}

    for role in Role:
        assert may(frozenset({role}), Action.SEE_COUNTS) is (role in allowed)
        with_reviewing = frozenset({role, Role.REVIEWER})
        assert may(with_reviewing, Action.SEE_COUNTS) is (role is Role.LEAD)
    with pytest.raises(NotAllowed):
        check(session, review_id=cast.review_id, by=cast.reviewer_a, action=Action.SEE_COUNTS)
    with pytest.raises(NotFound):
        check(session, review_id=cast.review_id, by=cast.outsider, action=Action.SEE_COUNTS)


def test_the_queue_has_every_record_that_needs_the_reviewers_decision(session, cast):
    records = make_records(session, cast.review_id, 6)
    undecided, decided_by_a, decided_by_b, resolved, removed, copy = records
    make_decision(session, cast, decided_by_a, cast.reviewer_a, TITLE_ABSTRACT, verdict=EXCLUDE)
    make_decision(session, cast, decided_by_b, cast.reviewer_b, TITLE_ABSTRACT, verdict=INCLUDE)
    decide_both(session, cast, resolved, EXCLUDE)
    remove(session, review_id=cast.review_id, record_id=removed, kind=RemovalKind.OTHER,
           why="Retracted.", by=cast.lead)  # fmt: skip
    judge(session, review_id=cast.review_id, left_id=undecided, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    def queue(by: Actor, *skipped: UUID) -> list[UUID]:
        at = {"review_id": cast.review_id, "stage": TITLE_ABSTRACT, "by": by}
        for record_id in skipped:
            skip(session, record_id=record_id, **at)
        return [record.id for record in next_records(session, limit=50, **at)]

    assert queue(cast.reviewer_a) == [undecided, decided_by_b]
    assert queue(cast.reviewer_b) == [undecided, decided_by_a]
    assert queue(cast.reviewer_b, undecided) == [decided_by_a, undecided]
    with pytest.raises(NotAllowed):
        queue(cast.lead)


def test_an_advisor_reads_what_was_decided_and_not_by_whom(session, cast):
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, EXCLUDE)
    reopen(session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
           why="A second look.", by=cast.lead)  # fmt: skip
    decide_both(session, cast, record, INCLUDE)

    scope = {"review_id": cast.review_id, "cluster": [record]}
    of_advisor = history(session, by=cast.advisor, **scope)
    of_lead = history(session, by=cast.lead, **scope)

    assert {entry.actor for entry in of_lead} >= {"Lead", "Reviewer_A", "Reviewer_B"}
    assert {entry.actor for entry in of_advisor} == {"the review team"}
    assert [entry.what for entry in of_advisor] == [entry.what for entry in of_lead]
