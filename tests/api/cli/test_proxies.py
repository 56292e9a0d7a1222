"""Forwarded addresses are believed from the proxies that the operator named, and no others."""

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.cli.serve import proxy_options
from api.settings import Settings

FORGED = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}


def seen_by_app(trusted: str, client: str, headers: dict[str, str]) -> tuple[str, str]:
    """Return the client's address and the scheme that a page sees behind `siftmap serve`."""
    app = FastAPI()

    @app.get("/")
    def show(request: Request) -> list[str]:
        return [request.client.host, request.url.scheme]

    config = uvicorn.Config(app, **proxy_options(Settings(trusted_proxies=trusted)))
    config.load()
    answer = TestClient(config.loaded_app, client=(client, 1)).get("/", headers=headers)
    return tuple(answer.json())


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "198.51.100.7"])
def test_by_default_nobody_is_believed(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    assert seen_by_app("", client, FORGED) == (client, "http")


@pytest.mark.parametrize("trusted", ["10.0.0.1", "10.0.0.0/8, ::1", "192.0.2.1,10.0.0.1/32"])
def test_a_named_proxy_is_believed_and_others_are_not(trusted: str) -> None:
    assert seen_by_app(trusted, "10.0.0.1", FORGED) == ("203.0.113.9", "https")
    assert seen_by_app(trusted, "127.0.0.1", FORGED) == ("127.0.0.1", "http")


def test_what_a_client_puts_before_the_proxys_own_entry_is_not_believed() -> None:
    appended = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}

    assert seen_by_app("10.0.0.1", "10.0.0.1", appended)[0] == "198.51.100.7"


@pytest.mark.parametrize("given", ["*", "proxy.example.org", "10.0.0.1/8", "0.0.0.0/0", "::/0"])
def test_everybody_and_names_are_no_proxies(given: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=given)
