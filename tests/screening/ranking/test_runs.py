"""Ranking again while others import and decide: every record stays reachable."""

from collections.abc import Callable
from threading import Thread

from review.storage.database import Database
from review.verify import verify
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import next_records
from screening.ranking.runs import rank_records, refresh_if_stale
from tests.factories import decide_both, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT
N_REPEATS = 8


def test_ranking_again_races_import_and_decisions(database: Database) -> None:
    with database.writing() as session:
        cast = make_review(session)
        first = make_records(session, cast.review_id, 40)
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    errors: list[BaseException] = []

    def rank_again() -> None:
        for _ in range(N_REPEATS):
            refresh_if_stale(database, review_id=cast.review_id, stage=STAGE)

    def import_records() -> None:
        for _ in range(N_REPEATS):
            with database.writing() as session:
                make_records(session, cast.review_id, 5)

    def decide() -> None:
        for n, record in enumerate(first[: 2 * N_REPEATS]):
            with database.writing() as session:
                verdict = Verdict.INCLUDE if n % 3 else Verdict.EXCLUDE
                decide_both(session, cast, record, verdict)

    def keep_error(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    jobs = (rank_again, rank_again, import_records, decide)
    threads = [Thread(target=keep_error, args=(work,)) for work in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert errors == []
    assert not any(thread.is_alive() for thread in threads)
    with database.reading() as session:
        left = next_records(
            session, review_id=cast.review_id, stage=STAGE, by=cast.reviewer_a, limit=500
        )
        assert list(verify(session)) == []
    assert len({record.id for record in left}) == 40 - 2 * N_REPEATS + 5 * N_REPEATS
