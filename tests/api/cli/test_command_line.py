"""The command line, as people and their scripts use it: what it prints, and how it ends.

Where only the program's own doors matter (its start, its exit status, its streams) a process is
started; the rest runs `main` here, which is the same in a tenth of the time.
"""

import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api.cli import terminal
from api.cli.main import main
from api.settings import Settings
from review.decisions.decisions import decide
from review.events import Actor, last_event
from review.people.accounts import find_account
from review.reports.retrieval import retrieve
from review.reviews import find_review
from review.storage.database import Database
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record, RejectedBlock, Review
from review.vocabulary import RetrievalState, Stage, Verdict
from tests.databases import Templates
from tests.factories import protocol_text

SIFTMAP = Path(sys.executable).with_name("siftmap")
RIS = """\
TY  - JOUR
TI  - {title}
AU  - Doe, Jane
AU  - Roe, Richard
PY  - {year}
JO  - Journal of Outcomes
VL  - {year}
SP  - {number}
DO  - 10.1234/outcomes.{number}
AB  - What the contract on {title} came to, for the people and for the payer.
ER  -

"""
TOPICS = ("homelessness", "employment", "reading at school", "reconviction", "births", "diabetes")
FIELDS = ["file", "format", "encoding", "found", "accepted", "rejected", "warnings"]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """What a program reads."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.out.decode()


@dataclass(frozen=True)
class Shell:
    """Somebody's terminal, in a folder, with the settings in its environment."""

    folder: Path
    url: str = ""  # none: SQLite in the data folder
    data: str = "data"

    @property
    def environment(self) -> dict[str, str]:
        given = {"SIFTMAP_DATA_DIR": str(self.folder / self.data)}
        return given | ({"SIFTMAP_DATABASE_URL": self.url} if self.url else {})

    @property
    def database_url(self) -> str:
        return self.url or Settings(data_dir=self.folder / self.data, database_url="").url

    def start(self, *arguments: object, given: str = "") -> Done:
        """Start the program in a process of its own."""
        done = subprocess.run(
            [SIFTMAP, *map(str, arguments)],
            cwd=self.folder, env=os.environ | self.environment, input=given.encode(),
            capture_output=True, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr.decode())

    def run(self, *arguments: object) -> Done:
        """Run the program's own `main` here."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        argv = ["siftmap", *map(str, arguments)]
        with (
            patch.dict(os.environ, self.environment), patch.object(sys, "argv", argv),
            redirect_stdout(out), redirect_stderr(err), chdir(self.folder), fresh_settings(),
            pytest.raises(SystemExit) as end,
        ):  # fmt: skip
            main()
        out.flush()
        status = end.value.code
        return Done(status if isinstance(status, int) else 0, out.buffer.getvalue(), err.getvalue())

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def asked(self, question: Callable[[Session], Any]) -> Any:
        """Return what the database answers."""
        database = Database(self.database_url)
        try:
            with database.reading() as session:
                return question(session)
        finally:
            database.dispose()


class fresh_settings:  # noqa: N801 - used as a function
    """A new process would read its settings anew, and close its connections."""

    def __enter__(self) -> None:
        terminal.settings.cache_clear()
        terminal.database.cache_clear()

    def __exit__(self, *_: object) -> None:
        if terminal.database.cache_info().currsize:
            terminal.database().dispose()
        self.__enter__()


def ris(numbers: range) -> str:
    blocks = (
        RIS.format(title=f"Bonds for {TOPICS[n % 6]} in town {n}", year=2001 + n, number=n)
        for n in numbers
    )
    return "".join(blocks).replace("ER  -\n", "ER  - \n")


def ends_badly(done: Done, *said: str) -> None:
    """Check that a command failed with a sentence and not with a traceback."""
    assert (done.status, done.out) == (1, b""), done
    assert "Traceback" not in done.err
    for words in said:
        assert words in done.err


# One review for all the tests that only read


@dataclass(frozen=True)
class Prepared:
    """A review under way, and what the commands that made it said."""

    shell: Shell
    said: dict[str, Done]


@pytest.fixture(scope="module")
def prepare(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Prepared]:
    made: dict[str, Prepared | None] = {}

    def prepared(kind: str) -> Prepared:
        if kind not in made:
            made[kind] = None
            url = templates.fresh(kind) if kind == "postgresql" else ""
            made[kind] = make_prepared(Shell(tmp_path_factory.mktemp(f"cli-{kind}"), url))
        if (done := made[kind]) is None:
            pytest.fail("The review could not be prepared; the first failure says why.")
        return done

    return prepared


@pytest.fixture
def prepared(prepare: Callable[[str], Prepared], kind: str) -> Prepared:
    return prepare(kind)


@pytest.fixture
def shell(prepared: Prepared) -> Shell:
    """The terminal in which the review was made; what is done here leaves it as it is."""
    return prepared.shell


@pytest.fixture
def own(shell: Shell, request: pytest.FixtureRequest) -> str:
    """The name of a new review beside it, for a test to fill."""
    slug = f"own-{abs(hash(request.node.name)) % 10**9}"
    assert shell.run("review", "create", slug, "--protocol", "blank").status == 0
    return slug


@pytest.fixture
def copied(shell: Shell, templates: Templates) -> Shell:
    """The same with a database of its own, for a test to spoil."""
    return replace(shell, url=templates.clone(shell.database_url))


def make_prepared(shell: Shell) -> Prepared:
    shell.write("protocol.yaml", protocol_text())
    shell.write("scopus.ris", ris(range(1, 9)))
    shell.write("pubmed.ris", ris(range(7, 13)))
    said = {"migrate": shell.start("migrate")}
    said["create"] = shell.run("review", "create", "contracts", "--protocol", "protocol.yaml")
    for name, roles in {"ana": ("lead", "reviewer"), "ben": ("reviewer",)}.items():
        asked = [one for role in roles for one in ("--role", role)]
        said[name] = shell.run(
            "user", "add", f"{name}@example.org", "--name", name, "--password", "a-long-password",
            "--review", "contracts", *asked,
        )  # fmt: skip
    said["import"] = shell.start(
        "import", "contracts", "scopus.ris", "--source", "Scopus", "--run-on", "2026-01-31",
        "--hits", "8", "--json",
    )  # fmt: skip
    said["import 2"] = shell.run("import", "contracts", "pubmed.ris", "--source", "PubMed")
    said["dedupe"] = shell.run("dedupe", "contracts", "--json")
    screen_and_code(shell.database_url)
    said["rank"] = shell.run("rank", "contracts", "--stage", "title_abstract", "--json")
    assert {name: done.status for name, done in said.items()} == dict.fromkeys(said, 0), said
    return Prepared(shell, said)


def screen_and_code(url: str) -> None:
    """Include records 1 and 2 all the way and code the study of the first; exclude 3 to 5."""
    database = Database(url)
    with database.writing() as session:
        review = find_review(session, "contracts").id
        both = [
            Actor.person(find_account(session, f"{who}@example.org").id) for who in ("ana", "ben")
        ]
        records = session.scalars(
            select(Record.id).where(Record.review_id == review).order_by(Record.number).limit(5)
        ).all()
        both_decide(session, review, both, records[:2], Stage.TITLE_ABSTRACT, Verdict.INCLUDE)
        both_decide(session, review, both, records[2:], Stage.TITLE_ABSTRACT, Verdict.EXCLUDE)
        for one in records[:2]:
            retrieve(
                session, review_id=review, record_id=one,
                state=RetrievalState.RETRIEVED, by=both[0],
            )  # fmt: skip
        both_decide(session, review, both, records[:2], Stage.FULL_TEXT, Verdict.INCLUDE)
        study = add_study(
            session, review_id=review, label="Doe 2002", reports=records[:1], by=both[0]
        )
        contract = add_contract(session, review_id=review, label="Town 1", by=both[0])
        link_contract(
            session, review_id=review, study_id=study.id, contract_id=contract.id, by=both[0]
        )
        for coder in both:
            for item, value in {"area": "work", "contract_type": "sib"}.items():
                code(
                    session, review_id=review, contract_id=contract.id, item=item, value=value,
                    by=coder,
                )  # fmt: skip
    database.dispose()


def both_decide(
    session: Session, review: Any, both: list[Actor], records: Any, stage: Stage, verdict: Verdict
) -> None:
    for record in records:
        for one in both:
            decide(
                session, review_id=review, record_id=record, stage=stage, verdict=verdict, by=one
            )


# Setting up


def test_migrate_makes_the_database_and_again_does_nothing(prepared: Prepared) -> None:
    again = prepared.shell.run("migrate")

    assert prepared.said["migrate"].text == "The database is at the newest revision.\n"
    assert (again.status, again.out) == (0, prepared.said["migrate"].out)


def test_a_review_is_started_from_a_file_or_a_shipped_protocol(
    prepared: Prepared, own: str
) -> None:
    listed = {one["slug"]: one for one in prepared.shell.run("review", "list", "--json").json}

    title = "Outcomes contracts and employment"
    assert prepared.said["create"].text == f"Started the review 'contracts': {title}\n"
    assert listed["contracts"] == {"slug": "contracts", "title": title, "records": 14}
    assert listed[own]["records"] == 0
    assert "contracts  14 records" in prepared.shell.run("review", "list").text


def test_a_started_review_is_told_to_programs(shell: Shell) -> None:
    made = shell.run("review", "create", "told", "--protocol", "blank", "--title", "T", "--json")

    assert (made.json["slug"], made.json["title"]) == ("told", "T")
    assert made.json.keys() == {"id", "slug", "title"}


def test_members_get_the_roles_they_were_given(prepared: Prepared) -> None:
    rows = prepared.shell.asked(
        lambda session: session.execute(
            text(
                "SELECT a.email, m.role FROM membership m JOIN account a ON a.id = m.account_id "
                "JOIN review r ON r.id = m.review_id WHERE r.slug = 'contracts' ORDER BY 1, 2"
            )
        ).all()
    )

    assert prepared.said["ana"].text == "Added ana@example.org.\n"
    assert [tuple(row) for row in rows] == [
        ("ana@example.org", "lead"),
        ("ana@example.org", "reviewer"),
        ("ben@example.org", "reviewer"),
    ]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_every_mistake_of_a_protocol_is_reported_with_its_line(shell: Shell) -> None:
    wrong = (
        protocol_text()
        .replace("languages: [en, es]", "languages: [en, es]\ncolour: red")
        .replace("title_abstract: {decisions_needed: 2", "title_abstract: {decisions_needed: 7")
        .replace("rows: {item: country}", "rows: {item: county}")
    )
    path = shell.write("wrong.yaml", wrong)
    lines = wrong.splitlines()
    at = [
        1 + next(number for number, line in enumerate(lines) if mark in line)
        for mark in ("colour", "needed: 7", "county")
    ]

    done = shell.start("protocol", "check", path)

    ends_badly(done, "'colour'", "'decisions_needed'", "'county'")
    found = [line for line in done.err.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in found] == [f"line {number}" for number in at]
    ends_badly(shell.run("review", "create", "wrong", "--protocol", path), *found)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_protocol_without_mistakes_passes(shell: Shell) -> None:
    checked = shell.run("protocol", "check", "--json", shell.folder / "protocol.yaml")

    assert checked.status == 0
    assert checked.json.keys() == {"title", "sha256"}


# Bringing records in


def test_an_import_says_what_became_of_each_file(prepared: Prepared) -> None:
    assert prepared.said["import"].json == [
        dict(zip(FIELDS, ["scopus.ris", "ris", "utf-8", 8, 8, 0, []], strict=True))
    ]
    assert prepared.said["import"].err == ""  # no progress bar where nobody looks
    assert prepared.said["import 2"].text == (
        "pubmed.ris: ris, utf-8: 6 found, 6 accepted, 0 rejected\n"
    )


def test_a_search_keeps_what_was_said_of_it(shell: Shell) -> None:
    rows = shell.asked(
        lambda session: session.execute(
            text("SELECT source, kind, n_hits, CAST(run_on AS TEXT) FROM search ORDER BY 1")
        ).all()
    )

    assert ("Scopus", "database", 8, "2026-01-31") in [tuple(row) for row in rows]


def n_acts(shell: Shell, slug: str) -> tuple[int, int]:
    """Return the number of acts and of records of a review."""

    def count(session: Session) -> tuple[int, int]:
        review = find_review(session, slug).id
        n = session.scalar(select(func.count(Record.id)).where(Record.review_id == review))
        return last_event(session, review), n or 0

    return shell.asked(count)


def test_the_same_file_again_adds_nothing_and_says_so(shell: Shell) -> None:
    before = n_acts(shell, "contracts")
    renamed = shell.write("renamed.ris", (shell.folder / "scopus.ris").read_bytes())

    (again,) = shell.run("import", "contracts", renamed, "--source", "Other", "--json").json

    assert list(again) == FIELDS
    assert (again["accepted"], again["rejected"]) == (0, 0)
    assert again["warnings"] == ["These bytes were imported before; nothing was added."]
    assert "imported before" in shell.run("import", "contracts", renamed).text
    assert n_acts(shell, "contracts") == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "This is not a reference file but a PDF."),
        (b"", "This file is empty."),
        (b"\n \n\n", "only spaces and blank lines"),
        (bytes(range(256)) * 9, "This is a binary file"),
        (b"PK\x03\x04 and no more", "damaged zip"),
        (b"Dear colleagues, please find attached our search.\n", ""),
    ],
)
def test_what_is_no_search_file_is_refused_and_nothing_is_added(
    shell: Shell, own: str, content: bytes, sentence: str
) -> None:
    before = n_acts(shell, own)
    path = shell.write("strange.ris", content)

    done = shell.run("import", own, path, "--json")

    assert done.status == 1
    assert done.json[0]["file"] == str(path)
    assert sentence in done.json[0]["error"]
    assert n_acts(shell, own) == before
    assert "not imported. " in shell.run("import", own, path).text


def test_a_file_that_is_not_there_does_not_stop_the_others(shell: Shell, own: str) -> None:
    good = shell.write("good.ris", ris(range(20, 23)))
    empty = shell.write("empty.ris", "")

    done = shell.run("import", own, shell.folder / "absent.ris", good, empty, "--json")

    assert done.status == 1
    assert "Traceback" not in done.err
    assert ["error" in one for one in done.json] == [True, False, True]
    assert n_acts(shell, own)[1] == done.json[1]["accepted"] == 3


def test_no_block_of_a_damaged_file_is_lost(shell: Shell, own: str) -> None:
    damaged = (
        "TY  - JOUR\nTI  - Without an end\nPY  - 2001\n"
        "TY  - JOUR\nAU  - Nobody, N.\nER  - \n"
        "TY  - JOUR\nTI  - Cut off in the mid"
    )

    done = shell.run("import", own, shell.write("damaged.ris", damaged), "--json")

    (one,) = done.json
    assert (done.status, one["found"], one["accepted"] + one["rejected"]) == (0, 3, 3)
    assert one["warnings"]
    assert all(warning.startswith("line ") for warning in one["warnings"])
    kept = shell.asked(lambda session: raw_of(session, own))
    for line in damaged.splitlines():
        assert line in kept


def raw_of(session: Session, slug: str) -> str:
    review = find_review(session, slug).id
    raws = [
        raw
        for table in (Record, RejectedBlock)
        for raw in session.scalars(select(table.raw).where(table.review_id == review))
    ]
    return "\n".join(raws)


def test_the_format_and_encoding_can_be_given(shell: Shell, own: str) -> None:
    path = shell.write("export.txt", ris(range(30, 32)).replace("Doe", "Døe").encode("cp1252"))

    (one,) = shell.run(
        "import", own, path, "--format", "ris", "--encoding", "cp1252", "--json"
    ).json  # fmt: skip

    assert (one["format"], one["encoding"], one["accepted"]) == ("ris", "cp1252", 2)
    assert "Døe" in shell.asked(lambda session: raw_of(session, own))


# Decisions made elsewhere


def test_decisions_of_another_program_are_taken_over_in_somebodys_name(
    shell: Shell, own: str
) -> None:
    shell.run("import", own, shell.write("own.ris", ris(range(60, 62))))
    export = shell.write(
        "kept.csv",
        "title,doi,decision,reviewer\n"
        f"{title_of(shell, own)},,kept,Zoë\nA title that nobody here has,,kept,Zoë\n",
    )
    asked = ("import-decisions", own, export, "--verdict", "kept=include")

    nobody = shell.run(*asked)
    assert (nobody.status, "--as" in nobody.err) == (1, True)
    unclear = shell.run(*asked, "--verdict", "kept", "--as", "ana@example.org")
    assert unclear.status == 2
    shell.run("review", "member", own, "ana@example.org", "--role", "lead")
    done = shell.run(*asked, "--out", "rows.csv", "--as", "ana@example.org", "--json")

    assert done.json["counts"] == {"taken over": 1, "no record here is surely this report": 1}
    rows = list(csv.reader((shell.folder / "rows.csv").read_text("utf-8-sig").splitlines()))
    assert [row[2:5] for row in rows[1:]] == [
        ["Zoë", "kept", "taken over"],
        ["Zoë", "kept", "no record here is surely this report"],
    ]
    assert shell.run("verify").status == 0


def title_of(shell: Shell, slug: str) -> str:
    """The title of some record of a review."""
    found = select(Record.title).join(Review, Review.id == Record.review_id)
    return str(shell.asked(lambda session: session.scalar(found.where(Review.slug == slug))))


# Duplicates and ranking


def test_duplicates_are_counted(prepared: Prepared) -> None:
    said = prepared.said["dedupe"].json

    assert (said["compared"], said["duplicates"], said["questions"]) == (14, 2, 0)
    assert said.keys() == {"compared", "duplicates", "questions", "event"}


def test_ranking_says_what_it_learned_from(prepared: Prepared) -> None:
    said = prepared.said["rank"].json

    assert said.keys() == {"records", "training", "included", "fingerprint"}
    assert (said["records"], said["training"], said["included"]) == (12, 5, 2)


# The flow

COUNTS = {
    "database_results": 14, "duplicates": 2, "records_screened": 5, "records_excluded": 3,
    "awaiting_title_abstract": 7, "dbr_sought_reports": 2, "dbr_assessed": 2, "new_reports": 2,
    "new_studies": 1, "awaiting_study": 1,
}  # fmt: skip


def test_the_flow_has_its_counts_under_the_keys_of_prisma(shell: Shell) -> None:
    flow = shell.run("prisma", "contracts", "--format", "json").json

    assert {key: flow[key] for key in COUNTS} == COUNTS
    assert flow["adds_up"] is True
    assert (flow["review"], flow["as_of"]) == ("contracts", n_acts(shell, "contracts")[0])


def test_the_flow_of_an_earlier_event_or_day(shell: Shell) -> None:
    def results(as_of: object) -> int:
        return shell.run("prisma", "contracts", "--as-of", as_of).json["database_results"]

    today = datetime.now(UTC).date()
    number = n_acts(shell, "contracts")[0]

    assert results(1) == 0
    assert results(number) == results(today) == results(today + timedelta(days=400)) == 14


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        ("nonsense", "'nonsense' is neither an event number nor a date like 2026-11-22."),
        ("2026-02-30", "'2026-02-30' is neither"),
        ("-1", "neither an event number nor a date"),
        ("0", "The review has no event 0."),
        ("100000", "The review has no event 100000."),
        ("2001-01-01", "The review had not begun by 2001-01-01."),
    ],
)
def test_the_flow_of_no_moment_is_refused(shell: Shell, as_of: str, sentence: str) -> None:
    ends_badly(shell.run("prisma", "contracts", f"--as-of={as_of}"), sentence)


def test_the_flow_as_a_table(shell: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(shell.run("prisma", "contracts", "--format=csv").text)))

    assert {row["data"]: row["n"] for row in rows}["database_results"] == "14"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("command", "kind_of_file", "start"),
    [
        ("prisma", "svg", b"<svg"), ("prisma", "png", b"\x89PNG\r\n"), ("prisma", "pdf", b"%PDF-"),
        ("heatmap", "svg", b"<svg"), ("heatmap", "png", b"\x89PNG\r\n"),
        ("heatmap", "html", b"<!DOCTYPE html>"), ("heatmap", "xlsx", b"PK\x03\x04"),
    ],
)  # fmt: skip
def test_what_is_drawn_goes_to_standard_output_or_to_a_file(
    shell: Shell, command: str, kind_of_file: str, start: bytes
) -> None:
    file = shell.folder / f"drawn.{kind_of_file}"

    printed = shell.run(command, "contracts", "--format", kind_of_file)
    written = shell.run(command, "contracts", "--format", kind_of_file, "--out", file)

    assert (printed.status, written.status, written.out) == (0, 0, b"")
    assert printed.out.lstrip().startswith(start)
    assert file.read_bytes().startswith(printed.out[:100] if kind_of_file != "xlsx" else start)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_bytes_arrive_whole_through_a_pipe(shell: Shell) -> None:
    done = shell.start("prisma", "contracts", "--format", "png")

    assert done.out.startswith(b"\x89PNG\r\n\x1a\n")
    assert done.out.endswith(b"IEND\xaeB`\x82")


# The map


def test_the_map_as_data(shell: Shell) -> None:
    made = shell.run("heatmap", "contracts").json

    assert (made["framework"], made["n_studies"], made["n_contracts"]) == ("area_by_type", 1, 1)
    cells = {(cell["row"], cell["column"]): cell["contracts"] for cell in made["cells"]}
    assert cells["work", "sib"] == 1
    assert cells["home", "pbr"] == 0  # a gap is there, as a zero


def test_the_map_as_a_table(shell: Shell) -> None:
    text = shell.run("heatmap", "contracts", "--format", "csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    book = openpyxl.load_workbook(
        io.BytesIO(shell.run("heatmap", "contracts", "--format", "xlsx").out)
    )

    assert next(row["contracts"] for row in rows if row["row_key"] == "work") == "1"
    values = [[str(cell) for cell in row] for row in book["Cells"].iter_rows(values_only=True)]
    assert values == list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_another_map_and_another_unit_can_be_asked_for(shell: Shell) -> None:
    made = shell.run(
        "heatmap", "contracts", "--framework", "country_by_type", "--unit", "study"
    ).json  # fmt: skip

    assert (made["framework"], made["unit"]) == ("country_by_type", "study")
    ends_badly(shell.run("heatmap", "contracts", "--framework", "nope"), "nope")
    ends_badly(shell.run("heatmap", "contracts", "--unit", "people"), "people")


# Checking


def test_all_is_well_until_somebody_tampers(shell: Shell) -> None:
    assert shell.run("verify").text == "All is well.\n"
    assert shell.run("verify", "--json").json == []


TAMPERINGS = {
    "a record": (
        "record",
        "UPDATE record SET title = 'Other' WHERE number = 3",
        "a row that event",
    ),
    "a decision": (
        "decision",
        "UPDATE decision SET verdict = 'include' WHERE verdict = 'exclude'",
        "a row that event",
    ),
    "a lost decision": (
        "decision",
        "DELETE FROM decision WHERE verdict = 'exclude'",
        "wrote 1 rows; 0 are there",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_behind_its_back_is_found(copied: Shell, what: str) -> None:
    table, statement, fault = TAMPERINGS[what]
    tamper(copied.database_url, table, statement)

    done = copied.run("verify", "--json")

    assert done.status == 1
    assert done.json[0]["review"] == "contracts"
    assert fault in done.json[0]["fault"]


def tamper(url: str, table: str, statement: str) -> None:
    database = Database(url)
    with database.writer.begin() as connection:
        triggers = (
            [f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete"]
            if database.is_sqlite
            else [f"DROP TRIGGER {table}_append_only ON {table}"]
        )
        for one in [*triggers, statement]:
            connection.exec_driver_sql(one)
    database.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_fault_ends_the_program_with_status_1_and_the_counter_example(copied: Shell) -> None:
    tamper(
        copied.database_url, "event", "UPDATE event SET actor_kind = 'model' WHERE number = 2"
    )  # fmt: skip

    done = copied.start("verify")

    assert done.status == 1
    assert "contracts: event 2 does not follow from the events before it" in done.text.split("\n")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_changed_original_is_found(shell: Shell, own: str) -> None:
    path = shell.write("original.ris", ris(range(40, 42)))
    shell.run("import", own, path)
    (kept,) = [
        file
        for file in (shell.folder / "data" / "files").rglob("*")
        if file.is_file() and file.read_bytes() == path.read_bytes()
    ]

    kept.write_text("something else")
    changed = shell.run("verify")
    kept.unlink()
    gone = shell.run("verify")
    kept.write_bytes(path.read_bytes())

    assert (changed.status, gone.status, shell.run("verify").status) == (1, 1, 0)
    assert changed.text == f"{own}: the original of original.ris has been changed\n"
    assert gone.text == f"{own}: the original of original.ris is not in the file store\n"


# Files of one's own, without a review


def table_in(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Shell]:
    """A terminal where there is no review, and none is made."""
    yield Shell(tmp_path)
    assert not (tmp_path / "data").exists()


TABLE = """\
id,author,year,title,journal,volume,number,pages,doi,abstract
a,"Doe, Jane",2004,Bonds for homelessness in a northern town,Journal of Outcomes,4,1,10-20,10.1/a,
b,"Doe, J.",2004,Bonds for homelessness in a northern town.,J Outcomes,4,1,10-20,10.1/a,
c,"Roe, R.",2011,Payment by results in prisons,Justice,7,2,33-41,10.1/c,
d,"Poe, P.",1999,An unrelated history of municipal lending,Ledger,2,1,1-9,,
e,"Doe, Jane",2004,Bonds for homelessness in a northern town,Journal of Outcomes,4,1,10-20,,
"""


def test_the_duplicates_of_a_table(alone: Shell) -> None:
    alone.write("table.csv", TABLE)

    done = alone.start(
        "dedupe-file", "table.csv", "--out", "clusters.csv", "--questions", "pairs.csv", "--json"
    )  # fmt: skip

    clusters = table_in(alone.folder / "clusters.csv")
    pairs = table_in(alone.folder / "pairs.csv")
    assert (done.status, done.err) == (0, "")
    assert clusters == [
        ["id", "cluster_id"], ["a", "a"], ["b", "a"], ["c", "c"], ["d", "d"], ["e", "a"]
    ]  # fmt: skip
    assert pairs[0] == ["left", "right", "score"]
    assert done.json == {"records": 5, "clusters": 3, "questions": len(pairs) - 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("title,year\nA,2001\n", "has no column 'id'; its columns are title, year."),
        ("id,title\na,A\na,B\n", "occurs more than once"),
        ("", "is not a CSV table in UTF-8"),
        (b"id,title\na,\xff\xfe\n", "is not a CSV table in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(
    alone: Shell, content: str | bytes, sentence: str
) -> None:
    table, out, pairs = alone.write("t.csv", content), alone.folder / "c", alone.folder / "p"

    ends_badly(alone.run("dedupe-file", table, "--out", out, "--questions", pairs), sentence)
    assert not out.exists()


@pytest.fixture(scope="module")
def labelled() -> str:
    """Sixty labelled records, the relevant ones about bonds."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    words = ("price", "garden", "river", "metal", "winter", "music", "engine", "paper")
    lines = ["id,title,abstract,label"]
    for n in range(60):
        is_relevant = n % 10 == 3
        about = "outcomes contract impact bond" if is_relevant else "study of things"
        abstract = " ".join(chance.choices(words, k=25))
        lines.append(f"r{n},{about} {chance.choice(words)},{about} {abstract},{int(is_relevant)}")
    return "\n".join(lines) + "\n"


KEYS = {"wss95", "rrf10", "ndcg", "atd", "n", "included", "seconds", "stops"}
ASK = ("--question", "What do outcomes contracts and impact bonds achieve?")


def test_a_replay_says_how_well_it_did(alone: Shell, labelled: str) -> None:
    alone.write("labelled.csv", labelled)

    done = alone.start("simulate", "labelled.csv", *ASK, "--order", "order.csv", "--json")

    heading, *order = table_in(alone.folder / "order.csv")
    assert (done.status, done.err) == (0, "")
    assert done.json.keys() == KEYS
    assert (done.json["n"], done.json["included"]) == (60, 6)
    assert done.json["wss95"] > 0.5
    assert heading == ["position", "id", "label", "score"]
    assert [row[0] for row in order] == [str(n) for n in range(1, 61)]
    assert {row[1] for row in order} == {f"r{n}" for n in range(60)}
    assert sum(row[2] == "1" for row in order) == 6


def test_a_replay_says_where_each_rule_would_have_stopped_and_draws_its_curve(
    alone: Shell, labelled: str
) -> None:
    file = alone.write("labelled.csv", labelled)
    curve, drawing = alone.folder / "curve.csv", alone.folder / "curve.svg"

    told = alone.run("simulate", file, *ASK, "--curve", curve)
    stops = alone.run("simulate", file, *ASK, "--curve", drawing, "--json").json["stops"]

    heading, *lines = table_in(curve)
    assert heading == ["read", "found", "recall"]
    assert (lines[0], lines[-1]) == (["0", "0", "0.0"], ["60", "6", "1.0"])
    assert drawing.read_text().startswith("<svg")
    assert "50 irrelevant in a row" in drawing.read_text()
    by_rule = {one["rule"]: one for one in stops}
    assert by_rule["50 irrelevant in a row"]["recall"] == 1
    assert by_rule["50 irrelevant in a row"]["n_read"] < 60
    assert not by_rule["100 irrelevant in a row"]["has_stopped"]
    assert b"100 irrelevant in a row: not before the end" in told.out


def test_a_replay_begins_from_priors_and_is_the_same_again(alone: Shell, labelled: str) -> None:
    file = alone.write("labelled.csv", labelled)
    orders = [alone.folder / f"order{n}.csv" for n in range(4)]

    given = alone.run("simulate", file, "--prior", "r3, r0", "--order", orders[0], "--json").json
    for order in orders[1:3]:
        alone.run("simulate", file, "--seed", "4", "--order", order)
    alone.run("simulate", file, "--seed", "5", "--order", orders[3])

    assert (given["n"], given["included"]) == (58, 5)
    assert not {"r3", "r0"} & {row[1] for row in table_in(orders[0])}
    assert orders[1].read_text() == orders[2].read_text() != orders[3].read_text()


@pytest.mark.parametrize(
    ("change", "arguments", "sentence"),
    [
        (("label", "colour"), (), "The table has no column label."),
        ((",0\n", ",2\n"), (), "Every label must be 1 (included) or 0 (excluded)."),
        ((",0\n", ",maybe\n"), (), "Every label must be 1 (included) or 0 (excluded)."),
        ((",0\n", ",1\n"), (), "no relevant and irrelevant record"),
        (("r1,", "r2,"), (), "Two records have the same id."),
        (("", ""), ("--prior", "r3,unknown"), "No record has the id unknown."),
    ],
)
def test_a_replay_that_means_nothing_is_refused(
    alone: Shell, labelled: str, change: tuple[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    file = alone.write("labelled.csv", labelled.replace(*change))

    ends_badly(alone.run("simulate", file, *arguments, "--json"), sentence)


# What goes wrong


@pytest.mark.parametrize(
    "command",
    [
        ("import", "nope", "scopus.ris"), ("dedupe", "nope"), ("rank", "nope"), ("prisma", "nope"),
        ("heatmap", "nope", "--format", "csv"),
        ("user", "add", "x@example.org", "--password", "a-long-password", "--review", "nope",
         "--role", "lead"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_review_that_is_not_there(shell: Shell, command: tuple[str, ...]) -> None:
    ends_badly(shell.run(*command), "There is no review called 'nope'.")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("review", "create", "contracts", "--protocol", "blank"), "already a review called"),
        (("review", "create", "Not a Slug", "--protocol", "blank"), "cannot be part of an address"),
        (("review", "create", "new", "--protocol", "blnk"), "Did you mean 'blank'?"),
        (("user", "add", "ana@example.org", "--password", "a-long-password"), "already an account"),
        (("user", "add", "c@example.org", "--password", "short"), "password"),
        (("dedupe", "contracts", "--as", "who@example.org"), "no account for who@example.org"),
        (("dedupe", "contracts", "--as", "ben@example.org"), ""),
        (("rank", "contracts", "--as", "ben@example.org"), ""),
        (("import", "contracts", "x.ris", "--run-on", "yesterday"), "'yesterday' is not a date"),
        (("protocol", "check", "absent.yaml"), "absent.yaml"),
        (("prisma", "contracts", "--out", "/absent/flow.json"), "/absent/flow.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    shell: Shell, command: tuple[str, ...], sentence: str
) -> None:
    before = n_acts(shell, "contracts")

    ends_badly(shell.run(*command), sentence)

    assert n_acts(shell, "contracts") == before


def test_an_account_is_not_left_behind_where_its_review_is_not_there(shell: Shell) -> None:
    who = "left@example.org"
    shell.run(
        "user", "add", who, "--password", "a-long-password", "--review", "nope", "--role", "lead"
    )  # fmt: skip

    ends_badly(shell.run("dedupe", "contracts", "--as", who), "no account for")


@pytest.fixture
def unmigrated(kind: str, templates: Templates, tmp_path: Path) -> Shell:
    """A terminal whose database has no tables: a new file, or the server's own database."""
    return Shell(tmp_path, templates.server or "" if kind == "postgresql" else "")


@pytest.mark.parametrize(
    "command",
    [
        ("review", "list"), ("review", "create", "new", "--protocol", "blank"), ("verify",),
        ("prisma", "contracts"), ("dedupe", "contracts"), ("serve",),
        ("user", "add", "a@example.org", "--password", "a-long-password"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_database_that_is_not_migrated(unmigrated: Shell, command: tuple[str, ...]) -> None:
    ends_badly(unmigrated.run(*command), "`siftmap migrate` first")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_program_itself_ends_with_a_sentence(unmigrated: Shell) -> None:
    ends_badly(unmigrated.start("verify"), "`siftmap migrate` first")


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_server_that_does_not_answer(unmigrated: Shell, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://postgres@/postgres?host={tmp_path}"

    ends_badly(replace(unmigrated, url=url).run("review", "list"), "check SIFTMAP_DATABASE_URL")


@pytest.mark.parametrize("command", [("bogus",), ("prisma",), ("prisma", "r", "--format", "gif")])
def test_a_command_that_is_no_command_says_how_to_ask(
    alone: Shell, command: tuple[str, ...]
) -> None:
    done = alone.run(*command)

    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("Usage: ")
    assert "Traceback" not in done.err
