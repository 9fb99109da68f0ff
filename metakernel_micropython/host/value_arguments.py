"""What %get and %put have in common: how a value is named, described and completed."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Any

from ..board import snippets
from ..errors import MagicError, MicroPythonError
from ..magic_arguments import argument
from .paths import counted
from .python_cells import GIVEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..front_end import FrontEnd

_ASSIGNMENT = re.compile(r"(?P<name>[^\W\d]\w*)=(?!=)(?P<expression>.+)", re.DOTALL)
_COMPLETION_TIMEOUT = 2.0  # seconds


def expressions_argument(complete: Callable[[FrontEnd], Iterable[str]], what: str) -> Any:
    """Return the argument of %get and %put: names, or names with the expressions that give their values.

    Args:
        complete: gives the names that completion offers.
        what: whose names they are.
    """
    text = f"a name {what}, or a name for what an expression gives there"
    return argument("what", metavar="NAME|NAME=EXPRESSION", nargs="+", complete=complete, help=text)


def split_expressions(text: str) -> list[str]:
    """Split what stands behind %get or %put at the spaces outside of quotes and brackets; ``a = 1`` is one.

    A comment behind it is left out.

    Raises:
        MagicError: a quote or a bracket is not closed.
    """
    words: list[str] = []
    word = quote = ""
    depth = at = 0
    while at < len(text):
        character = text[at]
        if character == "#" and not quote and depth <= 0 and not word:
            break  # a comment
        size = 2 if quote and character == "\\" else 1
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
        if character.isspace() and not quote and depth <= 0:
            words.append(word)
            word = ""
        else:
            word += text[at : at + size]
        at += size
    if quote or depth > 0:
        raise MagicError(f"A {'quote' if quote else 'bracket'} is not closed in: {text}")
    joined = re.sub(r"(?:^|(?<=\0))([^\W\d]\w*)\0=\0", r"\1=", "\0".join([one for one in [*words, word] if one]))
    return joined.split("\0") if joined else []


def split_assignment(text: str) -> tuple[str, str]:
    """Return the name and the expression of ``NAME=EXPRESSION``; the name is ``""`` where there is only one."""
    found = _ASSIGNMENT.fullmatch(text)
    return (found["name"], found["expression"]) if found else ("", text)


def described(value: Any) -> str:
    """Return what a value is, in a few words: ``list of 3``, ``str of 2 characters``, ``float 0.5``."""
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"{kind} of {counted(len(value), 'character')}"
    if isinstance(value, (bytes, bytearray)):
        return f"{kind} of {counted(len(value), 'byte')}"
    if hasattr(value, "__len__"):
        return f"{kind} of {len(value)}"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else hex(value)[:40] + "..."
    return f"{kind} {text[:60]}"


def board_names(front_end: FrontEnd) -> Iterable[str]:
    """Give the names that cells have made on the board."""
    if front_end.device is None or not front_end.device.idle:
        return []
    try:
        names = front_end.device.execute(snippets.call("own_names"), timeout=_COMPLETION_TIMEOUT).split()
    except MicroPythonError:
        return []
    return [name for name in names if not name.startswith("_")]


def host_names(front_end: FrontEnd) -> Iterable[str]:
    """Give the names that cells of the host's Python have made."""
    return [
        name
        for name in front_end.host_variables
        if not name.startswith("_") and name not in GIVEN and not hasattr(builtins, name)
    ]
