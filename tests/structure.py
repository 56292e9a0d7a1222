"""Figures on how the code is laid out: `python tests/structure.py [CHECKOUT]` prints them.

They are for looking at, before and after a change.  What must hold is tested elsewhere: imports by
import-linter, lengths of template lines in tests/api/web, names in tests/test_tooling.py.
"""

import argparse
import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median

PACKAGES = ("protocols", "review", "screening", "heatmap", "api")
LONGEST_LINE = 120
MAX_POSITIONAL = 3


def modules_of(checkout: Path) -> dict[str, ast.Module]:
    """Return the parsed modules of the packages by dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((checkout / package).rglob("*.py")):
            name = ".".join(path.relative_to(checkout).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def flat(checkout: Path, package: str) -> int:
    """Return how many modules and packages lie directly in a package."""
    entries = (checkout / package).iterdir()
    return sum(
        entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").exists())
        for entry in entries
        if entry.name != "__init__.py"
    )


def imports_of(modules: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Return, for each module, the other modules of ours that it imports."""
    found: dict[str, set[str]] = {name: set() for name in modules}
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                parents = name.split(".")[: -node.level] if node.level else []
                source = ".".join([*parents, node.module])
                targets = [f"{source}.{alias.name}" for alias in node.names]
                found[name] |= {t if t in modules else source for t in targets}
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
        found[name] = {target for target in found[name] if target in modules and target != name}
    return found


def cycles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import one another (strongly connected, Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in imports[name]:
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(group)

    for name in imports:
        if name not in index:
            visit(name)
    return found


def functions_of(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_entry_point(function: ast.FunctionDef | ast.AsyncFunctionDef, module: str) -> bool:
    """Say whether a framework calls the function by its parameters: a route or a command."""
    return bool(function.decorator_list and module.startswith("api.")) or ".cli." in module


def n_positional(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many arguments a call may give by position, self and cls left out."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def classes_in_two_modules(modules: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Return the names of classes that several modules define, with these modules."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, tree in modules.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def spread(lengths: Iterable[int]) -> str:
    """Return the median, the 90th percentile and the greatest of some lengths."""
    ordered = sorted(lengths)
    return f"{median(ordered):.0f} / {ordered[int(0.9 * (len(ordered) - 1))]} / {ordered[-1]}"


def report(checkout: Path) -> Iterator[str]:
    """Yield the figures of a checkout, a line each."""
    modules = modules_of(checkout)
    imports = imports_of(modules)
    for package in PACKAGES:
        inside = [name for name in modules if name.split(".")[0] == package]
        arrows = sum(len(imports[name] & set(inside)) for name in inside)
        yield (
            f"{package}/: {flat(checkout, package)} modules and packages directly in it, "
            f"{len(inside)} in all, {arrows} imports among them"
        )
    yield f"import cycles: {len(cycles(imports))}"
    clashes = classes_in_two_modules(modules)
    yield f"class names in several modules: {len(clashes)} {', '.join(clashes)}".rstrip()
    functions = [(name, node) for name, tree in modules.items() for node in functions_of(tree)]
    many = [n for m, f in functions if not is_entry_point(f, m) and (n := n_positional(f)) > 3]
    yield f"functions with more than {MAX_POSITIONAL} positional parameters: {len(many)}"
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for _, node in functions]
    yield f"function lengths, median / p90 / greatest: {spread(lengths)}"
    sizes = [
        n
        for package in PACKAGES
        for path in (checkout / package).rglob("*.py")
        if (n := path.read_text(encoding="utf-8").count("\n")) > 5
    ]
    yield f"file lengths, median / p90 / greatest: {spread(sizes)}"
    lines = [
        line
        for path in (checkout / "api" / "templates").rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    too_long = sum(len(line) > LONGEST_LINE for line in lines)
    yield f"template lines over {LONGEST_LINE}: {too_long} of {len(lines)}"
    with_sql = [name for name, tree in modules.items() if name.startswith("api.") and has_sql(tree)]
    yield f"modules of api/ with SQL: {len(with_sql)} {', '.join(with_sql)}".rstrip()
    names = Counter(
        node.id
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    )
    yield "names: " + ", ".join(f"{word} {names[word]}" for word in ("said", "one", "other"))


def has_sql(tree: ast.Module) -> bool:
    """Say whether a module imports SQLAlchemy's functions for statements."""
    statements = {"select", "insert", "update", "delete", "func", "text", "exists"}
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "sqlalchemy"
        and statements & {alias.name for alias in node.names}
        for node in ast.walk(tree)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("checkout", type=Path, nargs="?", default=Path(__file__).parents[1])
    print("\n".join(report(parser.parse_args().checkout)))
