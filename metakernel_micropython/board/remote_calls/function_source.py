"""The source of a function of the host, as a board can have it."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ...syntax_tree import parsed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class FunctionSource:
    """A function's source.

    Attributes:
        name: its name, which it has on the board as well.
        text: the source, without decorators and indentation.
        path: the file on the host that has it.
        line: the number of its first line there.
        names: the names of the functions in it, its own among them.
        many: whether it is a generator.
    """

    name: str
    text: str
    path: str
    line: int
    names: frozenset[str]
    many: bool

    @property
    def digest(self) -> bytes:
        """What tells it from another one."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).digest()

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())


def of(function: Callable[..., Any]) -> FunctionSource:
    """Return the source of a function.

    Raises:
        SourceError: it has none that a board could have alone; the message says why.
    """
    name = getattr(function, "__name__", "")
    if not inspect.isfunction(function) or not name.isidentifier():
        what = "a lambda" if name == "<lambda>" else f"of type {type(function).__name__}"
        raise SourceError(f"Only a function that def defines can go to a board, and this is {what}.")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise SourceError(f"{name} is async: have an ordinary function that runs it on the board, with asyncio.run().")
    free = function.__code__.co_freevars
    if free:
        raise SourceError(
            f"{name} uses {', '.join(free)} of the function or class around it, which the board does not have: hand it "
            "over as an argument."
        )
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise SourceError(
            f"The source of {name} is not known: define it in a file or in a cell, not with exec or at Python's prompt."
        ) from None
    text = textwrap.dedent("".join(lines))
    try:
        (node,) = parsed(text).body
    except (SyntaxError, ValueError, RecursionError):
        raise SourceError(
            f"The source of {name} cannot be read by itself: define it with def, in lines of its own."
        ) from None
    if not isinstance(node, ast.FunctionDef) or node.name != name:
        raise SourceError(f"The source of {name} is not that of a function of this name.")
    if len(node.decorator_list) > 1:
        raise SourceError(f"{name} has other decorators, which a board does not have: put the code into the function.")
    names = {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef)}
    source = "".join(text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]).rstrip() + "\n"
    path = inspect.getsourcefile(function) or function.__code__.co_filename
    many = inspect.isgeneratorfunction(function)
    return FunctionSource(name, source, path, first + node.lineno - 1, frozenset(names), many)
