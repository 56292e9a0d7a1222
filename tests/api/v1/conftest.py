"""Programs that call the API, and a review with one of everything to call it about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from heatmap.feedback import leave_feedback
from heatmap.publications import publish, share
from review.corrections.records import correct_record
from review.decisions.reopening_requests import ask_to_reopen
from review.events import Actor
from review.jobs import JobKind, enqueue
from review.people.tokens import TokenScope, issue_token
from review.reports.full_texts import add_full_text
from review.storage.files import FileStore
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import Stage, Verdict
from screening.queue.calibration import begin
from tests.api.v1.api_routes import PDF, ApiRoute
from tests.factories import decide_both, include_fully, make_conflicts, make_records

BASE = "/api/v1"
BOTH = (TokenScope.READ, TokenScope.WRITE)


@dataclass
class Program:
    """A program with a person's token, or with none."""

    client: TestClient
    token: str | None = None

    def ask(self, method: str, path: str, **more: Any) -> Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        return self.client.request(method, BASE + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Response:
        return self.ask("POST", path, json=json, **more)

    def call(self, route: ApiRoute, names: dict[str, Any], **more: Any) -> Response:
        """Send a route's example."""
        path = route.path.format(**names)
        query = {key: value.format(**names) for key, value in route.query.items()}
        body = None if route.body is None else filled_in(route.body, names)
        return self.ask(route.method, path, json=body, files=route.files, params=query, **more)


def filled_in(value: Any, names: dict[str, Any]) -> Any:
    match value:
        case str():
            return value.format(**names)
        case list():
            return [filled_in(part, names) for part in value]
        case dict():
            return {key: filled_in(part, names) for key, part in value.items()}
    return value


@pytest.fixture
def program(app, database):
    """Return a function that makes a program with a person's token."""

    def make(person: Actor | None = None, scopes: tuple[TokenScope, ...] = BOTH) -> Program:
        client = TestClient(app, follow_redirects=False)
        if person is None:
            return Program(client)
        with database.writing() as session:
            token = issue_token(session, account_id=person.account_id, name="test", scopes=scopes)
        return Program(client, token)

    return make


@pytest.fixture
def filled(database, people, app, tmp_path) -> dict[str, Any]:
    """Values for the parameters of addresses: one of everything in the review."""
    with database.writing() as session:
        return one_of_everything(session, people, app.state.settings.files_dir, tmp_path)


def one_of_everything(session, people, files_dir: Path, folder: Path) -> dict[str, Any]:
    review_id, lead = people.review_id, people.lead
    first, second, third = make_records(session, review_id, 3)
    include_fully(session, people, third)
    study = add_study(session, review_id=review_id, label="Doe 2000", reports=[third], by=lead)
    pdf = folder / "kept.pdf"
    pdf.write_bytes(PDF)
    add_full_text(session, review_id=review_id, record_id=third, path=pdf, by=lead,
                  name="Doe’s “report”.pdf", files=FileStore(files_dir))  # fmt: skip
    job = enqueue(session, review_id=review_id, kind=JobKind.DEDUPLICATE, arguments={}, by=lead)
    publication = publish(session, review_id=review_id, title="The map", by=lead)
    calibration = begin(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, label="First",
                        numbers=[1], by=lead)  # fmt: skip
    [excluded] = make_records(session, review_id)
    decide_both(session, people, excluded, Verdict.EXCLUDE)
    request = ask_to_reopen(session, review_id=review_id, record_id=excluded, why="A slip.",
                            stage=Stage.TITLE_ABSTRACT, by=people.reviewer_b)  # fmt: skip
    link, _ = share(session, review_id=review_id, publication_id=publication.id, by=lead)
    said = leave_feedback(session, link=link, publication=publication, text="One is missing.")
    corrected = correct_record(session, review_id=review_id, record_id=first, by=lead,
                               fields={"year": "1998"}, source="The report.")  # fmt: skip
    return make_conflicts(session, people) | {
        "feedback": said.id, "event": corrected, "event_number": corrected,
        "code": UUID(int=1),
        "review": people.slug, "record": first, "other": second, "included": third, "report": third,
        "study": study.id,
        "search": session.get_one(Record, first).search_id, "stage": "title_abstract",
        "format": "csv", "box": "records_screened", "email": people.emails["advisor"],
        "account_id": people.advisor.account_id, "job": job.id, "publication": publication.id,
        "link": link.id, "reviewer": people.reviewer_b.account_id,
        "calibration_set_id": calibration.id, "request_id": request.id,
    }  # fmt: skip
