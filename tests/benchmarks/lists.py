"""How long the lists of a large review take, beside the sign-in page.

`python tests/benchmarks/lists.py [--records 50000]` makes a review of that many records on SQLite,
asks for each list several times, and prints the seconds and the ratio to the sign-in page.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from review.corrections.searches import withdraw_search
from review.people.accounts import start_session
from review.storage import migration
from review.storage.database import Database
from review.tables import Record
from tests.factories import make_records, make_review

TIMES = 5
LISTS = (
    "/searches", "/records", "/records?after=40000", "/records?q=numbered",
    "/records?box=awaiting_title_abstract", "/records?box=database_results&after=40000",
    "/duplicates", "/prisma", "/protocol", "/protocol/changes", "/lists/searches.csv",
)  # fmt: skip


def main() -> None:
    """Make the review, ask for each list, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    n = parser.parse_args().records
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key="k" * 32, worker="separate")
        migration.upgrade(settings.url)
        database = Database(settings.url)
        with database.writing() as session:
            cast = make_review(session)
            for number in range(10):
                make_records(session, cast.review_id, n // 10, source=f"Source {number}")
            [wrong] = make_records(session, cast.review_id, source="A wrong one")
            withdraw_search(
                session, review_id=cast.review_id, by=cast.lead, why="Wrong.",
                search_id=session.get_one(Record, wrong).search_id,
            )  # fmt: skip
            token = start_session(session, cast.lead.account_id)
        database.analyse()
        client = TestClient(create_app(settings, database), follow_redirects=False)
        sign_in = seconds(client, "/login")
        print(f"{n:,} records; the sign-in page takes {sign_in * 1000:.1f} ms")
        client.cookies.set("siftmap", token)
        for address in LISTS:
            taken = seconds(client, f"/reviews/{cast.slug}{address}")
            print(f"{address:<48} {taken:6.3f} s {taken / sign_in:8.0f} ×")


def seconds(client: TestClient, address: str) -> float:
    """Return the median time that an answer takes."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = client.get(address)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, (address, answer.status_code)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
