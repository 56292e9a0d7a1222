"""Check commit messages: a file's, as git's commit-msg hook, or those since this check began.

A subject is imperative, says one idea in at most 72 characters, and ends without a full stop; a
body, where there is one, follows after an empty line.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 72
GENERATED = re.compile(r"^(?:Merge|Revert|fixup!|squash!)\b")
NOT_IMPERATIVE = re.compile(r"^(?:\w+(?:ed|ing)|The|A|An|This|It|We|I)\b")
EXCEPTIONS = re.compile(r"^(?:Embed|Speed|Feed|Need|Bring|Ring|String|Shed|Exceed|Proceed)\b")


def faults(message: str) -> Iterator[str]:
    """Yield what is wrong with a message."""
    lines = [line for line in message.rstrip().split("\n") if not line.startswith("#")]
    subject = lines[0] if lines else ""
    if GENERATED.match(subject):
        return
    if not subject.strip():
        yield "the subject is empty"
        return
    if len(subject) > LONGEST:
        yield f"the subject has {len(subject)} characters, at most {LONGEST} are read"
    if subject.endswith("."):
        yield "the subject ends with a full stop"
    if not subject[0].isupper():
        yield "the subject does not begin with a capital letter"
    if NOT_IMPERATIVE.match(subject) and not EXCEPTIONS.match(subject):
        yield "the subject is not imperative: begin with a verb such as Add, Fix or Move"
    if len(lines) > 1 and lines[1].strip():
        yield "the body does not follow after an empty line"


def messages_since_this_check() -> Iterator[tuple[str, str]]:
    """Yield (name, message) of every commit made after the one that added this file."""
    file = Path(__file__)
    log = ["git", "-C", str(file.parent), "log", "--format=%h%x00%B%x01"]
    added = subprocess.run(
        [*log, "--diff-filter=A", "--", file.name], capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
    if not added:
        return  # no checkout with a history, or this file is not committed yet
    first = added.split("\0")[0].strip()
    since = subprocess.run([*log, f"{first}..HEAD"], capture_output=True, text=True, check=True)
    for entry in since.stdout.split("\x01"):
        if entry.strip():
            name, _, message = entry.strip().partition("\0")
            yield name, message


def main() -> int:
    """Print what is wrong; return 1 where something is."""
    given = [(path, Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
    found = [
        f"{name}: {fault}"
        for name, message in given or messages_since_this_check()
        for fault in faults(message)
    ]
    print("\n".join(found) or "Commit messages are fine.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
