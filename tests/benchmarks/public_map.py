"""Measure how fast maps are counted, and how many published pages a second are served.

    python tests/benchmarks/public_map.py [--studies 5000] [--seconds 10] [--clients 8]

Counts a made-up map of many studies with two contracts each: the first map, and one more filter.
Then serves the demonstration in a process of its own and asks over HTTP, from several connections,
for the sign-in page and for a page of a publication: without a filter, and with filters that nobody
asked for before.  Prints requests a second and the ratio of each to the sign-in page in this run,
and what ten million additions take here, for comparison.
"""

import argparse
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from uuid import UUID

from heatmap.coded import CodedStudies
from heatmap.counting import MapBase, count
from heatmap.filters import filter_options
from heatmap.publications import publish, share
from protocols.loader import load_file
from protocols.schema import Protocol
from review.events import Actor
from review.storage.database import Database
from review.studies.coding import Subject
from review.tables import Account, Review

PROTOCOL = Path("protocols/social-outcomes-contracting.yaml")
COUNTRIES = ("GB", "US", "KE", "UG", "IN", "CO", "PT", "AU", "CL", "PE")


def made_up(protocol: Protocol, n_studies: int) -> CodedStudies:
    """Return many studies with two contracts each, all of them coded."""
    chance = random.Random(1)  # noqa: S311 - the same map in every run
    studies = [UUID(int=number) for number in range(1, n_studies + 1)]
    contracts = {
        study: [UUID(int=10**9 + 2 * study.int), UUID(int=10**9 + 2 * study.int + 1)]
        for study in studies
    }
    values: dict[tuple[Subject, str], object] = {}
    for study in studies:
        for contract in contracts[study]:
            subjects = {
                "study": Subject(study, None),
                "contract": Subject(None, contract),
                "study_contract": Subject(study, contract),
            }
            for item in protocol.codebook:
                keys = [value.key for value in item.values]
                if item.type == "country":
                    value: object = chance.choice(COUNTRIES)
                elif item.type == "yes_no":
                    value = chance.random() < 0.5
                elif keys:
                    value = [chance.choice(keys)] if item.type == "many_of" else chance.choice(keys)
                else:
                    continue
                values[subjects[item.level], item.key] = value
    return CodedStudies(
        studies=studies,
        n_reports=dict.fromkeys(studies, 1),
        contracts=contracts,
        values=values,
        coded_studies=frozenset(studies),
        years={study: [chance.randint(1990, 2020)] for study in studies},
    )


def count_large_map(n_studies: int) -> None:
    """Print how long the first map takes, and one with another filter."""
    protocol = load_file(PROTOCOL).protocol
    coded = made_up(protocol, n_studies)
    for framework in protocol.frameworks:
        base = MapBase(coded, protocol)
        started = time.perf_counter()
        first = count(base, framework=framework.key, as_of=1)
        options = filter_options(first)
        counted = time.perf_counter()
        filters = {"country": ["KE"], "study_design": ["qualitative"]}
        filter_options(count(base, framework=framework.key, as_of=1, filters=filters))
        filtered = time.perf_counter()
        print(
            f"{framework.key}: {len(first.frame):,} lines, {len(options)} filters; first"
            f" {counted - started:.2f} s, filtered {1000 * (filtered - counted):.0f} ms"
        )


def requests_a_second(url: str, paths: Iterator[str], *, seconds: float, n_clients: int) -> float:
    """Return how many answers arrive each second; raise where one is not a page."""
    place = urlsplit(url)
    until = time.perf_counter() + seconds
    counts = [0] * n_clients

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        while time.perf_counter() < until:
            connection.request("GET", next(paths), headers={"accept-encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"The server answered {answer.status}.")
            counts[client] += 1
        connection.close()

    threads = [Thread(target=ask, args=(client,)) for client in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def serve_and_ask(folder: Path, *, seconds: float, n_clients: int) -> None:
    """Serve the demonstration, and print what its pages reach."""
    siftmap = str(Path(sys.executable).with_name("siftmap"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = os.environ | {"SIFTMAP_DATA_DIR": str(folder), "SIFTMAP_PORT": port}
    subprocess.run([siftmap, "demo"], env=settings, check=True, capture_output=True)
    database = Database(f"sqlite:///{folder / 'siftmap.sqlite'}")
    with database.writing() as session:
        review = session.query(Review).one()
        lead = session.query(Account).filter(Account.email.startswith("lead@")).one()
        by = Actor.person(lead.id)
        made = publish(session, review_id=review.id, title="Map", by=by)
        _, token = share(session, review_id=review.id, publication_id=made.id, by=by)
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([siftmap, "serve"], env=settings, stdout=subprocess.DEVNULL)
    try:
        wait_until_up(url)
        time.sleep(20)  # until the worker has drawn the publication
        rates = {}
        for name, paths in {
            "sign-in page": (f"/login?n={n}" for n in range(10**9)),
            "published map": (f"/p/{token}" for _ in range(10**9)),
            "published map, always another view": (
                f"/p/{token}?since={1990 + n % 31}&until={1990 + n // 31 % 31}"
                for n in range(10**9)
            ),
        }.items():
            locked = Locked(paths)
            rates[name] = requests_a_second(url, locked, seconds=seconds, n_clients=n_clients)
            ratio = rates[name] / rates["sign-in page"]
            print(f"{name}: {rates[name]:.0f} requests a second, {ratio:.2f} of the sign-in page")
    finally:
        server.terminate()
        server.wait()


class Locked(Iterator[str]):
    """An iterator that several threads can ask."""

    def __init__(self, inner: Iterator[str]) -> None:
        self.inner = inner
        self.paths = [next(inner) for _ in range(20_000)]
        self.place = 0

    def __next__(self) -> str:
        """Return the next path, again from the beginning after the last."""
        self.place += 1
        return self.paths[self.place % len(self.paths)]


def wait_until_up(url: str) -> None:
    """Wait until the server answers, for a minute at most."""
    place = urlsplit(url)
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=1)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not start.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    started = time.perf_counter()
    sum(range(10_000_000))
    print(f"ten million additions: {time.perf_counter() - started:.2f} s")
    count_large_map(asked.studies)
    with tempfile.TemporaryDirectory() as folder:
        serve_and_ask(Path(folder) / "data", seconds=asked.seconds, n_clients=asked.clients)


if __name__ == "__main__":
    main()
