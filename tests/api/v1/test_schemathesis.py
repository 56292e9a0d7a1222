"""The API against its own description: whatever is sent, the answer is as described."""

import os
import warnings

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

with warnings.catch_warnings():
    # Its plugins import what the packages they support have deprecated; none of that is ours.
    warnings.simplefilter("ignore", DeprecationWarning)
    import schemathesis
    from schemathesis import checks
    from schemathesis.python import asgi

from api.app import create_app
from api.settings import Settings
from review.people.tokens import TokenScope, issue_token
from review.storage.database import Database
from tests.api.conftest import KEY, work_off
from tests.api.v1.conftest import BASE, one_of_everything
from tests.factories import make_review

pytestmark = pytest.mark.slow

EXAMPLES = 6
SOAK_EXAMPLES = int(os.environ.get("SIFTMAP_SOAK_EXAMPLES", "150"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]


@pytest.fixture
def world(templates, tmp_path):
    """The application over a database of its own with one of everything, and people's tokens."""
    database = Database(templates.fresh("sqlite"))
    settings = Settings(
        data_dir=tmp_path, database_url=database.url, secret_key=KEY, worker="separate"
    )
    app = create_app(settings, database)
    app.state.pause = lambda: work_off(app)
    with database.writing() as session:
        people = make_review(session)
        names = one_of_everything(session, people, app.state.settings.files_dir, tmp_path)
        tokens = {
            name: issue_token(session, account_id=getattr(people, name).account_id, name=name,
                             scopes=list(TokenScope))
            for name in ("lead", "reviewer_a", "advisor")
        }  # fmt: skip
    yield app, names, tokens
    database.dispose()


def exercise(world, name, n):
    app, names, tokens = world
    description = schemathesis.openapi.from_asgi(f"{BASE}/openapi.json", app)
    known = {name: str(value) for name, value in names.items()}
    headers = {"authorization": f"Bearer {tokens[name]}"}
    with asgi.get_client(app) as client:
        for operation in description.get_all_operations():
            try_out(operation.ok(), client, known=known, headers=headers, n=n)


def try_out(operation, client, *, known, headers, n):
    spared_names = st.dictionaries(st.sampled_from(sorted(known)), st.booleans())

    @hypothesis.settings(
        max_examples=n, derandomize=n == EXAMPLES, deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), spared=spared_names)
    def answers_as_described(case, spared):
        # Made-up ids find nothing, so most of them become ids that are there.
        parameters = case.path_parameters or {}
        for name in set(parameters) & set(known):
            if name == "review" or not spared.get(name):
                parameters[name] = known[name]
        if isinstance(case.body, dict):
            for name in set(case.body) & set(known):
                if not spared.get(name) and isinstance(case.body[name], str):
                    case.body[name] = known[name]
        case.headers.pop("authorization", None)
        case.call_and_validate(session=client, headers=headers, checks=CHECKS)

    answers_as_described()


@pytest.mark.parametrize("name", ["lead", "reviewer_a", "advisor"])
def test_every_operation_answers_as_it_is_described(world, name):
    exercise(world, name, EXAMPLES)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["lead", "reviewer_a", "advisor"])
def test_every_operation_answers_as_it_is_described_however_long_one_tries(world, name):
    exercise(world, name, SOAK_EXAMPLES)
