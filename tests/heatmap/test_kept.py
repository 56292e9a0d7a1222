"""What was asked for last is kept, and never more than may be."""

from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from heatmap.kept import Kept

sizes = st.integers(1, 9)


@given(asked=st.lists(st.tuples(st.integers(0, 6), sizes), max_size=40), most=st.integers(9, 30))
def test_it_never_keeps_more_than_it_may_and_always_answers(asked, most):
    kept: Kept[tuple[int, int]] = Kept(most, lambda thing: thing[1])
    known: dict[int, int] = {}
    for key, size in asked:
        found = kept.get(key, lambda key=key, size=size: (key, size))
        assert found in {(key, size), (key, known.get(key))}
        known[key] = found[1]
        assert kept.find(key) == found  # what was asked for last is there
        held = [thing for one in range(7) if (thing := kept.find(one))]
        assert sum(thing[1] for thing in held) <= most


def test_what_was_not_asked_for_the_longest_goes_first():
    kept: Kept[str] = Kept(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key)
    assert [key for key in "abc" if kept.find(key)] == ["a", "c"]


def test_threads_that_ask_at_once_all_get_an_answer_and_one_thing_is_kept():
    kept: Kept[object] = Kept(1)
    answers: list[object] = []
    threads = [Thread(target=lambda: answers.append(kept.get("a", object))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert kept.find("a") in answers
