"""What every answer carries, and where a redirect may lead."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.web.security import HEADERS, without_server
from tests.api.routes import ROUTES
from tests.api.v1.api_routes import API_ROUTES

FORGED = {"host": "evil.example", "x-forwarded-host": "evil.example"}
PUBLIC = ("/login", "/logout", "/help", "/help/leads", "/invitations/x", "/p/x", "/p/x/map.csv",
          "/static/siftmap.css", "/static/htmx/htmx.min.js", "/static", "/api/v1", "/api/v1/docs",
          "/api/v1/openapi.json", "/healthz", "/readyz", "/", "/nowhere")  # fmt: skip


class Anything(dict[str, str]):
    """A value for every name in an address."""

    def __missing__(self, name: str) -> str:
        return NAMES.get(name, str(UUID(int=1)))


NAMES = {"slug": "a-review", "review": "a-review", "stage": "title_abstract", "format": "csv"}
ADDRESSES = sorted(
    {("GET", path) for path in PUBLIC}
    | {(route.method, route.path.format_map(Anything())) for route in ROUTES}
    | {(route.method, "/api/v1" + route.path.format_map(Anything())) for route in API_ROUTES}
)


def test_no_redirect_leads_to_a_forged_host(app):
    client = TestClient(app, follow_redirects=False)
    n_redirects = 0

    for method, path in ADDRESSES:
        for address in (path, f"{path}/", f"{path}//", f"//evil.example{path}/", f"/{path}/"):
            answer = client.request(method, f"http://evil.example{address}", headers=FORGED)
            if "location" in answer.headers:
                n_redirects += 1
                assert answer.headers["location"].startswith("/"), address
                assert not answer.headers["location"].startswith(("//", "/\\")), address
            assert "evil.example" not in answer.headers.get("location", ""), address

    assert n_redirects > len(ADDRESSES)


def test_an_address_with_a_slash_too_many_leads_to_the_page(app, people, sign_in):
    lead = sign_in(people.lead)

    answer = lead.get(f"/reviews/{people.slug}/?as_of=1", headers=FORGED)

    assert answer.headers["location"] == f"/reviews/{people.slug}?as_of=1"


def test_an_address_keeps_its_path_and_query_and_loses_its_server():
    assert without_server("http://evil.example/a/b?c=d") == "/a/b?c=d"
    assert without_server("https://evil.example//other.example/a") == "/other.example/a"
    assert without_server("//evil.example") == "/"


def test_over_https_browsers_are_told_to_stay_there(app):
    for path in ("/login", "/nowhere", "/static/siftmap.css", "/api/v1/reviews", "/reviews/a/"):
        secure = TestClient(app, base_url="https://testserver", follow_redirects=False).get(path)
        plain = TestClient(app, follow_redirects=False).get(path)

        assert secure.headers["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in plain.headers
        assert HEADERS.items() <= dict(plain.headers).items()


@pytest.mark.parametrize("error", [ZeroDivisionError(), PermissionError(13, "Denied")])
def test_a_failure_of_the_server_carries_the_headers_too(app, error):
    def fail() -> None:
        raise error

    app.add_api_route("/fails", fail)
    client = TestClient(app, base_url="https://testserver", raise_server_exceptions=False)

    answer = client.get("/fails")

    assert answer.status_code == 500
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert HEADERS.items() <= dict(answer.headers).items()
