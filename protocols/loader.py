"""Read and check protocol files, find the shipped ones, and write their JSON Schema."""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from .checks import report_contradictions
from .explain import report_schema_errors
from .problems import ProtocolErrors, ProtocolProblem, suggest
from .schema import Protocol
from .source import MAX_BYTES, read

SCHEMA_FILE = "protocol.schema.json"


@dataclass(frozen=True)
class LoadedProtocol:
    """A checked protocol, the exact text it was read from, and the sha256 of that text."""

    protocol: Protocol
    text: str
    sha256: str


def load(text: str, *, name: str = "protocol") -> LoadedProtocol:
    """Return the checked protocol in ``text``.

    Raises ProtocolErrors with all mistakes and their lines; the error keeps ``name``.  The sha256
    is that of the text in UTF-8.  Loading the same text again costs nothing.
    """
    try:
        return _load(text)
    except ProtocolErrors as errors:
        raise ProtocolErrors(errors.problems, name=name) from errors.__cause__


def load_file(path: Path) -> LoadedProtocol:
    """Return the checked protocol in a file; raise ProtocolErrors for one that is not UTF-8."""
    if path.stat().st_size > MAX_BYTES:
        message = "the file is larger than 1 MB, the limit for a protocol; shorten it."
        raise ProtocolErrors([ProtocolProblem(1, "", message)], name=path.name)
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = ProtocolProblem(
            line, "", "the file is not in UTF-8; save it as UTF-8 and try again."
        )
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
    """Return the file of each shipped protocol by its name."""
    folder = Path(str(resources.files("protocols")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_shipped(name: str) -> str:
    """Return the text of a shipped protocol; raise LookupError if there is none of that name."""
    files = shipped()
    if name not in files:
        raise LookupError(
            f"There is no shipped protocol '{name}'.{suggest(name, files)} "
            f"The shipped protocols are {', '.join(files)}."
        )
    return files[name].read_bytes().decode()


def find(name_or_path: str | Path) -> Path:
    """Return the file of the shipped protocol with this name, or else the path of a file.

    Raises LookupError if there is neither.
    """
    path = Path(name_or_path)
    if (file := shipped().get(str(name_or_path))) is not None:
        return file
    if path.is_file():
        return path
    files = shipped()
    raise LookupError(
        f"'{name_or_path}' is neither a file nor a shipped protocol."
        f"{suggest(str(name_or_path), files)} The shipped protocols are {', '.join(files)}."
    )


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of protocol files, for editors; the loader checks more."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Protocol.model_json_schema(),
    }


def json_schema_text() -> str:
    """Return the JSON Schema as the text of ``protocol.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
