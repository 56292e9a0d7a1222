"""Protocol files: reading, checking, finding the shipped ones, and their JSON Schema."""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from .checks import report_contradictions
from .explain import report_schema_errors
from .problems import Problem, ProtocolErrors, suggest
from .schema import Protocol
from .source import MAX_BYTES, read

SCHEMA_FILE = "protocol.schema.json"


@dataclass(frozen=True)
class LoadedProtocol:
    """A checked protocol, the exact text it came from, and that text's fingerprint."""

    protocol: Protocol
    text: str
    sha256: str


def load(text: str, *, name: str = "protocol") -> LoadedProtocol:
    """Return the checked protocol that ``text`` states.

    Raises ProtocolErrors with everything that is wrong, each with its line; ``name`` is kept on
    the error.  The sha256 is that of the text in UTF-8.  Loading the same text again is free.
    """
    try:
        return _load(text)
    except ProtocolErrors as errors:
        raise ProtocolErrors(errors.problems, name=name) from errors.__cause__


def load_file(path: Path) -> LoadedProtocol:
    """Return the checked protocol in a file; raise ProtocolErrors for one that is not UTF-8."""
    if path.stat().st_size > MAX_BYTES:
        message = "the file is larger than 1 MB, which no protocol needs to be."
        raise ProtocolErrors([Problem(1, "", message)], name=path.name)
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(line, "", "the file is not in UTF-8; save it as UTF-8 and try again.")
        raise ProtocolErrors([problem], name=path.name) from error
    return load(text, name=path.name)


@lru_cache(maxsize=32)
def _load(text: str) -> LoadedProtocol:
    source = read(text)
    protocol = None
    try:
        protocol = Protocol.model_validate(source.data)
    except ValidationError as error:
        report_schema_errors(error, source)
    report_contradictions(source)
    if protocol is None or source.problems:
        raise ProtocolErrors(source.problems)
    return LoadedProtocol(protocol, text, sha256(text.encode()).hexdigest())


def shipped() -> dict[str, Path]:
    """Return the protocols that come with the program: name → file."""
    folder = Path(str(resources.files("protocols")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_shipped(name: str) -> str:
    """Return the text of a shipped protocol; raise LookupError for a name that is not one."""
    files = shipped()
    if name not in files:
        raise LookupError(
            f"No protocol '{name}' comes with siftmap.{suggest(name, files)} "
            f"There are: {', '.join(files)}."
        )
    return files[name].read_bytes().decode()


def find(name_or_path: str | Path) -> Path:
    """Return the file of a shipped protocol's name, or the path itself if a file is there.

    Raises LookupError where there is neither.
    """
    path = Path(name_or_path)
    if (found := shipped().get(str(name_or_path))) is not None:
        return found
    if path.is_file():
        return path
    files = shipped()
    raise LookupError(
        f"'{name_or_path}' is neither a file nor a shipped protocol."
        f"{suggest(str(name_or_path), files)} There are: {', '.join(files)}."
    )


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of protocol files, for editors; the loader checks more than it can."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Protocol.model_json_schema(),
    }


def json_schema_text() -> str:
    """Return the JSON Schema as ``protocol.schema.json`` holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
