"""What is wrong with a protocol file, in sentences for the person who wrote it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: its line in the file, its place in the protocol, and what to do about it."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class ProtocolErrors(ValueError):
    """Everything that is wrong with the protocol called ``name``, sorted by line."""

    def __init__(self, problems: Iterable[Problem], *, name: str = "protocol") -> None:
        self.problems = tuple(sorted(set(problems)))
        self.name = name
        super().__init__("\n".join(str(problem) for problem in self.problems))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean '…'?" for the known word most like ``word``, or nothing."""
    near = get_close_matches(word[:80], list(islice(known, 1000)), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def listed(words: Sequence[str]) -> str:
    """Return the words as one would say them: "a", "a or b", "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
