"""Who reads what: every record is read by as many as it takes, and nothing is out of reach."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, true

from review.decisions.decisions import decide
from review.errors import Invalid, NotAllowed, NotFound
from review.reviews import add_member, amend_protocol
from review.tables import Account, Record, Search
from review.tables.base import utc_now
from review.verify import verify
from review.vocabulary import Role, Stage, Verdict
from screening.queue.assignments import assign, n_left_over, parts_for, portions
from screening.queue.next_records import n_left, next_records
from tests.factories import make_account, make_records, make_review, protocol_text

STAGE = Stage.TITLE_ABSTRACT
LANGUAGES = ("eng", "Spanish", "fr", None)


def team(session, n, needed=2):
    """A review with ``n`` reviewers; its people."""
    cast = make_review(session, text=protocol_text(needed=needed))
    people = [*cast.reviewers]
    for place in range(2, n):
        actor, email = make_account(session, f"reviewer-{place}")
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
        people.append(actor)
    return cast, people


def gave(session, cast, who, **what):
    return assign(session, review_id=cast.review_id, account_id=who.account_id, by=cast.lead,
                  **what)  # fmt: skip


def parts(session, cast, who):
    """The numbers of the records that somebody reads first, second and third."""
    conditions = parts_for(
        session, review_id=cast.review_id, stage=STAGE, account_id=who.account_id
    ) or [true()]
    here = Record.review_id == cast.review_id
    return [
        session.scalars(select(Record.number).where(here, one).order_by(Record.number)).all()
        for one in conditions
    ]


def first(session, cast, people):
    """Who has which records in their share."""
    return {place: set(parts(session, cast, who)[0]) for place, who in enumerate(people)}


def test_shares_are_as_large_as_was_said_and_everybody_reads_with_everybody(session):
    cast, people = team(session, 4)
    make_records(session, cast.review_id, 400)
    for who, workload in zip(people, (1, 1, 2, 4), strict=True):
        gave(session, cast, who, workload=workload)

    workloads = first(session, cast, people)

    assert [len(own) for own in workloads.values()] == [100, 100, 200, 400]
    assert Counter(n for own in workloads.values() for n in own) == dict.fromkeys(range(1, 401), 2)
    assert all(workloads[a] & workloads[b] for a, b in [(0, 3), (1, 3), (2, 3)])


def test_equal_readers_have_equal_shares_with_every_other(session):
    cast, people = team(session, 5)
    make_records(session, cast.review_id, 200)

    workloads = first(session, cast, people)

    assert {len(own) for own in workloads.values()} == {80}
    assert {len(workloads[a] & workloads[b]) for a, b in combinations(range(5), 2)} == {20}


def test_a_language_is_read_by_those_who_read_it(session):
    cast, people = team(session, 3)
    make_records(session, cast.review_id, [{"language": LANGUAGES[n % 4]} for n in range(40)])
    gave(session, cast, people[0], languages=["en"])
    french = set(range(3, 41, 4))

    workloads = first(session, cast, people)

    assert not workloads[0] & french
    assert french <= workloads[1]  # the two others read all of it
    assert french <= workloads[2]
    assert set(range(4, 41, 4)) & workloads[0]  # where nobody knows the language anybody reads
    assert n_left_over(session, review_id=cast.review_id, stage=STAGE, by=cast.lead) == 0


def test_what_too_few_may_read_is_given_to_all_at_the_end_and_told_to_the_lead(session):
    cast, people = team(session, 2)
    records = make_records(session, cast.review_id, [{"language": n} for n in ("en", "tr", "en")])
    for who in people:
        gave(session, cast, who, languages=["en"])

    found = next_records(session, review_id=cast.review_id, stage=STAGE, by=people[0], limit=9)

    assert [record.id for record in found] == [records[0], records[2], records[1]]
    assert n_left_over(session, review_id=cast.review_id, stage=STAGE, by=cast.lead) == 1


def test_a_record_that_was_begun_under_an_earlier_rule_stays_in_reach(session):
    cast, (ana, ben) = team(session, 2)
    [spanish] = make_records(session, cast.review_id, [{"language": "es"}])
    decide(session, review_id=cast.review_id, record_id=spanish, stage=STAGE,
           verdict=Verdict.INCLUDE, by=ana)  # fmt: skip
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(needed=1),
                   why="Less time.", by=cast.lead)  # fmt: skip
    gave(session, cast, ben, languages=["en"])

    found = next_records(session, review_id=cast.review_id, stage=STAGE, by=ben)

    assert [record.id for record in found] == [spanish]


def test_languages_are_known_by_their_first_word_and_several_are_no_language(session):
    cast, people = team(session, 3)
    words = ["中文", "Simplified Chinese", "mul", "Multiple languages", "zh"]
    make_records(session, cast.review_id, [{"language": word} for word in words])
    gave(session, cast, people[0], languages=["zh"])
    gave(session, cast, people[1], languages=["en"])

    everything = [n for part in parts(session, cast, people[0]) for n in part]
    chinese = [n for part in parts(session, cast, people[1])[:2] for n in part]

    assert sorted(everything) == [1, 2, 3, 4, 5]
    assert sorted(chinese) == [1, 3, 4]  # what nobody knows is for everybody


def test_a_search_is_read_by_those_it_was_given_to(session):
    cast, people = team(session, 3)
    mine = make_records(session, cast.review_id, 6, source="ERIC")
    others = make_records(session, cast.review_id, 6)
    eric = session.scalar(select(Search.id).where(Search.source == "ERIC"))
    gave(session, cast, people[2], searches=[eric])

    found = next_records(session, review_id=cast.review_id, stage=STAGE, by=people[2], limit=20)

    assert {record.id for record in found} == set(mine)
    assert first(session, cast, people)[0] >= {7, 8, 9, 10, 11, 12}
    assert len(others) == 6


def test_a_share_of_nothing_reads_what_others_leave(session):
    cast, people = team(session, 3)
    make_records(session, cast.review_id, 10)
    gave(session, cast, people[2], workload=0)

    assert first(session, cast, people) == {0: {*range(1, 11)}, 1: {*range(1, 11)}, 2: set()}
    assert n_left(session, review_id=cast.review_id, stage=STAGE, by=people[2]) == 0
    queue = next_records(session, review_id=cast.review_id, stage=STAGE, by=people[2], limit=20)
    assert len(queue) == 10


def test_somebody_whose_account_is_closed_has_no_share(session):
    cast, people = team(session, 3)
    make_records(session, cast.review_id, 6)
    session.get_one(Account, people[2].account_id).disabled_at = utc_now()

    assert first(session, cast, people[:2]) == {0: {*range(1, 7)}, 1: {*range(1, 7)}}


def test_the_lead_sees_how_much_each_begins_with_and_the_log_keeps_it(session):
    cast, people = team(session, 3)
    make_records(session, cast.review_id, 9)
    gave(session, cast, people[0], workload=0)
    gave(session, cast, people[0], workload=1, languages=["es", "en", "es"])

    [one, *_] = portions(session, review_id=cast.review_id, stage=STAGE, by=cast.lead)

    assert (one.reader.workload, one.reader.languages, one.n_first) == (1, ["en", "es"], 6)
    assert list(verify(session)) == []


def test_what_makes_no_sense_is_refused(session):
    cast, people = team(session, 2)
    other, _ = team(session, 2)
    [_] = make_records(session, other.review_id, 1)
    foreign = session.scalar(select(Search.id).where(Search.review_id == other.review_id))

    for what in ({"workload": 101}, {"workload": -1}, {"languages": ["klingon"]}):
        with pytest.raises(Invalid):
            gave(session, cast, people[0], **what)
    with pytest.raises(NotFound):
        gave(session, cast, people[0], searches=[foreign])
    with pytest.raises(NotFound):
        gave(session, cast, cast.lead)
    with pytest.raises(NotAllowed):
        assign(session, review_id=cast.review_id, account_id=people[0].account_id, by=people[1])


def some_readers():
    languages = st.lists(st.sampled_from(["en", "es", "fr"]), max_size=2, unique=True)
    return st.lists(st.tuples(st.integers(0, 5), languages), min_size=2, max_size=6)


@settings(max_examples=settings.default.max_examples // 2, phases=[Phase.explicit, Phase.generate])
@given(said=some_readers(), needed=st.sampled_from([1, 2]))
def test_whatever_is_assigned_each_reader_is_given_every_record_they_may_read_once(
    session, said, needed
):
    with session.begin_nested() as savepoint:
        cast, people = team(session, len(said), needed)
        make_records(session, cast.review_id, [{"language": LANGUAGES[n % 4]} for n in range(24)])
        for who, (workload, languages) in zip(people, said, strict=True):
            gave(session, cast, who, workload=workload, languages=languages)
        tags = {1: "en", 2: "es", 3: "fr", 0: None}
        readable = [
            {n for n in range(1, 25) if not spoken or tags[n % 4] in (None, *spoken)}
            for _, spoken in said
        ]
        n_readers = Counter(n for own in readable for n in own)
        firsts = Counter[int]()
        for who, own in zip(people, readable, strict=True):
            begins, *rest = parts(session, cast, who)
            given_to_me = [*begins, *(n for part in rest for n in part)]
            too_few = {n for n in range(1, 25) if n_readers[n] < needed}
            assert sorted(given_to_me) == sorted(own | too_few)
            assert set(begins) <= own
            firsts.update(begins)
        assert all(n <= needed for n in firsts.values())
        savepoint.rollback()
