"""Languages of a review's records in which the ranking has nothing to start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.reviews import protocol_of
from review.searches.formats.languages import language_name, language_tag
from review.states.flow import REMOVED, flow_states
from review.states.resolution import resolutions
from review.tables import Record
from review.vocabulary import Resolution, Stage
from screening.ranking.training_data import question_phrasings


@dataclass(frozen=True)
class LanguageGap:
    """Records in languages without words: none in the protocol, and no included record yet."""

    n_records: Mapping[str, int]  # by language (ISO 639-1), the most frequent first

    @property
    def sentence(self) -> str:
        """Say how many records are in which languages, and what that means."""
        total = sum(self.n_records.values())
        names = [language_name(tag) for tag in self.n_records]
        counted = [
            f"{name} ({n:,})" if len(names) > 1 else name
            for name, n in zip(names, self.n_records.values(), strict=True)
        ]
        are, these = ("is", "it") if total == 1 else ("are", "them")
        records = "record" if total == 1 else "records"
        languages = "this language" if len(names) == 1 else "these languages"
        return (
            f"{total:,} {records} {are} in {_listed(counted)}. The protocol has no words in"
            f" {languages}, so the ranking cannot order {these} until some in the same language"
            " have been included."
        )


def language_gap(session: Session, *, review_id: UUID, stage: Stage) -> LanguageGap | None:
    """Return the languages of unique records that the ranking has no words in; None if none."""
    known = question_phrasings(protocol_of(session, review_id))
    words = session.scalars(select(Record.language).where(Record.review_id == review_id).distinct())
    unknown = {word: tag for word in words if (tag := language_tag(word)) and tag not in known}
    if not unknown:
        return None
    states = flow_states(session, review_id=review_id)
    resolved = resolutions(session, review_id=review_id, stage=stage)
    rows = session.execute(
        select(Record.language, resolved.c.resolution, func.count())
        .join(states, states.c.record_id == Record.id)
        .join(resolved, resolved.c.cluster_id == Record.id)
        .where(
            Record.language.in_(unknown),
            states.c.flow_state.not_in([state.value for state in REMOVED]),
        )
        .group_by(Record.language, resolved.c.resolution)
    )
    counts, learned = Counter[str](), set[str]()
    for word, resolution, n in rows:
        counts[unknown[word]] += n
        if resolution == Resolution.INCLUDE:
            learned.add(unknown[word])
    by_number = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    left = {tag: n for tag, n in by_number if tag not in learned}
    return LanguageGap(left) if left else None


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
