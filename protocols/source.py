"""Parse YAML text into plain data, and remember the line of each part.

The data is built from the node tree with only the seven plain YAML tags, so a file can neither
run code nor grow in memory.  Mapping keys are always text, so that the language code ``no`` can be
a key; as a value, YAML reads an unquoted ``no`` as false, and ``NO`` (Norway) too.
"""

from dataclasses import dataclass, field

import yaml

from .problems import ProtocolErrors, ProtocolProblem

MAX_BYTES = 1_000_000
MAX_DEPTH = 20  # the deepest part of a protocol is at level 7
MAX_PROBLEMS = 200  # nobody reads more, and listing those of a hostile file could take hours

Path = tuple[str | int, ...]

# libyaml's parser is about ten times faster; it is not in every build of PyYAML.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"


@dataclass
class ProtocolSource:
    """The data of one YAML file, the line of each part, and the problems so far."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[ProtocolProblem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of its nearest parent in the file."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def report(self, path: Path, message: str, *, line: int | None = None) -> None:
        """Add a problem at ``path``; raise ProtocolErrors if there are now too many."""
        self.problems.append(ProtocolProblem(line or self.line(path), dotted(path), message))
        if len(self.problems) >= MAX_PROBLEMS:
            more = f"there are {MAX_PROBLEMS} mistakes or more; correct these, then check again."
            raise ProtocolErrors([*self.problems, ProtocolProblem(1, "", more)])


def dotted(path: Path) -> str:
    """Return a path as people write it: ``codebook[3].type``."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")


def read(text: str) -> ProtocolSource:
    """Return the data and lines of a protocol's text.

    Raises ProtocolErrors at once for text that is not a YAML mapping, is over 1 MB, is nested too
    deep, or uses anchors; mistakes that leave the rest readable are added to ``problems``.
    """
    try:
        if len(text.encode()) > MAX_BYTES:
            raise _refusal(1, "the file is larger than 1 MB, the limit for a protocol; shorten it.")
        _check_events(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(text, error) from error
    except (UnicodeEncodeError, yaml.YAMLError) as error:  # neither has a line
        line, message = (
            _line_of_bad_character(text),
            "YAML does not allow this character; remove it.",
        )
        raise _refusal(line, message) from error
    if not isinstance(root, yaml.MappingNode):
        raise _refusal(1, "a protocol is a list of 'field: value' lines, but this file is not.")
    source = ProtocolSource()
    source.data = _build(root, (), source)
    return source


def _refusal(line: int, message: str) -> ProtocolErrors:
    return ProtocolErrors([ProtocolProblem(line, "", message)])


def _check_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refusal(
                line,
                "anchors (&name) and aliases (*name) are not allowed here: write the text out, "
                "and put a term that begins with * in quotes.",
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _refusal(
                line, f"the file is nested more than {MAX_DEPTH} levels deep; flatten it."
            )


def _syntax_error(text: str, error: yaml.MarkedYAMLError) -> ProtocolErrors:
    mark = error.problem_mark or error.context_mark
    row = mark.line if mark else 0
    lines = text.splitlines()
    line = lines[row] if row < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _refusal(row + 1, "this line begins with a tab; use spaces.")
    if isinstance(error, yaml.composer.ComposerError):
        return _refusal(row + 1, "the file has more than one document ('---'); keep one.")
    return _refusal(row + 1, f"this is not YAML: {error.problem or error.context}.")


def _line_of_bad_character(text: str) -> int:
    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _build(node: yaml.Node, path: Path, source: ProtocolSource) -> object:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, source)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, n), source) for n, child in enumerate(node.value)]
    return _build_scalar(node, path, source)


def _build_mapping(node: yaml.MappingNode, path: Path, source: ProtocolSource) -> dict[str, object]:
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key, str):
            source.report(path, "a field name must be plain text.", line=line)
        elif key in data:
            first = source.line((*path, key))
            message = f"'{key}' is already on line {first}; remove one of them."
            source.report((*path, key), message, line=line)
        else:
            source.lines[*path, key] = line
            data[key] = _build(value_node, (*path, key), source)
    return data


def _build_scalar(node: yaml.Node, path: Path, source: ProtocolSource) -> object:
    kind, text = node.tag.removeprefix(_TAG), str(node.value)
    if kind in {"str", "timestamp"}:
        return text
    if kind == "null":
        return None
    try:
        if kind == "bool":
            return yaml.SafeLoader.bool_values[text.lower()]
        if kind == "int":
            return int(text.replace("_", ""))
        if kind == "float":
            return float(text.replace("_", ""))
    except (KeyError, ValueError):
        source.report(path, f"'{text[:40]}' is not a plain value; put text in quotes.")
        return text
    source.report(path, f"the tag '{node.tag}' is not allowed here; remove it.")
    return text
