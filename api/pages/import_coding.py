"""Importing a coding sheet: choose the file, say what its columns mean, look, import."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Form, UploadFile
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.files import uploads
from api.files.desk import GONE, AtDesk, Desk, unsealed_file
from api.pages.jobs import started
from api.web.access import LONG_FORM, needs, one_file
from api.web.deps import AppSettings, CurrentActor, ReadSession, ReviewId, Store, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from review.decisions.external_reviewers import suggested_member
from review.decisions.imported import UNNAMED
from review.decisions.imported_records import known_records
from review.errors import Invalid, Unreadable
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import members_of, protocol_of
from review.studies.coding_sheets.columns import meanings
from review.studies.coding_sheets.loading import NO_STUDIES
from review.studies.coding_sheets.matching import alike_names, find_reports
from review.studies.coding_sheets.sheet import CodingSheet, read_sheet

router = PageRouter()
SHEETS = "/reviews/{slug}/coding-sheets"
MOST_SHOWN = 20


class SheetForm(BaseModel):
    """The file, what its columns mean, who its coders are, and which contracts are the same."""

    file: str
    place: Sequence[int] = ()
    means: Sequence[str] = ()
    person: Sequence[str] = ()
    email: Sequence[str] = ()
    contract: Sequence[str] = ()
    same_as: Sequence[str] = ()
    include: bool = False
    are_agreed: bool = False

    def columns(self) -> dict[int, str]:
        """Return what each column means, by its place."""
        return dict(zip(self.place, self.means, strict=False))


@router.get(SHEETS)
def ask_for_file(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Say what a coding sheet is, and ask for one."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return render(request, "coding/import_coding.html", form=None)


@router.post(SHEETS + "/files")
@needs(Action.MANAGE, at_most=one_file)
def show_file(desk: AtDesk, file: UploadFile) -> Response:
    """Keep the file and show what would come of it; nothing is imported yet."""
    if not file.filename:
        raise Invalid("Choose the workbook or table that the team coded in.")
    name = uploads.name_of(file)
    sha256 = uploads.keep(file, desk.store, limit=desk.limits.n_bytes)
    return _page(desk, SheetForm(file=desk.seal(sha256, name), include=True))


@router.post(SHEETS + "/preview")
@needs(Action.MANAGE, at_most=LONG_FORM)
def update_preview(desk: AtDesk, form: Annotated[SheetForm, Form()]) -> Response:
    """Show the sheet again with the person's corrections."""
    return _page(desk, form)


@router.post(SHEETS)
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_import(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    settings: AppSettings,
    store: Store,
    form: Annotated[SheetForm, Form()],
) -> Response:
    """Import the sheet, in the background."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    sha256, name = unsealed_file(form.file, settings.key())
    if not store.path(sha256).is_file():
        raise Invalid(GONE)
    return started(
        request,
        session,
        review_id,
        by=by,
        kind=JobKind.IMPORT_CODING,
        arguments={
            "files": [{"sha256": sha256, "name": name}],
            "columns": {str(place): means for place, means in form.columns().items()},
            "people": dict(zip(form.person, form.email, strict=False)),
            "same_as": {
                name: same for name, same in zip(form.contract, form.same_as, strict=False) if same
            },
            "include": form.include,
            "are_agreed": form.are_agreed,
        },
    )


def _page(desk: Desk, form: SheetForm) -> Response:
    """Return the page with what the sheet says, or with why it cannot be read."""
    session, review_id = desk.session, desk.review_id
    protocol = protocol_of(session, review_id)
    sha256, name = unsealed_file(form.file, desk.key)
    sheet: CodingSheet | None = None
    path, trouble = desk.store.path(sha256), GONE
    if path.is_file():
        try:
            sheet = read_sheet(path, name=name, protocol=protocol, chosen=form.columns() or None)
            trouble = "" if sheet.studies else NO_STUDIES
        except Unreadable as error:
            trouble = str(error)
    found = find_reports(known_records(session, review_id, ""), sheet.studies) if sheet else {}
    people = [account for account, _ in members_of(session, review_id)]
    chosen = dict(zip(form.person, form.email, strict=False))
    return render(
        desk.request,
        "coding/import_coding.html",
        status_code=422 if trouble else 200,
        form=form,
        file_name=name,
        trouble=trouble,
        sheet=sheet,
        meanings=meanings(protocol),
        n_found=len(found),
        missing=[s for place, s in enumerate(sheet.studies) if place not in found] if sheet else [],
        alike=alike_names(session, review_id, sheet) if sheet else [],
        same_as=dict(zip(form.contract, form.same_as, strict=False)),
        members=people,
        member_of=lambda coder: chosen.get(coder or UNNAMED, suggested_member(coder, "", people)),
        nobody=UNNAMED,
        most=MOST_SHOWN,
    )
