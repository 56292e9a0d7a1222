"""The protocol as pages: read at any version, what changed, its YAML, and forms for a draft."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files import uploads
from api.web.access import LONG_FORM, needs
from api.web.deps import CurrentActor, CurrentReview, Db, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from protocols.changes import LANGUAGES, differences, in_words
from protocols.editing import CannotEdit, with_entry, with_entry_moved
from protocols.forms import (
    Shown,
    entries_of,
    field_value,
    filled,
    n_rows,
    with_form_entry,
    with_section,
)
from protocols.loader import load
from protocols.problems import ProtocolErrors
from protocols.schema import Protocol
from protocols.sections import FormSection, section_of, sections
from protocols.source import MAX_BYTES
from review.amendments import amendment, reason_counts
from review.drafts import adopt_draft, discard_draft, draft_of, draft_text, save_draft
from review.errors import Conflicting, Invalid, NotFound, Unreadable
from review.permissions import Action, check
from review.reviews import protocol_of, protocol_state, version_of_protocol, versions_of_protocol
from review.tables import ProtocolVersion
from review.vocabulary import Stage

router = PageRouter()
R = "/reviews/{slug}/protocol"
Number = Annotated[int | None, Query(ge=1, le=10**6)]
Text = Annotated[str, Form(max_length=MAX_BYTES)]


@router.get(R)
def show(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    version: Number = None,
    new: str = "",
) -> Response:
    """Show the protocol section by section, as it is or as it was in an earlier version."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    versions = versions_of_protocol(session, review_id)
    chosen = _version(session, review_id, version or versions[0].number)
    protocol = load(chosen.text).protocol
    counts = here.may(Action.SEE_COUNTS) and chosen.number == versions[0].number
    return render(
        request,
        "protocol/protocol.html",
        tab="read",
        chosen=chosen,
        versions=versions,
        protocol=protocol,
        parts=sections(protocol),
        plain=protocol.model_dump(mode="json"),
        draft=_draft(session, review_id, here.may(Action.MANAGE)),
        reports=reason_counts(session, review_id)[1] if counts else None,
        in_words=in_words,
        value_of=field_value,
        languages=LANGUAGES,
        is_new=bool(new),
    )


@router.get(R + "/changes")
def show_changes(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    version: Number = None,
    compare: Number = None,
) -> Response:
    """Show what every version changed, or the differences between two versions."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    versions = versions_of_protocol(session, review_id)
    pairs = list(pairwise(versions))
    if version or compare:
        pairs = [
            (
                _version(session, review_id, version or versions[0].number),
                _version(session, review_id, compare or 1),
            )
        ]
    return render(
        request,
        "protocol/changes.html",
        tab="changes",
        chosen=versions[0],
        versions=versions,
        draft=_draft(session, review_id, here.may(Action.MANAGE)),
        pairs=[
            (new, old, differences(load(old.text).protocol, load(new.text).protocol))
            for new, old in pairs
        ],
        is_choice=bool(version or compare),
    )


@router.get(R + "/yaml")
def show_yaml(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    version: Number = None,
) -> Response:
    """Show the protocol's text; a lead can change it there too."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    versions = versions_of_protocol(session, review_id)
    chosen = _version(session, review_id, version or versions[0].number)
    may_edit = here.may(Action.MANAGE) and version is None
    text = draft_text(session, review_id) if may_edit else chosen.text
    return _yaml_page(request, session, review_id, here=here, chosen=chosen, text=text)


@router.get(R + "/protocol.yaml")
def download(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    version: Number = None,
) -> Response:
    """Return the protocol's text as a file."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    versions = versions_of_protocol(session, review_id)
    chosen = _version(session, review_id, version or versions[0].number)
    name = f"{here.review.slug}-protocol-{chosen.number}.yaml"
    return Response(
        chosen.text,
        media_type="application/yaml; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@router.post(R + "/yaml")
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_yaml(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    text: Text = "",
    file: UploadFile | None = None,
) -> Response:
    """Keep a typed or sent text as the draft; with mistakes, show them beside the text."""
    given = text.replace("\r\n", "\n")
    try:
        if file is not None and file.filename:
            given = uploads.text_of(file, limit=MAX_BYTES)
        with database.writing() as session:
            save_draft(session, review_id=review_id, text=given, by=by)
    except (ProtocolErrors, Unreadable, Conflicting) as error:
        problems = error.problems if isinstance(error, ProtocolErrors) else [error]
        with database.reading() as session:
            chosen = versions_of_protocol(session, review_id)[0]
            return _yaml_page(
                request, session, review_id, here=here, chosen=chosen, text=given,
                problems=[str(problem) for problem in problems],
            )  # fmt: skip
    return RedirectResponse(path(request, "protocol", "draft"), status_code=303)


@router.get(R + "/draft")
def show_draft(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show what the draft changes, and what that touches of the work already done."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    draft = draft_of(session, review_id)
    now = protocol_state(session, review_id)
    new = load(draft.text).protocol if draft else now.protocol
    return render(
        request,
        "protocol/draft.html",
        draft=draft,
        now=now,
        text=draft.text if draft else "",
        change=amendment(session, review_id=review_id, new=new, by=by),
        needed={stage: new.rules(stage).decisions_needed for stage in Stage},
    )


@router.post(R + "/draft")
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_draft(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    text: Text,
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """Adopt the draft as the next version of the protocol."""
    seen = text.replace("\r\n", "\n")
    adopt_draft(session, review_id=review_id, seen=seen, why=why, by=by)
    return RedirectResponse(path(request, "protocol"), status_code=303)


@router.post(R + "/draft/discard")
@needs(Action.MANAGE)
def post_discard(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Throw the draft away."""
    discard_draft(session, review_id=review_id, by=by)
    return RedirectResponse(path(request, "protocol"), status_code=303)


@router.get(R + "/edit/{section}")
def edit(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor, section: str
) -> Response:
    """Show the form of a section, or the list of its entries."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return _section_page(request, session, review_id, key=section)


@router.post(R + "/edit/{section}")
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_section(
    request: Request, database: Db, review_id: ReviewId, by: CurrentActor, section: str
) -> Response:
    """Keep what the form of a section says in the draft."""
    sent = _sent(request.state.form)

    def change(text: str, protocol: Protocol) -> str:
        chosen = _section(protocol, section)
        if chosen.entries:
            raise NotFound("This section is a list; its entries are edited one at a time.")
        return with_section(text, chosen, sent)

    problems = changed_draft(database, review_id, by=by, change=change)
    if problems:
        with database.reading() as session:
            return _section_page(
                request, session, review_id, key=section, typed=_typed(sent), problems=problems
            )
    return RedirectResponse(path(request, "protocol", "draft"), status_code=303)


@router.post(R + "/edit/{part}/entries")
@needs(Action.MANAGE)
def post_order(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    part: str,
    number: Annotated[int, Form(ge=0, le=5000)],
    to: Annotated[int | None, Form(ge=0, le=5000)] = None,
) -> Response:
    """Move an entry of a list to another place in the draft, or remove it."""

    def change(text: str, protocol: Protocol) -> str:
        listed = _list(protocol, part)
        n = len(entries_of(protocol, listed))
        if number >= n or (to is not None and to >= n):
            raise NotFound("This entry is no longer there. Load the page again.")
        if to is None:
            return with_entry(text, listed.entries, number=number, entry=None)
        return with_entry_moved(text, listed.entries, number=number, to=to)

    problems = changed_draft(database, review_id, by=by, change=change)
    if problems:
        with database.reading() as session:
            return _section_page(request, session, review_id, key=part, problems=problems)
    target = path(request, "protocol", "edit", part)
    return RedirectResponse(f"{target}#entries", status_code=303)


@router.get(R + "/edit/{part}/{entry}")
def edit_entry(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    part: str,
    entry: str,
) -> Response:
    """Show the form of one entry of a list; ``new`` is one that is not there yet."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return _entry_page(request, session, review_id, section=part, entry=entry)


@router.post(R + "/edit/{part}/{entry}")
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_entry(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    part: str,
    entry: str,
) -> Response:
    """Keep an entry of a list in the draft as its form says."""
    sent = _sent(request.state.form)

    def change(text: str, protocol: Protocol) -> str:
        listed = _list(protocol, part)
        number = _entry_number(protocol, listed, entry)
        return with_form_entry(text, listed, number=number, sent=sent)

    problems = changed_draft(database, review_id, by=by, change=change)
    if problems:
        with database.reading() as session:
            return _entry_page(
                request, session, review_id, section=part, entry=entry, typed=_typed(sent),
                problems=problems,
            )  # fmt: skip
    target = path(request, "protocol", "edit", part)
    return RedirectResponse(f"{target}#entries", status_code=303)


def changed_draft(database: Any, review_id: UUID, *, by: CurrentActor, change: Any) -> list[str]:
    """Keep the changed draft; return what is wrong with it instead, if anything is."""
    try:
        with database.writing() as session:
            text = draft_text(session, review_id)
            changed = change(text, load(text).protocol)
            save_draft(session, review_id=review_id, text=changed, by=by)
    except ProtocolErrors as error:
        return [f"{problem.message[:1].upper()}{problem.message[1:]}" for problem in error.problems]
    except (Invalid, Conflicting, NotFound, CannotEdit) as error:
        return [str(error)]
    return []


def _section_page(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    key: str,
    typed: Shown | None = None,
    problems: list[str] | None = None,
) -> Response:
    protocol = load(draft_text(session, review_id)).protocol
    section = _section(protocol, key)
    common: dict[str, Any] = {
        "section_": section,
        "parts": sections(protocol),
        "draft": draft_of(session, review_id),
        "problems": problems or [],
        "protocol": protocol,
    }
    status = 422 if problems else 200
    if section.entries:
        decisions, _ = reason_counts(session, review_id) if key == "reasons" else ({}, {})
        return render(
            request,
            "protocol/entries.html",
            status_code=status,
            entries=entries_of(protocol, section),
            used=decisions,
            languages=LANGUAGES,
            **common,
        )
    shown = typed or filled(section, protocol.model_dump(mode="json"), protocol.languages)
    return render(request, "protocol/edit.html", status_code=status, shown=shown, entry=None,
                  languages=LANGUAGES, rows_of=_rows_of(shown), **common)  # fmt: skip


def _entry_page(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    section: str,
    entry: str,
    typed: Shown | None = None,
    problems: list[str] | None = None,
) -> Response:
    protocol = load(draft_text(session, review_id)).protocol
    part = _list(protocol, section)
    number = _entry_number(protocol, part, entry)
    data = entries_of(protocol, part)[number] if number is not None else _empty(part)
    shown = typed or filled(part, data, protocol.languages)
    return render(
        request,
        "protocol/edit.html",
        status_code=422 if problems else 200,
        section_=part,
        parts=sections(protocol),
        draft=draft_of(session, review_id),
        problems=problems or [],
        protocol=protocol,
        shown=shown,
        entry=entry,
        entry_name=data.get(part.named_by) if number is not None else None,
        languages=LANGUAGES,
        rows_of=_rows_of(shown),
    )


def _empty(section: FormSection) -> dict[str, Any]:
    """Return a new entry with what the schema assumes."""
    fields = section.model.model_fields
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required()
    }


def _rows_of(shown: Shown) -> Any:
    return lambda field: n_rows(field, shown)


def _sent(form: FormData) -> dict[str, list[str]]:
    """Return every text of a form by its name."""
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name != "form_token":
            found.setdefault(name, []).append(value)
    return found


def _typed(sent: Mapping[str, list[str]]) -> Shown:
    """Return what was typed as a form shows it."""
    return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}


def _section(protocol: Protocol, key: str) -> FormSection:
    try:
        return section_of(protocol, key)
    except LookupError as error:
        raise NotFound("The protocol has no such section.") from error


def _list(protocol: Protocol, key: str) -> FormSection:
    section = _section(protocol, key)
    if not section.entries:
        raise NotFound("This section is one form.")
    return section


def _entry_number(protocol: Protocol, section: FormSection, entry: str) -> int | None:
    """Return which entry of the list an address means; None for a new one."""
    if entry == "new":
        return None
    if not entry.isdecimal() or len(entry) > 5 or int(entry) >= len(entries_of(protocol, section)):
        raise NotFound("This entry is no longer there. Open the list again.")
    return int(entry)


def _version(session: Session, review_id: UUID, number: int) -> ProtocolVersion:
    versions = {version.number for version in versions_of_protocol(session, review_id)}
    if number not in versions:
        raise NotFound(f"The protocol has no version {number}.")
    return version_of_protocol(session, review_id=review_id, number=number)


def _draft(session: Session, review_id: UUID, may_edit: bool) -> Any:
    """Return the draft and how many differences it has, for those who may edit it."""
    draft = draft_of(session, review_id) if may_edit else None
    if draft is None:
        return None
    found = differences(protocol_of(session, review_id), load(draft.text).protocol)
    return {"saved_at": draft.saved_at, "n": len(found), "based_on": draft.based_on}


def _yaml_page(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    here: CurrentReview,
    chosen: ProtocolVersion,
    text: str,
    problems: list[str] | None = None,
) -> Response:
    return render(
        request,
        "protocol/yaml.html",
        status_code=422 if problems else 200,
        tab="yaml",
        chosen=chosen,
        versions=versions_of_protocol(session, review_id),
        draft=_draft(session, review_id, here.may(Action.MANAGE)),
        text=text,
        problems=problems or [],
        is_current=chosen.number == versions_of_protocol(session, review_id)[0].number,
    )
