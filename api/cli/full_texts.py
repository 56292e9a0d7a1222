"""`siftmap full-texts`: a folder of PDFs, matched to the reports that a review looks for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.errors import message_of
from api.cli.progress import progress
from api.cli.terminal import (
    AsJson,
    ReviewSlug,
    database,
    printable,
    review_id_of,
    settings,
    show,
)
from review.errors import Invalid
from review.reports.library_files import LIBRARIES
from review.reports.many_files import Matched, keep_pdfs, match_files
from review.storage.files import FileStore


def full_texts(
    slug: ReviewSlug,
    folder: Annotated[Path, typer.Argument(help="A folder of PDFs, or one PDF.")],
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Attach a folder of PDFs to the reports that a review looks for.

    A RIS or Zotero RDF export in the folder says which report each file is.
    With --as, the lead is asked on the page *Full texts* about those that leave a doubt.
    """
    actor, review = actor_of(by), review_id_of(slug)
    try:
        paths = _pdfs_in(folder)
    except OSError as error:
        raise Invalid(message_of(error)) from error
    store = FileStore(settings().files_dir)
    kept, refused = keep_pdfs([(printable(path.name), path) for path in paths], store)
    with progress("Matching", total=1) as report:
        done = match_files(
            database(),
            kept,
            review_id=review,
            store=store,
            text_path=settings().text_path,
            by=actor,
            on_progress=report,
        )
    done.refused.extend(refused)
    show(_result(done), as_json=as_json, text="\n".join(_lines(done)))
    if done.refused:
        raise SystemExit(1)


def _pdfs_in(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    wanted = (".pdf", *LIBRARIES)
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in wanted)
    if not any(path.suffix.lower() == ".pdf" for path in found):
        raise Invalid(f"There is no PDF in {printable(str(folder))}.")
    return found


def _result(done: Matched) -> dict[str, Any]:
    return {
        "saved": [
            {"file": name, "report": title, "agrees": agrees} for name, title, agrees in done.saved
        ],
        "to_check": done.asked,
        "in_doubt": done.in_doubt,
        "copies": [{"file": name, "report": title} for name, title in done.copies],
        "scans": done.scans,
        "refused": [{"file": name, "problem": problem} for name, problem in done.refused],
    }


def _lines(done: Matched) -> list[str]:
    return [
        *(f"{name}: saved, {title} (by {agrees})" for name, title, agrees in done.saved),
        *(f"{name}: to check on the page Full texts" for name in done.asked),
        *(
            f"{name}: in doubt; run it again with --as to match it on a page"
            for name in done.in_doubt
        ),
        *(f"{name}: skipped, it is already attached to {title}" for name, title in done.copies),
        *(f"{name}: a scan without text" for name in done.scans),
        *(f"{name}: {problem}" for name, problem in done.refused),
    ]
