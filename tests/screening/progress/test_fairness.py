"""Groups of records that the ranking serves less well are marked."""

import numpy as np
import pytest
from sqlalchemy import select, update

from review.errors import NotAllowed
from review.tables import Rank, Record
from review.vocabulary import Stage, Verdict
from screening.progress.fairness import ranking_fairness
from screening.ranking.record_groups import roc_area
from screening.ranking.runs import rank_records
from tests.factories import decide_both, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(1)
    included, excluded = rng.normal(1, 1, 30).round(1), rng.normal(0, 1, 40).round(1)
    pairs = [(high > low) + 0.5 * (high == low) for high in included for low in excluded]

    area, error = roc_area(included, excluded)

    assert area == pytest.approx(np.mean(pairs))
    assert 0 < error < 0.2
    assert roc_area(included[:4], excluded) is None


@pytest.fixture
def ranked(database):
    """Forty records in each of two languages; those in Spanish all look irrelevant."""
    with database.writing() as session:
        cast = make_review(session)
        fields = [
            {"language": language, "abstract": "An abstract." if n % 4 else None}
            for n, language in enumerate(["eng"] * 40 + ["spa"] * 40)
        ]
        records = make_records(session, cast.review_id, fields)
        for n, record in enumerate(records):
            decide_both(session, cast, record, Verdict.INCLUDE if n % 2 else Verdict.EXCLUDE)
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    with database.writing() as session:
        for n, record in enumerate(records):
            score = (n % 2) * 2.0 if n < 40 else 0.0
            session.execute(
                update(Rank).where(Rank.record_id == record).values(held_out=score - n / 1000)
            )
    return cast


def test_a_language_that_is_clearly_behind_is_marked_and_others_are_not(ranked, database):
    with database.reading() as session:
        by_grouping = ranking_fairness(
            session, review_id=ranked.review_id, stage=STAGE, by=ranked.lead
        )

    english, spanish = by_grouping["language"]
    assert (english.name, english.n, english.n_included, english.n_resolved) == ("en", 40, 20, 40)
    assert english.roc_area > 0.9 > 0.6 > spanish.roc_area
    assert (english.is_behind, spanish.is_behind) == (False, True)
    assert not any(group.is_behind for group in by_grouping["abstract"])
    assert sum(group.n for group in by_grouping["decade"]) == 80


def test_only_a_lead_sees_it_and_it_is_empty_before_the_first_ranking(session):
    cast = make_review(session)

    assert ranking_fairness(session, review_id=cast.review_id, stage=STAGE, by=cast.lead) == {}
    with pytest.raises(NotAllowed):
        ranking_fairness(session, review_id=cast.review_id, stage=STAGE, by=cast.reviewer_a)


def test_records_of_a_group_that_is_behind_get_random_picks_of_their_own(database):
    bonds, algae = "Outcomes contracts for young people", "Marine algae of the northern sea"
    with database.writing() as session:
        cast = make_review(session)
        english = [
            {"language": "eng", "title": title, "abstract": f"Text {n}."}
            for n, title in enumerate([algae, bonds] * 20)
        ]
        spanish = [
            {"language": "spa", "title": "Un informe", "abstract": f"Texto {n * 7}."}
            for n in range(80)
        ]
        records = make_records(session, cast.review_id, english + spanish)
        for n, record in enumerate(records[:80]):  # forty Spanish ones are left
            decide_both(session, cast, record, Verdict.INCLUDE if n % 2 else Verdict.EXCLUDE)
        make_records(session, cast.review_id, english)

    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)

    with database.reading() as session:
        rows = session.execute(
            select(Record.language, Rank.why).join(Rank, Rank.record_id == Record.id)
        ).all()
        by_grouping = ranking_fairness(session, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    assert {group.name: group.is_behind for group in by_grouping["language"]} == {
        "en": False,
        "es": True,
    }
    picked = [row.language for row in rows if row.why["is_of_kind"]]
    # A twentieth of the eighty open ones; at the fourth pick all Spanish ones have been used.
    assert picked == ["spa"] * 3
    assert sum(row.why["is_random"] for row in rows) == 4
