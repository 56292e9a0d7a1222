"""Several people at the same moment: nothing is lost, nothing is stuck, nobody sees an error."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

from hypothesis import settings
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge, undo
from review.errors import Conflicting, NotFound, ReviewError, Settled, Stale
from review.events import OPERATOR
from review.prisma.counts import count_flow, identities
from review.reviews import add_member, remove_member
from review.searches.searches import add_search
from review.states.clusters import clusters_of
from review.states.flow import FlowState, flow_states
from review.storage.database import Database
from review.tables import AdjudicatedDecision, Adjudication, Decision, Event
from review.verify import verify
from review.vocabulary import Act, Judgement, Role, SearchKind, Stage, Verdict
from tests.factories import Cast, make_records, make_review

N_PAIRS = 400
IS_SOAK = settings.default.max_examples > 100
N_RACES = 200 if IS_SOAK else 12
N_ADJUDICATIONS = 300 if IS_SOAK else 12
N_KEYS = 200 if IS_SOAK else 4
N_APPENDS = 100 if IS_SOAK else 25  # of each writer
TITLE_ABSTRACT, INCLUDE, EXCLUDE = Stage.TITLE_ABSTRACT, Verdict.INCLUDE, Verdict.EXCLUDE

Job = Callable[[], Any]


def at_once(*jobs: Job) -> list[Any]:
    """Run all jobs at once, each in its own thread; return what each returned or raised."""
    barrier, results = Barrier(len(jobs)), [None] * len(jobs)

    def run(index: int, job: Job) -> None:
        barrier.wait(timeout=60)
        try:
            results[index] = job()
        except Exception as error:
            results[index] = error

    threads = [Thread(target=run, args=(index, job)) for index, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "somebody is stuck"
    return results


def set_up(database: Database, n: int, **rules: Any) -> tuple[Cast, list[UUID]]:
    with database.writing() as session:
        cast = make_review(session, **rules)
        return cast, make_records(session, cast.review_id, n)


def act_job(database: Database, act: Callable[..., Any], cast: Cast, **arguments: Any) -> Job:
    """Return a job that does the act in its own transaction and returns the id of its row."""

    def job() -> Any:
        with database.writing() as session:
            result = act(session, review_id=cast.review_id, **arguments)
            return getattr(result, "id", result)

    return job


def decides(
    database: Database, cast: Cast, record: UUID, reviewer: int, verdict: Verdict, **more: Any
) -> Job:
    return act_job(
        database, decide, cast, record_id=record, stage=TITLE_ABSTRACT, verdict=verdict,
        by=cast.reviewers[reviewer], **more,
    )  # fmt: skip


def flow_states_of(database: Database, cast: Cast) -> dict[UUID, str]:
    with database.reading() as session:
        table = flow_states(session, review_id=cast.review_id)
        rows = session.execute(select(table.c.record_id, table.c.flow_state))
        return {row.record_id: row.flow_state for row in rows}


def check_all(database: Database) -> None:
    with database.reading() as session:
        assert [fault.what for fault in verify(session)] == []


def errors_in(results: Sequence[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def test_two_reviewers_deciding_at_the_same_moment_lose_nothing_and_leave_nothing_stuck(database):
    cast, records = set_up(database, N_PAIRS)
    in_step = Barrier(2)

    def goes_through_all(reviewer: int, verdict: Verdict) -> None:
        for record in records:
            in_step.wait(timeout=60)
            decides(database, cast, record, reviewer, verdict)()

    results = at_once(lambda: goes_through_all(0, INCLUDE), lambda: goes_through_all(1, INCLUDE))

    assert errors_in(results) == []
    assert Counter(flow_states_of(database, cast).values()) == {
        FlowState.AWAITING_RETRIEVAL: N_PAIRS
    }
    with database.reading() as session:
        assert session.scalar(select(func.count(Decision.id))) == 2 * N_PAIRS
    check_all(database)


def test_one_intent_sent_eight_times_is_one_decision(database):
    cast, records = set_up(database, N_KEYS)

    for record in records:
        key = uuid4()
        job = decides(database, cast, record, 0, INCLUDE, idempotency_key=key)
        assert len({str(result) for result in at_once(*[job] * 8)}) == 1

    with database.reading() as session:
        assert session.scalar(select(func.count(Decision.id))) == len(records)
        acts = select(func.count()).where(Event.act == Act.DECIDE)
        assert session.scalar(acts) == len(records)
    check_all(database)


def test_of_two_tabs_one_wins_and_the_other_gets_an_error(database):
    cast, records = set_up(database, N_RACES, closes_after=20)

    for record in records:
        first = decides(database, cast, record, 0, INCLUDE)()
        results = at_once(
            decides(database, cast, record, 0, EXCLUDE, supersedes_id=first),
            decides(database, cast, record, 0, Verdict.MAYBE, supersedes_id=first),
        )
        [error] = errors_in(results)
        assert isinstance(error, Stale)
        [saved] = (result for result in results if result is not error)
        with database.reading() as session:
            assert session.get_one(Decision, saved).supersedes_id == first
    check_all(database)


def test_an_adjudication_never_covers_a_decision_that_it_did_not_cite(database):
    cast, records = set_up(database, N_ADJUDICATIONS, closes_after=20)
    n_first: Counter[str] = Counter()

    def close_and_adjudicate(session: Session, **arguments: Any) -> Adjudication:
        for reviewer in cast.reviewers:
            close_decisions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=reviewer)
        return adjudicate(session, **arguments)

    for index, record in enumerate(records):
        include_id = decides(database, cast, record, 0, INCLUDE)()
        exclude_id = decides(database, cast, record, 1, EXCLUDE)()
        adjudication = act_job(
            database, close_and_adjudicate, cast, record_id=record, stage=TITLE_ABSTRACT,
            verdict=INCLUDE, settles=[include_id, exclude_id], by=cast.adjudicator,
        )  # fmt: skip
        new_verdict = EXCLUDE if index % 2 else Verdict.MAYBE
        change = decides(database, cast, record, 0, new_verdict, supersedes_id=include_id)
        adjudicated, changed = at_once(adjudication, change)
        if isinstance(changed, Settled):
            n_first["adjudicated"] += 1
            assert not isinstance(adjudicated, Exception)
        else:
            n_first["changed"] += 1
            assert isinstance(adjudicated, Conflicting)
            assert not isinstance(changed, Exception)

    cited_and_changed = (
        select(func.count())
        .select_from(AdjudicatedDecision)
        .join(Decision, Decision.supersedes_id == AdjudicatedDecision.decision_id)
    )
    with database.reading() as session:
        assert session.scalar(cited_and_changed) == 0
    assert sum(n_first.values()) == N_ADJUDICATIONS
    check_all(database)


def test_an_adjudication_and_a_reopening_happen_one_after_the_other(database):
    cast, records = set_up(database, N_ADJUDICATIONS // 2)

    for record in records:
        cited = [decides(database, cast, record, reviewer, verdict)()
                 for reviewer, verdict in enumerate((INCLUDE, EXCLUDE))]  # fmt: skip
        adjudicated, reopened = at_once(
            act_job(database, adjudicate, cast, record_id=record, stage=TITLE_ABSTRACT,
                 verdict=INCLUDE, settles=cited, by=cast.adjudicator),
            act_job(database, reopen, cast, record_id=record, stage=TITLE_ABSTRACT, why="Again.",
                 by=cast.lead),
        )  # fmt: skip
        assert not isinstance(reopened, Exception)
        assert not isinstance(adjudicated, Exception) or isinstance(adjudicated, Conflicting)

    assert set(flow_states_of(database, cast).values()) == {FlowState.UNSCREENED}
    check_all(database)


def merges(database: Database, cast: Cast, left: UUID, right: UUID) -> Job:
    return act_job(
        database, judge, cast, left_id=left, right_id=right, verdict=Judgement.DUPLICATE,
        by=cast.lead,
    )  # fmt: skip


def test_merges_both_ways_and_decisions_meanwhile_make_no_cycle_and_lose_nothing(database):
    cast, records = set_up(database, 2 * N_RACES)
    pairs = list(zip(records[::2], records[1::2], strict=True))

    for a, b in pairs:
        results = at_once(
            merges(database, cast, a, b), merges(database, cast, b, a),
            decides(database, cast, a, 0, INCLUDE), decides(database, cast, b, 1, EXCLUDE),
        )  # fmt: skip
        assert errors_in(results) == []

    with database.reading() as session:
        cluster_ids = clusters_of(session, review_id=cast.review_id, record_ids=records)
        decisions = Counter(session.scalars(select(Decision.record_id)))
    assert all(cluster_ids[a] == cluster_ids[b] == (a, b) for a, b in pairs)
    assert decisions == Counter(records)  # each on the record it was made on
    states = flow_states_of(database, cast)
    assert [(states[a], states[b]) for a, b in pairs] == [
        (FlowState.CONFLICT, FlowState.DUPLICATE)
    ] * len(pairs)
    check_all(database)


def test_a_split_and_a_decision_meanwhile_lose_nothing(database):
    cast, records = set_up(database, 2 * N_RACES)

    for a, b in zip(records[::2], records[1::2], strict=True):
        merge_event = merges(database, cast, a, b)()
        results = at_once(
            act_job(database, undo, cast, event_number=merge_event, by=cast.lead),
            decides(database, cast, a, 0, INCLUDE), decides(database, cast, b, 1, INCLUDE),
        )  # fmt: skip
        assert errors_in(results) == []

    assert Counter(flow_states_of(database, cast).values()) == {
        FlowState.AWAITING_SECOND: 2 * N_RACES
    }
    check_all(database)


def test_nothing_is_accepted_from_a_member_after_their_removal(database):
    cast, records = set_up(database, N_RACES // 2)
    email = cast.emails["reviewer_a"]
    decided: list[tuple[Any, ...]] = []

    for record in records:
        with database.writing() as session:
            add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER,
                       by=cast.lead)  # fmt: skip
        removal = act_job(database, remove_member, cast, email=email, role=Role.REVIEWER,
                          by=cast.lead)  # fmt: skip
        results = at_once(decides(database, cast, record, 0, INCLUDE), removal)
        assert all(isinstance(error, NotFound) for error in errors_in(results))
        [refused] = errors_in(at_once(decides(database, cast, record, 0, EXCLUDE)))
        assert isinstance(refused, NotFound)
        with database.reading() as session:
            rows = session.execute(select(*Decision.__table__.columns)).all()
            assert set(decided) <= {tuple(row) for row in rows}, "an old decision changed"
            decided = [tuple(row) for row in rows]
            last = select(func.max(Event.number)).where(Event.act == Act.REMOVE_MEMBER)
            assert session.scalar(select(func.max(Decision.event_number)).where(
                Decision.event_number > last.scalar_subquery())) is None  # fmt: skip
    check_all(database)


def test_contradictory_answers_at_once_leave_one_of_them(database):
    cast, [a, b, c] = set_up(database, 3)
    merges(database, cast, a, b)()
    apart = act_job(database, judge, cast, left_id=a, right_id=c, verdict=Judgement.DISTINCT,
                 by=cast.lead)  # fmt: skip

    results = at_once(apart, merges(database, cast, b, c))

    [error] = errors_in(results)
    assert isinstance(error, ReviewError)
    check_all(database)


def test_eight_writers_make_one_chain_without_a_fork_or_a_gap(database, record_row):
    cast, _ = set_up(database, 1)
    with database.reading() as session:
        before = session.scalar(select(func.max(Event.number))) or 0

    def writes(writer: int) -> None:
        for n in range(N_APPENDS):
            act_job(database, add_search, cast, source=f"{writer}.{n}",
                 kind=SearchKind.DATABASE, by=OPERATOR)()  # fmt: skip

    began = time.perf_counter()
    results = at_once(*[lambda writer=writer: writes(writer) for writer in range(8)])
    n, rate = 8 * N_APPENDS, 8 * N_APPENDS / (time.perf_counter() - began)

    record_row("CO9", n >= 800 and rate >= 100, f"{n} events, {rate:.0f} a second")
    assert errors_in(results) == []
    with database.reading() as session:
        numbers = session.scalars(select(Event.number).order_by(Event.number)).all()
    assert numbers == list(range(1, before + n + 1))
    check_all(database)


def once_after_the_first_statement(engine: Engine, job: Job) -> None:
    """Let somebody else save something between two statements of a reader."""

    @event.listens_for(engine, "after_cursor_execute", once=True)
    def meanwhile(*_: object) -> None:
        [result] = at_once(job)
        assert not isinstance(result, Exception), result


def test_a_count_is_of_one_moment_whatever_is_saved_meanwhile(database):
    cast, [record, *_] = set_up(database, 3)

    def saves() -> None:
        decides(database, cast, record, 0, INCLUDE)()
        with database.writing() as session:
            make_records(session, cast.review_id, 2, source="PubMed")

    with database.reading() as session:
        once_after_the_first_statement(session.get_bind(), saves)
        flow = count_flow(session, review_id=cast.review_id)

    with database.reading() as session:
        then = count_flow(session, review_id=cast.review_id, as_of=flow.as_of)
    assert (flow.counts, flow.sources) == (then.counts, then.sources)
    assert all(identity.adds_up for identity in identities(flow))
