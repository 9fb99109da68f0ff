"""A MicroPython board, usable from any script.

>>> with Board.connect("virtual") as board:
...     board.evaluate("6 * 7")
42
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from .. import transports
from ..errors import Advice, BoardBusy, BoardTimeout, ConnectError, LineLost, MicroPythonError, NotConnected
from ..transports.options import ATTACH_TIMEOUT, DEFAULT_BAUD, ConnectionOptions
from . import auto, expressions, host_functions
from .background import Background
from .files.filesystem import Files
from .parts import Parts
from .protocol.capabilities import CHUNK_PAUSE
from .protocol.control_bytes import CTRL_C
from .protocol.diagnosis import interrupted
from .protocol.hard_reset import hard_reset
from .protocol.prompt_session import PromptSession
from .protocol.soft_reset import soft_reset
from .protocol.source_check import check_source
from .protocol.text import decode
from .protocol.unsolicited import UnsolicitedOutput
from .remote_calls.scripting import Scripting
from .value_transfer import Values

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ..transports.tap import Tap
    from .protocol.capabilities import Capabilities
    from .protocol.execution import Execution

PROBE_TIMEOUT = 3.0
"""Seconds that each port has to show a prompt when one is to be found among many."""

REQUEST_TIMEOUT = 5.0
"""Seconds for the short requests that the host makes on its own account."""

MAX_REPLY = 1024 * 1024
"""Characters of the answer to a short request."""


class Board(Scripting):
    """One connected board. Executions are one at a time; ``interrupt`` and ``close`` may come from any thread.

    Attributes:
        address: where the board was found, for example ``/dev/ttyACM0``.
        banner: what it says it is, as in ``MicroPython v1.27.0 on 2025-12-09; Raspberry Pi Pico``; empty on a raw line.
        greeting: what it said while it was connected: boot messages, the end of a stopped program.
        considered: for ``auto``, the ports that were tried or left, with the reason.
    """

    def __init__(self, session: PromptSession, banner: str = "", greeting: str = "") -> None:
        self._session = session
        self.address = session.line.address
        self.banner = banner
        self.greeting = greeting
        self.considered: list[tuple[str, str | MicroPythonError]] = []
        self._stop_next = False

    # -- connecting ----------------------------------------------------------------------------------------------

    @classmethod
    def connect(
        cls,
        address: str = "auto",
        *,
        baud: int = DEFAULT_BAUD,
        dtr: bool | None = None,
        rts: bool | None = None,
        heap: int | None = None,
        password: transports.Password | None = None,
        raw: bool = False,
        timeout: float = ATTACH_TIMEOUT,
        tap: Tap | None = None,
        board: str | None = None,
    ) -> Board:
        """Open the line to a board and bring it to its raw prompt, without a reset.

        Args:
            address: see ``transports.address``; ``auto`` tries the likely serial ports.
            baud: bits per second, for serial lines.
            dtr: state of the modem line DTR when the port opens; None for the transport's choice.
            rts: the same for RTS.
            heap: bytes of heap of a virtual board; None for its default.
            password: of a WebREPL, or what asks for it; None for what ``MICROPYTHON_WEBREPL_PASSWORD`` holds.
            raw: only open the line, without the protocol.
            timeout: seconds that the board has to come to its prompt.
            tap: is told everything that goes over the line; see ``transports.tap``.
            board: which board the virtual one is, ``pico`` or ``esp32``; None for none in particular.

        Raises:
            AddressError: the address names nothing that could be opened.
            ConnectError: it could not be opened, or no MicroPython answered.
        """
        return cls.open(address, ConnectionOptions(baud, dtr, rts, heap, password, raw, timeout, tap, board=board))

    @classmethod
    def open(cls, address: str, options: ConnectionOptions) -> Board:
        """Connect as ``connect`` does, with options that somebody keeps."""

        def attach(place: str | transports.Address, timeout: float) -> Board:
            line = transports.open_transport(place, options)
            session = PromptSession(line, raw=options.raw, tap=options.tap, alone=options.alone)
            return cls._attach(session, timeout)

        parsed = transports.parse(address)
        options.check(parsed)
        if parsed.scheme != "auto":
            return attach(parsed, options.timeout)
        board, considered = auto.first_answer(lambda device: attach(device, PROBE_TIMEOUT))
        board.considered = considered
        return board

    @classmethod
    def _attach(cls, session: PromptSession, timeout: float) -> Board:
        if session.raw or session.alone:
            return cls(session)
        try:
            greeting = decode(session.attach(timeout))
            banner = session.identify()
        except BaseException as error:
            session.close(exit_raw_repl=False)
            if isinstance(error, LineLost):
                raise ConnectError(str(error)) from error
            raise
        session.capabilities.note_banner(banner)
        return cls(session, banner, greeting)

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def lost(self) -> LineLost | None:
        """Why the line is gone; None while it is there, or comes back when it is used, as a WebREPL after a reset."""
        return None if self._session.away else self._session.line.lost

    @property
    def lost_at(self) -> float:
        """When the line was lost, in the host's monotonic seconds; now, where that was not noticed."""
        return self._session.line.lost_at or time.monotonic()

    @property
    def restarts(self) -> int:
        """How often the board was seen to restart since it is connected."""
        return self._session.restarts

    @property
    def heard_at(self) -> float:
        """When the board sent something last, in the host's monotonic seconds."""
        return self._session.line.heard_at

    @property
    def idle(self) -> bool:
        """Whether the board waits at its prompt, so that a request is answered at once."""
        return self._session.line.lost is None and not self.raw and self._session.ready

    @property
    def raw(self) -> bool:
        """Whether the line was opened without the protocol."""
        return self._session.raw

    @property
    def capabilities(self) -> Capabilities:
        """What the board can, as far as it is known."""
        return self._session.capabilities

    @cached_property
    def platform(self) -> str:
        """What the board says it is, for example ``esp32``; asked once, ``""`` where it does not say."""
        try:
            found = self.evaluate("__import__('sys').platform", timeout=PROBE_TIMEOUT, own=True)
        except (MicroPythonError, ValueError):
            return ""
        return found if isinstance(found, str) else ""

    @cached_property
    def files(self) -> Files:
        """The board's file system."""
        return Files(self)

    @cached_property
    def values(self) -> Values:
        """The board's values, and how they cross."""
        return Values(self)

    @cached_property
    def parts(self) -> Parts:
        """What is attached to a virtual board's pins; a `NoParts` error for any other board."""
        return Parts.of(self._session.line.transport, self.address)

    @cached_property
    def background(self) -> Background:
        """What the board does on its own."""
        return Background(self.start, lambda: self._session, self._at_prompt, self._reopen)

    def take_unsolicited(self) -> UnsolicitedOutput:
        """Return what the board printed since its last execution, once."""
        text, left_out = self.background.take()
        data, dropped = self._session.take_unsolicited()
        of_program = self._session.unsolicited.take_of_program()
        return UnsolicitedOutput(text + decode(data), left_out + dropped, self._session.take_restarted(), of_program)

    def keep_unsolicited(self, data: bytes) -> None:
        """Have bytes, which came in the middle of something else, count as printed while nothing was executed."""
        self._session.keep_unsolicited(data)

    # -- executing -----------------------------------------------------------------------------------------------

    def start(self, source: str | bytes) -> Execution:
        """Send a program and let it run; the result gives its output as it comes.

        A board that is not at its prompt any more (it restarted, or a program did not stop) is brought there first.

        Raises:
            NotConnected: the line was opened raw.
            SourceError: the source cannot be sent.
            ConnectError: the board does not come to its prompt.
            BoardBusy: the board does not take the source.
            LineLost: the line is gone.
        """
        self._need_prompt("run code")
        if self.lost is not None:
            raise self.lost
        if self._stop_next:
            self._stop_next = False
            raise interrupted()
        if isinstance(source, str):
            source = source.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
        execution = self._at_prompt().start(source)
        if self._stop_next:  # it came while the board was brought to its prompt
            self._stop_next = False
            self.interrupt()
        return execution

    def execute(
        self, source: str, on_output: Callable[[str], object] | None = None, *, timeout: float | None = None
    ) -> str:
        """Run a program to its end.

        Args:
            source: MicroPython code.
            on_output: called with the output as it comes; without it the output is returned.
            timeout: seconds after which the program is interrupted; None for no limit.

        Returns:
            What the program printed; ``""`` when ``on_output`` got it.

        Raises:
            DeviceError: the program raised an exception.
            BoardTimeout: it ran longer than ``timeout``.
            MicroPythonError: what ``start`` raises, and everything that ends a program from outside.
        """
        kept: list[str] = []
        take = on_output or kept.append
        size = 0
        late = BoardTimeout(f"The board on {self.address} did not answer a request within {timeout or 0:g} s.")
        with self.start(source) as execution:
            for text in execution.stream(limit=timeout, late=late):
                size += len(text)
                if timeout is not None and size > MAX_REPLY:
                    raise BoardTimeout(
                        f"The board on {self.address} answered a request with more than {MAX_REPLY} characters."
                    )
                if text:
                    take(text)
            execution.check()
        if timeout is not None and execution.interrupts:
            # Somebody wants to stop; it came too late for this program, not for what follows.
            raise interrupted()
        return "".join(kept)

    def evaluate(self, expression: str, *, timeout: float = REQUEST_TIMEOUT, own: bool = False) -> object:
        """Return the value of an expression on the board, as data: numbers, strings, bytes, and containers of them.

        Args:
            expression: on one line.
            timeout: seconds.
            own: it uses no names of the programs on the board, only the firmware's.

        Raises:
            DeviceError: the expression raised an exception.
            ValueError: the value's text is not a plain literal, or too long.
            BoardTimeout: no answer within ``timeout`` seconds.
        """
        return expressions.evaluate(self, expression, timeout, own=own)

    def hear_questions(self) -> bool:
        """Have ``input()`` on the board tell when it asks; return whether it does. See ``host_functions``.

        Raises:
            MicroPythonError: as for ``execute``.
        """
        self._at_prompt()
        return host_functions.hear_questions(self, REQUEST_TIMEOUT)

    def give_display(self) -> None:
        """Have the board's builtins hold ``display()`` until ``take_display`` or the line's end.

        Raises:
            MicroPythonError: as for ``execute``; a DeviceError also where the board has no room for it.
        """
        self._at_prompt()
        host_functions.give_display(self, REQUEST_TIMEOUT)

    def take_display(self) -> None:
        """Remove it again."""
        self._at_prompt()
        host_functions.take_display(self, REQUEST_TIMEOUT)

    def give_await(self) -> bool:
        """Have top-level ``await`` ready; return whether this board's syntax has it. See ``host_functions``."""
        self._at_prompt()
        return host_functions.give_await(self, REQUEST_TIMEOUT)

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether one runs."""
        return self._session.interrupt()

    def stop(self) -> None:
        """Interrupt what runs; between two programs, as a transfer sends them, the next one does not start."""
        self._stop_next = True  # first: a program that starts now must see it
        if self.interrupt():
            self._stop_next = False

    def go_on(self) -> None:
        """Forget a ``stop`` that met nothing."""
        self._stop_next = False

    def soft_reset(self) -> str:
        """Soft-reset the board (variables go, ``boot.py`` runs); return what it said. A WebREPL is opened again.

        Raises:
            NotConnected: the line was opened raw.
            BoardBusy: the board did not come back.
            LineLost: the line is gone, or did not come back.
        """
        self._need_prompt("reset the board")
        return soft_reset(self._at_prompt)

    def hard_reset(self) -> None:
        """Restart the board as its reset button does; the line may go with it, and comes back in its own time.

        The board's own ``machine.reset()`` does it, or else the lines of its USB bridge, as on boards with an ESP32.

        Raises:
            NotConnected: the line was opened raw.
            CannotReset: the board has no ``machine.reset()``, and the line cannot reset it.
            MicroPythonError: the board did not come to its prompt, and the line cannot reset it.
        """
        self._need_prompt("reset the board")
        hard_reset(self._session, self._at_prompt)

    def _need_prompt(self, wish: str) -> None:
        if self.raw:
            raise NotConnected(
                f"{self.address} is open as a raw line, without the prompt.",
                Advice.WITHOUT_RAW,
                address=self.address,
                wish=wish,
            )

    def _at_prompt(self) -> PromptSession:
        """Return the session with the board at its prompt, on a new line where its restart ended the old one.

        Raises:
            BoardBusy: a program runs, or the board is left to itself, so that one may run.
            ConnectError: the board does not come to its prompt.
            LineLost: the line is gone, or did not come back.
        """
        if self._session.executing:
            raise BoardBusy(f"The board on {self.address} runs a program, or files are on their way: wait for the end.")
        if self._session.alone:
            raise BoardBusy(f"The board on {self.address} is left to itself: a program may run there.")
        if self._session.away:
            self._reopen(alone=False)
        if not self._session.ready:
            self._session.attach()
        return self._session

    def _reopen(self, *, alone: bool = True) -> None:
        self._session = self._session.reopened(alone=alone)

    # -- raw I/O mode---------------------------------------------------------------------------------------------

    def write_bytes(self, data: bytes) -> None:
        """Put bytes on the line as they are. The next execution brings the board to its prompt again.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, or the board does not take them.
        """
        if self._session.away:
            self._at_prompt()
        self._session.write(data)

    def read_bytes(self, quiet: float = 0.1, limit: float = 1.0) -> tuple[bytes, int]:
        """Return what the board sent since its last execution or the last call, and how many older bytes were lost.

        Args:
            quiet: seconds without a byte that end the wait for more.
            limit: seconds that the wait takes at most.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, and everything that came before was read.
        """
        return self._session.read(quiet, limit)

    def type_source(self, source: str) -> None:
        r"""Send a program without the end mark that makes the board run it: the bytes 0x04, or Ctrl-D at a keyboard.

        A board is brought to its raw prompt first; on a raw line the lines are typed to whatever is there, with
        ``\r\n`` behind each. It takes a second for 1,600 bytes, because nothing tells how much a board has room for.

        Raises:
            SourceError: the source holds a byte that the raw prompt takes for a command.
            ConnectError: the board does not come to its prompt.
            LineLost: the line is gone, or the board does not take the source.
        """
        lines = source.encode("utf-8", "surrogatepass").splitlines()
        data = b"".join(line + b"\r\n" for line in lines)
        if not self.raw:
            check_source(b"\n".join(lines))
            self._at_prompt()
            data = CTRL_C + b"".join(line + b"\n" for line in lines)  # Ctrl-C empties the prompt's line
        self._session.write(data, pause=CHUNK_PAUSE)

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self, *, exit_raw_repl: bool = True) -> None:
        """Free the line at once; the board keeps its state.

        Args:
            exit_raw_repl: return to the friendly prompt first, which other programs expect.
        """
        self._session.close(exit_raw_repl=exit_raw_repl)

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
