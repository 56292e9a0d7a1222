"""The application: settings and a database in, pages out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles

from api import errors
from api.deps import own_form
from api.pages import (
    account,
    coding,
    conflicts,
    duplicates,
    map,  # noqa: A004 - the page's name
    overview,
    prisma,
    records,
    reports,
    screening,
    searches,
    setup,
)
from api.security import SecurityHeaders
from api.settings import Settings
from api.work import ChildProcess
from review.database import Database
from review.migration import is_current

PAGES = (
    account,
    overview,
    searches,
    duplicates,
    screening,
    conflicts,
    reports,
    coding,
    map,
    prisma,
    records,
    setup,
)


def create_app(settings: Settings, database: Database) -> FastAPI:
    """Return the web application over a migrated database."""
    child = ChildProcess(settings.font_dir)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        child.stop()

    app = FastAPI(
        title="siftmap", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.settings = settings
    app.state.database = database
    app.state.child = child
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    app.mount("/static", StaticFiles(directory=str(files("api") / "static")), name="static")
    for page in PAGES:
        app.include_router(page.router, dependencies=[Depends(own_form)])
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    return app


def healthz(request: Request) -> JSONResponse:
    """Say that the process is up, and with what it works."""
    return JSONResponse(
        {"status": "up", "siftmap": version("siftmap")} | request.app.state.database.describe()
    )


def readyz(request: Request) -> JSONResponse:
    """Say whether the database answers and stands at the newest revision."""
    ready = is_current(request.app.state.database)
    return JSONResponse({"ready": ready}, status_code=200 if ready else 503)
