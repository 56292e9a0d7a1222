"""The application: settings and a database in, pages out."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from api.files.fonts import FOLDERS
from api.pages import (
    accept_invitation,
    account,
    add_search,
    appraisal,
    assignments,
    coding,
    coding_again,
    coding_batches,
    coding_differences,
    coding_suggestions,
    conflicts,
    correct_record,
    duplicates,
    first_account,
    heatmap,
    help,  # noqa: A004 - the page's name
    import_coding,
    import_decisions,
    jobs,
    known_contracts,
    labels,
    lists,
    log_searches,
    mark_duplicate,
    match_files,
    overview,
    prisma,
    progress,
    protocol,
    public,
    publications,
    records,
    reopening_requests,
    reports,
    review_settings,
    screening,
    screening_list,
    searches,
    server,
    start_review,
    study_reports,
    type_record,
)
from api.settings import Settings
from api.v1 import create_api
from api.web import errors
from api.web.doi_look_up import DoiLookUp
from api.web.routing import routes_by_name
from api.web.security import SecurityHeaders
from api.web.sign_in_queue import SignInQueue
from api.work.worker import Supervisor
from review.storage.database import Database
from review.storage.disk import has_room
from review.storage.migration import is_current

PAGES = (
    account,
    accept_invitation,
    first_account,
    start_review,
    server,
    help,
    overview,
    protocol,
    add_search,
    searches,
    lists,
    log_searches,
    type_record,
    duplicates,
    import_decisions,
    screening_list,
    screening,
    conflicts,
    correct_record,
    assignments,
    progress,
    match_files,
    reports,
    coding,
    coding_again,
    coding_batches,
    coding_differences,
    coding_suggestions,
    appraisal,
    study_reports,
    import_coding,
    known_contracts,
    heatmap,
    publications,
    public,
    prisma,
    records,
    labels,
    reopening_requests,
    mark_duplicate,
    jobs,
    review_settings,
)


class KeptFiles(StaticFiles):
    """Files that never change under their name, so that a browser asks for each of them once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file that may be kept for a year."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(settings: Settings, database: Database) -> FastAPI:
    """Return the web application over a migrated database."""
    worker = Supervisor(database, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if settings.worker == "embedded":
            worker.start()
        yield
        worker.stop()

    app = FastAPI(
        title="siftmap", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.settings = settings
    app.state.database = database
    app.state.worker = worker
    app.state.doi_look_up = DoiLookUp(settings) if settings.look_up_dois else None
    app.state.pause = partial(time.sleep, 0.1)  # while a reader waits for the worker
    app.add_middleware(SignInQueue)
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    app.mount("/static/htmx", StaticFiles(directory=str(files("js_lib_htmx") / "static/htmx")))
    for family, folder in FOLDERS.items():
        app.mount(f"/static/fonts/{family}", KeptFiles(directory=folder))
    app.mount(help.SCREENSHOTS, StaticFiles(directory=help.GUIDES_FOLDER / "screenshots"))
    app.mount("/static", StaticFiles(directory=str(files("api") / "static")))
    app.state.routes = routes_by_name(page.router for page in PAGES)
    # `include_router` would analyse each route's parameters once more, at the first requests.
    app.router.routes.extend(route for page in PAGES for route in page.router.routes)
    app.mount("/api/v1", create_api(app.state))
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    return app


def healthz(request: Request) -> JSONResponse:
    """Say that the process is up, and with what it works."""
    return JSONResponse(
        {"status": "up", "siftmap": version("siftmap")} | request.app.state.database.describe()
    )


def readyz(request: Request) -> JSONResponse:
    """Say whether the database is at the newest revision, has room, and how the worker is."""
    state = request.app.state
    is_full = state.database.is_full or not all(map(has_room, state.settings.folders))
    ready = is_current(state.database) and not is_full
    worker = "separate" if state.settings.worker == "separate" else "starting"
    if state.worker.is_alive():
        worker = "running"
    disk = "full" if is_full else "free"
    return JSONResponse(
        {"ready": ready, "worker": worker, "disk": disk}, status_code=200 if ready else 503
    )
