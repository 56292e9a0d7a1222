"""Decisions made in another program: its export first, what it says, then taking them over."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from pydantic import BaseModel, BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from api import uploads
from api.deps import By, Config, ReadSession, ReviewId, WriteSession
from api.pages.adding import AtDesk, unsealed_file
from api.pages.jobs import started
from api.rendering import render
from review.errors import Invalid
from review.imported_decisions import NOBODY, SAYABLE, Rules, guessed_verdict, look_through
from review.imports import Reading
from review.jobs import JobKind
from review.permissions import Action, check
from review.reading import FILE_LIMIT
from review.reviews import members_of
from review.tables import Account
from review.vocabulary import Stage, Verdict

router = APIRouter()
DECISIONS = "/reviews/{slug}/decisions"


class TakingOver(BaseModel):
    """The file, the stage, and what its words and its people stand for here."""

    file: str  # sealed
    stage: Stage
    all_are: Annotated[Verdict | None, BeforeValidator(lambda given: given or None)] = None
    word: list[str] = []
    verdict: list[str] = []
    person: list[str] = []
    email: list[str] = []


@router.get(DECISIONS)
def ask_for_file(request: Request, session: ReadSession, review_id: ReviewId, by: By) -> Response:
    """Show what can be taken over, and ask for the export."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return render(request, "elsewhere.html", seen=None)


@router.post(DECISIONS + "/files")
def show_file(desk: AtDesk, file: UploadFile) -> Response:
    """Keep the export and show what its first records say; nothing is taken over yet."""
    if not file.filename:
        raise Invalid("Choose the file that the other program exported.")
    name = uploads.name_of(file)
    sha256 = uploads.keep(file, desk.store, limit=FILE_LIMIT)
    seen = look_through(desk.store.path(sha256), name=name, reading=Reading())
    people = [account for account, _ in members_of(desk.session, desk.review_id)]
    return render(
        desk.request,
        "elsewhere.html",
        file_name=name,
        sealed=desk.seal(sha256, name),
        seen=seen,
        guessed={word: guessed_verdict(word) for word in seen.verdicts},
        members=people,
        suggested={author: _suggested(author, seen.emails, people) for author in seen.people},
        nobody=NOBODY,
        stages=list(Stage),
        verdicts=SAYABLE,
    )


@router.post(DECISIONS)
def take_over(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    settings: Config,
    said: Annotated[TakingOver, Form()],
) -> Response:
    """Take the decisions over, in the background."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    sha256, name = unsealed_file(said.file, settings.key())
    rules = Rules(
        said.stage, _pairs(said.word, said.verdict), _pairs(said.person, said.email), said.all_are
    )
    return started(
        request,
        session,
        review_id,
        by,
        JobKind.IMPORT_DECISIONS,
        {
            "files": [{"sha256": sha256, "name": name}],
            "stage": rules.stage.value,
            "all_are": rules.all_are.value if rules.all_are else None,
            "verdicts": rules.verdicts,
            "people": rules.people,
        },
    )


def _pairs(keys: Iterable[str], values: Iterable[str]) -> dict[str, str]:
    return dict(zip(keys, values, strict=False))


def _suggested(author: str, emails: Mapping[str, str], people: Iterable[Account]) -> str:
    """Return the address of the member that a claimed author seems to be."""
    said = {author.strip().lower(), emails.get(author, "").strip().lower()} - {""}
    return next((one.email for one in people if {one.email, one.name.lower()} & said), "")
