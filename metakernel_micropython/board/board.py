"""A MicroPython board, usable from any script.

>>> with Board.connect("virtual") as board:
...     board.evaluate("6 * 7")
42
"""

from __future__ import annotations

import ast
import re
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .. import transports
from ..errors import (
    BoardBusy,
    BoardReset,
    BoardTimeout,
    CannotReset,
    ConnectError,
    DeviceError,
    LineLost,
    MicroPythonError,
    NotConnected,
)
from ..transports import last_board, port_scan
from . import snippets
from .files.filesystem import Files
from .protocol.conversation import ATTACH_TIMEOUT, Conversation, Execution
from .protocol.repl import CHUNK_PAUSE, CTRL_C, check_source
from .protocol.text import decode
from .value_transfer import Values

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ..transports.tap import Tap

PROBE_TIMEOUT = 3.0
"""Seconds that each port has to show a prompt when one is to be found among many."""

RESET_TIMEOUT = 2.0
"""Seconds until a board that says nothing of its restart counts as restarted: it runs main.py by then."""

REQUEST_TIMEOUT = 5.0
"""Seconds for the short requests that the host makes on its own account."""

MAX_REPLY = 1024 * 1024
"""Characters of the answer to a short request."""

MAX_LITERAL = 64 * 1024
"""Bytes of a value's text that ``evaluate`` reads; more is refused."""

_VERSION = re.compile(r"v(\d{1,9})\.(\d{1,9})")
_RAW_PASTE_SINCE = (1, 14)


@dataclass(frozen=True)
class UnsolicitedOutput:
    """What a board printed while nothing was executed.

    Attributes:
        text: the output.
        dropped: bytes before it that had no room.
        restarted: whether the board restarted, so that its variables are gone.
    """

    text: str
    dropped: int
    restarted: bool


class Board:
    """One connected board. Executions are one at a time; ``interrupt`` and ``close`` may come from any thread.

    Attributes:
        address: where the board was found, for example ``/dev/ttyACM0``.
        banner: what it says it is, for example ``MicroPython v1.27.0 on 2025-12-09; Raspberry Pi Pico with RP2040``;
            empty on a raw line.
        greeting: what it said while it was connected: boot messages, the end of a program that was stopped.
        considered: for ``auto``, the ports that were tried or left, with the reason.
    """

    def __init__(self, conversation: Conversation, banner: str = "", greeting: str = "") -> None:
        self._conversation = conversation
        self.address = conversation.transport.address
        self.banner = banner
        self.greeting = greeting
        self.considered: list[tuple[str, str]] = []
        self._stop_next = False

    # -- connecting ----------------------------------------------------------------------------------------------

    @classmethod
    def connect(
        cls,
        address: str = "auto",
        *,
        baud: int = 115200,
        dtr: bool | None = None,
        rts: bool | None = None,
        heap: int | None = None,
        password: transports.Password | None = None,
        raw: bool = False,
        timeout: float = ATTACH_TIMEOUT,
        tap: Tap | None = None,
    ) -> Board:
        """Open the line to a board and bring it to its raw prompt, without a reset.

        Args:
            address: see ``transports.address``; ``auto`` tries the likely serial ports.
            baud: bits per second, for serial lines.
            dtr: state of the modem line DTR when the port opens; None for the transport's choice.
            rts: the same for RTS.
            heap: bytes of heap of a virtual board; None for its default.
            password: of a WebREPL, or what asks a person for it; None for what the environment variable
                ``MICROPYTHON_WEBREPL_PASSWORD`` holds.
            raw: only open the line, without the protocol.
            timeout: seconds that the board has to come to its prompt.
            tap: is told everything that goes over the line; see ``transports.tap``.

        Raises:
            AddressError: the address names nothing that could be opened.
            ConnectError: it could not be opened, or no MicroPython answered.
        """
        parsed = transports.parse(address)
        if parsed.scheme == "auto":
            return cls._connect_any(baud=baud, dtr=dtr, rts=rts, raw=raw, tap=tap)
        line = transports.open_transport(parsed, baud=baud, dtr=dtr, rts=rts, heap=heap, password=password)
        return cls._attach(Conversation(line, raw=raw, tap=tap), timeout)

    @classmethod
    def _attach(cls, conversation: Conversation, timeout: float) -> Board:
        if conversation.raw:
            return cls(conversation)
        try:
            greeting = decode(conversation.attach(timeout))
            banner = conversation.identify()
        except BaseException as error:
            conversation.close(exit_raw_repl=False)
            if isinstance(error, LineLost):
                raise ConnectError(str(error)) from error
            raise
        version = _VERSION.search(banner)
        if version and (int(version[1]), int(version[2])) < _RAW_PASTE_SINCE:
            conversation.repl.raw_paste = False
        return cls(conversation, banner, greeting)

    @classmethod
    def _connect_any(cls, *, baud: int, dtr: bool | None, rts: bool | None, raw: bool, tap: Tap | None) -> Board:
        ports = port_scan.candidates(last_board.last())
        if not ports:
            raise ConnectError(
                "No board was found: no USB serial port is there. Plug a board in (with a cable that carries data), "
                "name its address, or use %connect virtual for the virtual board."
            )
        considered: list[tuple[str, str]] = []
        for position, port in enumerate(ports):
            try:
                line = transports.open_transport(port.device, baud=baud, dtr=dtr, rts=rts)
                board = cls._attach(Conversation(line, raw=raw, tap=tap), PROBE_TIMEOUT)
            except MicroPythonError as error:
                considered.append((port.device, str(error)))
                continue
            considered += [(other.device, "not tried") for other in ports[position + 1 :]]
            board.considered = considered
            last_board.remember(port)
            return board
        tried = "\n".join(f"  {device}: {reason}" for device, reason in considered)
        raise ConnectError(f"No board answered on the {len(considered)} serial ports that are there:\n{tried}")

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def lost(self) -> LineLost | None:
        """Why the line to the board is gone; None while it is there, or comes back when it is used.

        The soft reset of a board ends its WebREPL; the next execution waits until boot.py has started it again.
        """
        return None if self._conversation.away else self._conversation.lost

    @property
    def lost_at(self) -> float:
        """When the line was lost, in the host's monotonic seconds; now, where that was not noticed."""
        return self._conversation.lost_at or time.monotonic()

    @property
    def restarts(self) -> int:
        """How often the board was seen to restart since it is connected."""
        return self._conversation.restarts

    @property
    def heard_at(self) -> float:
        """When the board sent something last, in the host's monotonic seconds."""
        return self._conversation.heard_at

    @property
    def idle(self) -> bool:
        """Whether the board waits at its prompt, so that a request is answered at once."""
        return self._conversation.lost is None and not self.raw and self._conversation.ready

    @property
    def raw(self) -> bool:
        """Whether the line was opened without the protocol."""
        return self._conversation.raw

    @property
    def no_flow_control(self) -> bool:
        """Whether sources go out in small pieces with pauses, because this board has no flow control."""
        return self._conversation.repl.raw_paste is False

    @property
    def window(self) -> int:
        """Bytes that the board has room for twice while a program does not read them; 0 where it has not told."""
        return self._conversation.repl.window

    @cached_property
    def platform(self) -> str:
        """What the board says it is, for example ``esp32``; asked once, ``""`` where it does not say."""
        try:
            found = self.evaluate("__import__('sys').platform", timeout=PROBE_TIMEOUT)
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

    def take_unsolicited(self) -> UnsolicitedOutput:
        """Return what the board printed since its last execution, once."""
        data, dropped = self._conversation.take_unsolicited()
        restarted, self._conversation.restarted = self._conversation.restarted, False
        return UnsolicitedOutput(decode(data), dropped, restarted)

    def keep_unsolicited(self, data: bytes) -> None:
        """Have bytes, which came in the middle of something else, count as printed between executions."""
        self._conversation.keep_unsolicited(data)

    # -- executing -----------------------------------------------------------------------------------------------

    def start(self, source: str | bytes) -> Execution:
        """Send a program and let it run; the result gives its output as it comes.

        A board that is not at its prompt any more (it restarted, or the last program did not stop) is brought there
        first.

        Raises:
            NotConnected: the line was opened raw.
            SourceError: the source cannot be sent.
            ConnectError: the board does not come to its prompt.
            BoardBusy: the board does not take the source.
            LineLost: the line is gone.
        """
        if self.raw:
            raise NotConnected(
                f"{self.address} is open as a raw line, without the prompt: connect without --raw to run code."
            )
        if self.lost is not None:
            raise self.lost
        if self._stop_next:
            self._stop_next = False
            raise DeviceError("KeyboardInterrupt", "", "KeyboardInterrupt: \n")
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
        with self.start(source) as execution:
            if timeout is None:
                done = False
                while not done:
                    done = execution.done
                    if text := execution.read():
                        take(text)
            else:
                self._take_reply(execution, take, timeout)
            execution.check()
        if timeout is not None and execution.interrupts:
            # Somebody wants to stop; it came too late for this program, not for what follows.
            raise DeviceError("KeyboardInterrupt", "", "KeyboardInterrupt: \n")
        return "".join(kept)

    def _take_reply(self, execution: Execution, take: Callable[[str], object], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        size = 0
        done = False
        while not done:
            done = execution.done
            text = execution.read(max(0.0, deadline - time.monotonic()))
            size += len(text)
            problem = ""
            if size > MAX_REPLY:
                problem = f"answered a request with more than {MAX_REPLY} characters"
            elif not execution.done and time.monotonic() >= deadline:
                problem = f"did not answer a request within {timeout:g} s"
            if problem:
                raise BoardTimeout(f"The board on {self.address} {problem}.")
            if text:
                take(text)

    def evaluate(self, expression: str, *, timeout: float = REQUEST_TIMEOUT) -> object:
        """Return the value of an expression on the board, as data: numbers, strings, bytes, and containers of them.

        Raises:
            DeviceError: the expression raised an exception.
            ValueError: the value's text is not a plain literal, or too long.
            BoardTimeout: no answer within ``timeout`` seconds.
        """
        text = self.execute(f"print(repr({expression}))", timeout=timeout)
        if len(text) > MAX_LITERAL:
            raise ValueError(f"The value of {expression} is too long: {len(text)} characters.")
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, TypeError, ValueError, MemoryError, RecursionError):
            raise ValueError(f"The value of {expression} is not plain data: {text.strip()[:80]}") from None

    def hear_questions(self) -> bool:
        """Have ``input()`` on the board tell when it asks (see ``questions``); return whether it does.

        It costs one execution after each restart of the board, and about 1 kB of its memory until the line is closed.

        Raises:
            DeviceError: it was interrupted.
            MicroPythonError: as for ``execute``.
        """
        conversation = self._at_prompt()
        if conversation.tells_questions is False:
            try:
                self.execute(snippets.call("input"), timeout=REQUEST_TIMEOUT)
            except DeviceError as error:
                if error.name == "KeyboardInterrupt":
                    raise
                conversation.tells_questions = None  # no room, or a firmware whose builtins are fixed
            else:
                conversation.tells_questions = True
        return conversation.tells_questions is True

    def give_display(self) -> None:
        """Have the board's builtins hold ``display()`` (see ``displays``) until ``take_display`` or the line's end.

        It costs one execution after each restart of the board, and about 2 kB of its memory.

        Raises:
            DeviceError: the board has no room for it, or was interrupted.
            MicroPythonError: as for ``execute``.
        """
        conversation = self._at_prompt()
        if not conversation.shows:
            self.execute(snippets.call("display"), timeout=REQUEST_TIMEOUT)
            conversation.shows = True

    def take_display(self) -> None:
        """Remove it again."""
        conversation = self._at_prompt()
        if conversation.shows:
            self.execute(snippets.call("display_end"), timeout=REQUEST_TIMEOUT)
            conversation.shows = False

    def interrupt(self) -> bool:
        """Send Ctrl-C to the program that runs; return whether one runs."""
        return self._conversation.interrupt()

    def stop(self) -> None:
        """Interrupt what runs; between two programs, as a transfer sends them, the next one does not start."""
        self._stop_next = True  # first: a program that starts now must see it
        if self.interrupt():
            self._stop_next = False

    def go_on(self) -> None:
        """Forget a ``stop`` that met nothing."""
        self._stop_next = False

    def soft_reset(self) -> str:
        """Soft-reset the board: variables are gone, ``boot.py`` runs. Return what the board said.

        Where that ends the line, as with a WebREPL, it is opened again.

        Raises:
            NotConnected: the line was opened raw.
            BoardBusy: the board did not come back.
            LineLost: the line is gone, or did not come back.
        """
        if self.raw:
            raise NotConnected(f"{self.address} is open as a raw line: connect without --raw to reset the board.")
        conversation = self._at_prompt()
        try:
            return conversation.soft_reset()
        except LineLost:
            if not conversation.away:
                raise
        said = decode(conversation.take_unsolicited()[0])
        self._at_prompt()
        return said

    def hard_reset(self) -> None:
        """Restart the board as its reset button does; the line may go with it, and comes back in its own time.

        The board's own ``machine.reset()`` does it. Where it has none, or does not come to its prompt, and is behind a
        USB bridge, the bridge's lines do, as on boards with a chip of Espressif's.

        Raises:
            NotConnected: the line was opened raw.
            CannotReset: the board has no ``machine.reset()``, and the line cannot reset it.
            MicroPythonError: the board did not come to its prompt, and the line cannot reset it.
        """
        if self.raw:
            raise NotConnected(f"{self.address} is open as a raw line: connect without --raw to reset the board.")
        try:
            execution = self._at_prompt().start(b"import machine\nmachine.reset()")
            execution.wait(RESET_TIMEOUT)
            execution.check()
        except (LineLost, BoardReset):
            return
        except MicroPythonError as error:
            if not self._conversation.transport.pulse_reset():
                if isinstance(error, DeviceError) and error.name in ("AttributeError", "ImportError"):
                    raise CannotReset(
                        f"The board on {self.address} has no machine.reset(), and its line cannot reset it: press its "
                        "reset button. (%reboot without --hard soft-resets it.)"
                    ) from error
                raise
        self._conversation.forget()

    def _at_prompt(self) -> Conversation:
        """Return the conversation with the board at its prompt, on the line that it came back to where it restarted.

        Raises:
            BoardBusy: a program runs.
            ConnectError: the board does not come to its prompt.
            LineLost: the line is gone, or did not come back.
        """
        if self._conversation.executing:
            raise BoardBusy(f"The board on {self.address} runs a program, or files are on their way: wait for the end.")
        if self._conversation.away:
            try:
                self._conversation = self._conversation.reopened()
            except ConnectError as error:
                raise LineLost(str(error)) from error
        if not self._conversation.ready:
            self._conversation.attach()
        return self._conversation

    # -- by hand -------------------------------------------------------------------------------------------------

    def write_bytes(self, data: bytes) -> None:
        """Put bytes on the line as they are. The next execution brings the board to its prompt again.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, or the board does not take them.
        """
        if self._conversation.away:
            self._at_prompt()
        self._conversation.write(data)

    def read_bytes(self, quiet: float = 0.1, limit: float = 1.0) -> tuple[bytes, int]:
        """Return what the board sent since its last execution or the last call, and how many older bytes were lost.

        Args:
            quiet: seconds without a byte that end the wait for more.
            limit: seconds that the wait takes at most.

        Raises:
            BoardBusy: a program runs.
            LineLost: the line is gone, and everything that came before was read.
        """
        return self._conversation.read(quiet, limit)

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
        if self.raw:
            data = b"".join(line + b"\r\n" for line in lines)
        else:
            check_source(b"\n".join(lines))
            self._at_prompt()
            data = CTRL_C + b"".join(line + b"\n" for line in lines)  # Ctrl-C empties the prompt's line
        self._conversation.write(data, pause=CHUNK_PAUSE)

    # -- ending --------------------------------------------------------------------------------------------------

    def close(self, *, exit_raw_repl: bool = True) -> None:
        """Free the line at once; the board keeps its state.

        Args:
            exit_raw_repl: return to the friendly prompt first, which other programs expect.
        """
        self._conversation.close(exit_raw_repl=exit_raw_repl)

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
