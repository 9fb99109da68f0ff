"""``await`` at the top of a cell: the same cell without it, for MicroPython, which takes it in functions alone.

IPython compiles such a cell as a coroutine. Written as a function here, its names would be local and its lines others
than the cell's. So only what awaits is replaced, in its place, by what runs the board's event loop until it is done::

    value = await sensor.read(5)            value = __mk_await( sensor.read)(5)
    await task                              __mk_await(None)( task)
    async for line in reader:               for line in __mk_await(reader):
    async with lock:                        with __mk_await(lock):
    [x async for x in source]               [x for x in __mk_await(source)]

What is called is called within the task (``asyncio.sleep`` takes it for granted that nothing comes between), its
arguments are worked out before. ``board/snippets/top_level_await.py`` is the other half.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..errors import DeviceError
from ..syntax_tree import parsed
from .lexical import code_only

if TYPE_CHECKING:
    from ..board import Board

_NAME = "__mk_await"
_WORDS = re.compile(r"\b(?:await|async)\b")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line \d{1,9}, in (?P<function>\S+)$')
_HELPER = frozenset({"__mk_call", "__mk_iter", "__mk_enter", "__mk_exit", "__mk_run", "__mk_main", "__mk_stop"})
"""Functions of ``board/snippets/top_level_await.py``."""

_LOOP = frozenset({"run_until_complete", "wait_io_event"})
"""Functions of MicroPython's asyncio that stand between a cell and its tasks (extmod/asyncio/core.py)."""


def source_for(board: Board, source: str, awaiting: str) -> str:
    """Return the source of a cell for a board, which gets what the cell needs to await at its top level.

    Args:
        board: where it will run.
        source: the cell as it is.
        awaiting: the cell as ``without_await`` returns it; ``""`` where it awaits nothing.

    Raises:
        NoAsyncio: the board has no event loop.
        MicroPythonError: as for ``Board.execute``.
    """
    # A firmware without the syntax gets the cell as it is: its own SyntaxError says so.
    return awaiting if awaiting and board.give_await() else source


def code_for(board: Board, code: str) -> str:
    """Return code that stands in a program of ours as a board takes it; see ``source_for``."""
    return source_for(board, code, without_await(code) or "")


def without_helper(error: DeviceError) -> DeviceError:
    """Return an error of a cell without the frames between its top level and what that awaits."""
    if not any(name in error.traceback for name in _HELPER):
        return error
    kept = []
    within = False
    for line in error.traceback.split("\n"):
        frame = _FRAME.match(line)
        if frame is None:
            within = False
        elif frame["file"] == "<stdin>":
            within = frame["function"] in _HELPER
        elif frame["function"] not in _LOOP:
            within = False
        if not within:
            kept.append(line)
    return DeviceError(error.name, error.message, "\n".join(kept))


def without_await(code: str) -> str | None:
    r"""Return a cell that runs the event loop where the given one awaits at its top level.

    Its lines are the same. None for a cell that does not, or that the host's parser does not read.

    Args:
        code: the cell, with ``\n`` line ends.
    """
    if not _WORDS.search(code):
        return None
    tree = _parsed(code)
    if tree is None:
        return None
    found = _Awaits(code)
    try:
        for statement in tree.body:
            found.visit(statement)
    except _Misplaced:
        return None
    changed = found.changed()
    return changed if changed != code and _parsed(changed) is not None else None


def line_starts(code: str) -> list[int]:
    """Return where lines start, as Python counts them: form feeds and the like end none."""
    starts = [0]
    while (at := code.find("\n", starts[-1])) >= 0:
        starts.append(at + 1)
    return starts


def offset(code: str, starts: list[int], line: int, column: int) -> int:
    """Return the index of a place that ``ast`` gives by line and by bytes of UTF-8 within it."""
    start = starts[line - 1]
    text = code[start : starts[line]] if line < len(starts) else code[start:]
    return start + len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass"))


class _Misplaced(Exception):
    """The parser gives a wrong place: before Python 3.12 it does so within f-strings."""


class _Awaits(ast.NodeVisitor):
    """Finds what awaits outside of functions, and notes what stands in its place."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._shape = code_only(code)
        self._starts = line_starts(code)
        self._changes: list[tuple[int, int, str]] = []  # from, to, what stands there instead

    def changed(self) -> str:
        """Return the code with all changes."""
        pieces = []
        at = 0
        for start, end, text in sorted(self._changes, key=lambda change: change[0]):  # stable: outer ones open first
            pieces += [self._code[at:start], text]
            at = max(at, end)
        return "".join([*pieces, self._code[at:]])

    # -- what awaits ---------------------------------------------------------------------------------------------

    def visit_Await(self, node: ast.Await) -> None:
        called = isinstance(node.value, ast.Call)
        inner = node.value.func if isinstance(node.value, ast.Call) else node.value
        before = f"{_NAME}(" if called else f"{_NAME}(None)("
        at = self._place(node)
        if self._code[at + len("await") : self._place(node.value)].strip(" \t\n\\"):  # a bracket that goes on behind it
            self._remove("await", at)
            self._wrap(node.value, inner, before)
        else:
            self._note("await", at, at + len("await"), before)
            self._wrap(node.value, inner)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self._remove("async", self._place(node))
        self.visit(node.target)
        self._wrap(node.iter, node.iter, f"{_NAME}(")
        for child in [*node.body, *node.orelse]:
            self.visit(child)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self._remove("async", self._place(node))
        for item in node.items:
            self._wrap(item.context_expr, item.context_expr, f"{_NAME}(")
            if item.optional_vars is not None:
                self.visit(item.optional_vars)
        for child in node.body:
            self.visit(child)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self._remove("async", self._shape.rfind("async", 0, self._place(node.target)))
            self._wrap(node.iter, node.iter, f"{_NAME}(")
        else:
            self.visit(node.iter)
        for child in [node.target, *node.ifs]:
            self.visit(child)

    # -- what is no part of the top level ------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for child in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(child)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for child in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(child)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for child in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(child)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)  # the rest runs later, wherever that is

    # -- changes -------------------------------------------------------------------------------------------------

    def _place(self, node: ast.expr | ast.stmt) -> int:
        return offset(self._code, self._starts, node.lineno, node.col_offset)

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return offset(self._code, self._starts, node.end_lineno, node.end_col_offset)

    def _note(self, word: str, at: int, end: int, text: str) -> None:
        """Note what stands in the place of a word of the language, and of what follows it up to ``end``."""
        if not self._code.startswith(word, at):
            raise _Misplaced
        self._changes.append((at, end, text))

    def _remove(self, word: str, at: int) -> None:
        """Remove a word and the blanks behind it: what follows may be the first on its line."""
        end = at + len(word)
        while self._code[end : end + 1] in (" ", "\t"):
            end += 1
        self._note(word, at, end, "")

    def _wrap(self, whole: ast.expr, inner: ast.expr, before: str = "") -> None:
        """Close the helper's brackets behind an expression, or behind the function that it calls.

        Args:
            whole: the expression.
            inner: what the brackets are around: the same, or its function.
            before: what opens them, where that does not stand there yet.
        """
        if before:
            self._changes.append((self._place(whole), self._place(whole), before))
        self.visit(inner)
        self._changes.append((self._end(inner), self._end(inner), ")"))
        for child in ast.iter_child_nodes(whole) if whole is not inner else ():
            if child is not inner:
                self.visit(child)


def _parsed(code: str) -> ast.Module | None:
    try:
        return parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
