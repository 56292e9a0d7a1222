"""Show that two checkouts make the same demonstration: ranks, counts, maps, drawings, exports.

Run `dump` in each checkout, with its own Python, then `compare` the two folders:

    .venv/bin/python tests/compare_demonstrations.py dump before.d
    .venv/bin/python tests/compare_demonstrations.py compare before.d after.d

What differs between any two runs is masked: ids by their order of appearance, times and hashes.
What was renamed on purpose is given as old=new words, which are replaced on both sides.
"""

import argparse
import difflib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import httpx2

EMAIL, PASSWORD = "lead@demo.example", "siftmap-demo"
MASKS = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
FILES = [
    *(f"prisma.{kind}" for kind in ("json", "csv", "svg", "png", "pdf")),
    *(f"map.{kind}" for kind in ("json", "csv", "xlsx", "svg", "png", "html")),
    *(
        f"map.{kind}?framework={framework}&unit={unit}"
        for framework in ("outcome_area_by_evidence_theme", "country_by_contract_type")
        for unit in ("study", "contract")
        for kind in ("json", "csv")
    ),
]


def dump(target: Path) -> None:
    """Make the demonstration with this Python's checkout, and write what it shows to ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        siftmap = Path(sys.executable).with_name("siftmap")
        env = {**os.environ, "SIFTMAP_DATA_DIR": folder, "SIFTMAP_PORT": "8127"}
        subprocess.run([siftmap, "demo"], env=env, check=True, stdout=subprocess.DEVNULL)
        (target / "ranks.txt").write_text(ranks(Path(folder) / "siftmap.sqlite"))
        server = subprocess.Popen([siftmap, "serve"], env=env)
        try:
            save_files(target, "http://127.0.0.1:8127")
        finally:
            server.terminate()
            server.wait(30)


def ranks(path: Path) -> str:
    """Return every rank as text: stage, fingerprint, record number, position and score."""
    rows = sqlite3.connect(path).execute(
        "SELECT m.stage, m.fingerprint, r.number, k.position, k.score, k.held_out FROM rank k"
        " JOIN model_run m ON m.id = k.model_run_id JOIN record r ON r.id = k.record_id"
        " ORDER BY m.stage, m.started_at, k.position"
    )
    return "\n".join(map(repr, rows)) + "\n"


def save_files(target: Path, origin: str) -> None:
    """Save what the server shows: PRISMA and map in every format, and every export."""
    with httpx2.Client(base_url=origin, timeout=180, headers={"origin": origin}) as client:
        for _ in range(300):
            try:
                client.get("/healthz")
                break
            except httpx2.TransportError:
                time.sleep(0.2)
        client.post("/login", data={"email": EMAIL, "password": PASSWORD, "next": "/"})
        for name in FILES:
            answer = client.get(f"/reviews/demo/{name}")
            answer.raise_for_status()
            (target / re.sub(r"\W+", "-", name)).write_bytes(plain(name, answer.content))
        page = client.get("/reviews/demo").text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None
        for rows in ("records", "decisions", "codes", "events"):
            asked = client.post(
                "/reviews/demo/exports",
                data={"form_token": token[1], "kind": rows, "format": "csv"},
            )
            job = asked.headers["location"].partition("?")[0]
            for _ in range(600):
                answer = client.get(f"{job}/file")
                if answer.status_code == 200:
                    break
                time.sleep(0.5)
            (target / f"export-{rows}-csv").write_bytes(answer.content)


def plain(name: str, content: bytes) -> bytes:
    """Return a file without what differs from moment to moment: a workbook as its sheet's text."""
    if ".xlsx" in name:
        return zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    if ".json" in name:
        return json.dumps(json.loads(content), indent=1, ensure_ascii=False).encode()
    return content


def masked(content: bytes, renamed: list[tuple[str, str]]) -> str | bytes:
    """Return text with masks for what differs between runs; other bytes as they are."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    ids: dict[str, str] = {}
    text = UUID.sub(lambda found: ids.setdefault(found[0], f"id{len(ids)}"), text)
    for old, new in renamed:
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return text


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each element of a drawing on one of its own."""
    return text.replace("><", ">\n<").splitlines()


def compare(before: Path, after: Path, renamed: list[tuple[str, str]]) -> int:
    """Print, for each file, whether it is equal, and where it is not; return how many differ."""
    names = sorted({path.name for folder in (before, after) for path in folder.iterdir()})
    n_different = 0
    for name in names:
        pair = [(folder / name).read_bytes() if (folder / name).exists() else b"" for folder in
                (before, after)]  # fmt: skip
        if pair[0] == pair[1]:
            print(f"equal to the byte   {name}")
            continue
        old, new = (masked(content, renamed) for content in pair)
        if old == new:
            print(f"equal when masked   {name}")
            continue
        n_different += 1
        print(f"DIFFERENT           {name}")
        if isinstance(old, str) and isinstance(new, str):
            lines = difflib.unified_diff(lines_of(old), lines_of(new), "before", "after", n=0)
            print("\n".join(line[:200] for _, line in zip(range(20), lines, strict=False)))
    return n_different


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    dumping = commands.add_parser("dump")
    dumping.add_argument("target", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--renamed", nargs="*", default=[], metavar="OLD=NEW")
    arguments = parser.parse_args()
    if arguments.command == "dump":
        dump(arguments.target)
    else:
        words = [tuple(word.split("=", 1)) for word in arguments.renamed]
        sys.exit(1 if compare(arguments.before, arguments.after, words) else 0)
