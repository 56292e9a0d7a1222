"""Read hostile files in a separate process with limited memory and processor time.

`python attacks.py FOLDER FORMAT` reads every file of a folder, as that format and as the format
detected, and prints a JSON object with the outcomes of each file.
"""

import json
import resource
import sys
from pathlib import Path

from review.errors import Unreadable
from review.searches.formats import Format, columns_of, count_blocks, detect, read

SECONDS = 120  # of processor time for a whole folder
MB = 2**20


def outcome(path: Path, kind: Format, encoding: str) -> dict[str, object]:
    """Return the outcome of reading a file: the sentence that refuses it, or its blocks."""
    try:
        columns_of(path, format=kind, encoding=encoding)
        blocks = list(read(path, format=kind, encoding=encoding))
        count_blocks(path, format=kind, encoding=encoding)
    except Unreadable as error:
        return {"refused": str(error)}
    return {
        "n": len(blocks),
        "titles": [block.record.title[:300] for block in blocks[:50] if block.record],
        "warned": any(block.warnings or block.reason for block in blocks),
    }


def main() -> None:
    """Print the outcomes of every file in a folder."""
    folder, kind = Path(sys.argv[1]), Format(sys.argv[2])
    used = resource.getrusage(resource.RUSAGE_SELF)
    memory = used.ru_maxrss * 1024 + 1024 * MB
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    results = {}
    for path in sorted(folder.iterdir()):
        attempts = [(kind, "utf-8")]
        note = ""
        try:
            detected = detect(path)
            attempts.append((detected.format, detected.encoding))
            note = detected.note
        except Unreadable as error:
            note = str(error)
        outcomes = [outcome(path, *attempt) for attempt in attempts]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        results[path.name] = {
            "outcomes": outcomes,
            "note": note,
            "grown_mb": (peak - used.ru_maxrss) // 1024,
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
