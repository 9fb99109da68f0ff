"""What the rewriting has to know of statements: which have no place for a call, and where they begin."""

from __future__ import annotations

import ast
import re

_MACHINE_CODE = re.compile(r"(?:native|viper|asm_\w+)\Z")
"""Last names of decorators whose functions the firmware compiles to machine code, or runs as another language."""

COMPOUND = (
    *(ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith),
    *(ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)
UNKNOWN = tuple(kind for name in ("Match", "TryStar", "TypeAlias") if (kind := getattr(ast, name, None)))
"""What MicroPython does not have, and so no rewriting knows."""


def first_line(node: ast.stmt) -> int:
    """Return the line of a statement's first word, or of its first decorator."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def keeps_place(node: ast.stmt, index: int) -> bool:
    """Whether a statement gets no probe: it does nothing as the program runs, or has to be the first one."""
    match node:
        case ast.Expr(ast.Constant(str())):
            return index == 0
        case ast.ImportFrom(module="__future__") | ast.Global() | ast.Nonlocal():
            return True
    return False


def counted(values: ast.expr) -> ast.expr:
    """Return the expression of a loop's header that gets the probe.

    The loop over a ``range`` is one that MicroPython compiles without an iterator (py/compile.c), as long as the call
    stands there as it is; an argument may be anything.
    """
    match values:
        case ast.Call(ast.Name("range"), [first, *_]) if not isinstance(first, ast.Starred):
            return first
    return values


def is_machine_code(decorator: ast.expr) -> bool:
    """Whether a decorator is one for functions of machine code."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return _MACHINE_CODE.match(name) is not None
