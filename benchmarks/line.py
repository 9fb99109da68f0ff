"""A line of a certain speed: a pseudo terminal in front of another one, through which bytes go as through a UART.

    python -m benchmarks.line --pty LINK --baud 115200 DEVICE

It is a process of its own, so that neither the client nor the board pays for it. Both directions are limited, each by
itself. No byte is lost: where nobody reads, they wait, as on a line with flow control. What waits in here is at most
some hundredths of a second of the line; the system's own buffers of a terminal hold some kilobytes more, as always.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .errors import LateError
from .pace import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

_START = 30.0  # seconds
_HELD = 0.04  # seconds of the line that are read ahead: as long as a busy machine may let this process wait
_LEAST = 256  # bytes that are read ahead in any case


class ThrottledLine:
    """A line of a certain speed in front of a device, from ``__enter__`` to ``__exit__``.

    Args:
        device: the terminal of the board.
        baud: bits per second, in each direction.

    Attributes:
        address: where programs open it like a serial port.
    """

    def __init__(self, device: str, baud: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-line-")
        self.address = str(Path(self._folder.name) / "board")
        self._command = [sys.executable, "-m", "benchmarks.line", "--pty", self.address, "--baud", str(baud), device]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + _START
        while not Path(self.address).exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise LateError(f"The line of {self._command[-2]} baud did not start within {_START:g} s.")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()


class Direction:
    """What goes one way.

    Args:
        source: the descriptor to read, which does not block.
        target: the descriptor to write, which does not block.
        baud: bits per second.
    """

    def __init__(self, source: int, target: int, baud: int) -> None:
        self.source = source
        self.target = target
        self._pace = Pace(baud)
        self._room = max(_LEAST, round(_HELD / self._pace.byte))
        self._queue = bytearray()
        self._blocked = False

    @property
    def wants_bytes(self) -> bool:
        """Whether there is room for what comes."""
        return len(self._queue) < self._room

    @property
    def is_blocked(self) -> bool:
        """Whether the other end has to read first."""
        return self._blocked

    @property
    def due(self) -> float | None:
        """When something is to be carried; None while nothing waits, or nobody reads."""
        return self._pace.due(len(self._queue)) if self._queue and not self._blocked else None

    def take(self) -> None:
        """Read what has come.

        Raises:
            OSError: the terminal is gone.
        """
        now = time.monotonic()
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.source, self._room - len(self._queue))
            if not self._queue:
                self._pace.begin(now)
            self._queue += data

    def unblock(self) -> None:
        """The other end reads again; the time in which it did not is lost."""
        self._blocked = False
        self._pace.begin(time.monotonic())

    def carry(self) -> None:
        """Write what has passed by now.

        Raises:
            OSError: the terminal is gone.
        """
        count = self._pace.passed(len(self._queue), time.monotonic())
        while count:
            try:
                written = os.write(self.target, self._queue[:count])
            except BlockingIOError:
                self._blocked = True
                return
            del self._queue[:written]
            count -= written


def serve(ends: tuple[int, int], baud: int) -> None:
    """Carry bytes between two descriptors, for ever.

    Raises:
        OSError: one of them is gone.
    """
    for end in ends:
        os.set_blocking(end, False)
    directions = [Direction(ends[0], ends[1], baud), Direction(ends[1], ends[0], baud)]
    while True:
        readable = [one.source for one in directions if one.wants_bytes]
        writable = [one.target for one in directions if one.is_blocked]
        due = [one.due for one in directions if one.due is not None]
        timeout = max(0.0, min(due) - time.monotonic()) if due else None
        can_read, can_write, _ = select.select(readable, writable, [], timeout)
        for one in directions:
            if one.source in can_read:
                one.take()
            if one.target in can_write:
                one.unblock()
            if one.due is not None:
                one.carry()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; it ends when it is told to, or with the device."""
    import pty
    import tty

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.line", description="A line of a certain speed in front of a terminal."
    )
    parser.add_argument("--pty", required=True, type=Path, metavar="LINK", help="becomes a link to the new terminal")
    parser.add_argument("--baud", required=True, type=int, help="bits per second in each direction, ten a byte")
    parser.add_argument("device", help="the terminal of the board")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    device = os.open(arguments.device, os.O_RDWR | os.O_NOCTTY)
    # The terminal stays open here: else reading fails while no client has it.
    master, terminal = pty.openpty()
    tty.setraw(device)
    tty.setraw(terminal)
    try:
        arguments.pty.symlink_to(os.ttyname(terminal))
        serve((master, device), arguments.baud)
    except OSError as error:
        print(f"The line has ended: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        arguments.pty.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
