"""A synthetic review to look round in, labelled so: everything that it holds is invented."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demonstration.coding import N_UNCODED, Coding, Report
from api.demonstration.copies import Entry, make_entries
from api.demonstration.identifying import (
    entries_of_records,
    find_duplicates,
    import_searches,
    remove_some,
)
from api.demonstration.literature import make_works
from api.demonstration.people import Cast, amend, make_review
from api.demonstration.reading import Reading
from api.demonstration.screening import N_CHANGED, N_EARLY, Screening
from api.settings import Settings
from review.errors import ReviewError
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Review
from review.vocabulary import Stage
from screening.ranking.runs import current_run, rank_records

__all__ = ["LOGINS", "PASSWORD", "SLUG", "Unfinished", "make_demonstration"]

SLUG = "demo"
PASSWORD = "siftmap-demo"  # noqa: S105 - printed for everybody, on a server of one's own
LOGINS = {
    "lead": "lead@demo.example",
    "reviewer 1": "ana@demo.example",
    "reviewer 2": "ben@demo.example",
    "advisor": "advisor@demo.example",
}
SEED = 11  # of those tried, the one whose maps have dark cells, gaps and no empty row
AT_ONCE = 100  # records in one transaction

Thing = TypeVar("Thing")
Progress = Callable[[str, float], None]


class Unfinished(ReviewError):
    """The demonstration was broken off while it was being made."""


def make_demonstration(
    database: Database, settings: Settings, on_progress: Progress | None = None
) -> bool:
    """Make the demonstration review and its people; False where it is there already.

    ``on_progress`` is told what is being done and which share of the whole is done.  Raises
    Unfinished where an earlier call was broken off.
    """
    if _is_there(database):
        return False
    with database.writing() as session:
        cast = make_review(session, slug=SLUG, logins=LOGINS, password=PASSWORD)
    _Story(database, settings, cast, on_progress or (lambda _what, _share: None)).tell()
    return True


def _is_there(database: Database) -> bool:
    """Say whether the whole demonstration is there; its last act is a ranking of full texts."""
    with database.reading() as session:
        review_id = session.scalar(select(Review.id).where(Review.slug == SLUG))
        if review_id is None:
            return False
        if current_run(session, review_id=review_id, stage=Stage.FULL_TEXT) is None:
            raise Unfinished(
                "The demonstration was broken off while it was being made. Start over with "
                "`make demo FRESH=1`."
            )
        return True


class _Story:
    """What happens in the demonstration, in the order in which it happens."""

    def __init__(
        self, database: Database, settings: Settings, cast: Cast, on_progress: Progress
    ) -> None:
        self.database = database
        self.cast = cast
        self.on_progress = on_progress
        self.files = FileStore(settings.files_dir)
        self.cache = settings.feature_cache(cast.review_id)
        self.chance = random.Random(SEED)  # noqa: S311 - the same demonstration every time

    def tell(self) -> None:
        """Do all of it."""
        self.on_progress("Inventing works and importing searches", 0.0)
        entries = self._identify()
        self._screen(Screening(self.cast, entries, self.chance))
        self._read(Reading(self.cast, entries, self.chance))
        self._code(Coding(self.cast, entries, self.chance))
        self.on_progress("Ranking", 0.96)
        self._rank(Stage.TITLE_ABSTRACT)
        self._rank(Stage.FULL_TEXT)
        self.on_progress("Done", 1.0)

    def _identify(self) -> Mapping[UUID, Entry]:
        held = make_entries(make_works(self.chance), self.chance)
        import_searches(self.database, self.cast, held, self.files)
        entries = entries_of_records(self.database, self.cast.review_id, held)
        self.on_progress("Looking for duplicates", 0.03)
        find_duplicates(self.database, self.cast, entries)
        remove_some(self.database, self.cast, entries)
        return entries

    def _screen(self, screening: Screening) -> None:
        with self.database.reading() as session:
            both, alone = screening.plan(session)
        early, later = both[:N_EARLY], both[N_EARLY:]
        self._in_parts("Screening titles and abstracts", (0.05, 0.12), early, screening.decide_both)
        self._rank(Stage.TITLE_ABSTRACT)
        with self.database.writing() as session:
            amend(session, self.cast)
            screening.change_minds(session, later)
        rest = later[N_CHANGED:]
        self._in_parts("Screening titles and abstracts", (0.13, 0.5), rest, screening.decide_both)
        with self.database.writing() as session:
            screening.decide_alone(session, alone)
            screening.settle_half(session)
            screening.reopen_one(session)

    def _read(self, reading: Reading) -> None:
        with self.database.reading() as session:
            sought = reading.sought(session)
        self._in_parts("Looking for full texts", (0.52, 0.58), sought, reading.seek)
        with self.database.writing() as session:
            reading.add_files(session, self.files)
        self._in_parts("Reading full texts", (0.6, 0.7), reading.found, reading.read)
        with self.database.writing() as session:
            reading.settle_some(session)

    def _code(self, coding: Coding) -> None:
        with self.database.reading() as session:
            studies = coding.reports(session)
        coded, left = studies[:-N_UNCODED], studies[-N_UNCODED:]

        def add(session: Session, some: Sequence[Sequence[Report]]) -> None:
            for reports in some:
                coding.add(session, reports, is_coded=True)

        self._in_parts("Coding studies and contracts", (0.7, 0.95), coded, add, at_once=10)
        with self.database.writing() as session:
            for reports in left:
                coding.add(session, reports, is_coded=False)
            coding.agree_on_some(session)

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
        what: str,
        shares: tuple[float, float],
        things: Sequence[Thing],
        do: Callable[[Session, Sequence[Thing]], None],
        at_once: int = AT_ONCE,
    ) -> None:
        """Do something with all things, a transaction for every few of them."""
        begin, end = shares
        for start in range(0, len(things), at_once):
            self.on_progress(what, begin + (end - begin) * start / len(things))
            with self.database.writing() as session:
                do(session, things[start : start + at_once])
