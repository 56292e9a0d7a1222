"""How the words of another program's export become decisions here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.schema import Protocol
from review.errors import Invalid
from review.searches.formats import DecisionClaim
from review.vocabulary import Stage, Verdict

ALLOWED_VERDICTS = (Verdict.INCLUDE, Verdict.MAYBE, Verdict.EXCLUDE)
_WORDS = {
    Verdict.INCLUDE: "included include yes 1 1.0 true relevant in accept accepted y",
    Verdict.EXCLUDE: "excluded exclude no 0 0.0 false irrelevant out reject rejected n",
    Verdict.MAYBE: "maybe unsure unclear ?",
}
_VERDICTS = {word: verdict for verdict, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class ImportRules:
    """What a file's words and people mean here; words without a rule are guessed."""

    stage: Stage
    verdicts: Mapping[str, str] = field(default_factory=dict)  # the file's word to ours, "" none
    people: Mapping[str, str] = field(default_factory=dict)  # named author to e-mail, "" none
    all_are: Verdict | None = None  # for lists without decisions, such as all included records

    def __post_init__(self) -> None:
        """Raise Invalid where a word is to mean something that is not a decision."""
        meanings = {*self.verdicts.values(), self.all_are or ""}
        if meanings - {"", *ALLOWED_VERDICTS}:
            raise Invalid("A word in the file can mean include, maybe, exclude or nothing.")

    def verdict_of(self, claim: DecisionClaim) -> Verdict | None:
        """Return the verdict of an entry, None where it has none or its word has no meaning."""
        if not claim.verdict:
            return self.all_are
        verdict = self.verdicts.get(claim.verdict)
        if verdict is None:
            return guessed_verdict(claim.verdict)
        return Verdict(verdict) if verdict else None


def guessed_verdict(word: str) -> Verdict | None:
    """Return what a program's word for a decision usually means, None for an unusual word."""
    return _VERDICTS.get(word.strip().lower())


def exclusion_reason_of(
    claim: DecisionClaim, protocol: Protocol, *, stage: Stage, verdict: Verdict
) -> tuple[str | None, str]:
    """Return the key of an entry's exclusion reason, and the reasons that are not the protocol's.

    Of several reasons, the first in the protocol's order counts.  The others are joined by commas.
    """
    if verdict is not Verdict.EXCLUDE:
        return None, ""
    reasons = protocol.reasons(stage)
    key_of = {
        word.strip().lower(): reason.key
        for reason in reasons
        for word in (reason.key, reason.label)
    }
    order = [reason.key for reason in reasons]
    keys = [key_of[word.lower()] for word in claim.reasons if word.lower() in key_of]
    unknown = ", ".join(word for word in claim.reasons if word.lower() not in key_of)
    return min(keys, key=order.index, default=None), unknown
