"""The table of who may do what, route by route, as a page of the docs.

`python tests/api/authorisation.py --write` writes docs/authorisation.md again.
"""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from review.permissions import Action, may
from review.vocabulary import Role
from tests.api.routes import ROUTES
from tests.api.v1.api_routes import API_ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "authorisation.md"
INTRODUCTION = """# Who may call what

This page is written from the tables that the tests go through (`tests/api/routes.py` and
`tests/api/v1/api_routes.py`): every route of the server, and which role may use it in a review of
one's own. A route that is missing from the tables fails the tests, and so does a page that is not
this one.

For every route it is also tested that

- nobody signed in is sent to sign in (pages) or told 401 (API), and a revoked token or session is
  nobody;
- somebody without a role in the review, a former member and the lead of another review are
  answered 404, to the last character as for a review that does not exist;
- an id of another review is answered in one's own as an id that does not exist;
- a role that may not is answered 403, and nothing changes;
- a form without our token, or from another site, is refused, and no GET changes anything of a
  review.

Roles add up. A member who also reviews does not see counts unless they are the lead. `/start` is
for those who may start reviews, and `/server` for administrators. `/login`,
`/help`, `/healthz`, `/readyz`, `/static`, `/first-account/…` and `/invitations/…` (by their tokens,
each of which works once) and `/p/…` (by its token) are open to everybody.
"""


def text() -> str:
    """Return the page."""
    pages = ((one.method, one.path + one.query, {one.action} - {None}) for one in ROUTES)
    api = ((one.method, one.path + query_of(one.query), set(one.actions)) for one in API_ROUTES)
    parts = [INTRODUCTION, "\n## Pages\n", *table(pages), "\n## JSON API, under `/api/v1`\n"]
    return "\n".join([*parts, *table(api)]) + "\n"


def table(routes: Iterator[tuple[str, str, Collection[Action]]]) -> Iterator[str]:
    yield f"| route | {' | '.join(Role)} | needs |"
    yield f"|---|{':-:|' * len(Role)}---|"
    for method, path, actions in routes:
        cells = ["yes" if allowed(role, actions) else "–" for role in Role]
        needs = " or ".join(f"`{action}`" for action in sorted(actions)) or "an account"
        yield f"| `{method} {path}` | {' | '.join(cells)} | {needs} |"


def allowed(role: Role, actions: Collection[Action]) -> bool:
    return not actions or any(may(frozenset({role}), action) for action in actions)


def query_of(query: dict[str, str]) -> str:
    return "?" + "&".join(sorted(query)) if query else ""


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    PAGE.write_text(text(), encoding="utf-8")
