"""A program's source with probes where its functions begin and end; no line is added or taken away.

A function tells that it begins, and before each of its ends that it ends; what yields or awaits, that it stops and goes
on. One that an exception has left tells nothing: the next handler says which function it is in, and those above that
one have ended. See ``snippets/probes_calls.py`` for the calls, all of ``__mk_k``:

===================  =============================================================================================
``(3)``              function 3 begins; ``(3,-1)``: and returns how deep its call lies
``(3,-2)``           it begins, where it is not the one that runs: in the header of its first loop
``(~3)``             it ends; ``(~3,None,E)``: with the value ``E``
``(3,-3,E)``         it goes on behind ``yield`` or ``await``, which have the value ``E``
``(3,0)``            an exception has come to its last call, ``(3,-4)``: or to it, from where it was waiting
``(3,__mk_t)``       an exception has come to the call that lies so deep
``(~3,-5,E)``        the values of ``E``, behind the last of which it ends: a loop that ends a function
===================  =============================================================================================
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .probe_text import ENDS_BLOCK, suspends
from .request import CALL_NAME, START, LeftAlone, Probe, Request, Rewritten, Role
from .statements import COMPOUND, UNKNOWN, counted, first_line, is_machine_code, keeps_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .scopes import Function
    from .source_text import SourceText

Edit = tuple[int, str]
"""Where in the source a text is put in front of what stands there."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class CallWriter:
    """Puts probes into a source.

    Args:
        text: the source.
        request: which probes; of its lines, only functions that begin on one get probes.
    """

    def __init__(self, text: SourceText, request: Request) -> None:
        self.text = text
        self.probes: list[Probe] = []
        self.left_alone: list[LeftAlone] = []
        self._request = request
        self._filled: set[int] = set()  # empty lines that have a call

    def result(self, changed: str) -> Rewritten:
        """Return what was done.

        Args:
            changed: the source with the probes.
        """
        return Rewritten(changed, tuple(self.probes), left_alone=tuple(self.left_alone))

    def module(self, tree: ast.Module) -> None:
        """Put probes into a program; what stands outside of its functions counts as one, without a name."""
        lines = self._request.lines
        body = [one for one in tree.body if lines is None or first_line(one) in lines]
        if not body:
            return
        number = self._new(body[0].lineno, "")
        self._functions(body, "")  # where lines are put behind all others, the ones further to the right come first
        self._put(_Frame(self, number, body, 0).edits())

    def _functions(self, nodes: Sequence[ast.AST], prefix: str) -> None:
        """Put probes into the functions that are defined somewhere in nodes, and in those."""
        for node in nodes:
            if isinstance(node, UNKNOWN):
                kind = type(node).__name__.lower()
                self._leave(node, f"MicroPython has no statement like {kind}")
            elif isinstance(node, _FUNCTIONS):
                self._function(node, prefix + node.name)
            elif isinstance(node, ast.ClassDef):
                self._functions(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.stmt, ast.ExceptHandler)):
                self._functions(list(ast.iter_child_nodes(node)), prefix)

    def _function(self, node: Function, name: str) -> None:
        if any(is_machine_code(one) for one in node.decorator_list):
            self._leave(node, f"function {node.name} is compiled to machine code")
            return
        self._functions(node.body, f"{name}.")
        frame = _Frame(self, self._request.first + len(self.probes), node.body, node.lineno, node)
        edits = frame.edits()
        if frame.refused:
            self._leave(node, f"function {node.name} {frame.refused}")
            return
        self._new(node.lineno, name)
        self._put(edits)

    def _new(self, line: int, function: str) -> int:
        number = self._request.first + len(self.probes)
        self.probes.append(Probe(number, line, Role.ENTRY, function))
        return number

    def _leave(self, node: ast.AST, reason: str) -> None:
        if isinstance(node, ast.stmt):
            self.left_alone.append(LeftAlone(first_line(node), node.end_lineno or node.lineno, reason))

    def _put(self, edits: Sequence[Edit]) -> None:
        for at, text in edits:
            self.text.put(at, text)

    def free_line(self, after: int, before: int) -> int | None:
        """Return an empty line between two others that has no call yet."""
        line = self.text.empty_line(after, before)
        return line if line not in self._filled else None

    def fill(self, line: int, like: ast.stmt, text: str) -> Edit:
        """Return what puts a statement on an empty line, as far to the right as another statement begins."""
        self._filled.add(line)
        return self.text.line_start(line), self.text.indentation(first_line(like)) + text


class _Frame:
    """The calls for one function, or for what stands outside of functions.

    Args:
        writer: the writer.
        number: the probe's.
        body: the statements.
        line: that of the header; 0 for none.
        node: the function; None for what stands outside.

    Attributes:
        refused: why the function gets no calls, as the end of a sentence; ``""`` where it does.
    """

    def __init__(
        self, writer: CallWriter, number: int, body: Sequence[ast.stmt], line: int, node: Function | None = None
    ) -> None:
        self.refused = ""
        self._writer = writer
        self._text = writer.text
        self._number = number
        self._body = body
        self._line = line
        self._node = node
        self._nodes = list(_own_nodes(body))
        waits = [one for one in self._nodes if isinstance(one, (ast.Yield, ast.YieldFrom, ast.Await))]
        self._waits = waits if node is not None else []
        self._tries = [one for one in self._nodes if isinstance(one, ast.Try)]
        self._token = False  # whether the function knows how deep its call lies

    def edits(self) -> list[Edit]:
        """Return all that is put into the source, in this order."""
        if any(_waits_unseen(one) for one in self._nodes):
            self._refuse("waits in async for, async with or a comprehension, which has no place for a call")
        begins = self._begins()
        handlers = [edit for one in self._tries for edit in self._handlers(one)]
        within = [edit for one in self._nodes for edit in self._suspension(one)]
        end = self._end(self._body, f"{CALL_NAME}(~{self._number})", whole=True)
        if end is None:
            self._refuse("has no place for a call where it ends: an empty line below it makes one")
        # Where several stand at one place, what encloses the others is put first in front, and last behind; of those
        # behind, the ones in ``within`` are closing brackets alone.
        return [*begins, *handlers, *within, *(end or [])]

    def _refuse(self, reason: str) -> None:
        if self._node is not None:
            self.refused = self.refused or reason

    # -- where it begins -----------------------------------------------------------------------------------------

    def _begins(self) -> list[Edit]:
        call = f"{CALL_NAME}({self._number})"
        token = f"{START}={CALL_NAME}({self._number},-1)"
        wants_token = self._tries and self._node is not None and not self._waits
        if wants_token and (found := self._statement(self._body, token, self._line)) is not None:
            self._token = True
            return found
        found = self._front(self._body, call, self._line)
        if found is None:
            self._refuse("has no place for a call where it begins: an empty line or a docstring makes one")
        return found or []

    def _statement(self, body: Sequence[ast.stmt], text: str, above: int | None) -> list[Edit] | None:
        """Return what puts a statement at the beginning of a block, outside of every ``try``; None without a place.

        Args:
            body: the block.
            text: the statement.
            above: the line of the block's header; None where it is not known.
        """
        for index, node in enumerate(body):
            before = body[index - 1] if index else None
            if keeps_place(node, index):
                continue
            if not isinstance(node, (*COMPOUND, *UNKNOWN)):
                return [(self._text.start(node), f"{text};")]
            top = above if before is None else before.end_lineno
            if top is not None and (line := self._writer.free_line(top, first_line(node))):
                return [self._writer.fill(line, node, text)]
            if before is not None and not isinstance(before, COMPOUND):
                return [(self._text.end(before), f";{text}")]
            if not isinstance(node, _DEFINITIONS):
                return None
        return [(self._text.end(body[-1]), f";{text}")] if not isinstance(body[-1], COMPOUND) else None

    def _front(self, body: Sequence[ast.stmt], call: str, above: int | None) -> list[Edit] | None:
        """Return what puts a call that returns something false at the beginning of a block; None without a place."""
        if (found := self._statement(body, call, above)) is not None:
            return found
        rest = (one for index, one in enumerate(body) if not keeps_place(one, index))
        match next((one for one in rest if not isinstance(one, _DEFINITIONS)), None):
            case ast.Try(body=inner, lineno=line):
                return self._front(inner, call, line)
            case ast.If(test=expression) | ast.With(items=[ast.withitem(context_expr=expression), *_]):
                pass
            case ast.For(iter=values):
                expression = counted(values)
            case ast.While(test=expression):
                if call.endswith(f"({self._number})"):  # each test of the condition makes the call
                    if self._node is not None and _mentions(self._node, self._node.name):
                        return None
                    call = f"{call[:-1]},-2)"
            case _:
                return None
        return self._around(expression, f"{call}or(", ")")

    # -- while it runs -------------------------------------------------------------------------------------------

    def _handlers(self, node: ast.Try) -> list[Edit]:
        """Return what tells in the handlers of a ``try`` which function an exception has come to."""
        back = f"{CALL_NAME}({self._number},{START if self._token else -4 if self._waits else 0})"
        found = []
        for handler in node.handlers:
            found += self._front(handler.body, back, handler.lineno) or []
        if node.finalbody:
            back = f"{CALL_NAME}({self._number},{START if self._token else 0})"
            found += self._front(node.finalbody, back, None) or []
        return found

    def _suspension(self, node: ast.AST) -> list[Edit]:
        """Return what is put around ``return``, ``yield`` and ``await``."""
        ends, goes_on = f"{CALL_NAME}(~{self._number})", f"{CALL_NAME}({self._number},-3,("
        if self._node is None:
            return []
        match node:
            case ast.Return(value=None):
                return [(self._text.start(node), f"{ends};")]
            case ast.Return(value=ast.expr() as value):
                return self._around(value, f"{ends[:-1]},None,(", "))")
            case ast.Yield(value=None):
                return self._around(node, f"{goes_on}{ends}or(", ")))")
            case ast.Yield(value=ast.expr() as value) | ast.YieldFrom(value=value) | ast.Await(value=value):
                return [*self._around(node, goes_on, "))"), *self._around(value, f"{ends[:-1]},None,(", "))")]
        return []

    def _around(self, node: ast.expr, before: str, after: str) -> list[Edit]:
        at = self._text.start(node)
        return [(at, " " * self._text.joined(at) + before), (self._text.end(node), after)]

    # -- where it ends -------------------------------------------------------------------------------------------

    def _end(self, body: Sequence[ast.stmt], call: str, *, whole: bool = False) -> list[Edit] | None:
        """Return what puts a call where a block comes to its end by itself; None without a place.

        Args:
            body: the block, whose end is that of the function.
            call: the call.
            whole: whether it is the function's own block, below which empty lines can be filled.
        """
        last = body[-1]
        if isinstance(last, ENDS_BLOCK):
            return []
        if not isinstance(last, (*COMPOUND, *UNKNOWN)):
            return [(self._text.end(last), f";{call}")]
        if isinstance(last, ast.While) and _is_true(last.test) and not _breaks(last):
            return []
        below = (last.end_lineno or last.lineno) + 1
        if whole and below > self._text.lines:
            return [self._text.behind(self._text.indentation(first_line(last)) + call)]
        if whole and (line := self._writer.free_line(below - 1, below + 1)):
            return [self._writer.fill(line, last, call)]
        match last:
            case ast.If(test=test, body=inner, orelse=other):
                otherwise = self._end(other, call) if other else self._around(test, "(", f")or {call}")
                return _both(self._end(inner, call), otherwise)
            case ast.While(test=test, orelse=other):
                breaks = [(self._text.start(one), f"{call};") for one in _breaks(last)]
                if _is_true(test):
                    return breaks
                return _both(self._end(other, call) if other else self._around(test, "(", f")or {call}"), breaks)
            case ast.For(iter=values, orelse=other):
                breaks = [(self._text.start(one), f"{call};") for one in _breaks(last)]
                ends = self._end(other, call) if other else self._around(values, f"{call[:-1]},-5,(", "))")
                return _both(ends, breaks)
            case ast.With(body=inner):
                return self._end(inner, call)
            case ast.Try(finalbody=[]):
                found = self._end(last.orelse or last.body, call)
                for handler in last.handlers:
                    found = _both(found, self._end(handler.body, call))
                return found
        return None


def _both(one: list[Edit] | None, other: list[Edit] | None) -> list[Edit] | None:
    return None if one is None or other is None else [*one, *other]


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield what runs as a part of a block, what encloses something in front of that: no functions, no class bodies."""
    inside: list[ast.AST]
    for node in body:
        yield node
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                inside = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            case ast.ClassDef():
                inside = [*node.decorator_list, *node.bases, *(one.value for one in node.keywords)]
            case ast.Lambda():
                inside = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            case _ if isinstance(node, _COMPREHENSIONS):
                inside = []
            case _:
                inside = list(ast.iter_child_nodes(node))
        yield from _own_nodes(inside)


def _waits_unseen(node: ast.AST) -> bool:
    """Whether others can run while something waits that has no place for a call."""
    return isinstance(node, (ast.AsyncFor, ast.AsyncWith)) or (isinstance(node, _COMPREHENSIONS) and suspends(node))


def _mentions(node: ast.AST, name: str) -> bool:
    """Whether a name, or an attribute with this name, is used in a function: it may call itself."""
    return any(getattr(one, "id", getattr(one, "attr", None)) == name for one in ast.walk(node))


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _breaks(loop: ast.While | ast.For) -> list[ast.Break]:
    """Return what leaves a loop from within it."""
    found: list[ast.Break] = []
    waiting: list[ast.AST] = list(loop.body)
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Break):
            found.append(one)
        elif isinstance(one, _LOOPS):
            waiting += one.orelse  # what is in an inner loop leaves that one
        elif isinstance(one, (ast.stmt, ast.ExceptHandler)) and not isinstance(one, _DEFINITIONS):
            waiting += ast.iter_child_nodes(one)
    return found
