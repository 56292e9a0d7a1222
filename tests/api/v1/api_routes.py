"""Every route of the API with an example request, and the actions that it needs."""

from dataclasses import dataclass, field
from typing import Any

from review.permissions import Action

RIS = b"TY  - JOUR\nTI  - A title\nER  - \n"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@dataclass(frozen=True, eq=False)
class ApiRoute:
    """A method and path of the API, with an example."""

    method: str
    path: str  # as declared
    actions: tuple[Action, ...] = ()  # any of them; none: everyone with an account
    body: dict[str, Any] | None = None
    files: dict[str, tuple[str, bytes]] | None = None
    query: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query or ''}"


def get(path: str, *actions: Action, **query: str) -> ApiRoute:
    return ApiRoute("GET", path, actions, query=query)


def post(path: str, action: Action, **body: Any) -> ApiRoute:
    return ApiRoute("POST", path, (action,), body)


R = "/reviews/{review}"
STAGED = R + "/screening/{stage}"
REPORT = R + "/reports/{report}"
VIEW, MANAGE, CODE = Action.VIEW, Action.MANAGE, Action.CODE
SCREEN, ADJUDICATE, COUNTS = Action.SCREEN, Action.ADJUDICATE, Action.SEE_COUNTS

API_ROUTES = [
    ApiRoute("GET", "/reviews"),
    ApiRoute("POST", "/reviews", (), {"protocol": "blank", "title": "Another review"}),
    get(R, VIEW),
    get(R + "/members", MANAGE),
    post(R + "/members", MANAGE, email="{email}", role="advisor"),
    ApiRoute("DELETE", R + "/members/{account_id}", (MANAGE,), query={"role": "advisor"}),
    get(R + "/searches", VIEW),
    post(R + "/searches", MANAGE, source="Scopus", kind="database", hits=12, run_on="2026-01-31"),
    get(R + "/searches/{search}", VIEW),
    ApiRoute("POST", R + "/searches/{search}/files", (MANAGE,), files={"files": ("a.ris", RIS)}),
    get(R + "/jobs", MANAGE),
    get("/jobs/{job}", MANAGE),
    get("/jobs/{job}/file", MANAGE),
    ApiRoute("POST", "/jobs/{job}/cancel", (MANAGE,)),
    get(R + "/records", VIEW),
    get(R + "/records", VIEW, q="contract", search="{search}", cluster="{record}"),
    get(R + "/records", COUNTS, box="duplicates"),
    get(R + "/records/{record}", VIEW),
    ApiRoute("POST", R + "/records/{record}/corrections/{event}/undo", (MANAGE,)),
    post(
        R + "/records/{record}/corrections", MANAGE, fields={"year": "1999"}, source="The report."
    ),
    post(R + "/records/{record}/removal", MANAGE, kind="other", why="Retracted."),
    ApiRoute("POST", R + "/dedupe", (MANAGE,)),
    get(R + "/duplicates", MANAGE, state="pending"),
    post(R + "/duplicates", MANAGE, left="{record}", right="{other}", verdict="distinct"),
    post(R + "/duplicates/above", MANAGE, score=0.9),
    post(R + "/duplicates/undo", MANAGE, event=1),
    post(R + "/rank", MANAGE, stage="title_abstract"),
    get(STAGED + "/queue", SCREEN, limit="3"),
    get(STAGED + "/decisions", SCREEN),
    ApiRoute("POST", STAGED + "/decisions/files", (MANAGE,), files={"files": ("a.ris", RIS)}),
    post(STAGED + "/calibrations", MANAGE, label="First", n=1),
    post(STAGED + "/decisions", SCREEN, record="{other}", verdict="include", seconds=1.5),
    get(STAGED + "/conflicts", SCREEN, ADJUDICATE),
    post(STAGED + "/adjudications", ADJUDICATE, record="{record}", verdict="include",
         settles=["{record}"]),
    ApiRoute("POST", R + "/adjudications/{adjudication_id}/undo", (ADJUDICATE,)),
    post(STAGED + "/proposals", SCREEN, record="{talked}", verdict="include"),
    post(R + "/proposals/{proposal_id}/answer", SCREEN, agrees=False),
    get(STAGED + "/records/{record}/comments", VIEW),
    post(STAGED + "/comments", Action.READ, record="{talked}", text="Why?"),
    post(STAGED + "/rules", MANAGE, why="The same for all."),
    ApiRoute("POST", STAGED + "/done", (SCREEN,)),
    post(STAGED + "/reopening-requests", SCREEN, record="{included}", why="A slip."),
    get(R + "/reopening-requests", MANAGE),
    post(R + "/reopening-requests/{request_id}/refuse", MANAGE, why="It is right."),
    ApiRoute("POST", R + "/reopening-requests/{request_id}/reopen", (MANAGE,)),
    post(STAGED + "/stop", MANAGE, rule="Enough was read.", numbers={"p": 0.04},
         resume=True),
    get(STAGED + "/agreement", MANAGE),
    get(STAGED + "/stopping", MANAGE),
    get(STAGED + "/progress", SCREEN, MANAGE),
    get(R + "/assignments", MANAGE),
    post(R + "/assignments", MANAGE, account="{reviewer}", workload=2, languages=["en"]),
    get(R + "/calibrations", MANAGE),
    ApiRoute("POST", R + "/calibrations/{calibration_set_id}/end", (MANAGE,)),
    get(R + "/reports", MANAGE),
    post(REPORT + "/retrieval", MANAGE, state="retrieved"),
    get(REPORT + "/full-text", Action.READ),
    ApiRoute("POST", REPORT + "/full-text", (MANAGE,), files={"file": ("a.pdf", PDF)}),
    get(R + "/studies", CODE),
    post(R + "/studies", MANAGE, label="Roe 2001", reports=["{record}"]),
    get(R + "/studies/{study}", CODE),
    post(R + "/studies/{study}/contracts", CODE, label="Another one"),
    post(R + "/studies/{study}/reports", MANAGE, record="{included}"),
    post(R + "/studies/{study}/moves", MANAGE, reports=["{included}"], label="Roe 2002"),
    ApiRoute("POST", R + "/studies/{study}/moves/{event}/undo", (MANAGE,)),
    get(R + "/codes", CODE, study="{study}"),
    post(R + "/codes", CODE, study="{study}", item="design", value="trial", quote="A trial."),
    ApiRoute("POST", R + "/codes/{code}/clear", (CODE,)),
    post(R + "/codes/agreed", CODE, study="{study}", item="design", value="trial",
         basis="consensus"),
    get(R + "/prisma", COUNTS),
    get(R + "/prisma.{format}", COUNTS),
    get(R + "/prisma/{box}/records", COUNTS),
    get(R + "/heatmap", COUNTS, unit="study"),
    get(R + "/heatmap.{format}", COUNTS, secondary="yes"),
    get(R + "/heatmap/cell", COUNTS, row="work", column="sib"),
    get(R + "/publications", MANAGE),
    post(R + "/publications", MANAGE, title="The map in spring"),
    ApiRoute("POST", R + "/publications/{publication}/links", (MANAGE,), {}),
    ApiRoute("DELETE", R + "/links/{link}", (MANAGE,)),
    get(R + "/events", MANAGE),
    post(R + "/exports", MANAGE, kind="records", format="csv"),
    post(STAGED + "/reopen", MANAGE, record="{other}", why="A new criterion."),
]  # fmt: skip
UNSAFE = [route for route in API_ROUTES if route.method != "GET"]
