"""The checklists that come with siftmap, and the rule for the overall judgement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.appraisal import checklists, judge, overall_entry
from protocols.editing import with_entry
from protocols.loader import load, read_shipped
from protocols.schema import CodebookItem
from tests.protocols.protocol_texts import broken

ALL = tuple(checklists())


def questions(n_critical: int, n_others: int) -> list[CodebookItem]:
    [entry, *_] = checklists()["review"].entries("design", ["a"])
    return [
        CodebookItem.model_validate(entry | {
            "key": f"q{n}", "appraisal": "critical" if n < n_critical else "question",
        })
        for n in range(n_critical + n_others)
    ]  # fmt: skip


def level(n_critical: int, *answers: object) -> str | None:
    asked = questions(n_critical, len(answers) - n_critical)
    found = judge(asked, {item.key: value for item, value in zip(asked, answers, strict=True)})
    return found and found.level


UNCLEAR, NOT_APPLICABLE = {"special": "unclear"}, {"special": "not_applicable"}


@pytest.mark.parametrize(
    ("n_critical", "answers", "expected"),
    [
        (2, ["yes"] * 6, "high"),
        (2, ["yes", "yes", "no", "yes", "yes", "yes"], "high"),
        (2, ["yes", "yes", "no", "partly", "yes", "yes"], "medium"),
        (2, ["partly", *["yes"] * 5], "medium"),
        (2, [UNCLEAR, *["yes"] * 5], "medium"),
        (2, ["no", *["yes"] * 5], "low"),
        (2, ["yes", "yes", "no", "no", "no", "yes"], "low"),
        (2, ["yes", "yes", "no", "no", "partly", "yes"], "medium"),
        (2, ["yes", "yes", NOT_APPLICABLE, NOT_APPLICABLE, "no", "yes"], "high"),
        (1, [NOT_APPLICABLE, NOT_APPLICABLE], "low"),
    ],
)
def test_the_level_follows_from_the_answers(n_critical, answers, expected):
    assert level(n_critical, *answers) == expected


def test_nothing_is_judged_while_a_question_is_open_or_without_a_checklist():
    asked = questions(1, 2)
    assert judge(asked, {"q0": "yes", "q1": "yes"}) is None
    assert judge([], {}) is None


ORDER = {"low": 0, "medium": 1, "high": 2}
BETTER = {"no": "partly", "partly": "yes", "yes": "yes"}


@given(
    st.integers(0, 3), st.lists(st.sampled_from(["yes", "partly", "no"]), min_size=3, max_size=9)
)
def test_a_better_answer_never_lowers_the_level(n_critical, answers):
    for at, answer in enumerate(answers):
        better = [*answers[:at], BETTER[answer], *answers[at + 1 :]]
        assert ORDER[level(n_critical, *better)] >= ORDER[level(n_critical, *answers)]


@pytest.mark.parametrize("key", ALL)
def test_each_checklist_fits_a_protocol_and_has_critical_questions(key):
    text = read_shipped("health-interventions")
    design = next(
        item for item in load(text).protocol.codebook
        if item.level == "study" and item.type == "one_of" and item.appraisal is None
    )  # fmt: skip
    entries = checklists()[key].entries(design.key, [design.values[0].key])
    if all(item.appraisal != "overall" for item in load(text).protocol.codebook):
        entries.append(overall_entry())
    for entry in entries:
        text = with_entry(text, "codebook", number=None, entry=entry)

    codebook = load(text).protocol.codebook
    added = [item for item in codebook if item.group == f"appraisal_{key}"]
    assert 6 <= len(added) <= 7
    assert 2 <= sum(item.appraisal == "critical" for item in added) <= 3
    assert all(item.help and item.help.endswith("?") and item.double_coded for item in added)
    assert sum(item.appraisal == "overall" for item in codebook) == 1


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("overall", "give it the values high, medium and low."),
        ("question", "give it the values yes, partly and no."),
    ],
)
def test_a_part_of_the_appraisal_has_its_values_and_is_about_the_study(part, message):
    problems = broken("  - key: equity\n", f"  - key: equity\n    appraisal: {part}\n")
    texts = [problem.message for problem in problems]
    assert any(message in text for text in texts)
    assert any("about the study" in text for text in texts)
