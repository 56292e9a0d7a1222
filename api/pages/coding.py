"""Coding: studies, their contracts, and a form of the codebook for each."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files.full_text_pages import pages_or_ask
from api.web.access import needs
from api.web.deps import (
    AppSettings,
    CurrentActor,
    CurrentReview,
    Db,
    OptionalId,
    ReadSession,
    ReviewId,
    WriteSession,
)
from api.web.forms import CodeForm, form_fields
from api.web.rendering import is_fragment, path, render
from api.web.routing import PageRouter
from protocols.schema import SPECIAL_VALUES, AppraisalPart
from protocols.values import describe_value
from review.errors import Invalid
from review.events import Actor
from review.people.idempotency import claim_key, keep_answer
from review.permissions import Action, check
from review.reports.full_texts import full_text_of
from review.reviews import protocol_of
from review.states.flow import FlowState, record_rows
from review.studies.agreement import agree
from review.studies.appraisal import QUESTIONS, check_reason
from review.studies.batches import (
    CodingForm,
    contracts_to_copy_from,
    copies_from,
    known_facts,
    shared_choices,
)
from review.studies.coding import code, subject_of
from review.studies.contracts import (
    add_contract,
    contract_of_review,
    contracts_by_label,
    contracts_of,
    link_contract,
    similar_contracts,
    studies_of_contracts,
    unlinked_contracts,
)
from review.studies.differences import differences, take_code
from review.studies.progress import coding_progress
from review.studies.recoding import impossible_agreed, outdated_codes
from review.studies.saved_codes import clear_code, restore_code
from review.studies.studies import (
    add_study,
    link_report,
    merged_studies,
    reports_of,
    studies_by_label,
    study_of_review,
)
from review.studies.suggestions import suggestions
from review.tables import Contract, Study
from review.vocabulary import AgreedBy

router = PageRouter()


@router.get("/reviews/{slug}/coding")
def studies(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
) -> Response:
    """Show the studies with how far each is coded, and included reports without a study."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    found = studies_by_label(session, review_id=review_id)
    # A report that needs a study shows what reviewers decided, so only the lead sees it.
    is_lead = here.may(Action.MANAGE)
    where = [FlowState.AWAITING_STUDY]
    rows = record_rows(session, review_id=review_id, states=where) if is_lead else ()
    waiting = [record for record, _, _ in rows]
    n_differences = Counter(
        one.study.id
        for one in differences(session, review_id=review_id, by=by, is_lead=is_lead)
        if one.study
    )
    return render(
        request,
        "coding/studies.html",
        studies=found,
        differences=n_differences,
        n_outdated=len(outdated_codes(session, review_id=review_id, by=by, is_lead=is_lead))
        + (len(impossible_agreed(session, review_id=review_id, by=by)) if is_lead else 0),
        waiting=waiting,
        suggestions=suggestions(session, review_id=review_id, waiting=waiting) if is_lead else {},
        progress=coding_progress(
            session,
            review_id=review_id,
            studies=[study.id for study in found],
            by=None if is_lead else by,
        ),
        protocol=protocol_of(session, review_id),
    )


@router.post("/reviews/{slug}/coding")
@needs(Action.MANAGE)
def post_study(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    reports: Annotated[list[UUID], Form()],
    label: Annotated[str, Form()] = "",
    study: OptionalId = None,
) -> Response:
    """Add the chosen reports to a study, or make a new study from them."""
    if study is None:
        made = add_study(session, review_id=review_id, label=label, reports=reports, by=by)
        return RedirectResponse(path(request, "coding", made.id), status_code=303)
    for report in reports:
        link_report(session, review_id=review_id, study_id=study, record_id=report, by=by)
    return RedirectResponse(path(request, "coding", study), status_code=303)


@router.get("/reviews/{slug}/coding/{study_id}")
def study_form(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
    database: Db,
    settings: AppSettings,
    study_id: UUID,
    contract: UUID | None = None,
    report: UUID | None = None,
    copy: UUID | None = None,
    view: Literal["text", "page"] = "text",
) -> Response:
    """Show the coding form of a study, or of one of its contracts, beside the text of a report."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    if into := merged_studies(session, review_id).get(study_id):
        return render(request, "coding/merged.html", study=study, into=session.get_one(Study, into))
    contracts = contracts_of(session, review_id=review_id, study_id=study_id)
    chosen = next((known for known in contracts if known.id == contract), None)
    reports = reports_of(session, review_id=review_id, study_id=study_id)
    first = reports[0] if reports else None
    read = next((known for known in reports if known.id == report), first)
    document = (
        full_text_of(session, review_id=review_id, record_id=read.id, by=by) if read else None
    )
    others = contracts_by_label(session, review_id=review_id)
    chosen_id = chosen.id if chosen else None
    context: dict[str, Any] = {
        **_batches(session, CodingForm(review_id, study_id, chosen_id, by), copy),
        "study": study,
        "contracts": contracts,
        "chosen": chosen,
        "unlinked": unlinked_contracts(session, review_id=review_id, study_id=study_id),
        "progress": coding_progress(session, review_id=review_id, studies=[study_id], by=by)[
            study_id
        ],
        "other_contracts": [known for known in others if known not in contracts],
        "fields": form_fields(
            session,
            review_id=review_id,
            study_id=study_id,
            contract_id=chosen_id,
            by=by,
            is_lead=here.may(Action.MANAGE),
        ),
        "view": view,
        "reports": reports,
        "report": read,
        "special": SPECIAL_VALUES,
        "shared_choices": shared_choices,
        "describe_value": describe_value,
        "protocol": protocol_of(session, review_id),
    }
    session.close()  # before anything is written: an old SQLite waits for those who read
    pages = (
        pages_or_ask(database, settings, document, review_id=review_id, by=by) if document else None
    )
    return render(request, "coding/coding.html", **context, pages=pages)


def _batches(session: Session, form: CodingForm, copy: UUID | None) -> dict[str, Any]:
    """Return what can be coded with one press: facts, and values of another contract."""
    sources = contracts_to_copy_from(session, form) if form.contract_id else []
    copied = next((source for source in sources if source.id == copy), None)
    return {
        "facts": known_facts(session, form),
        "sources": sources,
        "copied": copied,
        "copies": copies_from(session, form, copied.id) if copied else [],
    }


@router.post("/reviews/{slug}/coding/{study_id}/contracts")
@needs(Action.CODE)
def post_contract(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    label: Annotated[str, Form(max_length=1000)] = "",
    contract: OptionalId = None,
    is_new: Annotated[bool, Form()] = False,
) -> Response:
    """Link a contract to the study: an existing or a new one.

    A name that is much like that of a known contract is asked about first.
    """
    if contract is None and not is_new:
        similar = similar_contracts(session, review_id=review_id, label=label)
        if similar:
            return _ask_which(
                request, session, review_id, study_id=study_id, label=label, similar=similar
            )
    contract_id = contract or add_contract(session, review_id=review_id, label=label, by=by).id
    link_contract(session, review_id=review_id, study_id=study_id, contract_id=contract_id, by=by)
    target = f"{path(request, 'coding', study_id)}?contract={contract_id}"
    return RedirectResponse(target, status_code=303)


def _ask_which(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    study_id: UUID,
    label: str,
    similar: Sequence[Contract],
) -> Response:
    return render(
        request,
        "coding/which_contract.html",
        study=study_of_review(session, review_id=review_id, study_id=study_id),
        label=label,
        similar=similar,
        linked={
            known.id for known in contracts_of(session, review_id=review_id, study_id=study_id)
        },
        studies=studies_of_contracts(session, review_id=review_id),
        protocol=protocol_of(session, review_id),
    )


@router.post("/reviews/{slug}/coding/{study_id}/contracts/{contract_id}/unlink")
@needs(Action.CODE)
def post_unlink(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    contract_id: UUID,
) -> Response:
    """Say that the study does not report on the contract after all; its codes are kept."""
    contract_of_review(session, review_id=review_id, contract_id=contract_id)
    link_contract(
        session,
        review_id=review_id,
        study_id=study_id,
        contract_id=contract_id,
        by=by,
        linked=False,
    )
    return RedirectResponse(path(request, "coding", study_id), status_code=303)


@router.post("/reviews/{slug}/coding/{study_id}/codes")
@needs(Action.CODE)
def post_code(
    request: Request,
    session: WriteSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    form: Annotated[CodeForm, Form()],
) -> Response:
    """Save the coder's value for an item, or the value that coders who disagreed agree on."""
    claim_id = _claim(session, form, by=by)
    if form.key is None or claim_id is not None:
        if form.take:
            basis = AgreedBy.ADJUDICATION if here.may(Action.MANAGE) else AgreedBy.CONSENSUS
            take_code(session, review_id=review_id, code_id=form.take, basis=basis, by=by)
        elif form.clear:
            clear_code(session, review_id=review_id, code_id=form.clear, by=by)
        elif form.restore:
            restore_code(session, review_id=review_id, code_id=form.restore, by=by)
        else:
            _save(session, review_id, study_id, form=form, by=by)
    if claim_id is not None:
        keep_answer(session, claim_id, {})
    if not is_fragment(request):
        query = f"?contract={form.contract}" if form.contract else ""
        target = f"{path(request, 'coding', study_id)}{query}#{form.item}"
        return RedirectResponse(target, status_code=303)
    fields = form_fields(
        session,
        review_id=review_id,
        study_id=study_id,
        contract_id=form.contract,
        by=by,
        is_lead=here.may(Action.MANAGE),
        only=[form.item, *_follows(session, review_id, form.item)],
    )
    field = next((one for one in fields if one.item.key == form.item), None)
    if field is None:
        raise Invalid("This form has no such item. Reload the page.")
    return render(
        request,
        "coding/_field.html",
        field=field,
        others=[one for one in fields if one is not field],
        study=study_of_review(session, review_id=review_id, study_id=study_id),
        chosen_id=form.contract,
        reports=reports_of(session, review_id=review_id, study_id=study_id),
        special=SPECIAL_VALUES,
        is_saved=True,
    )


def _follows(session: Session, review_id: UUID, key: str) -> list[str]:
    """Return the items whose form says something else once this one is coded."""
    codebook = protocol_of(session, review_id).codebook
    if all(item.appraisal not in QUESTIONS for item in codebook if item.key == key):
        return []
    return [item.key for item in codebook if item.appraisal is AppraisalPart.OVERALL]


def _claim(session: Session, form: CodeForm, *, by: Actor) -> UUID | None:
    """Claim the form's key; None if it has none, or if the same form was saved under it before."""
    if form.key is None or by.account_id is None:
        return None
    content = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    key = f"page {form.key}"
    return claim_key(session, account_id=by.account_id, key=key, request_sha256=content).id


def _save(session: Session, review_id: UUID, study_id: UUID, *, form: CodeForm, by: Actor) -> None:
    codebook = protocol_of(session, review_id).codebook
    known = next((item for item in codebook if item.key == form.item), None)
    if known is None:
        raise Invalid(f"The codebook has no item '{form.item}'.")
    value = form.value_for(known)
    check_reason(
        session, review_id=review_id, study_id=study_id, item=known, value=value,
        details=form.details, by=by,
    )  # fmt: skip
    about = {
        "review_id": review_id,
        "item": form.item,
        "value": value,
        "by": by,
        "details": form.details,
        "quote": form.quote,
        "page": form.page if form.quote else "",
        "report_id": form.report if form.quote else None,
        **asdict(subject_of(known, study_id, form.contract)),
    }
    if form.settle:
        agree(session, **about, basis=AgreedBy(form.settle))
    else:
        code(session, **about, confidence=form.confidence, note=form.note)
