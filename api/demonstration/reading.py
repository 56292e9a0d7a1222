"""Full texts: sought, found or not, put in as synthetic PDF files, and read by two reviewers."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration.copies import Entry
from api.demonstration.pdf import pdf_of
from api.demonstration.people import Cast
from api.demonstration.words import fill, words
from api.demonstration.works import Work
from review.decisions.adjudication import adjudicate
from review.decisions.blinding import conflicts
from review.decisions.decisions import decide
from review.events import Actor
from review.jobs import JobKind, ask
from review.reports.full_texts import add_full_text
from review.reports.retrieval import retrieve
from review.states.flow import FlowState, record_rows
from review.storage.files import FileStore
from review.tables import Record
from review.vocabulary import RetrievalState, Stage, Verdict

STAGE = Stage.FULL_TEXT
N_FILES = 40
N_SETTLED = 3
SHARE_UNLIKE = 0.1
ASKED = ("the author", "interlibrary loan", "the outcome payer", "the publisher")
WHY_NOT = (
    "No library holds it, and the author did not answer.",
    "The organisation took its website down.",
    "The record leads to an empty page.",
)
OTHER_REASON = "A later edition of the same report is in the review."
NOTICE = "Synthetic text, made for a demonstration. Nothing in it happened."

# What comes of a report that is sought: one number in a hundred for each.
FATES = {"retrieved": 80, "requested, then retrieved": 5, "requested": 5, "not found": 6, "left": 4}
READ_BY = {"both": 88, "first": 4, "second": 4, "nobody": 4}


class Reading:
    """What becomes of the reports that were included on title and abstract."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, Entry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.found: list[Record] = []

    def sought(self, session: Session) -> list[Record]:
        """Return the records whose reports are to be looked for."""
        rows = record_rows(
            session,
            review_id=self.cast.review_id,
            states=[FlowState.AWAITING_RETRIEVAL],
            limit=1000,
        )
        return [record for record, _, _ in rows]

    def seek(self, session: Session, records: Sequence[Record]) -> None:
        """Look for the reports, and remember those that are found."""
        self.found += [record for record in records if self._seek(session, record)]

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
        """Put in synthetic PDF files for the first of the reports that were found."""
        with tempfile.TemporaryDirectory() as folder:
            for record in self.found[:N_FILES]:
                work = self.entries[record.id].work
                path = Path(folder) / f"report-{record.number}.pdf"
                path.write_bytes(full_text(work))
                kept = add_full_text(
                    session,
                    review_id=self.cast.review_id,
                    record_id=record.id,
                    path=path,
                    name=path.name,
                    files=files,
                    by=self.cast.lead,
                )
                ask(
                    session,
                    review_id=self.cast.review_id,
                    kind=JobKind.READ_FULL_TEXT,
                    arguments={"sha256": kept.sha256, "name": kept.name},
                    by=self.cast.lead,
                )

    def read(self, session: Session, records: Sequence[Record]) -> None:
        """Let both reviewers read most of the reports, and each a few alone."""
        for record in records:
            by = self.chance.choices(list(READ_BY), list(READ_BY.values()))[0]
            first, second = self.cast.reviewers
            is_unlike = self.chance.random() < SHARE_UNLIKE
            if by in ("both", "first"):
                self._decide(session, record, first)
            if by in ("both", "second"):
                self._decide(session, record, second, is_other=is_unlike and by == "both")

    def _decide(
        self, session: Session, record: Record, reviewer: Actor, *, is_other: bool = False
    ) -> None:
        reason = self.entries[record.id].work.read_reason
        if is_other:
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

    def settle_some(self, session: Session) -> None:
        """Let the lead settle the first of the conflicts."""
        open_ones = conflicts(
            session, review_id=self.cast.review_id, stage=STAGE, by=self.cast.lead
        )
        for conflict in open_ones[:N_SETTLED]:
            reason = self.entries[conflict.record.id].work.read_reason
            adjudicate(
                session,
                review_id=self.cast.review_id,
                record_id=conflict.record.id,
                stage=STAGE,
                verdict=Verdict.EXCLUDE if reason else Verdict.INCLUDE,
                exclusion_reason=reason,
                settles=[one.id for one in conflict.decisions],
                note="Read again together with the protocol.",
                by=self.cast.lead,
            )


def full_text(work: Work) -> bytes:
    """Return a synthetic full text: the abstract, then what the report says at greater length."""
    authors = "; ".join(work.authors)
    opening = [NOTICE, f"{work.journal}, {work.year}", work.abstract or ""]
    return pdf_of(work.title, authors, ["\n\n".join(opening), *_chapters(work)])


def _chapters(work: Work) -> Iterator[str]:
    """Yield a page for the contract, one for the findings and one for what follows from them."""
    own, slots = words(work.language), work.contracts[0].slots(work.language)
    slots |= {"n": "480", "m": "31", "p": "46", "q": "18"}
    findings = [fill(one, slots) for sentences in own["themes"].values() for one in sentences]
    parts = (own["backgrounds"] + own["aims"], findings, own["conclusions"])
    for heading, part in zip((own["headings"][0], *own["headings"][2:]), parts, strict=True):
        yield "\n\n".join([heading, *(fill(one, slots) for one in part)])
