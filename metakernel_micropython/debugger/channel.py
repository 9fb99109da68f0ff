r"""The conversation with a program that has paused: over its own input and output, with marks.

The board runs ``snippets/debug_probes.py``. Where it pauses it prints ``\x1e?mkd!``, the number of the probe, why, and
``\x1e?mkd.``; then, whenever it waits for a line, ``\x1e?mkd>``, or ``\x1e?mkd<`` where the firmware's ``input()``
reads it, which echoes:

=========  ==========================================================================================
``+text``  a piece of a request; the board asks for the next one
``!text``  its last piece: a literal of a source, which is run. What that prints stands between
           ``\x1e?mkd(`` and ``\x1e?mkd)``, with the traceback of an error behind ``\x1e?mkd~``
``=0``     go on; ``=1`` to the next statement, ``=2`` to the next one in this frame or one around it,
           ``=3`` to the next one in a frame around it
=========  ==========================================================================================

What is run cannot ask: ``input()`` raises EOFError there. Pieces are short: boards without flow control have buffers of
64 bytes. The marks are always the same, as those of ``input()`` are: who forges them could call the probes as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from ..board.protocol import questions
from ..board.protocol.diagnosis import device_error
from ..board.protocol.marks import MarkTokenizer
from ..errors import DeviceError, MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board, Execution

BEGIN, WHERE_END = "\x1e?mkd!", "\x1e?mkd."
READY, READY_WITH_ECHO, REPLY, FAILED, REPLY_END = "\x1e?mkd>", "\x1e?mkd<", "\x1e?mkd(", "\x1e?mkd~", "\x1e?mkd)"
MARKS = (BEGIN, WHERE_END, READY, READY_WITH_ECHO, REPLY, FAILED, REPLY_END)
QUESTIONS = (questions.READS, questions.ECHOES, questions.ASKED, questions.OVER)

WHERE = re.compile(r" (-?\d{1,9}) ([a-z]) ")
"""What stands between the first two: the number of the probe, and why."""

PAUSE_REQUEST = b"\x10"
"""What a running program reads between two statements as a wish to pause."""

PIECE = 48
"""Characters of a request that are sent at once."""

POLL = 0.1
"""Seconds between two looks whether a paused program was stopped, or lost."""

MAX_REPLY = 1024 * 1024
"""Characters of a reply that are kept."""

TIMEOUT = 10.0
"""Seconds that a board at its prompt has to answer."""


class PauseEnded(MicroPythonError):
    """The program is no longer paused: it was stopped, has ended, or the board was lost."""


class Asker(Protocol):
    """Something that runs a source on the board and tells what it prints."""

    def ask(self, source: str) -> str:
        """Run a source; return what it printed.

        Raises:
            DeviceError: the source raised an exception.
            MicroPythonError: the board does not answer.
        """
        ...


class IdleBoard:
    """Asks a board that runs nothing.

    Args:
        board: the board.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    def ask(self, source: str) -> str:
        """Run a source; see ``Asker``."""
        return self._board.execute(source, timeout=TIMEOUT)


class PausedProgram:
    """Asks a program that has paused. All of it happens on the main thread.

    Args:
        execution: the program.
        show: takes what is printed beside replies, by timers and threads of the program.

    Attributes:
        rest: what was taken of the next pause: this one was over before anybody knew.
    """

    def __init__(self, execution: Execution, show: Callable[[str], object]) -> None:
        self._execution = execution
        self._show = show
        self.rest = ""
        self._begun = False  # what comes may say where the next pause is
        self._marks = MarkTokenizer(*MARKS, *QUESTIONS)
        self._interrupts = execution.interrupts
        self._line_end = b""  # of the line that it waits for; none while it waits for none
        self._reply: list[str] | None = None  # what came of it so far
        self._error: list[str] | None = None
        self._size = 0
        self._echoes = False
        self._complete = False
        self._question = ""  # the mark of the input() whose prompt comes

    def feed(self, text: str) -> None:
        """Take what the board printed."""
        for piece, mark in self._marks.feed(text):
            if self.rest:
                self.rest += piece + mark
                continue
            begun, self._begun = self._begun, mark == BEGIN and self._reply is None
            if begun and mark == WHERE_END and WHERE.fullmatch(piece):
                self.rest = BEGIN + piece + mark
                continue
            self._take(piece)
            if mark in (READY, READY_WITH_ECHO):
                self._line_end, self._echoes = (b"\n" if mark == READY else b"\r"), False
            elif mark == REPLY:
                self._reply, self._error, self._size, self._echoes = [], None, 0, False
            elif mark == FAILED and self._reply is not None:
                self._error = []
            elif mark == REPLY_END:
                self._complete = self._reply is not None
            elif mark in QUESTIONS[:2]:
                self._question = mark
            elif mark == questions.ASKED and self._question:  # nobody can be asked meanwhile: it gets an EOFError
                end, _ = questions.answer_line(None, echoes=self._question == questions.ECHOES)
                self._question = ""
                self._execution.feed(end, self._interrupts)

    def _take(self, text: str) -> None:
        if not text or self._echoes:
            return
        target = self._error if self._error is not None else self._reply
        if target is None or self._complete:
            self._show(text)
        else:
            target.append(text[: MAX_REPLY - self._size])
            self._size += len(target[-1])

    @property
    def over(self) -> bool:
        """Whether it is no longer paused: it was stopped, or has ended."""
        return bool(self.rest) or self._execution.done or self._execution.interrupts != self._interrupts

    def look(self, seconds: float = POLL) -> None:
        """Take what the board prints, for a while at most."""
        text = self._execution.read(seconds)
        if self.over:
            self._execution.put_back(text)  # the program goes on, or has ended
        elif text:
            self.feed(text)

    def ask(self, source: str) -> str:
        """Run a source where the program has paused; see ``Asker``.

        Raises:
            PauseEnded: the program was stopped, or the board was lost.
        """
        text = ascii(source)
        self._reply, self._error, self._complete = None, None, False
        for at in range(0, len(text), PIECE):
            last = at + PIECE >= len(text)
            self._send(("!" if last else "+") + text[at : at + PIECE])
        self._until(lambda: self._complete)
        reply = "".join(self._reply or ())
        error, self._reply = self._error, None
        if error is not None:
            raise _told("".join(error))
        return reply

    def go_on(self, kind: int) -> None:
        """Have the program go on.

        Args:
            kind: 0 to 3, as above.

        Raises:
            PauseEnded: it was stopped, or the board was lost.
        """
        self._send(f"={kind}")

    def end(self) -> None:
        """Stop the program, as Stop does."""
        self._execution.interrupt()

    def _send(self, line: str) -> None:
        self._until(lambda: self._line_end)
        end, self._line_end = self._line_end, b""
        self._echoes = end == b"\r"
        if not self._execution.feed(line.encode() + end, self._interrupts):
            raise PauseEnded("The program is no longer paused.")

    def _until(self, arrived: Callable[[], object]) -> None:
        while not arrived():
            if self.over:
                raise PauseEnded("The program is no longer paused: it was stopped.")
            self.look()


def _told(traceback: str) -> DeviceError:
    """Return an exception that the board told of, without the frames of what asked."""
    return device_error(traceback)
