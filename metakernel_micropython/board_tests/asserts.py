"""Asserts that show both sides when they fail: the source is rewritten, its lines stay.

    assert a == b, text     __mk_l=(a);__mk_r=(b);assert __mk_l==__mk_r,__mk_m(2,__mk_l,__mk_r,(text))
    assert not a            __mk_l=(a);assert not __mk_l,__mk_m(1,__mk_l,0)
    assert f(a)             __mk_l=(f(a));assert __mk_l,__mk_m(0,__mk_l,0)

Each side is evaluated once, in its order, and compared where it was; ``__mk_m`` is called for an assert that has failed
only (``board/snippets/tests_assert.py``). What is written here are local names, so only asserts in functions are
rewritten. Those with a text of their own are left alone outside of tests: what a program under test says is its own.
Chains of comparisons stay, too, and functions for machine code.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..cell.top_level_await import line_starts, offset
from ..instrument.verify import parsed
from .suite import is_test_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEFT, RIGHT, MESSAGE = "__mk_l", "__mk_r", "__mk_m"

OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
"""In the order of their numbers, from 2 on, in ``tests_assert.py``; 0 is none, 1 is ``not``."""

_MACHINE_CODE = ("native", "viper", "asm_")


@dataclass(frozen=True)
class Shown:
    """A source whose asserts show their sides.

    Attributes:
        source: its lines are those of the original.
        count: how many were rewritten.
        first_lines: for those on several lines, by the line that a board tells: the one that they begin on.
    """

    source: str
    count: int = 0
    first_lines: dict[int, int] = field(default_factory=dict)


def show_sides(source: str) -> Shown:
    r"""Return a source whose asserts show both sides; the same where nothing can be rewritten.

    Args:
        source: with ``\n`` line ends.
    """
    tree = parsed(source)
    if isinstance(tree, str) or any(name in source for name in (LEFT, RIGHT, MESSAGE)):
        return Shown(source)
    try:
        found = list(_asserts(tree))
    except RecursionError:
        return Shown(source)
    starts = line_starts(source)

    def places(node: ast.stmt | ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            offset(source, starts, node.lineno, node.col_offset),
            offset(source, starts, node.end_lineno, node.end_col_offset),
        )

    pieces = []
    done = 0
    first_lines = {}
    for node in found:
        start, end = places(node)
        pieces += [source[done:start], _rewritten(node, source, places)]
        done = end
        for line in range(node.lineno + 1, (node.end_lineno or 0) + 1):
            first_lines[line] = node.lineno
    changed = "".join([*pieces, source[done:]])
    if not found or not _same(tree, found, changed):
        return Shown(source)
    return Shown(changed, len(found), first_lines)


def _asserts(tree: ast.Module) -> Iterator[ast.Assert]:
    """Give the asserts that can be rewritten, in the order of the source."""
    # Each node, whether what is in it is local to a function, and whether it belongs to a test.
    waiting: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    found = []
    while waiting:
        node, local, is_test = waiting.pop()
        match node:
            case ast.Assert():
                if local and (is_test or node.msg is None) and _can_be_shown(node.test):
                    found.append(node)
                continue
            case ast.ClassDef():
                local, is_test = False, is_test_class(node.name, node.bases)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if any(_is_machine_code(one) for one in node.decorator_list):
                    continue
                is_test = (is_test and not local) or node.name.startswith("test")
                local = True
            case ast.expr():
                continue  # no statement is in an expression
        waiting += [(child, local, is_test) for child in ast.iter_child_nodes(node)]
    yield from sorted(found, key=lambda one: (one.lineno, one.col_offset))


def _can_be_shown(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ops=[_]):
            return True
        case ast.Compare() | ast.Constant():
            return False
    return True


def _is_machine_code(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.startswith(_MACHINE_CODE)


def _rewritten(node: ast.Assert, source: str, places: Callable[[ast.expr | ast.stmt], tuple[int, int]]) -> str:
    """Return the statements for one assert, on as many lines as it has."""
    sides, number, condition = [node.test], 0, LEFT
    match node.test:
        case ast.Compare(left, [operator], [right]):
            sides = [left, right]
            number = 2 + list(OPERATORS).index(type(operator))
            condition = f"{LEFT} {OPERATORS[type(operator)]} {RIGHT}"
        case ast.UnaryOp(ast.Not(), operand):
            sides, number, condition = [operand], 1, f"not {LEFT}"
    text = ""
    done, end = places(node)
    for name, side in zip((LEFT, RIGHT), sides, strict=False):
        first, last = places(side)
        # What stands between the sides are operators, brackets, comments, and line ends, which are kept in brackets.
        text += f"{');' if text else ''}{name}=({_line_ends(source[done:first])}{source[first:last]}"
        done = last
    message = ""
    if node.msg is not None:
        first, last = places(node.msg)
        text += _line_ends(source[done:first])
        message = f",({source[first:last]}{_line_ends(source[last:end])})"
    else:
        text += _line_ends(source[done:end])
    return f"{text});assert {condition},{MESSAGE}({number},{LEFT},{RIGHT if len(sides) > 1 else 0}{message})"


def _line_ends(text: str) -> str:
    return "\n" * text.count("\n")


def _same(tree: ast.Module, found: list[ast.Assert], changed: str) -> bool:
    """Whether a rewritten source is the original with its asserts shown: all else is the same, on the same lines."""
    rewritten = parsed(changed)
    if isinstance(rewritten, str):
        return False
    sides = []
    for node in found:
        match node.test:
            case ast.Compare(left=left, comparators=[right]):
                sides += [ast.dump(left), ast.dump(right)]
            case ast.UnaryOp(ast.Not(), left) | left:
                sides.append(ast.dump(left))
    taken = []
    own = set()
    for one in ast.walk(rewritten):
        match one:
            case ast.Assign([ast.Name("__mk_l" | "__mk_r")], value):
                taken.append((one.lineno, one.col_offset, ast.dump(value)))
                own.add(id(one))
            case ast.Assert(msg=ast.Call(ast.Name("__mk_m"))):
                own.add(id(one))
    if [text for _, _, text in sorted(taken)] != sides:
        return False
    plain = {id(node) for node in found}
    return _others(tree, plain) == _others(rewritten, own)


def _others(tree: ast.Module, left_out: set[int]) -> list[tuple[int, str]]:
    """Return the statements of a tree but some, each with its line."""
    kept = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and id(one) not in left_out]
    return sorted((one.lineno, type(one).__name__) for one in kept)
