"""Importing decisions from another program: choose its export, check the preview, import."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

from fastapi import Form, UploadFile
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from api.files import uploads
from api.files.desk import READ_AS, AtDesk, Desk, FilesForm, Shown, unsealed_file
from api.pages.jobs import started
from api.web.access import needs, one_file
from api.web.deps import AppSettings, CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from review.decisions.external_reviewers import suggested_member
from review.decisions.import_rules import ALLOWED_VERDICTS, ImportRules
from review.decisions.imported import UNNAMED, DecisionsPreview, preview_decisions
from review.errors import Invalid, Unreadable
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import members_of
from review.searches.formats import DecisionClaim
from review.searches.previews import ParseOptions
from review.vocabulary import Stage, Verdict

router = PageRouter()
DECISIONS = "/reviews/{slug}/decisions"


class ImportDecisionsForm(FilesForm):
    """The file, the stage, and what its words and its people mean here."""

    stage: Stage = Stage.TITLE_ABSTRACT
    all_are: Annotated[Verdict | None, BeforeValidator(lambda given: given or None)] = None
    word: Sequence[str] = ()
    verdict: Sequence[str] = ()
    person: Sequence[str] = ()
    email: Sequence[str] = ()

    def rules(self) -> ImportRules:
        """Return how the file's words are to be understood; raise Invalid."""
        verdicts = dict(zip(self.word, self.verdict, strict=False))
        people = dict(zip(self.person, self.email, strict=False))
        return ImportRules(self.stage, verdicts, people, self.all_are)


DecisionsFormData = Annotated[ImportDecisionsForm, Form()]


@router.get(DECISIONS)
def ask_for_file(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show what can be imported, and ask for the export."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return render(request, "import_decisions/import_decisions.html", shown=None)


@router.post(DECISIONS + "/files")
@needs(Action.MANAGE, at_most=one_file)
def show_file(desk: AtDesk, file: UploadFile) -> Response:
    """Keep the export and preview its first records; nothing is imported yet."""
    if not file.filename:
        raise Invalid("Choose the file that the other program exported.")
    name = uploads.name_of(file)
    sha256 = uploads.keep(file, desk.store, limit=desk.limits.n_bytes)
    form = ImportDecisionsForm(file=[desk.seal(sha256, name)])
    return _page(desk, desk.preview(form.file[0], ParseOptions()), form)


@router.post(DECISIONS + "/preview")
@needs(Action.MANAGE)
def update_preview(desk: AtDesk, form: DecisionsFormData) -> Response:
    """Preview the export again with the person's corrections."""
    return _page(desk, desk.preview(_only(form.file), form.options(0)), form)


@router.post(DECISIONS)
@needs(Action.MANAGE)
def post_import(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    settings: AppSettings,
    form: DecisionsFormData,
) -> Response:
    """Import the decisions, in the background."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    sha256, name = unsealed_file(_only(form.file), settings.key())
    file = {"sha256": sha256, "name": name, **asdict(form.options(0))}
    arguments = {"files": [file], **asdict(form.rules())}
    return started(
        request, session, review_id, by=by, kind=JobKind.IMPORT_DECISIONS, arguments=arguments
    )


def _page(desk: Desk, shown: Shown, form: ImportDecisionsForm) -> Response:
    """Return the page with the preview, and with the likely meaning of each word and person."""
    shown, seen = _looked_through(desk, shown)
    people = [account for account, _ in members_of(desk.session, desk.review_id)]
    rules = form.rules()
    return render(
        desk.request,
        "import_decisions/import_decisions.html",
        status_code=200 if shown.seen else 422,
        shown=shown,
        seen=seen,
        form=form,
        verdict_of=lambda word: rules.verdict_of(DecisionClaim(verdict=word)),
        members=people,
        member_of=lambda author, email: rules.people.get(
            author or UNNAMED, suggested_member(author, email, people)
        ),
        nobody=UNNAMED,
        stages=list(Stage),
        verdicts=ALLOWED_VERDICTS,
        **READ_AS,
    )


def _looked_through(desk: Desk, shown: Shown) -> tuple[Shown, DecisionsPreview | None]:
    """Return what the file says, or the file with the reason why it cannot be read."""
    if shown.seen is None:
        return shown, None
    sha256, name = unsealed_file(shown.sealed, desk.key)
    try:
        seen = preview_decisions(desk.store.path(sha256), name=name, options=shown.seen.options)
    except Unreadable as error:
        is_known = str(error) in shown.seen.problems
        return (shown if is_known else replace(shown, trouble=str(error))), None
    return shown, seen


def _only(files: list[str]) -> str:
    if len(files) != 1:
        raise Invalid("Choose one file that the other program exported.")
    return files[0]
