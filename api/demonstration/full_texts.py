"""Full texts: sought, retrieved or not, added as synthetic PDFs, and screened."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration.copies import SourceEntry
from api.demonstration.pdf import pdf_of
from api.demonstration.people import Cast, close_all
from api.demonstration.words import fill, words
from api.demonstration.works import Work
from review.decisions.adjudication import adjudicate
from review.decisions.conflicts import open_conflicts
from review.decisions.decisions import decide
from review.events import Actor
from review.jobs import JobKind, enqueue
from review.reports.full_texts import add_full_text
from review.reports.retrieval import retrieve
from review.states.flow import FlowState, record_rows
from review.storage.files import FileStore
from review.tables import Record
from review.vocabulary import RetrievalState, Stage, Verdict

STAGE = Stage.FULL_TEXT
N_FILES = 40
N_RESOLVED = 3
SHARE_DISAGREEMENTS = 0.1
ASKED = ("the author", "interlibrary loan", "the outcome payer", "the publisher")
WHY_NOT = (
    "No library holds it, and the author did not answer.",
    "The organisation took its website down.",
    "The record leads to an empty page.",
)
OTHER_REASON = "A later edition of the same report is in the review."
NOTICE = "Synthetic text, made for a demonstration. Nothing in it happened."

# What happens to a report that is sought, in percent.
FATES = {"retrieved": 80, "requested, then retrieved": 5, "requested": 5, "not found": 6, "left": 4}
DECIDED_BY = {"both": 88, "first": 4, "second": 4, "nobody": 4}


class FullTextScreening:
    """Retrieves and screens the reports that were included on title and abstract."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, SourceEntry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.retrieved: list[Record] = []

    def sought(self, session: Session) -> list[Record]:
        """Return the records whose reports should be retrieved."""
        rows = record_rows(
            session,
            review_id=self.cast.review_id,
            states=[FlowState.AWAITING_RETRIEVAL],
            limit=1000,
        )
        return [record for record, _, _ in rows]

    def seek(self, session: Session, records: Sequence[Record]) -> None:
        """Look for the reports, and remember those that are retrieved."""
        self.retrieved += [record for record in records if self._seek(session, record)]

    def _seek(self, session: Session, record: Record) -> bool:
        fate = self.chance.choices(list(FATES), list(FATES.values()))[0]
        if fate.startswith("requested"):
            asked_of = self.chance.choice(ASKED)
            self._retrieve(session, record, RetrievalState.REQUESTED, asked_of=asked_of)
        if fate == "not found":
            why = f"{self.chance.choice(WHY_NOT)} (synthetic)"
            self._retrieve(session, record, RetrievalState.NOT_RETRIEVED, why=why)
        if fate.endswith("retrieved"):
            self._retrieve(session, record, RetrievalState.RETRIEVED)
        return fate.endswith("retrieved")

    def _retrieve(
        self,
        session: Session,
        record: Record,
        state: RetrievalState,
        *,
        asked_of: str | None = None,
        why: str | None = None,
    ) -> None:
        retrieve(
            session,
            review_id=self.cast.review_id,
            record_id=record.id,
            state=state,
            asked_of=asked_of,
            why=why,
            by=self.cast.lead,
        )

    def add_files(self, session: Session, files: FileStore) -> None:
        """Add synthetic PDFs for the first of the retrieved reports."""
        with tempfile.TemporaryDirectory() as folder:
            for record in self.retrieved[:N_FILES]:
                work = self.entries[record.id].work
                path = Path(folder) / f"report-{record.number}.pdf"
                path.write_bytes(full_text(work))
                file = add_full_text(
                    session,
                    review_id=self.cast.review_id,
                    record_id=record.id,
                    path=path,
                    name=path.name,
                    files=files,
                    by=self.cast.lead,
                )
                enqueue(
                    session,
                    review_id=self.cast.review_id,
                    kind=JobKind.READ_FULL_TEXT,
                    arguments={"sha256": file.sha256, "name": file.name},
                    by=self.cast.lead,
                )

    def decide(self, session: Session, records: Sequence[Record]) -> None:
        """Let both reviewers decide on most reports, and each alone on a few."""
        for record in records:
            deciders = self.chance.choices(list(DECIDED_BY), list(DECIDED_BY.values()))[0]
            first, second = self.cast.reviewers
            disagrees = self.chance.random() < SHARE_DISAGREEMENTS
            if deciders in ("both", "first"):
                self._decide(session, record, first)
            if deciders in ("both", "second"):
                is_different = disagrees and deciders == "both"
                self._decide(session, record, second, is_different=is_different)

    def _decide(
        self, session: Session, record: Record, reviewer: Actor, *, is_different: bool = False
    ) -> None:
        reason = self.entries[record.id].work.full_text_reason
        if is_different:
            reason = "nothing_about_contract" if reason is None else "not_empirical"
        decide(
            session,
            review_id=self.cast.review_id,
            record_id=record.id,
            stage=STAGE,
            verdict=Verdict.EXCLUDE if reason else Verdict.INCLUDE,
            exclusion_reason=reason,
            note=OTHER_REASON if reason == "other_reason" else None,
            seconds=round(self.chance.lognormvariate(5.5, 0.5), 1),
            by=reviewer,
        )

    def resolve_some(self, session: Session) -> None:
        """Let the lead resolve the first few conflicts."""
        close_all(session, self.cast, STAGE)
        conflicts = open_conflicts(
            session, review_id=self.cast.review_id, stages=[STAGE], by=self.cast.lead
        )
        for conflict in conflicts[:N_RESOLVED]:
            reason = self.entries[conflict.record.id].work.full_text_reason
            adjudicate(
                session,
                review_id=self.cast.review_id,
                record_id=conflict.record.id,
                stage=STAGE,
                verdict=Verdict.EXCLUDE if reason else Verdict.INCLUDE,
                exclusion_reason=reason,
                settles=[decision.id for decision in conflict.decisions],
                note="Read again together with the protocol.",
                by=self.cast.lead,
            )


def full_text(work: Work) -> bytes:
    """Return a synthetic full text: the abstract, then a few chapters."""
    authors = "; ".join(work.authors)
    opening = [NOTICE, f"{work.journal}, {work.year}", work.abstract or ""]
    return pdf_of(work.title, authors, ["\n\n".join(opening), *_chapters(work)])


def _chapters(work: Work) -> Iterator[str]:
    """Yield a page each for the contract, the findings and the conclusions."""
    vocabulary, slots = words(work.language), work.contracts[0].slots(work.language)
    slots |= {"n": "480", "m": "31", "p": "46", "q": "18"}
    themes = vocabulary["themes"].values()
    findings = [fill(text, slots) for texts in themes for text in texts]
    background = vocabulary["backgrounds"] + vocabulary["aims"]
    parts = (background, findings, vocabulary["conclusions"])
    headings = (vocabulary["headings"][0], *vocabulary["headings"][2:])
    for heading, part in zip(headings, parts, strict=True):
        yield "\n\n".join([heading, *(fill(text, slots) for text in part)])
