"""What each kind of job does, in the worker; every write checks that the job is still held."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.files import drawings
from api.settings import Settings
from review import exports, jobs
from review.decisions.import_report import ImportReport, write_report
from review.decisions.import_rules import ImportRules
from review.decisions.imported import import_decisions
from review.duplicates.deduplication import deduplicate
from review.errors import Unreadable
from review.jobs import ClaimedJob, JobKind
from review.permissions import screens
from review.reports.documents import keep_pages, pages_of
from review.reports.library_files import LibraryEntry
from review.reports.many_files import GivenFile, match_files
from review.reviews import protocol_of
from review.searches.formats import Format
from review.searches.imports import ImportResult, import_file
from review.searches.previews import ParseOptions
from review.searches.searches import SearchOnDemand
from review.states.viewers import read_for
from review.storage.database import Database
from review.storage.files import FileStore, written_whole
from review.studies.coding_sheets.importing import SheetChoices, SheetReport, write_left
from review.studies.coding_sheets.loading import SheetFile, load_sheet
from review.studies.coding_sheets.sheet import read_sheet
from review.studies.known_contracts.matches import match_automatically
from review.vocabulary import SearchKind, Stage, Verdict
from screening.progress.recall_curve import draw, stopping_points
from screening.progress.simulation import simulate_review
from screening.ranking.runs import rank_records

PATIENCE = 0.4  # seconds between two words on progress

Result = dict[str, Any]


class Task:
    """A job under way: what it is about, and how to say how far it is."""

    def __init__(self, held: ClaimedJob, database: Database, settings: Settings) -> None:
        self.held = held
        self.settings = settings
        # The worker writes only as long as it holds the job.
        self.database = database.checked(lambda session: jobs.require_lease(session, held))
        self.files = FileStore(settings.files_dir)
        self._told = 0.0

    def tell(self, done: float, step: str) -> None:
        """Show progress, now and then; raises LostLease where the job was cancelled."""
        if time.monotonic() - self._told < PATIENCE:
            return
        self._told = time.monotonic()
        with self.database.writing() as session:
            jobs.report_progress(session, self.held, done=done, step=step)

    def teller(self, step: str) -> Callable[[float], None]:
        """Return a function that is told the share of one step that is done."""
        return lambda done: self.tell(done, step)


BULK = (
    JobKind.IMPORT,
    JobKind.IMPORT_DECISIONS,
    JobKind.IMPORT_CODING,
    JobKind.DEDUPLICATE,
    JobKind.RANK,
)


def do(task: Task) -> Result:
    """Do a job and return what came of it."""
    result = HANDLERS[task.held.kind](task)
    if task.held.kind in BULK:
        with suppress(SQLAlchemyError):  # the work is done, and the next look comes soon
            task.database.analyse()
    return result


def _import(task: Task) -> Result:
    """Read the files one after another; those that a worker before this one read are passed by."""
    asked, kept = task.held.arguments, task.held.checkpoint
    made = kept.get("search") or asked.get("search")
    search = SearchOnDemand(
        task.held.review_id,
        task.held.by,
        _search_fields(asked.get("fields") or {}),
        search_id=UUID(made) if made else None,
    )
    done: list[Result] = list(kept.get("files", []))
    for given in asked["files"][len(done) :]:
        done.append(_import_one(task, search, given, done=done))
    if all("trouble" in file for file in done):
        raise Unreadable(" ".join(f"{file['name']}: {file['trouble']}" for file in done))
    return {"search": str(search.id) if search.id else None, "files": done}


def _import_one(
    task: Task, search: SearchOnDemand, given: dict[str, Any], *, done: list[Result]
) -> Result:
    asked = task.held.arguments
    path, name = task.files.path(given["sha256"]), given["name"]
    size = max(1, path.stat().st_size)
    outcome: Result = {"name": name}

    def keep(session: Session, imported: ImportResult) -> None:
        file = imported.file
        outcome.update(
            found=file.n_found,
            accepted=file.n_accepted,
            rejected=file.n_rejected,
            known=imported.was_known,
            search=str(file.search_id),
        )
        jobs.save_checkpoint(
            session,
            task.held,
            search=str(search.id) if search.id else None,
            files=[*done, outcome],
        )

    try:
        import_file(
            task.database,
            task.files,
            path,
            review_id=task.held.review_id,
            search_for=search,
            by=task.held.by,
            name=name,
            options=_options({**asked, **given}),
            limits=task.settings.limits,
            on_progress=lambda read: task.tell(
                (len(done) + read / size) / len(asked["files"]), f"Reading {name}"
            ),
            on_commit=keep,
        )
    except Unreadable as error:
        outcome["trouble"] = str(error)
        with task.database.writing() as session:
            jobs.save_checkpoint(session, task.held, files=[*done, outcome])
    return outcome


def _options(arguments: Mapping[str, Any]) -> ParseOptions:
    return ParseOptions(
        format=Format(arguments["format"]) if arguments.get("format") else None,
        encoding=arguments.get("encoding") or None,
        mapping=arguments.get("mapping") or None,
    )


def _search_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given:
        return {}
    run_on = given.get("run_on")
    return {
        **given,
        "kind": SearchKind(given["kind"]),
        "run_on": date.fromisoformat(run_on) if run_on else None,
        "update_of": UUID(given["update_of"]) if given.get("update_of") else None,
    }


def _import_decisions(task: Task) -> Result:
    asked, given = task.held.arguments, task.held.arguments["files"][0]
    kept: Result = dict(task.held.checkpoint.get("done", {}))
    if kept:  # a worker before this one came as far as the commit
        return kept
    target = task.settings.made_dir / f"decisions-{task.held.id}"

    def keep(session: Session, report: ImportReport) -> None:
        with written_whole(target, "w", encoding="utf-8-sig", newline="") as file:
            write_report(report, file)
        kept.update(
            counts=report.counts,
            is_blinded=True,  # it says of no record why it does not await somebody
            file=target.name,
            name="imported decisions.csv",
            media_type="text/csv; charset=utf-8",
            rows=len(report.rows),
        )
        jobs.save_checkpoint(session, task.held, done=kept)

    import_decisions(
        task.database,
        task.files.path(given["sha256"]),
        review_id=task.held.review_id,
        rules=_rules(asked),
        by=task.held.by,
        name=given["name"],
        sha256=given["sha256"],
        options=_options(given),
        limits=task.settings.limits,
        on_progress=task.teller("Reading decisions"),
        on_commit=keep,
    )
    return kept


def _rules(arguments: Mapping[str, Any]) -> ImportRules:
    return ImportRules(
        stage=Stage(arguments["stage"]),
        verdicts=arguments["verdicts"],
        people=arguments["people"],
        all_are=Verdict(arguments["all_are"]) if arguments["all_are"] else None,
    )


def _import_coding(task: Task) -> Result:
    asked, given = task.held.arguments, task.held.arguments["files"][0]
    kept: Result = dict(task.held.checkpoint.get("done", {}))
    if kept:  # a worker before this one came as far as the commit
        return kept
    target = task.settings.made_dir / f"coding-{task.held.id}"
    path = task.files.path(given["sha256"])
    with task.database.reading() as session:
        protocol = protocol_of(session, task.held.review_id)
    chosen = {int(place): means for place, means in asked["columns"].items()}
    sheet = read_sheet(path, name=given["name"], protocol=protocol, chosen=chosen or None)

    def keep(session: Session, report: SheetReport) -> None:
        with written_whole(target, "w", encoding="utf-8-sig", newline="") as file:
            write_left(sheet, report, file)
        match_automatically(session, review_id=task.held.review_id, by=task.held.by)
        kept.update(
            counts=report.counts,
            is_blinded=True,  # it gives one reason for whatever is not included
            file=target.name,
            name="what the coding sheet left open.csv",
            media_type="text/csv; charset=utf-8",
            rows=len(report.left) + len(sheet.unclear),
        )
        jobs.save_checkpoint(session, task.held, done=kept)

    choices = SheetChoices(asked["people"], asked["same_as"], are_agreed=asked["are_agreed"])
    load_sheet(
        task.database,
        task.files,
        SheetFile(sheet, given["name"], given["sha256"], choices, include=asked["include"]),
        review_id=task.held.review_id,
        by=task.held.by,
        limits=task.settings.limits,
        on_progress=task.teller("Reading the coding sheet"),
        on_commit=keep,
    )
    return kept


def _deduplicate(task: Task) -> Result:
    done = deduplicate(
        task.database,
        review_id=task.held.review_id,
        by=task.held.by,
        everything=bool(task.held.arguments.get("everything")),
        on_progress=task.teller("Comparing records"),
    )
    return {
        "event": done.event_number,
        "compared": done.n_compared,
        "duplicates": done.n_duplicates,
        "questions": done.n_questions,
    }


def _rank(task: Task) -> Result:
    stage = Stage(task.held.arguments["stage"])
    done = rank_records(
        task.database,
        review_id=task.held.review_id,
        stage=stage,
        by=task.held.by,
        cache=task.settings.feature_cache(task.held.review_id),
        on_progress=task.teller("Training and ranking"),
    )
    return {
        "stage": stage.value,
        "records": done.n_records,
        "training": done.n_training,
        "included": done.n_included,
        "fingerprint": done.fingerprint,
    }


def _simulate(task: Task) -> Result:
    asked = task.held.arguments
    stage = Stage(asked["stage"])
    replayed = simulate_review(
        task.database,
        review_id=task.held.review_id,
        stage=stage,
        by=task.held.by,
        seed=asked["seed"],
        on_progress=task.teller("Simulating screening"),
    )
    labels = replayed.order["label"].tolist()
    return {
        "stage": stage.value,
        "seed": asked["seed"],
        "metrics": replayed.metrics,
        "stops": [asdict(point) for point in stopping_points(labels)],
        "svg": draw(labels),
    }


def _read_full_text(task: Task) -> Result:
    sha256 = task.held.arguments["sha256"]
    task.tell(0.1, "Reading the text of the PDF")
    pages = pages_of(task.files.path(sha256))
    keep_pages(task.settings.text_path(sha256), pages)
    return {"pages": len(pages)}


def _match_full_texts(task: Task) -> Result:
    asked = task.held.arguments
    tell = task.teller("Reading and matching the PDFs")
    done = match_files(
        task.database,
        [
            GivenFile(**{**file, "entry": LibraryEntry(**entry) if entry else None})
            for file in asked["files"]
            for entry in [file.get("entry")]
        ],
        review_id=task.held.review_id,
        store=task.files,
        text_path=task.settings.text_path,
        by=task.held.by,
        on_progress=lambda share: tell(share),
    )
    done.refused.extend((file["name"], file["problem"]) for file in asked["refused"])
    return asdict(done)


def _draw(task: Task) -> Result:
    task.tell(0.1, "Drawing")
    name = drawings.draw(task.database, task.settings, task.held)
    return {"name": name}


def _draw_publication(task: Task) -> Result:
    task.tell(0.1, "Drawing")
    if "asked" in task.held.arguments:
        return {"name": drawings.draw_view(task.database, task.settings, task.held.arguments)}
    publication = UUID(task.held.arguments["publication"])
    return {"name": drawings.draw_publication(task.database, task.settings, publication)}


def _export(task: Task) -> Result:
    asked = task.held.arguments
    task.tell(0.1, "Writing the export")
    target = task.settings.made_dir / f"export-{task.held.id}"
    with task.database.reading() as session:
        read_for(session, lambda: task.held.by.account_id)
        made = exports.write_export(
            session,
            review_id=task.held.review_id,
            kind=exports.ExportKind(asked["kind"]),
            format=exports.ExportFormat(asked["format"]),
            target=target,
            by=task.held.by,
        )
        is_blinded = screens(session, review_id=task.held.review_id, by=task.held.by)
    return {
        "is_blinded": is_blinded,
        "file": target.name,
        "name": made.name,
        "media_type": made.media_type,
        "rows": made.n,
    }


HANDLERS: dict[JobKind, Callable[[Task], Result]] = {
    JobKind.IMPORT: _import,
    JobKind.IMPORT_DECISIONS: _import_decisions,
    JobKind.IMPORT_CODING: _import_coding,
    JobKind.DEDUPLICATE: _deduplicate,
    JobKind.RANK: _rank,
    JobKind.SIMULATE: _simulate,
    JobKind.READ_FULL_TEXT: _read_full_text,
    JobKind.MATCH_FULL_TEXTS: _match_full_texts,
    JobKind.DRAW: _draw,
    JobKind.DRAW_PUBLICATION: _draw_publication,
    JobKind.EXPORT: _export,
}
