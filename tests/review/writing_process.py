"""A process that decides on records, each in a transaction of its own, for test_processes."""

import json
import sys
from uuid import UUID

from review.decisions.decisions import decide
from review.events import Actor
from review.storage.database import Database
from review.vocabulary import Stage, Verdict


def main() -> None:
    """Wait for a line, decide on every record, and print the decisions and the errors."""
    task = json.loads(sys.argv[1])
    database = Database(task["url"])
    print("ready", flush=True)
    sys.stdin.readline()
    saved, errors = [], []
    for record in task["records"]:
        try:
            with database.writing() as session:
                decision = decide(
                    session, review_id=UUID(task["review"]), record_id=UUID(record),
                    stage=Stage.TITLE_ABSTRACT, verdict=Verdict.INCLUDE,
                    by=Actor.person(UUID(task["reviewer"])),
                )  # fmt: skip
                made = str(decision.id)
            saved.append(made)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    print(json.dumps({"saved": saved, "errors": errors}))


if __name__ == "__main__":
    main()
