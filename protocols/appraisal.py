"""Quality appraisal: checklists for protocols, and the rule for the overall judgement.

The rule follows that of AMSTAR 2 (Shea et al. 2017, BMJ 358:j4008), which rates a review by its
critical and other weaknesses, with three levels instead of four.  It says how well a study was
done, and nothing about the direction of what it found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .schema import AppraisalPart, CodebookItem

FOLDER = Path(__file__).parent / "checklists"
ANSWERS = (("yes", "Yes"), ("partly", "Partly"), ("no", "No"))
LEVELS = (("high", "High"), ("medium", "Medium"), ("low", "Low"))


class Answer(StrEnum):
    """What an answer to a question of a checklist means for the judgement."""

    MET = "met"
    PARTLY = "partly"  # also unclear, and not reported
    NOT_MET = "not_met"
    DOES_NOT_APPLY = "does_not_apply"


@dataclass(frozen=True)
class Checklist:
    """A checklist that comes with siftmap, for studies of some designs."""

    key: str
    label: str
    meant_for: str
    questions: Sequence[Mapping[str, Any]]

    def entries(self, item: str, values: Sequence[str]) -> list[dict[str, Any]]:
        """Return its questions as codebook entries, asked if ``item`` has one of ``values``."""
        return [
            {
                "key": question["key"],
                "label": question["label"],
                "level": "study",
                "type": "one_of",
                "help": question["help"],
                "appraisal": "critical" if question.get("critical") else "question",
                "asked_if": {"item": item, "values": list(values)},
                "group": f"appraisal_{self.key}",
                "double_coded": True,
                "values": [{"key": key, "label": label} for key, label in ANSWERS],
            }
            for question in self.questions
        ]


@cache
def checklists() -> Mapping[str, Checklist]:
    """Return the checklists that come with siftmap, by key."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[path.stem] = Checklist(path.stem, data["label"], data["for"], data["questions"])
    return found


def overall_entry() -> dict[str, Any]:
    """Return the codebook entry of an overall judgement."""
    return {
        "key": "overall_quality",
        "label": "Overall quality",
        "level": "study",
        "type": "one_of",
        "help": "How well the study was done, whatever it found. It follows from the checklist; "
        "judge differently only with a reason.",
        "appraisal": "overall",
        "double_coded": True,
        "values": [{"key": key, "label": label} for key, label in LEVELS],
    }


def answer_of(value: object) -> Answer:
    """Return what a coded value means for the judgement."""
    match value:
        case "yes":
            return Answer.MET
        case "no":
            return Answer.NOT_MET
        case {"special": "not_applicable"}:
            return Answer.DOES_NOT_APPLY
    return Answer.PARTLY


@dataclass(frozen=True)
class RuleJudgement:
    """What the rule says of a study: the level, and the questions that speak against it."""

    level: str  # a key of LEVELS
    critical: Sequence[CodebookItem]  # critical questions answered with no
    weaknesses: Sequence[CodebookItem]  # all others that are not fully met

    @property
    def label(self) -> str:
        """The level in words."""
        return dict(LEVELS)[self.level]


def judge(questions: Iterable[CodebookItem], values: Mapping[str, object]) -> RuleJudgement | None:
    """Return the judgement that follows from the answers; None while a question is open.

    *Low* if a critical question is answered with no, or if half of those that apply or more are
    not met, partly met ones counting half.  *High* if every critical question is met and at most
    one other is not fully met.  *Medium* otherwise.
    """
    asked = list(questions)
    if not asked or any(question.key not in values for question in asked):
        return None
    answers = {question.key: answer_of(values[question.key]) for question in asked}
    applying = [one for one in asked if answers[one.key] is not Answer.DOES_NOT_APPLY]
    open_points = [one for one in applying if answers[one.key] is not Answer.MET]
    critical = [
        one for one in open_points
        if one.appraisal is AppraisalPart.CRITICAL and answers[one.key] is Answer.NOT_MET
    ]  # fmt: skip
    weaknesses = [one for one in open_points if one not in critical]
    lost = sum(1 if answers[one.key] is Answer.NOT_MET else 0.5 for one in open_points)
    if critical or not applying or lost >= len(applying) / 2:
        level = "low"
    elif len(weaknesses) <= 1 and all(
        one.appraisal is not AppraisalPart.CRITICAL for one in weaknesses
    ):
        level = "high"
    else:
        level = "medium"
    return RuleJudgement(level, critical, weaknesses)
