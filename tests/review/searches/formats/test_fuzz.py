"""Search for a file that breaks a reader, guided by the lines of code that each file reaches.

For `make soak`; SIFTMAP_FUZZ_SECONDS (30) is the time for each format.
"""

import json
import os
import random
import resource
import time
from pathlib import Path

import pytest
from coverage import Coverage

from review.errors import Unreadable
from review.searches.formats import claims, columns_of, count_blocks, detect, read
from tests.review.searches.formats.format_cases import SAMPLES

SECONDS = float(os.environ.get("SIFTMAP_FUZZ_SECONDS", "30"))
FOLDER = Path(__file__).parents[4] / "review" / "searches" / "formats"
LARGEST = 20_000  # bytes of a file
SLOWEST = 2.0  # CPU seconds for one so small
MOST_MEMORY = 300 * 1024  # kB by which the process may grow
TOKENS = [
    b'"', b"{", b"}", b"\\", b"<", b"&lt;", b"]]>", b"<!--", b"ER  - ", b"TY  - ", b"%0 ",
    b"PMID- ", b"RT ", b"<1. >\n", b"PT J\n", b"@article{", b"10.1000/", b"1e400", b"null",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\xe2\x80\xa8", b"\xc2", b"\t", b"\n\n",
    b",", b";", b"[",
]  # fmt: skip


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file near ``data``: with bytes, lines or tokens changed, or spliced with another."""
    for _ in range(chance.randint(1, 4)):
        start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0:
                data = data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
            case 1:
                data = data[:start] + chance.choice(TOKENS) + data[start:]
            case 2:
                data = data[:start] + data[end:]
            case 3:
                data = data[:end] + data[start:end] * chance.randint(1, 5) + data[end:]
            case 4:
                spliced = chance.choice(others)
                data = data[:start] + spliced[chance.randrange(len(spliced) + 1) :]
            case 5:
                lines = data.split(b"\n")
                chance.shuffle(lines)
                data = b"\n".join(lines)
            case _:
                data = data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b" "]))
    return data[:LARGEST]


def check(path: Path, kind: str) -> None:
    """Read a file as an upload is read, as its own format and as the format detected."""
    attempts = [(kind, "utf-8")]
    try:
        detected = detect(path)
        attempts.append((detected.format, detected.encoding))
    except Unreadable:
        pass
    for format_, encoding in attempts:
        try:
            columns_of(path, format=format_, encoding=encoding, mapping=None)
            blocks = list(read(path, format=format_, encoding=encoding))
        except Unreadable:
            continue
        assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
        assert all(bool(block.record) != bool(block.reason) for block in blocks)
        assert count_blocks(path, format=format_, encoding=encoding) >= 0
        for block in blocks:
            json.dumps(block.raw, ensure_ascii=False).encode()
            for claim in claims(block.record) if block.record else ():
                assert len(claim.author) <= 255


@pytest.mark.soak
@pytest.mark.parametrize("kind", list(SAMPLES))
def test_no_file_breaks_a_reader(tmp_path, kind):
    chance = random.Random(kind)  # noqa: S311 - damage, not a secret
    corpus = [text.encode() for text in SAMPLES.values()]
    corpus.append(SAMPLES[kind].encode())
    coverage = Coverage(data_file=None, config_file=False, branch=True, include=[f"{FOLDER}/*"])
    reached = 0
    path, deadline, n = tmp_path / "fuzzed", time.monotonic() + SECONDS, 0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < deadline:
        data = mutated(chance.choice(corpus[-200:]), corpus, chance)
        path.write_bytes(data)
        coverage.start()
        began = time.process_time()
        try:
            check(path, kind)
        except Exception:
            (tmp_path / "broke").write_bytes(data)
            raise
        finally:
            spent = time.process_time() - began
            coverage.stop()
        assert spent < SLOWEST, data[:500]
        measured = coverage.get_data()
        arcs = sum(len(measured.arcs(file) or ()) for file in measured.measured_files())
        if arcs > reached:
            reached = arcs
            corpus.append(data)
        n += 1
    print(f"{kind}: {n:,} files, {len(corpus):,} kept, {reached:,} branches")
    assert n > 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MOST_MEMORY
