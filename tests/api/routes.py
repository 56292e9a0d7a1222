"""Every route of the application with an example address, what it asks for, and who may."""

from dataclasses import dataclass, field
from typing import Any

from review.permissions import Action

NOBODY_NEEDED = frozenset(
    {"/login", "/healthz", "/readyz", "/static", "/help", "/invitations/", "/first-account/", "/p/"}
)
MEMBER = "member"


@dataclass(frozen=True, eq=False)
class Route:
    """One way into the application."""

    method: str
    path: str  # as declared
    action: Action | None = None  # None: anybody signed in
    form: dict[str, Any] = field(default_factory=dict)
    query: str = ""


R = "/reviews/{slug}"
STAGED = R + "/screening/{stage}"
ROUTES = [
    Route("GET", "/"),
    Route("POST", "/logout"),
    Route("GET", "/session"),
    Route("GET", "/account"),
    Route("POST", "/account/password", form={"old": "x", "new": "y"}),
    Route("POST", "/account/tokens", form={"name": "A script", "scope": "read"}),
    Route("POST", "/account/tokens/{token_id}/revoke"),
    Route("GET", "/start"),
    Route("POST", "/start", form={"title": "New", "origin": "shipped:blank"}),
    Route("GET", "/server"),
    Route("POST", "/server/accounts", form={"email": "{email}", "act": "make_admin"}),
    Route("GET", R, Action.VIEW),
    Route("GET", R + "/protocol", Action.VIEW),
    Route("GET", R + "/protocol", Action.VIEW, query="?version=1"),
    Route("GET", R + "/protocol/changes", Action.VIEW),
    Route("GET", R + "/protocol/yaml", Action.VIEW),
    Route("GET", R + "/protocol/protocol.yaml", Action.VIEW),
    Route("POST", R + "/protocol/yaml", Action.MANAGE, {"text": "x"}),
    Route("GET", R + "/protocol/draft", Action.MANAGE),
    Route("POST", R + "/protocol/draft", Action.MANAGE, {"text": "x", "why": "y"}),
    Route("POST", R + "/protocol/draft/discard", Action.MANAGE),
    Route("GET", R + "/protocol/edit/{section}", Action.MANAGE),
    Route(
        "POST", R + "/protocol/edit/{section}", Action.MANAGE,
        {"stopping.recall_target": "0.9", "stopping.confidence": "0.9"},
    ),
    Route("POST", R + "/protocol/edit/{part}/entries", Action.MANAGE, {"number": "0"}),
    Route("GET", R + "/protocol/edit/{part}/{entry}", Action.MANAGE),
    Route(
        "POST", R + "/protocol/edit/{part}/{entry}", Action.MANAGE,
        {"label": "x", "stages": "title_abstract"},
    ),
    Route("GET", R + "/search-log", Action.MANAGE),
    Route("POST", R + "/search-log/one", Action.MANAGE, {"source": "Google"}),
    Route(
        "POST", R + "/search-log/table", Action.MANAGE, {"table": "query\nx", "source": "Google"}
    ),
    Route("GET", R + "/type-record", Action.MANAGE),
    Route(
        "POST", R + "/type-record", Action.MANAGE, {"title": "A report", "source": "A letter"}
    ),
    Route("GET", R + "/lists/records.{format}", Action.SEE_COUNTS),
    Route("GET", R + "/lists/records.{format}", Action.SEE_PROGRESS, query="?state=conflict"),
    Route("GET", R + "/lists/agreement.{format}", Action.MANAGE),
    Route("GET", R + "/lists/{which}.{format}", Action.VIEW),
    Route("GET", R + "/searches", Action.VIEW),
    Route("POST", R + "/searches/files", Action.MANAGE),
    Route("POST", R + "/searches/hits", Action.MANAGE, {"hits": "A report https://example.org"}),
    Route("POST", R + "/searches/preview", Action.MANAGE, {"file": "{sealed}"}),
    Route(
        "POST", R + "/searches", Action.MANAGE,
        {"source": "Scopus", "kind": "database", "file": "{sealed}"},
    ),
    Route("GET", R + "/searches/{search_id}", Action.VIEW),
    Route("GET", R + "/searches/{search_id}/rejected.csv", Action.VIEW),
    Route(
        "POST", R + "/searches/{search_id}/correct", Action.MANAGE,
        {"source": "Scopus", "kind": "register", "confirmed": "yes"},
    ),
    Route(
        "POST", R + "/searches/{search_id}/withdraw", Action.MANAGE,
        {"why": "Wrong.", "confirmed": "yes"},
    ),
    Route(
        "POST", R + "/searches/{search_id}/move", Action.MANAGE,
        {"file": "{file_id}", "to": "{to_search_id}", "confirmed": "yes"},
    ),
    Route("POST", R + "/searches/corrections/{number}/undo", Action.MANAGE),
    Route("GET", R + "/progress", Action.MANAGE),
    Route(
        "POST", R + "/progress/{stage}/schedule", Action.MANAGE,
        {"due_on": "2026-12-18", "note": "Before the holidays."},
    ),
    Route("GET", R + "/stopping", Action.MANAGE),
    Route("POST", R + "/stopping", Action.MANAGE, {"rule": "Enough."}),
    Route("GET", R + "/agreement", Action.MANAGE),
    Route("GET", R + "/simulation", Action.MANAGE),
    Route("GET", R + "/simulation.svg", Action.MANAGE),
    Route("POST", R + "/simulation", Action.MANAGE),
    Route("GET", R + "/assignments", Action.MANAGE),
    Route("POST", R + "/assignments", Action.MANAGE, {"account": "{reviewer_id}", "workload": "2"}),
    Route(
        "POST", R + "/calibrations", Action.MANAGE,
        {"label": "First", "stage": "title_abstract", "how": "random", "n": "1"},
    ),
    Route("GET", R + "/calibrations/{calibration_set_id}", Action.MANAGE),
    Route("POST", R + "/calibrations/{calibration_set_id}/end", Action.MANAGE),
    Route("GET", R + "/screening-check", Action.MANAGE),
    Route("GET", R + "/fairness", Action.MANAGE),
    Route("GET", R + "/decisions", Action.MANAGE),
    Route("POST", R + "/decisions/files", Action.MANAGE),
    Route("POST", R + "/decisions/preview", Action.MANAGE, {"file": "{sealed}"}),
    Route(
        "POST", R + "/decisions", Action.MANAGE, {"file": "{sealed}", "stage": "title_abstract"}
    ),
    Route("GET", R + "/duplicates", Action.MANAGE),
    Route(
        "POST", R + "/duplicates", Action.MANAGE,
        {"left": "{record_id}", "right": "{other_id}", "verdict": "distinct"},
    ),
    Route("GET", R + "/duplicates/sample", Action.MANAGE),
    Route("GET", R + "/duplicates/above", Action.MANAGE, query="?score=0.9"),
    Route("POST", R + "/duplicates/above", Action.MANAGE, {"score": "0.9"}),
    Route("POST", R + "/duplicates/undo", Action.MANAGE, {"event": "1"}),
    Route("POST", R + "/dedupe", Action.MANAGE),
    Route("GET", R + "/jobs", Action.MANAGE),
    Route("GET", R + "/jobs/{job_id}", Action.MANAGE),
    Route("POST", R + "/jobs/{job_id}/cancel", Action.MANAGE),
    Route("GET", R + "/jobs/{job_id}/file", Action.MANAGE),
    Route("POST", R + "/exports", Action.MANAGE, {"kind": "records", "format": "csv"}),
    Route("GET", STAGED, Action.SCREEN),
    Route("GET", STAGED + "/history", Action.SCREEN),
    Route("GET", STAGED + "/history", Action.SCREEN, query="?q=bond&verdict=include&before=9"),
    Route("GET", STAGED + "/list", Action.SCREEN),
    Route("GET", STAGED + "/list", Action.SCREEN, query="?show=decided&sort=year&q=bond&rows=25"),
    Route(
        "POST", STAGED + "/list", Action.SCREEN, {"record": "{record_id}", "verdict": "include"}
    ),
    Route("POST", STAGED + "/terms", Action.SCREEN, {"term": "cash transfer*"}),
    Route("GET", STAGED + "/ahead", Action.SCREEN),
    Route("GET", STAGED + "/ahead", Action.SCREEN, query="?record={record_id}"),
    Route(
        "POST", STAGED + "/decisions", Action.SCREEN,
        {"record": "{record_id}", "verdict": "include"},
    ),
    Route("POST", STAGED + "/skip", Action.SCREEN, {"record": "{record_id}"}),
    Route("POST", STAGED + "/undo", Action.SCREEN, {"decision": "{record_id}"}),
    Route("POST", STAGED + "/rank", Action.MANAGE),
    Route("GET", R + "/conflicts", Action.READ),
    Route("GET", R + "/conflicts", Action.READ, query="?record={record_id}&view=list"),
    Route(
        "POST", R + "/conflicts", Action.ADJUDICATE,
        {"record": "{record_id}", "stage": "title_abstract", "verdict": "include",
         "settles": "{record_id}"},
    ),
    Route(
        "POST", R + "/conflicts/undo", Action.ADJUDICATE, {"adjudication": "{adjudication_id}"}
    ),
    Route(
        "POST", R + "/conflicts/proposals", Action.SCREEN,
        {"record": "{record_id}", "stage": "title_abstract", "verdict": "include"},
    ),
    Route(
        "POST", R + "/conflicts/proposals/{proposal_id}/answer", Action.SCREEN, {"agrees": "no"}
    ),
    Route(
        "POST", R + "/comments", Action.READ,
        {"record": "{record_id}", "stage": "title_abstract", "text": "Why?"},
    ),
    Route("POST", STAGED + "/done", Action.SCREEN),
    Route(
        "POST", STAGED + "/reopening-requests", Action.SCREEN,
        {"record": "{record_id}", "why": "A slip."},
    ),
    Route("GET", R + "/reopening-requests", Action.MANAGE),
    Route(
        "POST", R + "/reopening-requests/{request_id}/refuse", Action.MANAGE,
        {"why": "It is right."},
    ),
    Route("POST", R + "/reopening-requests/{request_id}/reopen", Action.MANAGE),
    Route("GET", R + "/reports", Action.MANAGE),
    Route("GET", R + "/reports/{record_id}", Action.READ),
    Route("GET", R + "/reports/{record_id}/full-text", Action.READ),
    Route("POST", R + "/reports/{record_id}/full-text", Action.MANAGE),
    Route("GET", R + "/reports/{record_id}/pages/{number}", Action.READ),
    Route(
        "POST", R + "/reports/{record_id}/retrieval", Action.MANAGE, {"state": "requested"}
    ),
    Route("POST", R + "/reports/files", Action.MANAGE),
    Route("GET", R + "/reports/offered/{offered_id}", Action.MANAGE),
    Route("POST", R + "/reports/offered/{offered_id}", Action.MANAGE),
    Route("GET", R + "/reports/{record_id}/documents/{document_id}", Action.READ),
    Route("GET", R + "/coding", Action.CODE),
    Route(
        "POST", R + "/coding", Action.MANAGE, {"label": "Doe 2001", "reports": "{record_id}"}
    ),
    Route("GET", R + "/coding/{study_id}", Action.CODE),
    Route("GET", R + "/coding/{study_id}/suggestions", Action.CODE),
    Route("GET", R + "/appraisal", Action.SEE_COUNTS),
    Route("GET", R + "/protocol/checklists", Action.MANAGE),
    Route(
        "POST", R + "/protocol/checklists", Action.MANAGE,
        {"checklist": "review", "values": "design trial"},
    ),
    Route("POST", R + "/coding/{study_id}/facts", Action.CODE),
    Route(
        "POST", R + "/coding/{study_id}/copies", Action.CODE,
        {"contract": "{contract_id}", "source": "{contract_id}"},
    ),
    Route(
        "POST", R + "/coding/{study_id}/rest", Action.CODE,
        {"contract": "{contract_id}", "group": "themes", "value": "absent"},
    ),
    Route("GET", R + "/coding-sheets", Action.MANAGE),
    Route("POST", R + "/coding-sheets/files", Action.MANAGE),
    Route("POST", R + "/coding-sheets/preview", Action.MANAGE, {"file": "{sealed}"}),
    Route("POST", R + "/coding-sheets", Action.MANAGE, {"file": "{sealed}"}),
    Route("GET", R + "/lists/coding-sheet.xlsx", Action.MANAGE),
    Route("GET", R + "/lists/links.{format}", Action.MANAGE),
    Route("GET", R + "/known-contracts", Action.MANAGE),
    Route("POST", R + "/known-contracts", Action.MANAGE),
    Route("POST", R + "/known-contracts/again", Action.MANAGE),
    Route(
        "POST", R + "/known-contracts/matches", Action.MANAGE,
        {"contract": "{contract_id}", "key": "none"},
    ),
    Route("POST", R + "/known-contracts/evaluations", Action.MANAGE),
    Route("GET", R + "/coding-again", Action.CODE),
    Route("POST", R + "/coding-again", Action.CODE, {"code": "{code_id}"}),
    Route("GET", R + "/coding-differences", Action.CODE),
    Route("POST", R + "/coding-differences", Action.CODE, {"code": "{code_id}"}),
    Route("POST", R + "/coding/{study_id}/contracts", Action.CODE, {"label": "Another one"}),
    Route("POST", R + "/coding/{study_id}/contracts/{contract_id}/unlink", Action.CODE),
    Route("GET", R + "/coding/{study_id}/reports", Action.MANAGE),
    Route(
        "POST", R + "/coding/{study_id}/reports", Action.MANAGE,
        {"label": "Roe 2002", "reports": "{record_id}"},
    ),
    Route("POST", R + "/coding/{study_id}/reports/merge", Action.MANAGE, {"into": "{study_id}"}),
    Route("POST", R + "/coding/{study_id}/reports/{event_number}/undo", Action.MANAGE),
    Route(
        "POST", R + "/coding/{study_id}/codes", Action.CODE,
        {"item": "design", "value": "trial"},
    ),
    Route("GET", R + "/map", Action.SEE_COUNTS),
    Route("GET", R + "/map.{format}", Action.SEE_COUNTS),
    Route("GET", R + "/map/views", Action.SEE_COUNTS),
    Route("GET", R + "/map/brief", Action.SEE_COUNTS, query="?row=work"),
    Route("GET", R + "/map/offline.html", Action.SEE_COUNTS),
    Route("GET", R + "/map/studies", Action.SEE_COUNTS),
    Route("GET", R + "/map/studies/{study_id}", Action.SEE_COUNTS),
    Route("GET", R + "/map/contracts/{contract_id}", Action.SEE_COUNTS),
    Route("GET", R + "/map/references.{format}", Action.SEE_COUNTS),
    Route("GET", R + "/publications", Action.MANAGE),
    Route("POST", R + "/publications", Action.MANAGE, {"title": "A map"}),
    Route("POST", R + "/publications/{publication_id}/links", Action.MANAGE),
    Route("POST", R + "/publications/{publication_id}/withdraw", Action.MANAGE, {"why": "Wrong."}),
    Route("GET", R + "/feedback", Action.MANAGE),
    Route("POST", R + "/feedback/{feedback_id}", Action.MANAGE, {"answer": "Done."}),
    Route("POST", R + "/publications/links/{link_id}/revoke", Action.MANAGE),
    Route("GET", R + "/prisma", Action.SEE_COUNTS),
    Route("GET", R + "/prisma.{format}", Action.SEE_COUNTS),
    Route("GET", R + "/records", Action.VIEW),
    Route("GET", R + "/records", Action.SEE_PROGRESS, query="?state=awaiting_second"),
    Route("GET", R + "/records", Action.SEE_COUNTS, query="?box=duplicates"),
    Route("GET", R + "/records/{record_id}", Action.VIEW),
    Route("GET", R + "/records/{record_id}/duplicate", Action.MARK_DUPLICATES),
    Route(
        "POST", R + "/records/{record_id}/duplicate", Action.MARK_DUPLICATES,
        {"other": "{other_id}"},
    ),
    Route("POST", R + "/records/{record_id}/labels", Action.READ, {"name": "to discuss"}),
    Route(
        "POST", R + "/records/{record_id}/reopen", Action.MANAGE,
        {"stage": "title_abstract", "why": "A new criterion."},
    ),
    Route("GET", R + "/records/{record_id}/correct", Action.MANAGE),
    Route("POST", R + "/records/{record_id}/look-up", Action.MANAGE, {"doi": "10.1000/1"}),
    Route("POST", R + "/records/{record_id}/corrections/{event_number}/undo", Action.MANAGE),
    Route(
        "POST", R + "/records/{record_id}/correct", Action.MANAGE,
        {"title": "Another title", "source": "The report."},
    ),
    Route(
        "POST", R + "/records/{record_id}/removal", Action.MANAGE,
        {"kind": "other", "why": "Retracted."},
    ),
    Route("GET", R + "/settings", Action.MANAGE),
    Route(
        "POST", R + "/settings/members", Action.MANAGE,
        {"email": "{email}", "role": "advisor"},
    ),
    Route(
        "POST", R + "/settings/invitations", Action.MANAGE,
        {"name": "A colleague", "role": "reviewer"},
    ),
    Route("POST", R + "/settings/invitations/{invitation_id}/withdraw", Action.MANAGE),
    Route(
        "POST", R + "/settings/rules", Action.MANAGE, {"stage": "title_abstract", "why": "New."}
    ),
]  # fmt: skip
