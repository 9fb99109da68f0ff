"""One request to the board and its answer: what is sent, what comes back, what is done where something was lost."""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import BoardBusy, BoardTimeout, DeviceError
from .. import snippets
from ..files.transmission import ATTEMPTS
from ..protocol.executor import Executor
from ..value_reader import ValueProblem
from ..value_source import whole
from .answers import Answers, Opaque, Printed, Raised, Undefined, Value
from .host_errors import host_error

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from ...errors import LineLost
    from ..value_transfer import Values
    from .answers import Event
    from .function_source import FunctionSource

INSTALL_TIMEOUT = 30.0
"""Seconds that a board has to take a function."""

INLINE = 2 * 1024
"""Bytes of arguments that go with the call, to a board with flow control; more go in pieces before."""

SMALL_INLINE = 192
"""Bytes for a board without."""

_NOT_BEGUN = ("SyntaxError", "IndentationError", "NameError", "ZeroDivisionError", "TypeError", "ValueError")
"""What a board says of a request that has arrived damaged: nothing of the user's has run."""


class Kind(IntEnum):
    """What is done with what the board finds; the numbers are those of ``snippets/remote_answer.py``."""

    CALL = 0
    ITERATE = 1
    GET = 2
    SET = 3
    ITEM = 4
    SET_ITEM = 5
    LENGTH = 6


class RemoteBoard(Executor, Protocol):
    """A board whose functions can be called."""

    @property
    def lost(self) -> LineLost | None:
        """Why the line is gone; None while it is there."""

    @property
    def restarts(self) -> int:
        """How often the board was seen to restart."""

    @property
    def values(self) -> Values:
        """The board's values."""


class Request:
    """What is asked of a board.

    Args:
        name: what it is called in errors, for example ``blink()``.
        found: the expression of what it is about.
        kind: what is done with that.
        arguments: positional ones.
        named: by keyword.
        function: the function that is to be there; None where the board has it by itself.
        timeout: seconds that it may take, or for a generator each item; None for no limit.
        output: is called with what the board prints.
    """

    def __init__(
        self,
        name: str,
        found: str,
        kind: Kind,
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
        *,
        function: FunctionSource | None = None,
        timeout: float | None = None,
        output: Callable[[str], object] = lambda text: print(text, end="", flush=True),
    ) -> None:
        self.name = name
        self.found = found
        self.kind = kind
        self.arguments = arguments
        self.named = dict(named or {})
        self.function = function
        self.timeout = timeout
        self.output = output


class RemoteCalls:
    """The functions and objects of one board, as the host calls them.

    Any thread may call: a call waits until another thread's is over. While a generator is open, calls raise BoardBusy.

    Args:
        board: which.

    Attributes:
        sources: the functions that were sent, by their names.
    """

    def __init__(self, board: RemoteBoard) -> None:
        self._board = board
        self._turn = threading.RLock()
        self._open = ""  # the generator that runs
        self._installed = False
        self._restarts = board.restarts
        self.sources: dict[str, FunctionSource] = {}

    def ask(self, request: Request) -> Any:
        """Have the board answer; return the value.

        Raises:
            Exception: what the function has raised, as ``host_error`` says.
            NameError: the board does not have what it is about.
            ValueProblem: an argument or the value cannot cross.
            BoardTimeout: it took longer than it may; it was stopped.
            BoardBusy: a generator of the board is open, or a program runs there.
            KeyboardInterrupt: somebody stopped it.
            LineLost: the line is gone.
        """
        with self._turn:
            self._check_open()
            found = list(self._values(request))
        if not found:
            raise ValueProblem(f"The board on {self._board.address} told no value of {request.name}: try again.")
        return found[-1]

    def iterate(self, request: Request) -> Iterator[Any]:
        """Have the board answer, and give the values as they come; raises what ``ask`` raises.

        What is not taken any more ends the function on the board, with KeyboardInterrupt.
        """
        with self._turn:
            self._check_open()
            self._open = request.name
        try:
            yield from self._values(request)
        finally:
            self._open = ""

    def clear(self) -> None:
        """Remove what calls have left on the board: the functions, and what answers for them.

        Raises:
            MicroPythonError: as ``Board.execute``.
        """
        with self._turn:
            self._check_open()
            self._board.execute(snippets.remove_residents(self.sources), timeout=INSTALL_TIMEOUT)
            self._installed = False
            self.sources.clear()

    def _check_open(self) -> None:
        if self._open:
            raise BoardBusy(
                f"The generator {self._open} still runs on the board on {self._board.address}: take its other items, "
                "or close() it."
            )

    def _values(self, request: Request) -> Iterator[Any]:
        for attempt in range(1, ATTEMPTS + 1):
            if (yield from self._values_once(request, last=attempt == ATTEMPTS)):
                return
        raise NameError(f"The board on {self._board.address} has no {request.found}.")

    def _values_once(self, request: Request, *, last: bool) -> Generator[Any, None, bool]:
        """Give the values; return whether there is nothing to be sent again."""
        self._install(request.function)
        with self._told(request) as told:
            mark, source = self._call(request, told)
            answered = False
            arguments: tuple[Any, ...] | None = None
            try:
                for event in self._events(request, mark, source):
                    match event:
                        case Printed(text):
                            request.output(text)
                        case Undefined():
                            if request.function is None:
                                raise NameError(f"The board on {self._board.address} has no {request.found}.")
                            self.sources.pop(request.function.name, None)  # somebody has removed it
                            return False
                        case Value(value):
                            answered = True
                            yield value
                        case Opaque(problem):
                            raise problem
                        case Raised(found):
                            answered = True
                            arguments = found
            except DeviceError as error:
                if not answered and not last and error.name in _NOT_BEGUN:
                    self._installed = False  # the board has restarted, and nobody has seen it; or bytes were lost
                    return False
                raise host_error(error, self.sources, self._board.address, arguments) from None
        return True

    def _install(self, function: FunctionSource | None) -> None:
        """Send what is needed and not there.

        Raises:
            Exception: the board cannot compile the function; see ``host_error``.
        """
        if self._board.restarts != self._restarts:
            self._restarts = self._board.restarts
            self._installed = False
            self.sources.clear()
        if not self._installed:
            for name, called in snippets.RESIDENTS.items():  # two small ones: the smallest boards cannot compile one
                self._send(snippets.resident(name, called), {})
            self._installed = True
        if function is not None and self.sources.get(function.name) != function:
            self.sources.pop(function.name, None)
            self._send(function.text, {"<module>": function})
            self.sources[function.name] = function

    def _send(self, source: str, sources: Mapping[str, FunctionSource]) -> None:
        try:
            self._board.execute(source, timeout=INSTALL_TIMEOUT)
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise KeyboardInterrupt from None
            raise host_error(error, sources, self._board.address) from None

    @contextmanager
    def _told(self, request: Request) -> Iterator[tuple[str, bool]]:
        """Have an expression for the arguments, and tell whether it is one of ours on the board, where they are large.

        Raises:
            ValueProblem: an argument cannot cross; the message says which.
        """
        value = (request.arguments, request.named)
        no_flow_control = self._board.capabilities.no_flow_control
        try:
            text = whole(value, SMALL_INLINE if no_flow_control else INLINE, request.name)
        except ValueProblem:
            for where, argument in [*enumerate(request.arguments, 1), *request.named.items()]:
                whole(argument, INLINE, f"Argument {where} of {request.name}")
            raise
        if text is not None:
            yield text, False
        else:
            with ExitStack() as stack:
                try:
                    expression = stack.enter_context(self._board.values.built(value, request.name))
                except DeviceError as error:  # a small board may have no room for them
                    raise host_error(error, {}, self._board.address) from None
                yield expression, True

    def _call(self, request: Request, told: tuple[str, bool]) -> tuple[str, str]:
        """Return the mark of the answers, and the program that asks for them."""
        mark = f"~{secrets.token_hex(6)}~"
        text, on_board = told
        total = 0 if on_board else sum((mark + text).encode())
        arguments = f"{int(request.kind)},{mark!r},{text if on_board else repr(text)},{total}"
        return mark, snippets.ask_resident(request.found, arguments)

    def _events(self, request: Request, mark: str, source: str) -> Iterator[Event]:
        """Run a program and give what it tells.

        Raises:
            DeviceError: it has raised an exception.
            KeyboardInterrupt: somebody stopped it.
            MicroPythonError: everything that ends a program from outside.
        """
        seconds = request.timeout
        late = BoardTimeout(
            f"{request.name} took more than {seconds or 0:g} s on the board on {self._board.address}, and was stopped."
        )
        answers = Answers(mark, request.name)
        limit, idle = (None, seconds) if request.kind is Kind.ITERATE else (seconds, None)
        try:
            with self._board.start(source) as execution:
                for text in execution.stream(limit=limit, idle=idle, late=late):
                    yield from answers.feed(text)
                yield from answers.rest()
                execution.check()
                answers.close()
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                if (lost := self._board.lost) is not None:  # the farewell has stopped it, and nobody here
                    raise lost from None
                raise KeyboardInterrupt from None
            raise
        if execution.interrupts:
            raise KeyboardInterrupt
