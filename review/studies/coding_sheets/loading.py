"""Loading a coding sheet into a review: its reports where they are missing, then its codes."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.external_reviewers import NamedAuthors, suggested_member
from review.decisions.import_rules import ImportRules
from review.decisions.imported import UNNAMED, import_claims
from review.decisions.imported_records import KnownRecords, known_records
from review.duplicates.matching import normalise
from review.errors import Invalid, NotAllowed
from review.events import Actor
from review.permissions import Action, check
from review.reports.retrieval import retrieve
from review.reviews import members_of
from review.searches.formats import USUAL_LIMITS, DecisionClaim, FileLimits
from review.searches.imports import import_file
from review.searches.searches import SearchOnDemand
from review.states.clusters import Scope, cluster_ids
from review.states.flow import FlowState, flow_states
from review.states.resolution import most_needed
from review.storage.database import Database
from review.storage.files import FileStore
from review.studies.coding_sheets.already import still_open
from review.studies.coding_sheets.importing import (
    SheetChoices,
    SheetReport,
    import_sheet,
)
from review.studies.coding_sheets.matching import find_reports, for_all_coders, record_of
from review.studies.coding_sheets.sheet import CodingSheet, same_studies
from review.tables import ImportFile, Record
from review.vocabulary import RetrievalState, SearchKind, Stage, Verdict

NO_STUDIES = "No study was found. Say which column has the titles of the studies."
EARLIER = "Earlier screening"  # the name of the second reviewer, whom no sheet names


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
    if by.account_id is None:
        raise NotAllowed("Codes are imported in a person's name. Say whose with --as EMAIL.")
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        file = _with_members(session, review_id, file)
        known = known_records(session, review_id, "")
        before = _brought_in_before(session, review_id, file)
    first = same_studies(sheet.studies)
    reports = before | find_reports(known, sheet.studies, lambda done: progress(0.3 * done))
    reports = for_all_coders(reports, first)
    missing = [
        place
        for place, study in enumerate(sheet.studies)
        if place not in reports and study.title and first[place] == place
    ]
    if file.include and missing:
        known = _import_missing(
            database, files, file, missing=missing, review_id=review_id, by=by, limits=limits
        )
        progress(0.4)
        reports = for_all_coders(reports | _from_blocks(known, sheet, missing), first)
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


def _with_members(session: Session, review_id: UUID, file: SheetFile) -> SheetFile:
    """Return the file with members as coders of their name, where nobody chose; raise Invalid.

    Invalid is raised where the person chose somebody who is no member.
    """
    members = [account for account, _ in members_of(session, review_id)]
    guessed = {name: suggested_member(name, "", members) for name in file.sheet.coders if name}
    people = guessed | dict(file.choices.people)
    NamedAuthors(session, review_id, people)
    return replace(file, choices=replace(file.choices, people=people))


def _name_of_reports(file: SheetFile) -> str:
    return f"reports of {file.name}.csv"


def _brought_in_before(session: Session, review_id: UUID, file: SheetFile) -> dict[int, UUID]:
    """Return the reports that a sheet of this name brought in, by place: its titles may be short.

    Only titles that one record of them has count.
    """
    rows = session.execute(
        select(Record.title, Record.id)
        .join(ImportFile, ImportFile.id == Record.import_file_id)
        .where(Record.review_id == review_id, ImportFile.name == _name_of_reports(file))
    )
    cluster_id = cluster_ids(session, Scope(review_id))
    ids: dict[str, list[UUID]] = {}
    for title, record_id in rows:
        ids.setdefault(normalise.title(title), []).append(cluster_id[record_id])
    return {
        place: found[0]
        for place, study in enumerate(file.sheet.studies)
        if study.title and len(found := ids.get(normalise.title(study.title), [])) == 1
    }


def _import_missing(
    database: Database,
    files: FileStore,
    file: SheetFile,
    *,
    missing: Sequence[int],
    review_id: UUID,
    by: Actor,
    limits: FileLimits,
) -> KnownRecords:
    """Import the reports that the review does not have, and return its records with them."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("title", "authors", "year", "journal", "doi", "url"))
    for place in missing:
        one = record_of(file.sheet.studies[place])
        cells = (one.title, "; ".join(one.authors), one.year, one.journal, one.doi, one.url)
        table.writerow([" ".join(str(cell or "").split()) for cell in cells])
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        copy.write(text.getvalue().encode())
        copy.flush()
        search = SearchOnDemand(
            review_id, by, {"source": f"Coding sheet {file.name}"[:255],
                            "kind": SearchKind.ORGANISATION},
        )  # fmt: skip
        imported = import_file(
            database, files, Path(copy.name), review_id=review_id, search_for=search, by=by,
            name=_name_of_reports(file), limits=limits,
        )  # fmt: skip
    with database.reading() as session:
        return known_records(session, review_id, imported.file.sha256)


def _from_blocks(
    known: KnownRecords, sheet: CodingSheet, missing: Sequence[int]
) -> dict[int, UUID]:
    """Return the reports that were imported just now, which are in the order of ``missing``."""
    return {
        missing[block - 1]: known.cluster_id[record_id]
        for block, (record_id, title) in known.blocks.items()
        if block <= len(missing)
        and normalise.title(title) == normalise.title(sheet.studies[missing[block - 1]].title)
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
    # What a reviewer may still change is left as it is.
    left = still_open(session, review_id)
    reports = {place: one for place, one in reports.items() if one not in left}
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
