"""Measure the whole path from real search files to PRISMA counts and a map.

    python tests/benchmarks/whole_path.py [--data ../shared/bench] [--screening Nagtegaal_2019]

Uses the command line to import every real export in the formats below and one labelled screening
set (as a search) into one review, and to find duplicates and rank.  Then simulates the decisions of
two reviewers from the labels with 5 % disagreement, adjudicates, retrieves, screens full texts and
codes included records.  Prints the PRISMA counts, the map and the times, and runs `siftmap verify`.
"""

import argparse
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.orm import Session

from protocols.loader import read_shipped
from review.decisions.adjudication import adjudicate
from review.decisions.closing import close_decisions
from review.decisions.conflicts import open_conflicts
from review.decisions.decisions import decide
from review.events import OPERATOR, Actor
from review.people.accounts import add_account
from review.reports.retrieval import retrieve
from review.reviews import add_member, find_review
from review.states.flow import FlowState, record_rows
from review.storage.database import Database
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import RetrievalState, Role, Stage, Verdict
from screening.queue.next_records import next_records

FORMATS = {"ris", "nbib", "medline", "pubmed-xml", "endnote-xml", "bibtex", "csv", "tsv"}
FIXTURES = ("rispy", "jabref", "zotero")  # hand-made test files, not real exports
SLUG = "bench"
N_DECISIONS = 500
N_CODED = 30
AREAS = ("health", "education", "homelessness", "employment_and_training")
TYPES = ("social_impact_bond", "payment_by_results", "results_based_financing")


def main() -> None:
    """Run all steps and print what each did and how long it took."""
    arguments = _arguments()
    if not arguments.data.exists():
        print(f"There is no data at {arguments.data}, so nothing was measured.")
        return
    with tempfile.TemporaryDirectory() as folder:
        siftmap = Siftmap(Path(folder), arguments.database)
        siftmap.run("migrate")
        protocol = _protocol(Path(folder), arguments.data, arguments.screening)
        siftmap.run("review", "create", SLUG, "--protocol", str(protocol))
        with took("import of real exports"):
            _import_exports(siftmap, arguments.data / "imports")
        with took(f"import of {arguments.screening}"):
            labels = _import_screening_set(siftmap, arguments.data, arguments.screening)
        with took("deduplication"):
            print(siftmap.json("dedupe", SLUG))
        with took("first ranking (from the question alone)"):
            print(siftmap.json("rank", SLUG))
        database = Database(siftmap.url)
        _simulate(database, siftmap, labels)
        with took("PRISMA counts"):
            flow = siftmap.json("prisma", SLUG, plain=True)
        print(json.dumps({key: n for key, n in flow.items() if n and key != "sources"}, indent=1))
        with took("heatmap"):
            cells = siftmap.json("heatmap", SLUG, plain=True)
        _print_map(cells)
        with took("verify"):
            print("verify:", siftmap.run("verify").strip())


class Siftmap:
    """The command line with its own data folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self.environment = os.environ | {"SIFTMAP_DATA_DIR": str(folder)}
        if url:
            self.environment["SIFTMAP_DATABASE_URL"] = url
        self.url = url or f"sqlite:///{folder / 'siftmap.sqlite'}"

    def run(self, *words: str, may_fail: bool = False) -> str:
        """Run a command and return what it prints."""
        command = [str(Path(sys.executable).with_name("siftmap")), *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode and not may_fail:
            raise SystemExit(f"{' '.join(words[:3])} failed: {done.stderr}")
        return done.stdout

    def json(self, *words: str, plain: bool = False) -> Any:
        """Run a command and return the JSON it prints."""
        return json.loads(self.run(*words, *([] if plain else ["--json"])))


@contextmanager
def took(what: str) -> Iterator[None]:
    """Print how long a step took, in wall-clock seconds."""
    start = time.perf_counter()
    yield
    print(f"-- {what}: {time.perf_counter() - start:.1f} s", flush=True)


def _protocol(folder: Path, data: Path, name: str) -> Path:
    """Write the shipped protocol with the question of the labelled set; return its path."""
    plan = yaml.safe_load(read_shipped("social-outcomes-contracting"))
    questions = json.loads((data / "screening" / "questions.json").read_text(encoding="utf-8"))
    plan["question"] = questions[name] if isinstance(questions[name], str) else str(questions[name])
    for part in ("question_framework", "criteria", "terminology", "highlights"):
        plan.pop(part, None)
    path = folder / "protocol.yaml"
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    return path


def _import_exports(siftmap: Siftmap, folder: Path) -> None:
    manifest = csv.DictReader((folder / "MANIFEST.csv").open(encoding="utf-8"))
    names = [
        row["file"]
        for row in manifest
        if row["format"] in FORMATS and not row["file"].startswith(FIXTURES)
    ]
    files = [str(folder / name) for name in names]
    printed = siftmap.run(
        "import", SLUG, *files, "--source", "Real exports", "--json", may_fail=True
    )
    results = json.loads(printed)
    read = [result for result in results if "error" not in result]
    n_found, n_accepted, n_rejected = (
        sum(result[name] for result in read) for name in ("found", "accepted", "rejected")
    )
    print(
        f"{len(files)} files: {n_found} blocks found = {n_accepted} accepted + "
        f"{n_rejected} rejected; {len(results) - len(read)} files refused"
    )
    for result in results:
        if "error" in result:
            print("  refused:", Path(result["file"]).name, "-", result["error"][:120])
        elif result["found"] != result["accepted"] + result["rejected"]:
            print("  does not add up:", result)


def _import_screening_set(siftmap: Siftmap, data: Path, name: str) -> dict[str, bool]:
    with gzip.open(data / "screening" / f"{name}.csv.gz", "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    path = Path(siftmap.environment["SIFTMAP_DATA_DIR"]) / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, ["id", "title", "abstract"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    print(siftmap.json("import", SLUG, str(path), "--source", name))
    return {row["title"].strip(): row["label"] == "1" for row in rows}


def _simulate(database: Database, siftmap: Siftmap, labels: dict[str, bool]) -> None:
    chance = random.Random(7)  # noqa: S311 - the same decisions every time
    with database.writing() as session:
        review_id = find_review(session, SLUG).id
        people = {
            name: _person(session, review_id, name, role)
            for name, role in (
                ("lead", Role.LEAD),
                ("reviewer_a", Role.REVIEWER),
                ("reviewer_b", Role.REVIEWER),
                ("judge", Role.ADJUDICATOR),
            )
        }
    with took(f"{N_DECISIONS} decisions by two reviewers, each its own commit, one new ranking"):
        _decide(database, siftmap, review_id, people, labels, chance)
    with took("adjudication"):
        _adjudicate(database, review_id, people["judge"], labels)
    with took(f"retrieval, full texts and coding of up to {N_CODED} records"):
        _retrieve_and_code(database, review_id, people, chance)


def _person(session: Session, review_id: UUID, name: str, role: Role) -> Actor:
    account = add_account(session, email=f"{name}@example.org", name=name, password_hash=None)
    add_member(session, review_id=review_id, email=account.email, role=role, by=OPERATOR)
    return Actor.person(account.id)


def _decide(
    database: Database,
    siftmap: Siftmap,
    review_id: UUID,
    people: dict[str, Actor],
    labels: dict[str, bool],
    chance: random.Random,
) -> None:
    """Let both reviewers screen the ranked queue from the top; they disagree on 5 %."""
    seconds = []
    for number in range(N_DECISIONS):
        if number == N_DECISIONS // 2:
            print(siftmap.json("rank", SLUG))
        reviewer = people["reviewer_a" if number % 2 == 0 else "reviewer_b"]
        start = time.perf_counter()
        with database.writing() as session:
            [record] = next_records(
                session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=reviewer
            )
            is_relevant = labels.get(record.title.strip(), False)
            if chance.random() < 0.05:
                is_relevant = not is_relevant
            decide(
                session,
                review_id=review_id,
                record_id=record.id,
                stage=Stage.TITLE_ABSTRACT,
                verdict=Verdict.INCLUDE if is_relevant else Verdict.EXCLUDE,
                by=reviewer,
            )
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    with database.writing() as session:
        for name in ("reviewer_a", "reviewer_b"):
            close_decisions(
                session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=people[name]
            )
    print(
        f"next record and decision together: p50 {seconds[len(seconds) // 2] * 1000:.0f} ms, "
        f"p95 {seconds[int(len(seconds) * 0.95)] * 1000:.0f} ms"
    )


def _adjudicate(database: Database, review_id: UUID, judge: Actor, labels: dict[str, bool]) -> None:
    with database.writing() as session:
        conflicts = open_conflicts(
            session, review_id=review_id, stages=[Stage.TITLE_ABSTRACT], by=judge
        )
        for conflict in conflicts:
            is_relevant = labels.get(conflict.record.title.strip(), False)
            adjudicate(
                session,
                review_id=review_id,
                record_id=conflict.record.id,
                stage=Stage.TITLE_ABSTRACT,
                verdict=Verdict.INCLUDE if is_relevant else Verdict.EXCLUDE,
                settles=[decision.id for decision in conflict.decisions],
                by=judge,
            )
    print(f"{len(conflicts)} conflicts resolved")


def _retrieve_and_code(
    database: Database, review_id: UUID, people: dict[str, Actor], chance: random.Random
) -> None:
    with database.writing() as session:
        sought = record_rows(
            session, review_id=review_id, states=[FlowState.AWAITING_RETRIEVAL], limit=N_CODED
        )
        for number, (record, _, _) in enumerate(sought):
            _take_through(session, review_id, people, record, number, chance)
    print(f"{len(sought)} reports retrieved, screened, made into studies and coded")


def _take_through(
    session: Session,
    review_id: UUID,
    people: dict[str, Actor],
    record: Record,
    number: int,
    chance: random.Random,
) -> None:
    retrieve(
        session,
        review_id=review_id,
        record_id=record.id,
        state=RetrievalState.RETRIEVED,
        by=people["lead"],
    )
    for reviewer in ("reviewer_a", "reviewer_b"):
        decide(
            session,
            review_id=review_id,
            record_id=record.id,
            stage=Stage.FULL_TEXT,
            verdict=Verdict.INCLUDE,
            by=people[reviewer],
        )
        close_decisions(session, review_id=review_id, stage=Stage.FULL_TEXT, by=people[reviewer])
    study = add_study(
        session,
        review_id=review_id,
        label=f"Study {number}",
        reports=[record.id],
        by=people["lead"],
    )
    contract = add_contract(session, review_id=review_id, label=f"C{number}", by=people["lead"])
    link_contract(
        session, review_id=review_id, study_id=study.id, contract_id=contract.id, by=people["lead"]
    )
    values = {"outcome_area": chance.choice(AREAS), "contract_type": chance.choice(TYPES)}
    for coder in ("reviewer_a", "reviewer_b"):
        for item, value in values.items():
            code(
                session,
                review_id=review_id,
                contract_id=contract.id,
                item=item,
                value=value,
                quote=(record.abstract or record.title)[:80],
                by=people[coder],
            )


def _print_map(cells: dict[str, Any]) -> None:
    print(f"{cells['label']}: {cells['n_studies']} studies, {cells['n_contracts']} contracts")
    columns = [column["key"] for column in cells["columns"]]
    counts = {(cell["row"], cell["column"]): cell["contracts"] for cell in cells["cells"]}
    print(" " * 28 + " ".join(column[:9].rjust(9) for column in columns))
    for row in cells["rows"]:
        line = " ".join(str(counts[row["key"], column]).rjust(9) for column in columns)
        print(f"{row['key'][:27]:<28}{line}")


def _arguments() -> argparse.Namespace:
    data = Path(__file__).resolve().parents[3] / "shared" / "bench"
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--screening", default="Nagtegaal_2019")
    parser.add_argument("--database", default="", help="a URL; SQLite in a temporary folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
