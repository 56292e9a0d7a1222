"""Files that people save: under a name of ours or theirs, cut off from everything else of ours."""

from pathlib import Path

from starlette.responses import FileResponse

from review.errors import NotFound
from review.storage.files import FileStore
from review.tables import FullText, Job, OfferedFile
from review.vocabulary import JobState

# What a browser opens of these can run nothing and reach nothing.
ALONE = {"content-security-policy": "default-src 'none'; sandbox"}


def document_file(store: FileStore, document: FullText | OfferedFile) -> FileResponse:
    """Return a full text to look at; raise NotFound where its bytes are gone."""
    path = store.path(document.sha256)
    if not path.is_file():
        raise NotFound("The document is missing on the server. Ask the person who runs siftmap.")
    return FileResponse(
        path,
        media_type="application/pdf",
        filename=document.name,
        content_disposition_type="inline",
        headers=ALONE,
    )


def export_file(folder: Path, job: Job) -> FileResponse:
    """Return the file that an export wrote; raise NotFound where there is none (any more)."""
    if job.state is not JobState.DONE:
        raise NotFound("This job has not finished, so there is no file yet. Try again later.")
    if "file" not in job.result:
        raise NotFound("This job does not produce a file.")
    path = folder / job.result["file"]
    if not path.is_file():
        raise NotFound("This file is old and has been deleted. Export it again.")
    return FileResponse(
        path,
        media_type=job.result["media_type"],
        filename=job.result["name"],
        headers=ALONE,
    )
