"""Learning anew while others import and decide: no record is out of reach, and all adds up."""

from threading import Thread

from review.storage.database import Database
from review.verify import verify
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import next_records
from screening.ranking.runs import keep_up, rank_records
from tests.factories import decide_both, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT
N_ROUNDS = 8


def test_learning_anew_races_import_and_decisions(database: Database) -> None:
    with database.writing() as session:
        cast = make_review(session)
        first = make_records(session, cast.review_id, 40)
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    failed: list[BaseException] = []

    def learn() -> None:
        for _ in range(N_ROUNDS):
            keep_up(database, review_id=cast.review_id, stage=STAGE)

    def bring() -> None:
        for _ in range(N_ROUNDS):
            with database.writing() as session:
                make_records(session, cast.review_id, 5)

    def decide() -> None:
        for place, record in enumerate(first[: 2 * N_ROUNDS]):
            with database.writing() as session:
                verdict = Verdict.INCLUDE if place % 3 else Verdict.EXCLUDE
                decide_both(session, cast, record, verdict)

    def kept(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=kept, args=(work,)) for work in (learn, learn, bring, decide)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert failed == []
    assert not any(thread.is_alive() for thread in threads)
    with database.reading() as session:
        left = next_records(
            session, review_id=cast.review_id, stage=STAGE, by=cast.reviewer_a, limit=500
        )
        assert list(verify(session)) == []
    assert len({record.id for record in left}) == 40 - 2 * N_ROUNDS + 5 * N_ROUNDS
