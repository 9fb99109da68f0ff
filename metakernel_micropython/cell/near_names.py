"""What may be meant by a name that the board does not know: one near in spelling, or a module that nobody imported."""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..board import snippets
from ..errors import MicroPythonError
from ..syntax_tree import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..board import Board

CUTOFF = 0.8
"""How near a spelling has to be, from 0 to 1 (``difflib``): a far one would lead astray."""

MIN_LENGTH = 3
"""Letters of the shortest name that has a neighbour: of i and j nobody knows which is meant."""

MAX_NAMES = 2000
"""Names of the board that are looked at."""

_UNKNOWN = re.compile(r"name '(?P<name>\w{1,100})' (?:isn't|is not) defined")

_CONSTANTS = {"true": "True", "false": "False", "none": "None", "null": "None", "nil": "None", "undefined": "None"}

# What has been in these modules on every board that has them.
_MEMBERS = {"sleep": "time", **dict.fromkeys(("sqrt", "sin", "cos", "tan", "pi", "floor", "ceil"), "math")}


def unknown_name(message: str) -> str:
    """Return the name that a NameError of the board is about; ``""`` for none."""
    found = _UNKNOWN.search(message)
    return found["name"] if found else ""


def near_names(name: str, code: str, board: Board, modules: list[str], timeout: float) -> Iterator[str]:
    """Say what may be meant by a name.

    Args:
        name: which the board does not know.
        code: the cell's code.
        board: asked for its names in one question.
        modules: which the board is known to have.
        timeout: seconds that it has to answer.
    """
    if name in _CONSTANTS:
        yield f"{name} is written {_CONSTANTS[name]} in Python."
        return
    if name in modules:
        yield f"The board has a module {name}: import {name} comes before its use."
        return
    if _MEMBERS.get(name, "") in modules:
        yield f"The module {_MEMBERS[name]} has {name}: from {_MEMBERS[name]} import {name} comes before its use."
        return
    if len(name) < MIN_LENGTH or not board.idle:
        return
    try:
        told = board.execute(snippets.call("top_names", ""), timeout=timeout).split()[:MAX_NAMES]
    except MicroPythonError:
        told = []
    if near := nearest(name, [*told, *_bound(code)]):
        yield f"Did you mean {near}?"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that one is near to; ``""`` for none."""
    candidates = [
        one
        for one in dict.fromkeys(known)
        if one != name and one.isidentifier() and len(one) >= MIN_LENGTH and one.startswith("_") == name.startswith("_")
    ]
    small = name.lower()
    same = [one for one in candidates if one.lower() == small]
    swaps = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)}
    swapped = [one for one in candidates if one in swaps]
    return next(iter([*same, *swapped, *get_close_matches(name, candidates, n=1, cutoff=CUTOFF)]), "")


def _bound(code: str) -> list[str]:
    """Return the names that a cell gives values to, as far as this computer's parser reads it."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        elif isinstance(node, ast.arg):
            found.append(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(node.name)
    return found
