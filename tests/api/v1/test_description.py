"""The API's own description: valid, whole, and true about errors."""

import json

import pytest
from fastapi.openapi.models import OpenAPI

from api.v1 import problems
from tests.api.v1.api_routes import API_ROUTES


@pytest.fixture
def document(program):
    return program().get("/openapi.json").json()  # no account is needed to read it


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_an_openapi_document(document):
    assert OpenAPI.model_validate(document).info.title == "siftmap"
    assert document["servers"] == [{"url": "/api/v1"}]
    text = json.dumps(document)
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= document["components"]["schemas"].keys()


def test_every_route_is_named_and_described(document):
    listed = {f"{route.method} {route.path}" for route in API_ROUTES}

    assert dict(operations(document)).keys() == listed
    for name, operation in operations(document):
        assert operation["summary"].endswith("."), name
        assert operation["tags"], name
        assert operation["security"] == [{"token": []}, {"session": []}], name


def test_every_error_is_declared_as_a_problem(document):
    for name, operation in operations(document):
        errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        assert {"401", "403", "404", "422", "503"} <= errors.keys(), name
        for answer in errors.values():
            assert list(answer["content"]) == [problems.MEDIA_TYPE], name


def test_every_body_is_closed(document):
    schemas = document["components"]["schemas"]

    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
            assert schemas[schema]["additionalProperties"] is False, name


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/reviews/", 404), ("DELETE", "/reviews", 405),
     ("GET", "/", 404), ("PATCH", "/jobs/x/cancel", 405)],
)  # fmt: skip
def test_an_unknown_address_is_a_problem_too(program, people, method, path, status):
    answer = program(people.lead).ask(method, path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert ("allow" in answer.headers) == (status == 405)


def test_a_failure_of_the_server_reveals_nothing(program, people, monkeypatch):
    caller = program(people.lead)
    caller.client = type(caller.client)(caller.client.app, raise_server_exceptions=False)
    monkeypatch.setattr("api.v1.reviews.protocol_state", lambda *_: 1 / 0)

    answer = caller.get(f"/reviews/{people.slug}")

    assert answer.status_code == answer.json()["status"] == 500
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert "division" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_answers_carry_the_headers_of_every_answer(program, people):
    answer = program(people.lead).get("/reviews")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
