"""The JSON API for programs, under /api/v1: the same acts as the pages, the same rules."""

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import State

from api.v1 import (
    assignments,
    coding,
    conflicts,
    duplicates,
    events,
    heatmap,
    jobs,
    members,
    prisma,
    problems,
    progress,
    publications,
    records,
    reports,
    reviews,
    screening,
    searches,
    studies,
)
from api.v1.problems import Problem

WRITTEN_AND_READ = (
    reviews,
    members,
    searches,
    jobs,
    records,
    duplicates,
    screening,
    conflicts,
    assignments,
    reports,
    studies,
    coding,
    publications,
    events,
)
READ_ONLY = (progress, prisma, heatmap)
ABOUT = (
    "From literature search to evidence-gap heatmap. Lists come by the page: ask for `next` as "
    "`cursor` until it is null. Errors are problem documents (RFC 9457). An unsafe request under "
    "an `Idempotency-Key` is done once, however often it is sent."
)


def create_api(state: State) -> FastAPI:
    """Return the API over the application's state: its settings, its database."""
    api = FastAPI(
        title="siftmap",
        summary="Systematic reviews, from search files to a map",
        description=ABOUT,
        version=version("siftmap"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state = state
    problems.install(api)
    for part in (*WRITTEN_AND_READ, *READ_ONLY):
        api.include_router(part.reading)
    for part in WRITTEN_AND_READ:
        api.include_router(part.writing)
    api.openapi = lambda: _described(api)  # type: ignore[method-assign]
    return api


def _described(api: FastAPI) -> dict[str, object]:
    """Return the API's description, in which every error is a problem document."""
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title,
            version=api.version,
            summary=api.summary,
            description=api.description,
            routes=api.routes,
            servers=[{"url": "/api/v1"}],
        )
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        for operations in document["paths"].values():
            for operation in operations.values():
                said = operation.pop("description")
                operation["summary"], _, more = said.partition("\n\n")
                operation |= {"description": more} if more else {}
        api.openapi_schema = document
    return api.openapi_schema
