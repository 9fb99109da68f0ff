"""Everything that can go wrong with a board, as exceptions with one root.

Each class says in one sentence what happened; each message names the board or the address and what to do next. The
module imports nothing, so that transports, the board and the kernel can all raise from it.
"""


class MicroPythonError(Exception):
    """Something about a MicroPython board did not work."""


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


class MagicError(MicroPythonError):
    """A magic was used in a way that it does not know."""
