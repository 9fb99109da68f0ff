"""Python's parser for threads: boards answer at the same time, and its cells are looked at while they do.

CPython 3.11 counts how deep it is in a tree once for all threads (https://github.com/python/cpython/issues/106905), and
``warnings.catch_warnings`` changes what is everybody's.
"""

from __future__ import annotations

import ast
import threading
import warnings
from typing import Any

_ATTEMPTS = 5

_parsing = threading.RLock()


def parsed(source: str | bytes) -> ast.Module:
    """Return the tree of a program; it warns of nothing.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: as ``ast.parse``.
    """
    tree: ast.Module = _parsed(source, "exec")
    return tree


def parsed_expression(source: str) -> ast.Expression:
    """Return the tree of an expression; it warns of nothing.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: as ``ast.parse``.
    """
    tree: ast.Expression = _parsed(source, "eval")
    return tree


def literal_value(text: str) -> Any:
    """Return the value that a literal stands for.

    Raises:
        SyntaxError, TypeError, ValueError, MemoryError, RecursionError: as ``ast.literal_eval``.
    """
    return ast.literal_eval(parsed_expression(text.lstrip(" \t")))


def _parsed(source: str | bytes, mode: str) -> Any:
    with _parsing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for attempt in range(_ATTEMPTS):
            try:
                return ast.parse(source, mode=mode)
            except (SystemError, RecursionError):  # maybe because somebody else's thread parsed meanwhile
                if attempt == _ATTEMPTS - 1:
                    raise
    return None
