"""Other tools that find duplicates, measured on the same records as siftmap.

bib-dedupe comes with the ``bench`` extra.  destiny-deduper needs Python 3.12.11 or later, so it
gets an environment of its own in a temporary folder, made at first use with ``PEER_PYTHON`` or
with a ``python3.13`` on the path or among pyenv's.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.duplicate_table import Line, answer, line, load

DESTINY = "destiny-deduper==0.2.7"
OLDEST_PYTHON = (3, 12, 11)
SCRIPT = Path(__file__).with_name("destiny_pairs.py")


def measure_bib_dedupe(path: Path, n: int | None = None) -> Line:
    """Return the table's line for bib-dedupe, with its "maybe" pairs as questions."""
    from bib_dedupe import bib_dedupe as peer

    fields, truth = load(path, n)
    renamed = fields.rename(columns={"id": "ID"}).assign(ENTRYTYPE="article")
    position = {key: number for number, key in enumerate(renamed["ID"])}
    started = time.perf_counter()
    prepared = peer.prep(renamed, verbosity_level=0, cpu=1)
    pairs = peer.block(prepared, verbosity_level=0, cpu=1)
    matched = peer.match(pairs, verbosity_level=0, cpu=1)
    clusters = peer.cluster(matched, verbosity_level=0)
    seconds = time.perf_counter() - started
    labels = np.arange(len(fields))
    for ids in clusters:
        members = sorted(position[key] for key in ids)
        labels[members] = members[0]
    maybe = matched[matched["duplicate_label"] == "maybe"]
    asked = [(position[a], position[b]) for a, b in zip(maybe["ID_1"], maybe["ID_2"], strict=True)]
    return line(truth, labels, asked, seconds)


def measure_destiny(path: Path, n: int | None = None, *, python: str) -> Line:
    """Return the table's line for destiny-deduper, which asks nothing.

    Its own reader, candidate pairs, weights and threshold are used, as in its evaluation; its
    clusters are the connected components of the pairs that it calls duplicates.
    """
    fields, truth = load(path, n)
    years = fields["year"].where(fields["year"].str.fullmatch("[0-9]{4}"), "")  # it wants numbers
    with tempfile.TemporaryDirectory() as folder:
        records, found = Path(folder) / "records.csv", Path(folder) / "pairs.csv"
        numbered = fields.assign(recordid=range(len(fields)), year=years)
        numbered.to_csv(records, index=False)
        command = [python, "-W", "ignore", str(SCRIPT), str(records), str(found)]
        used = json.loads(_run(command, HOME=folder))  # it writes its settings into the home
        pairs = pd.read_csv(found)
    duplicates = pairs[pairs["label"] == "duplicate"]
    ends = zip(duplicates["left"].tolist(), duplicates["right"].tolist(), strict=True)
    return {**line(truth, answer(np.arange(len(truth)), ends), [], used["seconds"]), **used}


def destiny_python() -> str | None:
    """Return the Python of destiny-deduper's environment; print why where there is none."""
    folder = Path(tempfile.gettempdir()) / f"{DESTINY.replace('==', '-')}-{os.getuid()}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if complete.exists():
        return str(python)
    base = _find_python()
    if base is None:
        print(f"Without {DESTINY}: there is no python3.13 here (set PEER_PYTHON).", flush=True)
        return None
    try:
        _run([base, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", DESTINY, "pandas"])
    except RuntimeError as error:
        print(f"Without {DESTINY}: {str(error).strip().splitlines()[-1]}", flush=True)
        return None
    complete.touch()
    return str(python)


def _find_python() -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    candidates = [os.environ.get("PEER_PYTHON", ""), "python3.13"]
    candidates += map(str, sorted(pyenv.glob("versions/3.13*/bin/python3.13")))
    return next(filter(_is_new_enough, filter(shutil.which, candidates)), None)


def _is_new_enough(python: str) -> bool:
    # A program that pyenv puts on the path may refuse to start.
    check = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def _run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr or f"{command[0]} has failed.")
    return done.stdout
