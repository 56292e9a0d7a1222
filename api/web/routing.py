"""Routes of pages have names, and links are made from these names."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter
from jinja2 import pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.routing import Route

from api.web.access import PageRoute


class PageRouter(APIRouter):
    """A router of guarded routes, called `module.function` as `url` expects them."""

    def __init__(self) -> None:
        super().__init__(route_class=PageRoute)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route named after its function and the module that holds it."""
        module = endpoint.__module__.rsplit(".", 1)[-1]
        options["name"] = options.get("name") or f"{module}.{endpoint.__name__}"
        super().add_api_route(path, endpoint, **options)


def routes_by_name(routers: Iterable[APIRouter]) -> Mapping[str, Route]:
    """Return the routes of all ``routers`` by name; raise ValueError where two share one."""
    found: dict[str, Route] = {}
    for router in routers:
        for route in router.routes:
            route = cast(Route, route)
            if route.name in found:
                raise ValueError(f"Two routes are called {route.name}.")
            found[route.name] = route
    return found


def url(request: Request, name: str, **values: Any) -> str:
    """Return the address of the page called ``name``, as `module.function`.

    ``values`` fill the path; what is left over becomes the query, None left out.  The review is
    the one that ``request`` is about, unless ``slug`` names another.
    """
    route = request.app.state.routes[name]
    if "slug" in route.param_convertors:
        values.setdefault("slug", request.path_params.get("slug"))
    path = {key: str(values.pop(key)) for key in route.param_convertors}
    query = urlencode({key: value for key, value in values.items() if value is not None}, True)
    address = str(route.url_path_for(name, **path))
    return f"{address}?{query}" if query else address


@pass_context
def url_in_template(context: Context, name: str, **values: Any) -> str:
    """Return the address of a page, within the request that the page answers."""
    return url(context["request"], name, **values)
