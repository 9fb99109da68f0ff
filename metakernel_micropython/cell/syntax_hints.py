"""What may be behind a SyntaxError of the board, or a name that it does not know: said below the board's own words.

The board compiles; it alone decides what is right. Nothing here is said of a cell that the board has taken, and what a
firmware is said to lack was tried on it.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from ..board import snippets
from ..errors import MicroPythonError
from ..syntax_tree import parsed
from .lexical import code_only
from .parser import assigned_magic, misplaced_help, misplaced_magic
from .syntax_reasons import LINE, syntax_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..board import Board
    from ..errors import DeviceError

MAX_CHARACTERS = 3
"""Characters that are named; the others are likely to be of the same kind."""

MAX_TRIAL = 200
"""Characters of the longest f-string that the board is asked about."""

_TYPE_ALIAS = re.compile(r"[ \t]*type[ \t]+[^\W\d]\w*[ \t]*(?:\[[^=]*\][ \t]*)?=(?!=)")

_NAMES_AND_SYNTAX = {"NameError", "AttributeError", "ImportError", "SyntaxError", "IndentationError"}


def syntax_hints(error: DeviceError, code: str, board: Board, timeout: float) -> Iterator[str]:
    """Give what may be behind an error, sentence by sentence.

    Args:
        error: what ended the cell.
        code: the cell's code, with as many lines above as the cell has.
        board: asked whether it knows what Python has.
        timeout: seconds that it has to answer.
    """
    if error.name in _NAMES_AND_SYNTAX:
        # MicroPython takes such characters for letters of a name: the error is often a NameError.
        yield from odd_characters(code)
    if error.name in ("SyntaxError", "IndentationError"):
        if told := misplaced_magic(code) or misplaced_help(code) or assigned_magic(code):
            yield told
        elif reason := syntax_reason(error, code):
            if reason.text:
                yield str(reason)
        elif error.name == "SyntaxError":
            yield from _lacking(code, error, board, timeout)
    elif error.name == "NotImplementedError" and "unicode name" in error.message:
        yield r"MicroPython knows no characters by their names: write \u00b0 in place of \N{DEGREE SIGN}."


# -- characters ------------------------------------------------------------------------------------------------------


def odd_characters(code: str) -> Iterator[str]:
    """Name the characters, outside of strings and comments, that Python's code is not written with."""
    if code.isascii():
        return
    told = 0
    for number, line in enumerate(code_only(code, keep_unclosed=True).split("\n"), 1):
        for column, character in enumerate(line, 1):
            if character.isascii() or not _odd(character):
                continue
            told += 1
            if told > MAX_CHARACTERS:
                yield "More such characters follow."
                return
            shown = f'"{character}" ' if character.isprintable() else ""
            name = unicodedata.name(character, "a character without a name")
            yield (
                f"Line {number}, column {column}: {shown}U+{ord(character):04X} ({name}) is not a character of "
                f"Python's code{_meant(character)}."
            )


def _odd(character: str) -> bool:
    # What looks like ASCII and is not, and what no name holds. MicroPython takes all of them for letters.
    return unicodedata.normalize("NFKC", character).isascii() or not f"a{character}".isidentifier()


_QUOTES = {"'": "‘’‚‛′´`＇", '"': "“”„‟″«»＂"}  # noqa: RUF001
_OPERATORS = {"-": "‐‑‒–—−", "*": "×∗", "/": "÷∕⁄", "<=": "≤", ">=": "≥", "!=": "≠", "...": "…", "->": "→"}  # noqa: RUF001
_ASCII = {odd: plain for table in (_QUOTES, _OPERATORS) for plain, odds in table.items() for odd in odds}


def _meant(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Zs":
        return ": put a blank in its place"
    if kind in ("Cf", "Cc", "Zl", "Zp", "Mn"):
        return ": it is invisible, delete it"
    plain = _ASCII.get(character) or unicodedata.normalize("NFKC", character)
    return f": type {plain} in its place" if plain.isascii() and plain.strip() else ""


# -- what Python has and MicroPython has not ---------------------------------------------------------------------------


class _Feature(NamedTuple):
    """Something of Python's language.

    Attributes:
        name: what it is called.
        found: whether a node of the tree is one.
        trial: the smallest code with it, for asking the board.
        instead: how to do without; may be empty.
    """

    name: str
    found: Callable[[ast.AST], bool]
    trial: str
    instead: str = ""


def _starred(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load)


def _positional_only(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and bool(node.args.posonlyargs)


def _matrix_product(node: ast.AST) -> bool:
    return isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.MatMult)


def _many(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    stars = sum(isinstance(one, ast.Starred) for one in node.args)
    return stars > 1 or sum(one.arg is None for one in node.keywords) > 1


def _is(*names: str) -> Callable[[ast.AST], bool]:
    # By their names: the host's Python may be too old to have them all.
    return lambda node: type(node).__name__ in names


def _decorated(node: ast.AST) -> bool:
    def plain(one: ast.expr) -> bool:
        if isinstance(one, ast.Call):
            one = one.func
        while isinstance(one, ast.Attribute):
            one = one.value
        return isinstance(one, ast.Name)

    return not all(map(plain, getattr(node, "decorator_list", ())))


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)

FEATURES = (
    _Feature(
        "* in a list or a tuple ([*a, *b])",
        lambda node: isinstance(node, (ast.List, ast.Tuple, ast.Set)) and any(map(_starred, node.elts)),
        "[*()]",
        "list(a) + list(b) joins them",
    ),
    _Feature(
        "** in a dict ({**a})",
        lambda node: isinstance(node, ast.Dict) and None in node.keys,
        "{**{}}",
        "copy it with dict(a), and add the other with update()",
    ),
    _Feature("match", _is("Match"), "match 1:\n case 1:pass", "write if, elif and else"),
    _Feature("positional-only parameters (/)", _positional_only, "lambda a,/:a", "leave the / out"),
    _Feature("several * or ** in a call", _many, "print(*(),*())", "join them before"),
    _Feature("except*", _is("TryStar"), "try:\n 1\nexcept*OSError:pass", "write except"),
    _Feature("type parameters and type aliases", _is("TypeAlias", "TypeVar"), "type a=int", "leave the types out"),
    _Feature("* in an index", lambda n: isinstance(n, ast.Subscript) and _starred_index(n), "id[*()]"),
    _Feature("such decorators", _decorated, "@id[0]\ndef f():pass", "give it a name first"),
    _Feature("f-strings", _is("JoinedStr"), "f'{1}'", 'write "{}".format(value)'),
    _Feature(":= in expressions", _is("NamedExpr"), "(a:=1)", "assign on a line of its own"),
    _Feature("types of variables (a: int = 1)", _is("AnnAssign"), "a:int=1", "leave the type out"),
    _Feature(
        "async and await",
        _is("AsyncFunctionDef", "Await", "AsyncFor", "AsyncWith"),
        "async def f():pass",
        "it was built without them",
    ),
    _Feature(
        "async for in a list, set or dict",
        lambda node: isinstance(node, _COMPREHENSIONS) and any(one.is_async for one in node.generators),
        "async def f():[i async for i in f]",
        "write a loop with append()",
    ),
    _Feature(
        "await in a list, set or dict that has a for",
        lambda node: isinstance(node, _COMPREHENSIONS) and any(isinstance(one, ast.Await) for one in ast.walk(node)),
        "async def f():[await i for i in f]",
        "write a loop with append()",
    ),
    _Feature("the operator @", _matrix_product, "lambda:1@1"),
    _Feature("complex numbers", lambda n: isinstance(n, ast.Constant) and isinstance(n.value, complex), "1j"),
)


def _starred_index(node: ast.Subscript) -> bool:
    return isinstance(node.slice, ast.Tuple) and any(map(_starred, node.slice.elts))


def _lacking(code: str, error: DeviceError, board: Board, timeout: float) -> Iterator[str]:
    """Name what Python has and this board has not, on the line that the board refuses."""
    lines = [int(found["line"]) for found in LINE.finditer(error.traceback)]
    if not lines:
        return
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # Python has it neither, or this computer's Python is older than what it is asked about.
        own = code_only(code).split("\n")[lines[-1] - 1 : lines[-1]]
        if any(map(_TYPE_ALIAS.match, own)) and board.idle and _refused("type a=int", board, timeout):
            yield "Python has type aliases, MicroPython on this board has not: leave the types out."
        return
    # Old firmware names the line below an expression that ends a line.
    near = [node for node in ast.walk(tree) if _first(node) <= lines[-1] <= getattr(node, "end_lineno", 0) + 1]
    for feature in FEATURES:
        if any(map(feature.found, near)) and board.idle and _refused(feature.trial, board, timeout):
            instead = f": {feature.instead}" if feature.instead else ""
            yield f"Python has {feature.name}, MicroPython on this board has not{instead}."
            return
    for node in near:
        form = ast.get_source_segment(code, node) if isinstance(node, ast.JoinedStr) else None
        # Within a lambda it is compiled and not run.
        if form and len(form) < MAX_TRIAL and board.idle and _refused(f"lambda:({form})", board, timeout):
            yield (
                "Python has this form of f-string, MicroPython on this board has not: give what stands in the braces "
                "a name first."
            )
            return


def _first(node: ast.AST) -> int:
    """Return the line that something begins on, with its decorators."""
    lines: list[int] = [one.lineno for one in getattr(node, "decorator_list", ())]
    return min([getattr(node, "lineno", 0), *lines])


def _refused(trial: str, board: Board, timeout: float) -> bool:
    """Whether the board takes a trial for an error in the syntax; it is compiled there and hardly does anything."""
    try:
        return board.execute(snippets.call("syntax_trial", trial), timeout=timeout).strip() == "no"
    except MicroPythonError:
        return False
