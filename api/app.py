"""The application: settings and a database in, pages out."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from multiprocessing import get_context

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
from api.work import use_fonts
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
    pool = _pool(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if pool.cache_info().currsize:  # type: ignore[attr-defined]
            pool().shutdown(cancel_futures=True)

    app = FastAPI(
        title="siftmap", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.settings = settings
    app.state.database = database
    app.state.pool = pool
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


def _pool(settings: Settings) -> Callable[[], Executor]:
    """Return a function that gives the one child process, started when it is first needed."""

    @cache
    def start() -> Executor:
        # Spawned, not forked: a fork would share the database's connections.
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=get_context("spawn"),
            initializer=use_fonts,
            initargs=(settings.font_dir,),
        )

    return start
