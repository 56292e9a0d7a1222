"""The JSON API for programs, under /api/v1: it follows the same rules as the pages."""

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
from api.v1.problems import ProblemDocument

READ_AND_WRITE = (
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
DESCRIPTION = (
    "From literature search to evidence-gap heatmap. Lists come in pages: send `next` back as "
    "`cursor` until it is null. Errors are problem documents (RFC 9457). A request that changes "
    "something is done once under each `Idempotency-Key`, however often it is sent."
)


def create_api(state: State) -> FastAPI:
    """Return the API; it shares the application's state: its settings and its database."""
    api = FastAPI(
        title="siftmap",
        summary="Systematic reviews, from search files to a map",
        description=DESCRIPTION,
        version=version("siftmap"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state = state
    problems.install(api)
    # `include_router` would analyse each route's parameters once more, at the first requests.
    reading = [module.read_router for module in (*READ_AND_WRITE, *READ_ONLY)]
    writing = [module.write_router for module in READ_AND_WRITE]
    api.router.routes.extend(route for router in (*reading, *writing) for route in router.routes)
    api.openapi = lambda: _described(api)  # type: ignore[method-assign]
    return api


def _described(api: FastAPI) -> dict[str, object]:
    """Return the API's OpenAPI document, in which every error is a problem document."""
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title,
            version=api.version,
            summary=api.summary,
            description=api.description,
            routes=api.routes,
            servers=[{"url": "/api/v1"}],
        )
        document["components"]["schemas"]["ProblemDocument"] = ProblemDocument.model_json_schema()
        for operations in document["paths"].values():
            for operation in operations.values():
                docstring = operation.pop("description")
                operation["summary"], _, details = docstring.partition("\n\n")
                operation |= {"description": details} if details else {}
        api.openapi_schema = document
    return api.openapi_schema
