"""Loading a coding sheet into a review: its reports where they are missing, then its codes."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.import_rules import ImportRules
from review.decisions.imported import UNNAMED, import_claims
from review.decisions.imported_records import KnownRecords, known_records
from review.errors import Invalid
from review.events import Actor
from review.permissions import Action, check
from review.reports.retrieval import retrieve
from review.safe_text import safe_cell
from review.searches.formats import USUAL_LIMITS, DecisionClaim, FileLimits
from review.searches.imports import import_file
from review.searches.searches import SearchOnDemand
from review.states.flow import FlowState, flow_states
from review.states.resolution import most_needed
from review.storage.database import Database
from review.storage.files import FileStore
from review.studies.coding_sheets.importing import (
    SheetChoices,
    SheetReport,
    find_reports,
    import_sheet,
    record_of,
)
from review.studies.coding_sheets.sheet import CodingSheet
from review.vocabulary import RetrievalState, SearchKind, Stage, Verdict

NO_STUDIES = "No study was found. Say which column has the titles of the studies."
EARLIER = "Earlier screening"  # whoever decided beside the coder, before the sheet was made


@dataclass(frozen=True)
class SheetFile:
    """A sheet, the file that it was read from, and what the person who imports it says."""

    sheet: CodingSheet
    name: str
    sha256: str
    choices: SheetChoices = field(default_factory=SheetChoices)
    include: bool = False  # reports that the review does not have, or has not decided on


def load_sheet(
    database: Database,
    files: FileStore,
    file: SheetFile,
    *,
    review_id: UUID,
    by: Actor,
    limits: FileLimits = USUAL_LIMITS,
    on_progress: Callable[[float], None] | None = None,
    on_commit: Callable[[Session, SheetReport], None] | None = None,
) -> SheetReport:
    """Import a sheet's studies, contracts and codes; the same sheet again adds nothing.

    With ``file.include``, reports that are missing become the records of a search of their own,
    and whatever of them awaits decisions is included at both stages: once by the coder whom the
    sheet names and, where two must decide, by *Earlier screening*; the sheet is the evidence that
    the team read and included them.  ``on_commit`` is called in the writing transaction.  Raises
    Invalid for a sheet without studies.
    """
    progress, sheet = on_progress or (lambda _: None), file.sheet
    if not sheet.studies:
        raise Invalid(NO_STUDIES)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        known = known_records(session, review_id, "")
    reports = find_reports(known, sheet.studies, lambda done: progress(0.3 * done))
    if file.include and len(reports) < len(sheet.studies):
        known = _import_missing(
            database, files, file, reports=reports, review_id=review_id, by=by, limits=limits
        )
        progress(0.4)
        reports = reports | _from_blocks(known, sheet, reports)
    progress(0.5)  # not while writing: a worker tells its progress by writing
    with database.writing() as session:
        if file.include:
            _include(session, file, reports, review_id=review_id, by=by)
        report = import_sheet(
            session, review_id=review_id, sheet=sheet, reports=reports, choices=file.choices,
            by=by, file={"name": file.name, "sha256": file.sha256},
        )  # fmt: skip
        if on_commit is not None:
            on_commit(session, report)
    progress(1.0)
    return report


def _missing(sheet: CodingSheet, reports: Mapping[int, UUID]) -> list[int]:
    return [
        place for place, study in enumerate(sheet.studies) if place not in reports and study.title
    ]


def _import_missing(
    database: Database,
    files: FileStore,
    file: SheetFile,
    *,
    reports: Mapping[int, UUID],
    review_id: UUID,
    by: Actor,
    limits: FileLimits,
) -> KnownRecords:
    """Import the reports that the review does not have, and return its records with them."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("title", "authors", "year", "journal", "doi", "url", "place"))
    for place in _missing(file.sheet, reports):
        one = record_of(file.sheet.studies[place])
        cells = (one.title, "; ".join(one.authors), one.year, one.journal, one.doi, one.url)
        table.writerow([safe_cell(str(cell or "")) for cell in cells] + [place])
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        copy.write(text.getvalue().encode())
        copy.flush()
        search = SearchOnDemand(
            review_id, by, {"source": f"Coding sheet {file.name}"[:255],
                            "kind": SearchKind.ORGANISATION},
        )  # fmt: skip
        imported = import_file(
            database, files, Path(copy.name), review_id=review_id, search_for=search, by=by,
            name=f"reports of {file.name}.csv", limits=limits,
        )  # fmt: skip
    with database.reading() as session:
        return known_records(session, review_id, imported.file.sha256)


def _from_blocks(
    known: KnownRecords, sheet: CodingSheet, reports: Mapping[int, UUID]
) -> dict[int, UUID]:
    """Return the records of the reports that were imported, which are in the sheet's order."""
    places = _missing(sheet, reports)
    return {
        places[block - 1]: record_id
        for block, (record_id, _) in known.blocks.items()
        if block <= len(places)
    }


def _include(
    session: Session,
    file: SheetFile,
    reports: Mapping[int, UUID],
    *,
    review_id: UUID,
    by: Actor,
) -> None:
    """Include what awaits decisions, at both stages; what the team decided here stays."""
    detail = {"name": file.name, "sha256": file.sha256}
    for stage in Stage:
        if stage is Stage.FULL_TEXT:
            for record_id in _awaiting_retrieval(session, review_id, set(reports.values())):
                retrieve(
                    session, review_id=review_id, record_id=record_id, by=by,
                    state=RetrievalState.RETRIEVED,
                )  # fmt: skip
        import_claims(
            session, _claims(file.sheet, reports, most_needed(session, review_id, stage)),
            review_id=review_id, by=by, detail=detail,
            rules=ImportRules(stage, people=file.choices.people, all_are=Verdict.INCLUDE),
        )  # fmt: skip


def _claims(
    sheet: CodingSheet, reports: Mapping[int, UUID], n_needed: int
) -> Iterator[tuple[UUID, DecisionClaim]]:
    for place, record_id in reports.items():
        coder = sheet.studies[place].coder or UNNAMED
        others = [EARLIER, *(f"{EARLIER} {number}" for number in range(2, n_needed))]
        for author in (coder, *others):
            yield record_id, DecisionClaim(author=author)


def _awaiting_retrieval(session: Session, review_id: UUID, record_ids: set[UUID]) -> list[UUID]:
    table = flow_states(session, review_id=review_id)
    waiting = session.scalars(
        select(table.c.record_id).where(table.c.flow_state == FlowState.AWAITING_RETRIEVAL.value)
    )
    return [record_id for record_id in waiting if record_id in record_ids]
