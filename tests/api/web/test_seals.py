"""What a form carries for us comes back as it was, or not at all."""

import pytest

from api.web.security import sealed, unsealed
from review.errors import NotAllowed

KEY, OTHER = b"a key", b"another key"


def test_a_sealed_text_comes_back() -> None:
    assert unsealed(sealed("0a/b.ris", KEY), KEY) == "0a/b.ris"


@pytest.mark.parametrize(
    "given",
    ["", ".", "0a/b.ris", f"x.{'0a/b.ris'}", sealed("0a/b.ris", OTHER),
     sealed("0a/b.ris", KEY) + "x", sealed("0a/b.ris", KEY).replace("b.ris", "c.ris")],
)  # fmt: skip
def test_a_text_that_we_did_not_seal_is_refused(given: str) -> None:
    with pytest.raises(NotAllowed):
        unsealed(given, KEY)
