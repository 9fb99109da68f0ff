"""What a cell defines, and which of it may still run after later cells: for telling where a frame of a traceback lies.

A board names the function of a frame and its line within the cell, not the cell. Two cells may fit. One of them is out
where what it defined cannot be reached any more: a function whose name was given to another one, and that nothing else
can have kept. In doubt it can be reached.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..syntax_tree import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>[^\W\d]\w*)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")

_UNNAMED: dict[type[ast.AST], str] = {
    ast.Lambda: "<lambda>",
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}

RUN_AT_ONCE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>"})
"""Frames that begin and end within the line that calls them."""

# Builtins that keep nothing of what they are given.
_CONSUMERS = frozenset("all any bytes dict list max min set sorted sum tuple".split())


@dataclass(frozen=True)
class Definition:
    """Something whose code has frames of its own.

    Attributes:
        name: as tracebacks show it.
        first: its first line, counted from 1.
        last: its last line.
        body: the first line of its body.
        statement: first line of the cell's statement that it stands in.
        owner: the global name that alone holds it; ``""`` where others may, or none.
        called: whether calls of the owner leave nothing of it behind.
        passing: whether it is gone when its statement ends.
        runs_at_once: whether it runs where it stands and never later, as the body of a class does.
    """

    name: str
    first: int
    last: int
    body: int = 0
    statement: int = 0
    owner: str = ""
    called: bool = False
    passing: bool = False
    runs_at_once: bool = False


@dataclass
class Outline:
    """A cell as far as its definitions go.

    Attributes:
        definitions: by the name that tracebacks show.
        bound: global names that it gives a new value at its top level, each with the line where that is done.
        loaded: names that it uses, other than in calls.
        called: names that it calls.
        stored: names that it gives values in other ways than by a definition.
        calls: for each line, what is called there; ``""`` for what is no plain name.
    """

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    bound: dict[str, int] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    calls: dict[int, list[str]] = field(default_factory=dict)

    def at(self, name: str, line: int) -> list[Definition]:
        """Return the definitions of a name that hold a line."""
        found = [one for one in self.definitions.get(name, ()) if one.first <= line <= one.last]
        return [one for one in found if one.body <= line] or found


def outline(code: str) -> Outline:
    """Return the outline of a cell's code."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return _unparsed(code)
    found = Outline()
    for statement in tree.body:
        _bind(statement, found)
        owned = {id(node): (owner, called) for node, owner, called in _owned(statement)}
        nodes = list(ast.walk(statement))
        passing = {id(one) for node in nodes if isinstance(node, ast.Call) for one in _passing(node)}
        for node in nodes:
            if not (name := _name(node)):
                continue
            assert isinstance(node, (ast.stmt, ast.expr))
            owner, called = owned.get(id(node), ("", False))
            at_once = isinstance(node, ast.ClassDef) or name in RUN_AT_ONCE
            last = node.end_lineno or node.lineno
            found.definitions.setdefault(name, []).append(
                Definition(
                    name,
                    node.lineno,
                    last,
                    _body(node),
                    statement.lineno,
                    owner,
                    called,
                    passing=id(node) in passing,
                    runs_at_once=at_once,
                )
            )
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()):
                (found.called if id(node) in calls else found.loaded).add(name)
            case ast.Name(name) | ast.ExceptHandler(name=str(name)) | ast.arg(name):
                found.stored.add(name)
            case ast.alias(name, as_name):
                found.stored.add(as_name or name.partition(".")[0])
            case ast.Call():
                called_name = node.func.id if isinstance(node.func, ast.Name) else ""
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    found.calls.setdefault(line, []).append(called_name)
    return found


def _unparsed(code: str) -> Outline:
    """Return an outline of MicroPython's own syntax, or of none: a definition may reach down to the end."""
    last = code.count("\n") + 1
    found = Outline(loaded=set(_WORD.findall(code)))
    for each in _DEFINITION.finditer(code):
        first = code.count("\n", 0, each.start("name")) + 1
        found.definitions.setdefault(each["name"], []).append(Definition(each["name"], first, last))
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name
    return _UNNAMED.get(type(node), "")


def _body(node: ast.stmt | ast.expr) -> int:
    """Return the line that the code of a definition begins on; its default values are no part of that."""
    match node:
        case ast.FunctionDef(body=[first, *_]) | ast.AsyncFunctionDef(body=[first, *_]):
            return first.lineno
        case ast.Lambda(body=first):
            return first.lineno
    return node.lineno


def _bind(statement: ast.stmt, found: Outline) -> None:
    match statement:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            found.bound[name] = max(statement.lineno, found.bound.get(name, 0))
        case ast.Assign([ast.Name(name)]):
            found.bound[name] = max(statement.end_lineno or statement.lineno, found.bound.get(name, 0))


def _owned(statement: ast.stmt) -> list[tuple[ast.AST, str, bool]]:
    """Return what a statement at the top level defines that only one global name holds.

    Each with that name, and whether calls of it leave nothing behind that holds it, too.
    """
    match statement:
        case ast.FunctionDef(name, decorator_list=[]):
            return [(statement, name, not _keeps_running(statement.body))]
        case ast.ClassDef(name, decorator_list=[]):
            # Its methods: what a call of the class gives has them.
            return [(node, name, False) for node in statement.body if isinstance(node, ast.FunctionDef)]
        case ast.Assign([ast.Name(name)], ast.Lambda(body=body)):
            return [(statement.value, name, not _keeps_running([body]))]
    return []


def _passing(call: ast.Call) -> list[ast.expr]:
    if not (isinstance(call.func, ast.Name) and call.func.id in _CONSUMERS):
        return []
    values = [*call.args, *(one.value for one in call.keywords)]
    return [value for value in values if isinstance(value, (ast.GeneratorExp, ast.Lambda))]


def _keeps_running(body: Sequence[ast.AST]) -> bool:
    """Whether a call may leave a generator behind, which runs on when the name has another value."""
    waiting = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return False
