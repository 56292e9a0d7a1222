"""Maps and flows as files: data at once, drawings by the worker, named by what they show."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.settings import Settings
from heatmap import exports, frozen
from heatmap.cells import HeatMap
from heatmap.counting import build
from heatmap.formats import DRAWN, MAP_FILES, MapFormat
from review import jobs
from review.errors import Interrupted, NotFound
from review.events import Actor, canonical, hash_of_event
from review.jobs import ClaimedJob, JobKind
from review.permissions import Action, check
from review.prisma.counts import event_on
from review.prisma.drawing import to_svg
from review.prisma.formats import FLOW_FILES, FlowFormat, FlowOfReview
from review.prisma.report import flow_to_report
from review.states.viewers import read_for
from review.storage.database import Database
from review.storage.files import write_whole
from review.tables import Job, Publication, Review
from review.vocabulary import JobState

WAITING_REQUESTS = BoundedSemaphore(6)  # of the forty threads that answer requests
WAITING_READERS = BoundedSemaphore(3)  # and of those, for people without an account
DRAWING_VERSION = 4  # raise it when drawings change, so that nobody gets an old one
MAX_WAIT = 30.0  # seconds that a request waits for a drawing


@dataclass(frozen=True)
class MapAsked:
    """Which map is asked for."""

    framework: str | None = None
    unit: str | None = None
    order: str | None = None
    secondary: bool = False
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether the map has no filter, and its usual order."""
        return not (self.filters or self.secondary or self.order)

    def build(self, session: Session, review_id: UUID, as_of: int | None = None) -> HeatMap:
        """Return the map, counted."""
        return build(session, review_id=review_id, as_of=as_of, **asdict(self))


def map_response(
    request: Request, session: Session, *, review: Review, by: Actor, asked: MapAsked, name: str
) -> Response:
    """Return a map in the format called ``name``, for those who may see counts."""
    check(session, review_id=review.id, by=by, action=Action.SEE_COUNTS)
    format_ = map_format(name)
    file = MAP_FILES[format_]
    heatmap = asked.build(session, review.id)
    file_name = f"{review.slug}-{heatmap.framework.key}.{format_}"
    if not file.is_drawn:
        return as_file(file.write(heatmap), file.media_type, file_name)
    shown = {**exports.to_json(heatmap), "as_of": None}
    arguments = {
        "of": "map",
        "as_of": heatmap.as_of,
        "asked": asdict(asked),
        "format": format_,
        "digest": _digest(shown, format_),
    }
    session.close()  # a request that waits for the worker must not hold a connection
    return as_file(_drawn(request, review.id, by, arguments=arguments), file.media_type, file_name)


def prisma_response(
    request: Request, session: Session, *, review: Review, by: Actor, as_of: str, name: str
) -> Response:
    """Return the flow in the format called ``name``, for those who may see counts."""
    check(session, review_id=review.id, by=by, action=Action.SEE_COUNTS)
    if name not in set(FlowFormat):
        raise NotFound(f"The PRISMA flow cannot be downloaded as '{name}'.")
    format_ = FlowFormat(name)
    file = FLOW_FILES[format_]
    number = event_on(session, review_id=review.id, as_of=as_of) if as_of else None
    flow = flow_to_report(session, review_id=review.id, as_of=number)
    file_name = f"{review.slug}-prisma.{format_}"
    if not file.is_drawn:
        head = hash_of_event(session, review_id=review.id, number=flow.as_of)
        content = file.write(FlowOfReview(flow, review.slug, head))
        if format_ is FlowFormat.JSON:
            return Response(content, media_type=file.media_type)
        return as_file(content, file.media_type, file_name)
    arguments = {
        "of": "prisma",
        "as_of": flow.as_of,
        "format": format_,
        "digest": _digest(to_svg(flow), format_),
    }
    session.close()
    return as_file(_drawn(request, review.id, by, arguments=arguments), file.media_type, file_name)


def map_format(name: str) -> MapFormat:
    """Return the map format called ``name``; raise NotFound for any other name."""
    if name not in set(MapFormat):
        raise NotFound(f"A map cannot be downloaded as '{name}'.")
    return MapFormat(name)


def as_file(content: str | bytes, media_type: str, name: str) -> Response:
    """Return content to be saved under a name of ours."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def draw(database: Database, settings: Settings, held: ClaimedJob) -> str:
    """Draw what a job asks for, keep it, and return its file's name; for the worker."""
    asked = held.arguments
    with database.reading() as session:
        read_for(session, lambda: held.by.account_id)
        check(session, review_id=held.review_id, by=held.by, action=Action.SEE_COUNTS)
        content: str | bytes
        if asked["of"] == "map":
            heatmap = MapAsked(**asked["asked"]).build(session, held.review_id, asked["as_of"])
            content = MAP_FILES[MapFormat(asked["format"])].write(heatmap)
        else:
            flow = flow_to_report(session, review_id=held.review_id, as_of=asked["as_of"])
            content = FLOW_FILES[FlowFormat(asked["format"])].write(FlowOfReview(flow, "", None))
    name = f"{asked['digest']}.{asked['format']}"
    write_whole(settings.made_dir / name, _bytes(content))
    return name


def publication_file(
    settings: Settings, publication: Publication, heatmap: HeatMap, *, format_: MapFormat
) -> Path:
    """Return where the drawing of a published map is, once the worker has made it."""
    name = (
        f"{publication.sha256}-{heatmap.framework.key}-{heatmap.unit}-{DRAWING_VERSION}.{format_}"
    )
    return settings.made_dir / "published" / name


def draw_publication(database: Database, settings: Settings, publication_id: UUID) -> str:
    """Draw the maps of a publication as readers first see them; return the hash in their names.

    Other units are drawn when somebody asks for them.
    """
    with database.reading() as session:
        publication = session.get_one(Publication, publication_id)
        for heatmap in frozen.published_maps(publication):
            for format_ in DRAWN:
                path = publication_file(settings, publication, heatmap, format_=format_)
                if not path.exists():
                    write_whole(path, _bytes(MAP_FILES[format_].write(heatmap)))
        return publication.sha256


def draw_view(database: Database, settings: Settings, asked: Mapping[str, Any]) -> str:
    """Draw one view of a publication, with its filters, and return the name of its file."""
    with database.reading() as session:
        publication = session.get_one(Publication, UUID(asked["publication"]))
        heatmap = frozen.published_map(
            publication.content, number=publication.number, **asked["asked"]
        )
        path = settings.made_dir / "published" / asked["file"]
        write_whole(path, _bytes(MAP_FILES[MapFormat(asked["format"])].write(heatmap)))
    return str(asked["file"])


def view_of_publication(
    request: Request,
    publication: Publication,
    *,
    asked: MapAsked,
    format_: MapFormat,
    by: Actor,
    kept_as: Path | None = None,
) -> bytes:
    """Have the worker draw a view of a publication, and return it.

    Anybody may ask for any number of views, so nothing may pile up: its job is forgotten, and its
    file too unless it is ``kept_as`` one of the few that every publication has.
    """
    settings: Settings = request.app.state.settings
    path = kept_as or settings.made_dir / "published" / f"view-{uuid4().hex}.{format_}"
    arguments = {
        "publication": str(publication.id),
        "asked": asdict(asked),
        "file": path.name,
        "format": format_,
    }
    try:
        draw_and_wait(
            request,
            review_id=publication.review_id,
            kind=JobKind.DRAW_PUBLICATION,
            by=by,
            arguments=arguments,
            is_kept=False,
        )
        return path.read_bytes()
    finally:
        if kept_as is None:
            path.unlink(missing_ok=True)


def _drawn(request: Request, review_id: UUID, by: Actor, *, arguments: dict[str, Any]) -> bytes:
    """Return the drawing, made before or by the worker while the reader waits."""
    settings: Settings = request.app.state.settings
    path = settings.made_dir / f"{arguments['digest']}.{arguments['format']}"
    if not path.exists():
        draw_and_wait(request, review_id=review_id, kind=JobKind.DRAW, by=by, arguments=arguments)
    return path.read_bytes()


def draw_and_wait(
    request: Request,
    *,
    review_id: UUID,
    kind: JobKind,
    by: Actor,
    arguments: Mapping[str, Any],
    is_kept: bool = True,
) -> None:
    """Have the worker draw something, and wait for it; raise Interrupted where that fails.

    Unless it ``is_kept``, its job is forgotten once it is done.
    """
    database: Database = request.app.state.database
    places = WAITING_REQUESTS if is_kept else WAITING_READERS
    if not places.acquire(blocking=False):
        raise Interrupted("Too many pictures are being drawn at the moment. Try again in a minute.")
    try:
        with database.writing() as session:
            job_id = jobs.enqueue(
                session, review_id=review_id, kind=kind, arguments=arguments, by=by
            ).id
        try:
            _wait(database, job_id, request.app.state.pause)
        finally:
            if not is_kept:
                with database.writing() as session:
                    jobs.forget(session, job_id)
    finally:
        places.release()


def _wait(database: Database, job_id: UUID, pause: Callable[[], None]) -> None:
    until = time.monotonic() + MAX_WAIT
    while time.monotonic() < until:
        pause()
        with database.reading() as session:
            job = session.get(Job, job_id)
            if job is None or job.state is JobState.DONE:  # forgotten: another reader has it too
                return
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                raise Interrupted(job.error or "The drawing was cancelled. Download it again.")
    raise Interrupted("The picture is not ready yet. Try again in a minute.")


def _digest(shown: object, format_: str) -> str:
    made_with = [version("siftmap"), version("vl-convert-python"), DRAWING_VERSION]
    content = canonical([*made_with, format_, shown])
    return hashlib.sha256(content.encode()).hexdigest()


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
