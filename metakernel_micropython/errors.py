"""Everything that can go wrong with a board, as exceptions with one root.

Each class says in one sentence what happened; each message names the board or the address and what to do next. The
module imports nothing of the package, so that transports, the board and the kernel can all raise from it.

Where a script does something else about an error than a notebook, the error carries an ``Advice``: ``str(error)`` has
it in the words for a script, ``display.error_text`` in those for a notebook.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Kind = TypeVar("Kind", bound="MicroPythonError")


class Advice(Enum):
    """What can be done about an error, in the words for a script.

    ``{address}`` and others in braces are facts of the error. A value is a sentence, or one in parentheses.
    """

    PLUG_IN = (
        "Plug a board in (with a cable that carries data), name its address, or use Board.connect('virtual') for the "
        "virtual board."
    )
    CHECK_PORT = (
        "Check that this is the right port (python -m serial.tools.list_ports lists them) and baud rate, and that the "
        "board runs MicroPython. If its program cannot be interrupted, press its reset button while "
        "Board.connect({address!r}, timeout=60) tries."
    )
    NAME_BAUD = "Name one as in Board.connect({address!r}, baud=9600)."
    STOP_AS_IT_STARTS = (
        "A program that cannot be interrupted may be running. Press the board's reset button while "
        "Board.connect({address!r}, timeout=60) tries: most boards can be stopped as they start. If that does not "
        "help, start it without main.py (many have a safe mode), or write its firmware anew."
    )
    PRESS_RESET = "Try again, or press the board's reset button and connect again with Board.connect({address!r})."
    CONNECT_AGAIN = "Connect again with Board.connect({address!r})."
    WITHOUT_RAW = "Connect without raw=True to {wish}."
    LOG_IN = "Give it as in Board.connect(..., password=...), or set the environment variable {variable}."
    SOFT_RESET = "(board.soft_reset() soft-resets it.)"
    RESET_IF_AGAIN = "Try again; where it happens again, reset the board with board.soft_reset()."
    MAKE_ROOM = "Remove something first (board.files.remove)."
    LIST_PARTS = "(board.parts.all() tells what is attached, board.parts.kinds() what can be.)"
    USE_VIRTUAL = "Connect to one with Board.connect('virtual')."
    REMOVE_IT = "Remove it from the board first: board.files.remove({path!r}, recurse=True)."


class MicroPythonError(Exception):
    """Something about a MicroPython board did not work.

    Args:
        happened: what happened, and what to do next where that is the same everywhere.
        advice: what to do next, where that is one thing in a script and another in a notebook.
        reasons: what was tried, each with why it did not work; a line each below the message.
        facts: as data: what the advice has in braces, such as ``address`` and ``path``, and what a script may ask for.
    """

    def __init__(
        self,
        happened: str = "",
        advice: Advice | None = None,
        reasons: Sequence[tuple[str, str | MicroPythonError]] = (),
        **facts: object,
    ) -> None:
        super().__init__(happened)
        self.happened = happened
        self.advice = advice
        self.reasons = reasons
        self.facts = facts

    def __str__(self) -> str:
        return self.told({advice: advice.value for advice in Advice} if self.advice or self.reasons else {})

    def turned_into(self, kind: type[Kind]) -> Kind:
        """Return another kind of error that says the same."""
        return kind(self.happened, self.advice, self.reasons, **self.facts)

    def told(self, words: Mapping[Advice, str]) -> str:
        """Return the message with its advice, and that of its reasons, in these words."""
        text = self.happened
        if self.advice is not None:
            text += " " + words[self.advice].format_map(self.facts)
        for name, reason in self.reasons:
            text += f"\n  {name}: {reason.told(words) if isinstance(reason, MicroPythonError) else reason}"
        return text


class AddressError(MicroPythonError):
    """The text does not name a board that could be opened."""


class ConnectError(MicroPythonError):
    """The line to the board could not be opened, or no MicroPython answered on it."""


class PortInUse(ConnectError):
    """Another program has the board's port."""


class LineLost(MicroPythonError):
    """The line to the board is gone: unplugged, closed by the other side, or failing."""


class LineBusy(LineLost):
    """The board did not take what was written within the deadline."""


class BoardBusy(MicroPythonError):
    """The board is running a program and did not return to its prompt within the deadline."""


class NotConnected(MicroPythonError):
    """No board is connected."""


class BoardReset(MicroPythonError):
    """The board restarted while it was running code: its variables are gone."""


class BoardTimeout(MicroPythonError):
    """The board did not finish a short request within its deadline."""


class CannotReset(MicroPythonError):
    """The board has no way to be reset from here."""


class ClockProblem(MicroPythonError):
    """The board has no clock that tells the date, or it cannot be set."""


class NoAsyncio(MicroPythonError):
    """A cell awaits at its top level, and the board has no event loop."""


class CannotAsk(MicroPythonError):
    """The program on the board waits for input, and the front end has no way to ask for it."""


class SourceError(MicroPythonError):
    """The source holds something that cannot be sent to a board."""


class FileProblem(MicroPythonError):
    """Something about a file on a board did not work; what was there before is as it was."""


class NoSuchFile(FileProblem):
    """The board has no file or folder of that name."""


class NoSpace(FileProblem):
    """The board's file system has no room."""


class ReadOnly(FileProblem):
    """The board's file system takes no changes."""


class BadName(FileProblem):
    """A text cannot be the name of a file on this board."""


class TransferFailed(FileProblem):
    """A file did not arrive as it was sent."""


class HostFileProblem(MicroPythonError):
    """Something about a file on this computer did not work; what was there before is as it was."""


class NoParts(MicroPythonError):
    """Nothing can be attached to this board from here: it is no virtual one."""


class PartError(MicroPythonError):
    """Something about a part on a virtual board does not work as it was asked for."""


class DeviceError(MicroPythonError):
    r"""Code on the board raised an exception.

    Attributes:
        name: the exception's class name on the board, for example ``ZeroDivisionError``.
        message: what follows the name in the last line of the traceback; may be empty.
        traceback: the board's own text, with ``\n`` line ends.
    """

    def __init__(self, name: str, message: str, traceback: str) -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        self.message = message
        self.traceback = traceback


class RecordingDiffers(DeviceError):
    """A board that is replayed was asked something that its recording has no answer to; it says so as an exception."""


class MagicError(MicroPythonError):
    """A magic was used in a way that it does not know."""
