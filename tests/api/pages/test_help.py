"""Guides in the application: their links and pictures lead somewhere."""

import re

import pytest
from fastapi.testclient import TestClient

from api.pages.help import GUIDES


@pytest.mark.parametrize("guide", GUIDES)
def test_every_picture_of_a_guide_is_served_and_described(app, guide):
    client = TestClient(app)
    page = client.get(f"/help/{guide}").text

    for picture in re.findall(r"<img [^>]*>", page):
        address = re.search(r'src="([^"]+)"', picture)[1]
        assert client.get(address).content.startswith(b"\x89PNG"), address
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 40


def test_the_guides_of_reviewers_and_leads_have_pictures(app):
    for guide in ("reviewers", "leads"):
        assert TestClient(app).get(f"/help/{guide}").text.count("<img ") == 2
