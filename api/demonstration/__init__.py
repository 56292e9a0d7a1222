"""A synthetic review to explore, labelled as such: everything in it is invented."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demonstration.coding import N_UNCODED, Coding, IncludedReport
from api.demonstration.copies import SourceEntry, make_entries
from api.demonstration.full_texts import FullTextScreening
from api.demonstration.identifying import (
    entries_of_records,
    find_duplicates,
    import_searches,
    remove_some,
)
from api.demonstration.known import add_known_contracts
from api.demonstration.literature import make_works
from api.demonstration.people import Cast, amend, make_review
from api.demonstration.screening import N_CHANGED, N_EARLY, Screening
from api.settings import Settings
from api.web.demo_logins import LOGINS, PASSWORD, SLUG
from review.errors import ReviewError
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Review
from review.vocabulary import Stage
from screening.ranking.runs import current_run, rank_records

__all__ = ["LOGINS", "PASSWORD", "SLUG", "Unfinished", "make_demonstration"]

SEED = 11  # of the seeds tried, the one whose maps have dark cells, gaps and no empty row
AT_ONCE = 100  # records in one transaction

Item = TypeVar("Item")
Progress = Callable[[str, float], None]


class Unfinished(ReviewError):
    """An earlier call stopped before the demonstration was complete."""


def make_demonstration(
    database: Database, settings: Settings, on_progress: Progress | None = None
) -> bool:
    """Make the demonstration review and its people; return False if it is already there.

    ``on_progress`` gets the current step and the share of the work that is done.  Raises
    Unfinished if an earlier call stopped before the end.
    """
    if _is_there(database):
        return False
    with database.writing() as session:
        cast = make_review(session, slug=SLUG, logins=LOGINS, password=PASSWORD)
    tell = on_progress or (lambda _step, _share: None)
    _Demonstration(database, settings, cast, on_progress=tell).build()
    return True


def _is_there(database: Database) -> bool:
    """Return whether the demonstration is complete; its last step is to rank full texts."""
    with database.reading() as session:
        review_id = session.scalar(select(Review.id).where(Review.slug == SLUG))
        if review_id is None:
            return False
        if current_run(session, review_id=review_id, stage=Stage.FULL_TEXT) is None:
            raise Unfinished(
                "Making the demonstration was interrupted. Start over with `make demo FRESH=1`."
            )
        return True


class _Demonstration:
    """Builds the demonstration step by step, as people would in a real review."""

    def __init__(
        self, database: Database, settings: Settings, cast: Cast, *, on_progress: Progress
    ) -> None:
        self.database = database
        self.cast = cast
        self.on_progress = on_progress
        self.files = FileStore(settings.files_dir)
        self.cache = settings.feature_cache(cast.review_id)
        self.chance = random.Random(SEED)  # noqa: S311 - the same demonstration every time

    def build(self) -> None:
        """Do all steps in order."""
        self.on_progress("Inventing works and importing searches", 0.0)
        entries = self._identify()
        self._screen(Screening(self.cast, entries, self.chance))
        self._screen_full_texts(FullTextScreening(self.cast, entries, self.chance))
        self._code(Coding(self.cast, entries, self.chance))
        self.on_progress("Ranking", 0.96)
        self._rank(Stage.TITLE_ABSTRACT)
        self._rank(Stage.FULL_TEXT)
        self.on_progress("Done", 1.0)

    def _identify(self) -> Mapping[UUID, SourceEntry]:
        by_source = make_entries(make_works(self.chance), self.chance)
        import_searches(self.database, self.cast, by_source, files=self.files)
        entries = entries_of_records(self.database, self.cast.review_id, by_source)
        self.on_progress("Looking for duplicates", 0.03)
        find_duplicates(self.database, self.cast, entries)
        remove_some(self.database, self.cast, entries)
        return entries

    def _screen(self, screening: Screening) -> None:
        with self.database.reading() as session:
            both, alone = screening.plan(session)
        early, later = both[:N_EARLY], both[N_EARLY:]
        self._in_parts(
            "Screening titles and abstracts", (0.05, 0.12), early, do=screening.decide_both
        )
        self._rank(Stage.TITLE_ABSTRACT)
        with self.database.writing() as session:
            amend(session, self.cast)
            screening.change_minds(session, later)
        rest = later[N_CHANGED:]
        self._in_parts(
            "Screening titles and abstracts", (0.13, 0.5), rest, do=screening.decide_both
        )
        with self.database.writing() as session:
            screening.decide_alone(session, alone)
            screening.resolve_half(session)
            screening.reopen_one(session)

    def _screen_full_texts(self, screening: FullTextScreening) -> None:
        with self.database.reading() as session:
            sought = screening.sought(session)
        self._in_parts("Looking for full texts", (0.52, 0.58), sought, do=screening.seek)
        with self.database.writing() as session:
            screening.add_files(session, self.files)
        self._in_parts("Reading full texts", (0.6, 0.7), screening.retrieved, do=screening.decide)
        with self.database.writing() as session:
            screening.resolve_some(session)

    def _code(self, coding: Coding) -> None:
        with self.database.reading() as session:
            studies = coding.reports(session)
        coded, uncoded = studies[:-N_UNCODED], studies[-N_UNCODED:]

        def add(session: Session, batch: Sequence[Sequence[IncludedReport]]) -> None:
            for reports in batch:
                coding.add(session, reports, is_coded=True)

        self._in_parts("Coding studies and contracts", (0.7, 0.95), coded, do=add, at_once=10)
        with self.database.writing() as session:
            for reports in uncoded:
                coding.add(session, reports, is_coded=False)
            coding.agree_on_some(session)
        reported = [one for reports in studies for one in reports[0].work.contracts]
        with self.database.writing() as session:
            contracts = list({one.number: one for one in reported}.values())
            add_known_contracts(session, self.cast, contracts, chance=self.chance)

    def _rank(self, stage: Stage) -> None:
        rank_records(
            self.database,
            review_id=self.cast.review_id,
            stage=stage,
            by=self.cast.lead,
            cache=self.cache,
        )

    def _in_parts(
        self,
        step: str,
        shares: tuple[float, float],
        items: Sequence[Item],
        *,
        do: Callable[[Session, Sequence[Item]], None],
        at_once: int = AT_ONCE,
    ) -> None:
        """Do one step with all items, a few in each transaction."""
        begin, end = shares
        for start in range(0, len(items), at_once):
            self.on_progress(step, begin + (end - begin) * start / len(items))
            with self.database.writing() as session:
                do(session, items[start : start + at_once])
