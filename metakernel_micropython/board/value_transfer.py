"""Values between a board and the host's Python: as data, never as code, and exact.

How they look is told in ``value_reader`` (from the board) and ``value_source`` (to the board). A value that is large
goes in pieces, and gets its name when all of it is there.
"""

from __future__ import annotations

import keyword
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import Advice, BoardTimeout, DeviceError
from ..syntax_tree import parsed_expression
from . import snippets
from .files.transmission import ATTEMPTS
from .value_reader import DisturbedValue, Reader, ValueProblem
from .value_source import FINISHED, pushed, same_value, steps, with_unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .protocol.executor import Executor

PATIENCE = 15.0
"""Seconds without a character from the board, after which it is given up."""

PIECE = 4 * 1024
"""Bytes of source in which a value goes to a board with flow control."""

SMALL_PIECE = 256
"""Bytes for a board without: the smallest have little memory, too."""

_DAMAGED = ("SyntaxError", "IndentationError", "NameError")
"""What a board says of an expression for a value only where it has not arrived as it was sent."""

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class Values:
    """The values of a connected board.

    Every method raises ``ValueProblem`` where something cannot cross, ``DeviceError`` where the board raises,
    ``LineLost`` when the line is cut, and ``KeyboardInterrupt`` when somebody stops it.
    """

    def __init__(self, board: Executor) -> None:
        self._board = board

    def get(self, expression: str) -> Any:
        """Return the value that an expression has on the board.

        None, bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, array.array, nested;
        a named tuple comes as a tuple, an ordered dict as a dict.

        Args:
            expression: a name, or any expression on one line; it is evaluated once, a plain name at times again.
        """
        _check_expression(expression)
        attempts = ATTEMPTS if _DOTTED.fullmatch(expression) else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._get_once(expression)
            except DisturbedValue as error:
                if attempt == attempts:
                    raise ValueProblem(
                        f"What the board on {self._board.address} told of {expression} is no value ({error}): "
                        "something else prints meanwhile (a timer, a thread). Stop that and try again."
                    ) from None
        raise AssertionError

    def _get_once(self, expression: str) -> Any:
        reader = Reader(expression)
        self._run(snippets.apply("values_get", f"({expression})"), reader.feed)
        value = reader.value()
        if reader.others:
            self._board.keep_unsolicited("".join(reader.others).encode("utf-8", "surrogatepass"))
        return value

    def put(self, name: str, value: Any) -> None:
        """Give a name on the board a value; the old value stays until the new one is whole.

        The same types as for ``get``. A board that computes with single precision rounds floats to it.

        Args:
            name: an identifier.
            value: the value.
        """
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueProblem(f"{name!r} is no name that a value can have.")
        no_flow_control = self._board.capabilities.no_flow_control
        pieces = list(steps(value, SMALL_PIECE if no_flow_control else PIECE, name))
        attempts = ATTEMPTS if no_flow_control else 1
        for attempt in range(1, attempts + 1):
            try:
                if len(pieces) == 1 and not no_flow_control:
                    self._run(snippets.assign(name, with_unpack(pieces[0].removeprefix(pushed("")))), _nothing)
                else:
                    self._put_pieces(name, pieces, value if no_flow_control else None)
            except (BoardTimeout, DeviceError, DisturbedValue) as error:
                # A line without flow control may have lost some of it.
                if attempt == attempts:
                    if isinstance(error, DisturbedValue) or (isinstance(error, DeviceError) and error.name in _DAMAGED):
                        times = f" {attempts} times" if attempts > 1 else ""
                        raise ValueProblem(
                            f"The value of {name} arrived damaged{times} at the board on {self._board.address}: the "
                            "line loses or changes bytes. The board has what it had before. Try again."
                        ) from None
                    raise
            else:
                return

    @contextmanager
    def built(self, value: Any, path: str) -> Iterator[str]:
        """Build a value on the board, piece by piece, and give an expression for it; in the end it is gone there.

        Args:
            value: the value.
            path: what it is called in errors.
        """
        no_flow_control = self._board.capabilities.no_flow_control
        pieces = list(steps(value, SMALL_PIECE if no_flow_control else PIECE, path))
        try:
            with self._held(pieces, value if no_flow_control else None) as expression:
                yield expression
        except DisturbedValue:
            raise ValueProblem(
                f"The value of {path} arrived damaged at the board on {self._board.address}: the line loses or changes "
                "bytes. Try again."
            ) from None

    def _put_pieces(self, name: str, pieces: list[str], expected: Any) -> None:
        """Build a value on the board and give it its name; where ``expected`` is not None, look whether it is that."""
        with self._held(pieces, expected) as expression:
            self._run(f"{name}={expression}\n", _nothing)

    @contextmanager
    def _held(self, pieces: list[str], expected: Any) -> Iterator[str]:
        """Build a value on the board; give an expression for it as long as this lasts."""
        try:
            self._run(snippets.hold("values_put"), _nothing)
            for piece in pieces:
                self._run(snippets.statement(with_unpack(snippets.held_with(piece))), _nothing)
            if expected is not None and not same_value(expected, self._get_once(snippets.held_with(FINISHED))):
                raise DisturbedValue
            yield snippets.held_with(FINISHED).rstrip()
        finally:
            if self._board.idle:
                self._run(snippets.let_go(), _nothing)

    def _run(self, source: str, take: Callable[[str], object]) -> None:
        late = BoardTimeout(
            f"The board on {self._board.address} said nothing more of the value for {PATIENCE:g} s and was stopped.",
            Advice.RESET_IF_AGAIN,
            address=self._board.address,
        )
        try:
            with self._board.start(source) as execution:
                for text in execution.stream(idle=PATIENCE, late=late):
                    if text:
                        take(text)
                execution.check()
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise KeyboardInterrupt from None
            raise
        if execution.interrupts:  # it came too late for this piece, and means the whole
            raise KeyboardInterrupt


def _check_expression(expression: str) -> None:
    try:
        parsed_expression(f"({expression})")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueProblem(f"{expression!r} is no expression.") from None
    if "\n" in expression:
        raise ValueProblem(f"{expression!r} is not on one line.")


def _nothing(_text: str) -> None:
    pass
