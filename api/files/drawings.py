"""Maps and flows as files: data at once, drawings by the worker, kept by what they show."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

import vl_convert
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.settings import Settings
from heatmap import drawing, exports, publications
from heatmap.cells import HeatMap, build
from review import jobs
from review.errors import Interrupted, NotFound
from review.events import Actor, canonical
from review.jobs import Held, JobKind
from review.permissions import Action, check
from review.prisma import drawing as prisma_drawing
from review.prisma import exports as prisma_exports
from review.prisma.counts import Flow, count_flow, event_on
from review.storage.database import Database
from review.storage.files import write_whole
from review.tables import Event, Job, Publication, Review
from review.vocabulary import JobState

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAP_DRAWINGS: Mapping[str, Callable[[HeatMap], str | bytes]] = {
    "svg": drawing.svg,
    "png": drawing.png,
    "html": drawing.html,
}
FLOW_DRAWINGS: Mapping[str, Callable[[Flow], bytes]] = {
    "png": prisma_drawing.to_png,
    "pdf": prisma_drawing.to_pdf,
}
_WAITING = BoundedSemaphore(6)  # of the forty threads that answer requests
PATIENCE = 30.0  # seconds that a reader waits for a drawing


@dataclass(frozen=True)
class MapAsked:
    """Which map is asked for."""

    framework: str | None = None
    unit: str | None = None
    secondary: bool = False
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def build(self, session: Session, review_id: UUID, as_of: int | None = None) -> HeatMap:
        """Return the map, counted."""
        return build(session, review_id=review_id, as_of=as_of, **asdict(self))


def use_fonts(folder: Path | None) -> None:
    """Draw with the fonts in a folder too, for instance where the system has none for Chinese."""
    if folder is not None:
        vl_convert.register_font_directory(str(folder))


def map_response(
    request: Request,
    session: Session,
    *,
    review: Review,
    by: Actor,
    asked: MapAsked,
    format: str,  # noqa: A002
) -> Response:
    """Return a map as csv, xlsx, json, svg, png or html, for those who may see counts."""
    check(session, review_id=review.id, by=by, action=Action.SEE_COUNTS)
    heatmap = asked.build(session, review.id)
    name = f"{review.slug}-{heatmap.framework.key}.{format}"
    if (data := map_data(heatmap, format)) is not None:
        return as_file(data, format, name)
    if format not in MAP_DRAWINGS:
        raise NotFound(f"A map cannot be downloaded as '{format}'.")
    shown = {**exports.to_json(heatmap), "as_of": None}
    arguments = {
        "of": "map",
        "as_of": heatmap.as_of,
        "asked": asdict(asked),
        "format": format,
        "digest": _digest(shown, format),
    }
    session.close()  # whoever waits for the worker keeps nothing from others
    return as_file(_drawn(request, review.id, by, arguments), format, name)


def prisma_response(
    request: Request,
    session: Session,
    *,
    review: Review,
    by: Actor,
    as_of: str,
    format: str,  # noqa: A002
) -> Response:
    """Return the flow as csv (the PRISMA2020 exchange file), json, svg, png or pdf."""
    check(session, review_id=review.id, by=by, action=Action.SEE_COUNTS)
    number = event_on(session, review_id=review.id, as_of=as_of) if as_of else None
    flow = count_flow(session, review_id=review.id, as_of=number)
    name = f"{review.slug}-prisma.{format}"
    if format == "json":
        head = session.scalar(
            select(Event.hash).where(Event.review_id == review.id, Event.number == flow.as_of)
        )
        return JSONResponse(prisma_exports.to_json(flow, review=review.slug, head=head))
    if format == "csv":
        return as_file(prisma_exports.to_csv(flow), format, name)
    if format == "svg":
        return as_file(prisma_drawing.to_svg(flow), format, name)
    if format not in FLOW_DRAWINGS:
        raise NotFound(f"The flow cannot be downloaded as '{format}'.")
    arguments = {
        "of": "prisma",
        "as_of": flow.as_of,
        "format": format,
        "digest": _digest(prisma_drawing.to_svg(flow), format),
    }
    session.close()
    return as_file(_drawn(request, review.id, by, arguments), format, name)


def map_data(heatmap: HeatMap, format: str) -> str | bytes | None:  # noqa: A002
    """Return a map as csv, xlsx or json; None for what has to be drawn."""
    match format:
        case "csv":
            return exports.to_csv(heatmap)
        case "xlsx":
            return exports.to_xlsx(heatmap)
        case "json":
            return canonical(exports.to_json(heatmap))
    return None


def as_file(content: str | bytes, format: str, name: str) -> Response:  # noqa: A002
    """Return content to be saved under a name of ours."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=TYPES[format], headers=headers)


def draw(database: Database, settings: Settings, held: Held) -> str:
    """Draw what a job asks for, keep it, and return its file's name; for the worker."""
    asked = held.arguments
    with database.reading() as session:
        check(session, review_id=held.review_id, by=held.by, action=Action.SEE_COUNTS)
        content: str | bytes
        if asked["of"] == "map":
            heatmap = MapAsked(**asked["asked"]).build(session, held.review_id, asked["as_of"])
            content = MAP_DRAWINGS[asked["format"]](heatmap)
        else:
            flow = count_flow(session, review_id=held.review_id, as_of=asked["as_of"])
            content = FLOW_DRAWINGS[asked["format"]](flow)
    name = f"{asked['digest']}.{asked['format']}"
    write_whole(settings.made_dir / name, _bytes(content))
    return name


def publication_file(
    settings: Settings,
    publication: Publication,
    heatmap: HeatMap,
    format: str,  # noqa: A002
) -> Path:
    """Return where the drawing of a published map is, once the worker has made it."""
    name = f"{publication.sha256}-{heatmap.framework.key}-{heatmap.unit}.{format}"
    return settings.made_dir / "published" / name


def draw_publication(database: Database, settings: Settings, publication_id: UUID) -> str:
    """Draw every map of a publication and return the hash that their files are named by."""
    with database.reading() as session:
        publication = session.get_one(Publication, publication_id)
        for heatmap in publications.maps_of(publication.content):
            for format, drawer in MAP_DRAWINGS.items():  # noqa: A001
                path = publication_file(settings, publication, heatmap, format)
                if not path.exists():
                    write_whole(path, _bytes(drawer(heatmap)))
        return publication.sha256


def _drawn(request: Request, review_id: UUID, by: Actor, arguments: dict[str, Any]) -> bytes:
    """Return the drawing, made before or by the worker while the reader waits."""
    settings: Settings = request.app.state.settings
    path = settings.made_dir / f"{arguments['digest']}.{arguments['format']}"
    if not path.exists():
        draw_and_wait(request, review_id, JobKind.DRAW, by, arguments)
    return path.read_bytes()


def draw_and_wait(
    request: Request, review_id: UUID, kind: JobKind, by: Actor, arguments: Mapping[str, Any]
) -> None:
    """Have the worker draw something, and wait for it; raise Interrupted where that fails."""
    database: Database = request.app.state.database
    if not _WAITING.acquire(blocking=False):
        raise Interrupted("Many pictures are being drawn just now. Ask again in a minute.")
    try:
        with database.writing() as session:
            job_id = jobs.ask(
                session, review_id=review_id, kind=kind, arguments=arguments, by=by
            ).id
        _wait(database, job_id, request.app.state.pause)
    finally:
        _WAITING.release()


def _wait(database: Database, job_id: UUID, pause: Callable[[], None]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        pause()
        with database.reading() as session:
            job = session.get_one(Job, job_id)
            if job.state is JobState.DONE:
                return
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                raise Interrupted(job.error or "The drawing was cancelled.")
    raise Interrupted("The drawing is still in the queue. Ask for it again in a minute.")


def _digest(shown: object, format: str) -> str:  # noqa: A002
    said = canonical([version("siftmap"), version("vl-convert-python"), format, shown])
    return hashlib.sha256(said.encode()).hexdigest()


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
