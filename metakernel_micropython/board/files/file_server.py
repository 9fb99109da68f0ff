"""The host's side of ``snippets/files_serve.py``: requests about files that one program on the board answers.

The program ends at the first thing that is wrong with the line: a block whose CRC-32 does not fit, an answer that does
not come. ``blocks.DamagedError`` says so; then whoever transfers starts it again and goes on behind the last block that
was answered.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ...errors import BoardBusy, BoardTimeout, DeviceError, MicroPythonError
from . import blocks
from .blocks import DamagedError, SilentError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..protocol.executor import Executor

PIECE_PATIENCE = 3.0
"""Seconds in which the board must take a piece that it waits for."""

ANSWER_PATIENCE = 10.0
"""Seconds in which the board must have done what a request asks for: erasing flash takes a while."""

WORK_SPEED = 10_000
"""Bytes per second that even a slow board inflates and writes, or reads and digests."""

SLOW_STEP = 50.0
"""Seconds that it has beyond that to end: while flash is erased or formatted, a board is deaf and dumb."""

_STEPS = {"o": "opened a file", "w": "wrote a file", "z": "wrote a file", "r": "renamed a file", "m": "made a folder"}
_STEPS |= {"s": "looked for a file", "d": "read a file", "g": "read a file"}

END_PATIENCE = 2.0
"""Seconds in which the program must end when it is told to."""

UNKNOWN_WINDOW = 32
"""Bytes that may be on their way to a board that has no raw-paste, and so does not say how many it has room for."""

_KEPT = 4096  # bytes of foreign output that are passed on at most


def piece_size(board: Executor) -> int:
    """Return the bytes after which a board says that it has taken them; two pieces and a head are on their way at most.

    A board with raw-paste has room for two of the windows that it told (PX ``mp_reader_new_stdin``).
    """
    window = board.capabilities.window or UNKNOWN_WINDOW
    return max(16, window - 8)


class FileServer:
    """A program on the board that answers requests about files, from its start to its end.

    Args:
        board: the board, at its prompt.
        source: the program.
        patience: what the seconds are multiplied with in which the board must have done what is asked for.

    Raises:
        MicroPythonError: as for ``Executor.start``.
    """

    def __init__(self, board: Executor, source: str | bytes, patience: float = 1.0) -> None:
        self._board = board
        self._piece = piece_size(board)
        self._answers = blocks.Answers()
        self._waiting: list[bytes] = []
        self._patience = patience
        self._execution = board.start(source)

    def ask(
        self, kind: str, body: bytes = b"", work: int = 0, on_taken: Callable[[int, int], object] | None = None
    ) -> bytes:
        """Send a request and return its answer.

        Args:
            kind: the request's letter.
            body: its bytes.
            work: bytes that the board has to work on, for the deadline.
            on_taken: called with the bytes that the board has taken, and with all, as they are on the line.

        Raises:
            SilentError: no answer came; the program has ended.
            DamagedError: something else on the line went wrong; the program has ended.
            BoardTimeout: the board did not even stop.
            DeviceError: the program raised an exception.
            KeyboardInterrupt: somebody stopped it.
            MicroPythonError: the board restarted, or the line is gone.
        """
        try:
            self._send(blocks.request(kind, body), on_taken)
            return self._answer(self._patience * ANSWER_PATIENCE + work / WORK_SPEED)
        except SilentError:
            self._end_slowly(kind)
            raise
        except BaseException:
            self.abort()
            raise

    def _end_slowly(self, kind: str) -> None:
        """End a program that has not answered: it waits for what was lost, or the board is busy with its flash."""
        if not self._execution.done:
            self._execution.interrupt(SLOW_STEP)
            self._execution.discard()
        try:
            self._execution.check()
        except BoardBusy:
            seconds = self._patience * ANSWER_PATIENCE + SLOW_STEP
            step = _STEPS.get(kind, "worked")
            raise BoardTimeout(
                f"The board on {self._board.address} said nothing for {seconds:g} s while it {step}."
            ) from None
        except MicroPythonError:
            pass  # it was the interrupt, most likely

    def stream(self, kind: str, body: bytes) -> Iterator[bytes]:
        """Send a request and give the blocks of its answer as they come, without an end.

        Raises:
            MicroPythonError: as for ``ask``.
        """
        try:
            self._send(blocks.request(kind, body), None)
            while True:
                yield self._answer(ANSWER_PATIENCE)
        except GeneratorExit:  # the caller has seen the end
            raise
        except BaseException:
            self.abort()
            raise

    def end(self) -> None:
        """Tell the program to end, and wait until it has.

        Raises:
            KeyboardInterrupt: somebody stopped it.
            MicroPythonError: it did not end well.
        """
        try:
            self._send(blocks.request("q"), None)
            ended = self._execution.wait(END_PATIENCE)
            if self._execution.interrupts:  # it came too late for this program, and means what follows
                raise KeyboardInterrupt
            if ended:
                self._execution.check()
                return
        finally:
            self.abort()

    def abort(self) -> None:
        """Interrupt the program if it runs, and wait until it has ended."""
        if not self._execution.done:
            self._board.interrupt()
            self._execution.discard()  # for no longer than an interrupt may take

    # -- the line ------------------------------------------------------------------------------------------------

    def _send(self, request: blocks.Request, on_taken: Callable[[int, int], object] | None) -> None:
        """Send a block, never more than two pieces ahead of what the board has taken."""
        body, size = request.body, self._piece
        self._answers.taken = 0
        self._put(request.head + body[: 2 * size])
        pieces = -(-len(body) // size)
        sent = min(2, pieces)
        while sent < pieces:
            self._receive(PIECE_PATIENCE)
            free = min(self._answers.taken + 2, pieces)
            if free > sent:
                self._put(body[sent * size : free * size])
                sent = free
                if on_taken is not None:
                    on_taken(self._answers.taken * size, len(body))

    def _answer(self, patience: float) -> bytes:
        deadline = time.monotonic() + patience
        while not self._waiting:
            self._receive(max(0.0, deadline - time.monotonic()))
        return self._waiting.pop(0)

    def _put(self, data: bytes) -> None:
        if not self._execution.feed(data):
            self._execution.discard()
            self._ended()

    def _receive(self, patience: float) -> None:
        """Take what the board says next.

        Raises:
            SilentError: it said nothing.
            DamagedError: it said something that was not meant.
        """
        deadline = time.monotonic() + patience
        # A program that was interrupted may take its time beyond the deadline.
        while not (data := self._execution.read_bytes(max(0.05, deadline - time.monotonic()))):
            if self._execution.done:
                self._ended()
            if time.monotonic() >= deadline and not self._execution.interrupts:
                raise SilentError
        self._waiting += self._answers.feed(data)
        if self._answers.foreign:
            self._pass_on(bytes(self._answers.foreign))
            self._answers.foreign.clear()

    def _pass_on(self, foreign: bytes) -> None:
        """Keep what a timer or a thread has printed, which is shown as printed while nothing was executed."""
        if foreign:
            self._board.keep_unsolicited(foreign[-_KEPT:])

    def _ended(self) -> None:
        """Raise why the program has ended.

        Raises:
            DamagedError: it did not like a block, or ended as if it were told to.
            MicroPythonError: it was something else.
        """
        try:
            self._execution.check()
        except DeviceError as error:
            if error.name == "KeyboardInterrupt":
                raise KeyboardInterrupt from None
            if error.name == "MemoryError":
                raise TooLargeError from error
            if error.name == "ValueError":  # files_serve.py, for a head or a CRC-32 that does not fit
                raise DamagedError from error
            raise
        raise DamagedError
