"""The mistakes in a protocol file, in sentences for its author."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice


@dataclass(frozen=True, order=True)
class ProtocolProblem:
    """One mistake: its line in the file, its path in the protocol, and a sentence about it."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class ProtocolErrors(ValueError):
    """All mistakes in the protocol called ``name``, sorted by line."""

    def __init__(self, problems: Iterable[ProtocolProblem], *, name: str = "protocol") -> None:
        self.problems = tuple(sorted(set(problems)))
        self.name = name
        super().__init__("\n".join(str(problem) for problem in self.problems))


def suggest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean '…'?" with the known word most like ``word``, or an empty text."""
    near = get_close_matches(word[:80], list(islice(known, 1000)), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def listed(words: Sequence[str]) -> str:
    """Return the words as a list in a sentence: "a", "a or b", "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
