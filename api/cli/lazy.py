"""Commands whose modules are imported when they are used, so that each command starts quickly."""

import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """A command known by its name and one line of help until it is used.

    ``target`` is the function, as ``module:function``; the line repeats how its docstring begins.
    """

    def __init__(self, name: str, target: str, line: str) -> None:
        super().__init__(name, short_help=line, rich_markup_mode=None)
        self.target = target

    def load(self) -> Any:
        """Return the command itself, with its options; this imports its module."""
        module, _, function = self.target.partition(":")
        loaded = _imported(module)
        # Without rich, which takes longer to import than the rest of `siftmap --help` together.
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(self.name)(getattr(loaded, function))
        return typer.main.get_command(alone)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Return the context of the command itself, whose arguments have been read."""
        return self.load().make_context(*args, **extra)


def group(name: str, line: str, *commands: LazyCommand | TyperGroup) -> TyperGroup:
    """Return a group of commands; without a command it prints its help."""
    return TyperGroup(
        name=name, help=line, commands=commands, no_args_is_help=True, rich_markup_mode=None
    )


def _imported(name: str) -> ModuleType:
    if name not in sys.modules:
        import_module(name)
        # What is loaded now stays. Looking through it for garbage, at the latest when the program
        # ends, made `import api.cli.verify` a quarter slower.
        gc.freeze()
    return sys.modules[name]
