"""A review in which one study can be coded."""

import pytest

from tests.review.studies.coding_review import CodingReview


@pytest.fixture
def review(session, cast):
    return CodingReview(session, cast)
