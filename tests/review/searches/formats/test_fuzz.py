"""A long search for a file that breaks a reader, guided by which of its lines each file reaches.

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
    """A file near ``data``: bytes, lines and tokens changed, or its half joined to another's."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + chance.choice(TOKENS) + data[at:]
            case 2:
                data = data[:at] + data[to:]
            case 3:
                data = data[:to] + data[at:to] * chance.randint(1, 5) + data[to:]
            case 4:
                other = chance.choice(others)
                data = data[:at] + other[chance.randrange(len(other) + 1) :]
            case 5:
                lines = data.split(b"\n")
                chance.shuffle(lines)
                data = b"\n".join(lines)
            case _:
                data = data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b" "]))
    return data[:LARGEST]


def look_at(path: Path, kind: str) -> None:
    """What is done with every file that is sent, as its own format and as what it seems to be."""
    tries = [(kind, "utf-8")]
    try:
        found = detect(path)
        tries.append((found.format, found.encoding))
    except Unreadable:
        pass
    for format_, encoding in tries:
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
    kept = [text.encode() for text in SAMPLES.values()]
    kept.append(SAMPLES[kind].encode())
    watch = Coverage(data_file=None, branch=True, include=[f"{FOLDER}/*"])
    reached = 0
    path, ends, n = tmp_path / "fuzzed", time.monotonic() + SECONDS, 0
    grown_from = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < ends:
        data = mutated(chance.choice(kept[-200:]), kept, chance)
        path.write_bytes(data)
        watch.start()
        began = time.process_time()
        try:
            look_at(path, kind)
        except Exception:
            (tmp_path / "broke").write_bytes(data)
            raise
        finally:
            spent = time.process_time() - began
            watch.stop()
        assert spent < SLOWEST, data[:500]
        seen = watch.get_data()
        arcs = sum(len(seen.arcs(file) or ()) for file in seen.measured_files())
        if arcs > reached:
            reached = arcs
            kept.append(data)
        n += 1
    print(f"{kind}: {n:,} files, {len(kept):,} kept, {reached:,} branches")
    assert n > 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown_from < MOST_MEMORY
