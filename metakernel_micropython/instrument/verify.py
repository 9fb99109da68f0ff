"""Whether a rewritten source is the original with probes, and nothing else: both are parsed and compared.

No rewriting by places can be sure of every way to write something. What differs here is not sent.
"""

from __future__ import annotations

import ast

from .. import syntax_tree
from .request import FRAME, NAMES, START


def parsed(source: str) -> ast.Module | str:
    """Return a source's tree, or why the host's parser does not read it."""
    try:
        return syntax_tree.parsed(source)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno})" if error.lineno else error.msg
    except (ValueError, MemoryError, RecursionError) as error:
        return str(error) or type(error).__name__


def same_program(original: ast.Module, rewritten: str) -> bool:
    """Return whether a source is an original with probes: the same tree, on the same lines."""
    tree = parsed(rewritten)
    if isinstance(tree, str):
        return False
    waiting: list[tuple[object, object, bool]] = [(tree, original, True)]
    while waiting:
        one, other, placed = waiting.pop()
        if isinstance(one, ast.AST):
            one = _without_probe(one)
            if type(one) is not type(other):
                return False
            if placed and getattr(one, "lineno", None) != getattr(other, "lineno", None):
                return False
            # Before Python 3.12, wrong places are told for what is in a string with expressions.
            placed = placed and not isinstance(one, ast.JoinedStr)
            for name in one._fields:
                waiting.append((getattr(one, name, None), getattr(other, name, None), placed))
        elif isinstance(one, list) and isinstance(other, list):
            left = [item for item in one if not _is_only_probe(item)]
            if len(left) != len(other):
                return False
            for pair in zip(left, other, strict=True):
                waiting.append((*pair, placed))
        elif type(one) is not type(other) or repr(one) != repr(other):  # -0.0 equals 0.0, and nan not itself
            return False
    return True


def _is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _is_probe(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        node = node.left
    return _is_call(node, *NAMES, FRAME) and not _is_around(node)


def _is_around(node: ast.AST) -> bool:
    """Whether a probe hands on the value of an expression of the program's."""
    return _is_call(node, *NAMES) and isinstance(node, ast.Call) and len(node.args) == 3


def _is_only_probe(node: object) -> bool:
    """Whether a statement is a probe and nothing else."""
    match node:
        case ast.Expr(value):
            return _is_probe(value)
        case ast.Assign([ast.Name(name)], value):
            return name in (START, FRAME) and _is_probe(value)
    return False


def _without_probe(node: ast.AST) -> ast.AST:
    """Return the expression that probes are around; any other node as it is."""
    if isinstance(node, ast.BoolOp):
        others = [one for one in node.values if not _is_probe(one)]
        if isinstance(node.op, ast.Or) and len(others) == 1 and len(node.values) <= 3:
            return _without_probe(others[0])
    elif isinstance(node, ast.Call) and _is_around(node):
        return _without_probe(node.args[2])
    return node
