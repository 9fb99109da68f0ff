"""A board behind a command: ``exec:COMMAND LINE`` runs it on a pseudo-terminal and talks to that.

For whatever has a MicroPython prompt on its terminal: ssh to a machine with a board, an emulator, a container. The
terminal is raw, as a serial line is: every byte arrives as it was sent, Ctrl-C included.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import sys
import time
from typing import TYPE_CHECKING

from ..errors import ConnectError
from .fdline import FdLine

if TYPE_CHECKING:
    import pexpect

    from .address import Address
    from .base import Transport
    from .options import ConnectionOptions

_PROMPT_END = 0.5  # seconds that a command gets to end after SIGHUP and SIGTERM, and again after SIGKILL
_EPITAPH = 0.5  # seconds to wait for the exit status of a command whose terminal has closed
_LOOK = 0.01  # seconds between two looks at a command that was told to end

# Wide, so that a program that breaks its lines at the edge of the terminal never does.
_ROWS, _COLUMNS = 1000, 10000

_SHORT_LIFE = 4096  # bytes; a command that ends having said no more than this has probably said why
_LAST_LINES = 3


def connect(address: Address, _options: ConnectionOptions) -> Transport:
    """Start a command on a pseudo-terminal of its own, in a session of its own.

    Raises:
        ConnectError: there is no such command, it cannot be started, or this system has no pseudo-terminals.
    """
    if sys.platform != "win32":
        return _start(address)
    raise ConnectError("exec: needs pseudo-terminals, which Windows does not have; use a serial port or socket://.")


if sys.platform != "win32":
    import tty

    def _start(address: Address) -> ProcessLine:
        import pexpect

        words = shlex.split(address.target)
        command = os.path.expanduser(words[0])  # noqa: PTH111 - Path would turn ./command into command
        try:
            # The child makes its terminal raw before the command can print a byte.
            child = pexpect.spawn(command, words[1:], echo=False, preexec_fn=_make_raw, dimensions=(_ROWS, _COLUMNS))
        except pexpect.ExceptionPexpect as error:
            raise ConnectError(f"There is no command {words[0]}: check the spelling and the PATH.") from error
        except (OSError, ValueError) as error:  # ValueError: a NUL
            raise ConnectError(f"{address}: the command could not be started: {error}.") from error
        try:
            os.set_blocking(child.child_fd, False)
            return ProcessLine(address.text, child)
        except BaseException:
            _end(child)
            raise

    def _make_raw() -> None:
        """Make the terminal of the child raw, between fork and exec: nothing may be imported here."""
        tty.setraw(0)

    class ProcessLine(FdLine):
        """A line to a command that runs on a pseudo-terminal."""

        def __init__(self, address: str, child: pexpect.spawn[str]) -> None:
            super().__init__(address, child.child_fd)
            self._child = child
            self._heard = b""

        def _receive(self, limit: int) -> bytes:
            data = super()._receive(limit)
            if len(self._heard) <= _SHORT_LIFE:
                self._heard += data[: _SHORT_LIFE + 1]
            return data

        def _why_lost(self, error: OSError | None) -> str:
            # Linux says EIO when nobody has the other end open any more, BSD and macOS give an empty read.
            if error is not None and error.errno != errno.EIO:
                return super()._why_lost(error)
            if not _ended(self._child, _EPITAPH):
                return f"{self.name}: the command closed its terminal."
            if self._child.signalstatus is not None:
                how = f"was ended by signal {_signal_name(self._child.signalstatus)}"
            else:
                how = f"ended with exit status {self._child.exitstatus}"
            return f"{self.name}: the command {how}{self._last_words()}."

        def _last_words(self) -> str:
            if not self._heard.strip() or len(self._heard) > _SHORT_LIFE:
                return ""
            lines = self._heard.decode("utf-8", "replace").split("\n")
            words = [line.strip() for line in lines if line.strip()][-_LAST_LINES:]
            said = " / ".join(words)
            return ", having said: " + "".join(char if char.isprintable() else " " for char in said).rstrip(".")

        def _free(self) -> None:
            _end(self._child)

    def _end(child: pexpect.spawn[str]) -> None:
        """End a command and whatever it started in its process group, within a second, and leave no zombie."""
        _signal_group(child.pid, signal.SIGHUP)
        _signal_group(child.pid, signal.SIGTERM)
        _ended(child, _PROMPT_END)
        _signal_group(child.pid, signal.SIGKILL)
        _ended(child, _PROMPT_END)
        child.ptyproc.delayafterclose = 0  # type: ignore[attr-defined]  # seconds; the command is gone already
        with contextlib.suppress(Exception):  # pexpect's own, for a command that survived SIGKILL
            child.close(force=False)

    def _signal_group(pid: int | None, number: signal.Signals) -> None:
        assert pid is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a group of zombies
            os.killpg(pid, number)

    def _ended(child: pexpect.spawn[str], patience: float) -> bool:
        """Whether a command has ended, or does within ``patience`` seconds."""
        import pexpect

        deadline = time.monotonic() + patience
        while True:
            try:
                if not child.isalive():
                    return True
            except pexpect.ExceptionPexpect:  # somebody else has collected its exit status
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)

    def _signal_name(number: int) -> str:
        with contextlib.suppress(ValueError):
            return signal.Signals(number).name
        return str(number)
