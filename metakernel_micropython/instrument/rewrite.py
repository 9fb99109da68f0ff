"""A program's source with probes: calls in its own lines, so that tracebacks stay true.

Texts are put in at the places that ``ast`` gives; nothing is written anew. Lambdas and comprehensions are left whole;
docstrings, ``from __future__``, ``global`` and ``nonlocal`` keep their places. ``def``, ``class`` and ``try`` have
no place for a call: where probes count, one stands on an empty line above, or behind the statement above; what
follows without one says ``reached``. What cannot be rewritten is left whole and reported, and the result is compared
with the original (``verify``).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import probe_text
from .call_probes import CallWriter
from .reached import ALWAYS, Reached
from .request import OURS, Branch, Kind, LeftAlone, Probe, Request, Rewritten, Role, Statement
from .scopes import Function, local_names
from .source_text import SourceText
from .statements import COMPOUND, UNKNOWN, counted, first_line, is_machine_code, keeps_place
from .verify import parsed, same_program

if TYPE_CHECKING:
    from collections.abc import Sequence

_HAS_PROBES = re.compile(rf"\b(?:{'|'.join(OURS)})\b")


def rewrite(source: str, request: Request) -> Rewritten:
    r"""Return a source with probes.

    Args:
        source: a cell or a file. Where something is rewritten its line ends become ``\n``.
        request: which probes.
    """
    text = re.sub("\r\n?", "\n", source)
    lines = text.count("\n") + 1
    if _HAS_PROBES.search(text):
        return Rewritten(source, left_alone=(LeftAlone(1, lines, "it has probes already"),))
    tree = parsed(text)
    if isinstance(tree, str):
        return Rewritten(source, left_alone=(LeftAlone(1, lines, f"Python does not read it: {tree}"),))
    writer = (CallWriter if request.kind is Kind.CALLS else _Writer)(SourceText(text), request)
    try:
        writer.module(tree)
    except RecursionError:
        return Rewritten(source, left_alone=(LeftAlone(1, lines, "it is nested too deeply"),))
    if not writer.probes:
        return Rewritten(source, left_alone=tuple(writer.left_alone))
    changed = writer.text.changed()
    if not same_program(tree, changed):
        return Rewritten(source, left_alone=(LeftAlone(1, lines, "with probes it would be another program"),))
    return writer.result(changed)


@dataclass(frozen=True)
class _Place:
    """Where statements are.

    Attributes:
        function: the function, as in ``Request``.
        prefix: what the names of functions begin with that are defined here.
        names: the local names of that function; None outside of functions.
        framed: whether it has a frame.
        local: whether what is bound here is local to it; not so in a class.
    """

    function: str = ""
    prefix: str = ""
    names: tuple[str, ...] | None = None
    framed: bool = False
    local: bool = False


class _Writer:
    """Puts probes into a source."""

    def __init__(self, text: SourceText, request: Request) -> None:
        self.text = text
        self.probes: list[Probe] = []
        self.left_alone: list[LeftAlone] = []
        self._request = request
        self._reached: list[Reached] = []
        self._branches: list[tuple[int, int, Reached]] = []

    def result(self, changed: str) -> Rewritten:
        """Return what was done.

        Args:
            changed: the source with the probes.
        """
        statements = sorted(self._reached, key=lambda one: one.line)
        return Rewritten(
            changed,
            tuple(self.probes),
            tuple(Statement(one.line, one.end, one.proofs(), one.function) for one in statements),
            tuple(Branch(line, target, by.proofs()) for line, target, by in self._branches),
            tuple(self.left_alone),
        )

    def module(self, tree: ast.Module) -> None:
        """Put probes into a program."""
        self.block(tree.body, _Place(), Reached(0, 0, own=[ALWAYS]), above=0)

    # -- blocks --------------------------------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], place: _Place, entry: Reached | None, above: int | None) -> Reached:
        """Put probes into the statements of a block; return its first statement.

        Args:
            body: its statements.
            place: where it is.
            entry: what is reached only where the block is run.
            above: the line of what leads to it, from which on the next empty line lies within it; None where that is
                not known.
        """
        found: list[Reached] = []
        for index, node in enumerate(body):
            here = Reached(first_line(node), node.end_lineno or node.lineno, place.function)
            found.append(here)
            if keeps_place(node, index):
                continue
            before = body[index - 1] if index else None
            following = body[index + 1] if index + 1 < len(body) else None
            if isinstance(node, UNKNOWN):
                self._leave(node, f"MicroPython has no statement like {type(node).__name__.lower()}")
            elif isinstance(node, COMPOUND):
                here.line = node.lineno
                self._count_in_front(node, before, here, place, above)
                self._compound(node, here, place, following)
            elif self._wanted(node, place):
                self._simple(node, here, place)
            self._reached.append(here)
        self._lead_on(body, found, entry)
        proved = (one for one, node in zip(found, body, strict=True) if one.own or isinstance(node, COMPOUND))
        return next(proved, found[0] if found else Reached(0, 0))

    def _lead_on(self, body: Sequence[ast.stmt], found: list[Reached], entry: Reached | None) -> None:
        """Note what definitions follow from that have no probe: from the next statement, and from their block."""
        for index, (here, node) in enumerate(zip(found, body, strict=True)):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            here.others += found[index + 1 : index + 2]
            above = enumerate(body[:index])
            if entry is not None and all(isinstance(one, _LEADS_ON) or keeps_place(one, at) for at, one in above):
                here.others.append(entry)

    def _wanted(self, node: ast.stmt | ast.expr | ast.excepthandler, place: _Place) -> bool:
        lines, functions = self._request.lines, self._request.functions
        return (lines is None or node.lineno in lines) and (functions is None or place.function in functions)

    def _leave(self, node: ast.stmt, reason: str) -> None:
        self.left_alone.append(LeftAlone(first_line(node), node.end_lineno or node.lineno, reason))

    def _new(self, line: int, place: _Place, role: Role = Role.STATEMENT, names: tuple[str, ...] = ()) -> int:
        number = self._request.first + len(self.probes)
        self.probes.append(Probe(number, line, role, place.function, names))
        return number

    # -- simple statements and headers ---------------------------------------------------------------------------

    def _simple(self, node: ast.stmt, here: Reached, place: _Place) -> None:
        number = self._statement(node.lineno, place)
        here.own.append(number)
        behind = ""
        if self._request.kind is not Kind.TIME:
            before = self._call(number, place) + ";"
        elif isinstance(node, ast.Return) and node.value is not None and not probe_text.suspends(node):
            self.text.put_around(node.value, *probe_text.timed_expression(number, node.value))
            return
        else:
            before, behind = probe_text.timed_statement(number, node, local=place.local)
        self.text.put(self.text.start(node), before)
        if behind:
            self.text.put(self.text.end(node), behind)

    def _header(self, node: ast.stmt | ast.excepthandler, expression: ast.expr, here: Reached, place: _Place) -> None:
        """Put a probe into the expression of a header."""
        if not self._wanted(node, place):
            return
        if self._request.kind is Kind.TIME and isinstance(node, ast.ExceptHandler):
            return  # it is compared while an exception is on its way
        number = self._statement(node.lineno, place)
        here.own.append(number)
        here.end = expression.end_lineno or here.line
        if self._request.kind is Kind.TIME:
            self.text.put_around(expression, *probe_text.timed_expression(number, expression))
            return
        behind = ")"
        if self._request.kind is Kind.COUNT and _can_be_false(node, expression):
            false = Reached(node.lineno, node.lineno)
            false.own.append(self._new(node.lineno, place, Role.NOT_TAKEN))
            behind = f")or {probe_text.call(false.own[0])}"
            self._branches.append((node.lineno, _UNTOLD, false))
        self.text.put_around(expression, f"{self._call(number, place)}or(", behind)

    def _statement(self, line: int, place: _Place) -> int:
        """Make a statement's probe; one for a pause without a frame knows the local names itself."""
        whole = self._request.kind is Kind.PAUSE and place.local and not place.framed
        return self._new(line, place, names=(place.names or ()) if whole else ())

    def _call(self, number: int, place: _Place) -> str:
        if self._request.kind is Kind.PAUSE:
            return probe_text.pause(number, place.names if place.local else None, framed=place.local and place.framed)
        return probe_text.call(number)

    def _count_in_front(
        self, node: ast.stmt, before: ast.stmt | None, here: Reached, place: _Place, above: int | None
    ) -> None:
        """Put a probe above a definition, where there is room for it."""
        if self._request.kind is not Kind.COUNT or not isinstance(node, _WITHOUT_PLACE):
            return
        if not self._wanted(node, place):
            return
        top = above if before is None else before.end_lineno
        first = first_line(node)
        if top is not None and (line := self.text.empty_line(top, first)):
            here.own.append(self._new(node.lineno, place))
            self.text.fill_line(line, self.text.indentation(first), probe_text.call(here.own[0]))
        elif before is not None and not isinstance(before, (*COMPOUND, *UNKNOWN, *probe_text.ENDS_BLOCK)):
            here.own.append(self._new(node.lineno, place))
            self.text.put(self.text.end(before), f";{probe_text.call(here.own[0])}")

    # -- compound statements -------------------------------------------------------------------------------------

    def _compound(self, node: ast.stmt, here: Reached, place: _Place, following: ast.stmt | None) -> None:
        match node:
            case ast.If(test=test) | ast.While(test=test):
                self._condition(node, test, here, place, following)
            case ast.For(iter=values) | ast.AsyncFor(iter=values):
                self._loop(node, counted(values), here, place)
            case ast.With(items=[first, *_]) | ast.AsyncWith(items=[first, *_]):
                self._header(node, first.context_expr, here, place)
                self.block(node.body, place, None, node.lineno)
            case ast.Try():
                self._try(node, here, place)
            case ast.ClassDef():
                here.end = max([node.lineno, *(base.end_lineno or 0 for base in node.bases)])
                inner = replace(place, prefix=f"{place.prefix}{node.name}.", local=False)
                here.others.append(self.block(node.body, inner, here, node.lineno))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, here, place)

    def _condition(
        self, node: ast.If | ast.While, test: ast.expr, here: Reached, place: _Place, following: ast.stmt | None
    ) -> None:
        at = len(self._branches)
        self._header(node, test, here, place)
        first = self.block(node.body, place, None, node.lineno)
        target = following.lineno if following is not None else -1
        if _is_elif(node):  # it is a clause of the statement around it, not one of a block
            clause = node.orelse[0]
            assert isinstance(clause, ast.If)
            nested = Reached(clause.lineno, clause.lineno, place.function)
            self._reached.append(nested)
            target = clause.lineno
            self._condition(clause, clause.test, nested, place, following)
        elif node.orelse:
            self.block(node.orelse, place, None, None)
            target = node.orelse[0].lineno
        if len(self._branches) > at and self._branches[at][1] == _UNTOLD:
            self._branches[at] = node.lineno, target, self._branches[at][2]
            self._branches.insert(at, (node.lineno, first_line(node.body[0]), first))

    def _loop(
        self,
        node: ast.For | ast.AsyncFor,
        values: ast.expr,
        here: Reached,
        place: _Place,
    ) -> None:
        self._header(node, values, here, place)
        first = self.block(node.body, place, None, node.lineno)
        last: Reached | None = None
        if node.orelse:
            last = self.block(node.orelse, place, None, None)
        if last is not None and self._request.kind is Kind.COUNT and here.own and last.own:
            self._branches.append((node.lineno, first_line(node.body[0]), first))
            self._branches.append((node.lineno, first_line(node.orelse[0]), last))

    def _try(self, node: ast.Try, here: Reached, place: _Place) -> None:
        here.end = node.lineno
        here.others.append(self.block(node.body, place, here if here.own else None, node.lineno))
        for handler in node.handlers:
            clause = Reached(handler.lineno, handler.lineno, place.function)
            self._reached.append(clause)
            if handler.type is not None:
                self._header(handler, handler.type, clause, place)
            clause.others.append(self.block(handler.body, place, None, handler.lineno))
        for body in node.orelse, node.finalbody:
            if body:
                self.block(body, place, None, None)

    def _function(self, node: Function, here: Reached, place: _Place) -> None:
        ends = [one.end_lineno or 0 for one in node.args.defaults] + [one.end_lineno or 0 for one in _arguments(node)]
        here.end = max([node.lineno, *ends])
        if any(is_machine_code(one) for one in node.decorator_list):
            self._leave(node, f"function {node.name} is compiled to machine code")
            return
        name = place.prefix + node.name
        names = local_names(node, place.names or ())
        inner = _Place(name, f"{name}.", names, framed=False, local=True)
        if self._request.kind is Kind.PAUSE and self._has_pauses(node, inner):
            inner = replace(inner, framed=self._enter(node, inner))
        here.others.append(self.block(node.body, inner, None, node.lineno))

    def _has_pauses(self, node: Function, place: _Place) -> bool:
        functions, lines = self._request.functions, self._request.lines
        if functions is not None and place.function not in functions:
            return False
        return lines is None or not lines.isdisjoint(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1))

    def _enter(self, node: Function, place: _Place) -> bool:
        """Put what makes a function's frame at its beginning; return whether there is room for it."""
        heads = 0
        while heads < len(node.body) and (keeps_place(node.body[heads], heads)):
            heads += 1
        if heads == len(node.body):
            return False
        first = node.body[heads]
        after = node.lineno if not heads else node.body[heads - 1].end_lineno or 0
        line = None
        if isinstance(first, (*COMPOUND, *UNKNOWN)) and not heads:
            line = self.text.empty_line(after, first_line(first))
            if line is None:
                return False
        number = self._new(node.lineno, place, Role.ENTRY, place.names or ())
        text = probe_text.entry(number, place.names or ())
        if line is not None:
            self.text.fill_line(line, self.text.indentation(first_line(first)), text)
        elif isinstance(first, (*COMPOUND, *UNKNOWN)):
            self.text.put(self.text.end(node.body[heads - 1]), f";{text}")
        else:
            self.text.put(self.text.start(first), f"{text};")
        return True


_WITHOUT_PLACE = (ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEADS_ON = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
"""Statements behind which the next one is reached."""

_UNTOLD = -2
"""The target of a branch that is not known yet."""


def _is_elif(node: ast.If | ast.While) -> bool:
    return isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _can_be_false(node: ast.stmt | ast.excepthandler, expression: ast.expr) -> bool:
    """Whether a header has a condition that can lead two ways."""
    return isinstance(node, (ast.If, ast.While)) and not isinstance(expression, ast.Constant)


def _arguments(node: Function) -> list[ast.arg]:
    arguments = node.args
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [one for one in found if one is not None]
