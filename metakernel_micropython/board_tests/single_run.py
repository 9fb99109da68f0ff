"""One program on the board: its output, what is told between marks, its deadline, and who has stopped it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..board.protocol.marks import MarkTokenizer
from ..board.protocol.questions import Question, QuestionFilter
from ..errors import BoardReset, DeviceError, MicroPythonError

if TYPE_CHECKING:
    from ..board import Board

KEPT = 8 * 1024
"""Characters that are kept of a program's output, from its beginning and from its end each."""

MAX_TOLD = 16 * 1024
"""Characters of what is told between two marks."""

TICK = 0.25
"""Seconds between two looks at the clock, while nothing comes."""


class Output:
    """What a program has printed; of a flood the beginning and the end."""

    def __init__(self) -> None:
        self._head = ""
        self._tail = ""
        self._left_out = 0

    def feed(self, text: str) -> None:
        """Take text."""
        room = KEPT - len(self._head)
        self._head += text[:room] if room > 0 else ""
        self._tail += text[room:] if room > 0 else text
        if len(self._tail) > 2 * KEPT:
            self._cut()

    def _cut(self) -> None:
        over = len(self._tail) - KEPT
        if over > 0:
            self._left_out += over
            self._tail = self._tail[over:]

    @property
    def text(self) -> str:
        """The text, with a word about what was left out of it."""
        self._cut()
        left_out = f"\n[{self._left_out} characters are left out here]\n" if self._left_out else ""
        return self._head + left_out + self._tail


@dataclass
class Ran:
    """How a program on the board has ended.

    Attributes:
        output: what it has printed.
        told: what stood between marks: a letter and the text behind it.
        seconds: how long it took.
        error: what has ended it; None where it came to its end.
        late: whether it was stopped because of its deadline.
        asked: what it asked with ``input()``, for which it was stopped; None where it did not.
        stopped: whether somebody else has stopped it.
    """

    output: Output = field(default_factory=Output)
    told: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0
    error: MicroPythonError | None = None
    late: bool = False
    asked: str | None = None
    stopped: bool = False


def run(board: Board, source: str, mark: str, timeout: float | None) -> Ran:
    """Run a program.

    Args:
        board: where.
        source: the program.
        mark: what stands around what is told.
        timeout: seconds after which it gets Ctrl-C; None for no limit.

    Raises:
        MicroPythonError: the program was not sent, or the line was lost.
    """
    ran = Ran()
    tokens = _Told(mark, ran)
    questions = QuestionFilter()
    begun = time.monotonic()
    own = 0  # interrupts that are ours
    with board.start(source) as execution:
        for text in execution.stream(tick=lambda: TICK):
            for piece in questions.feed(text):
                if isinstance(piece, str):
                    tokens.feed(piece)
                elif isinstance(piece, Question) and not own:
                    ran.asked = piece.prompt
                    own += execution.interrupt()
            ran.stopped = ran.stopped or execution.interrupts > own
            if timeout is not None and not own and time.monotonic() - begun > timeout and not execution.done:
                ran.late = True
                own += execution.interrupt()
        tokens.feed(questions.flush())
        tokens.close()
        ran.seconds = time.monotonic() - begun
        ran.stopped = ran.stopped or execution.interrupts > own
        try:
            execution.check()
        except (DeviceError, BoardReset) as error:
            ran.error = error
    return ran


class _Told:
    """Takes what stands between marks out of a program's output."""

    def __init__(self, mark: str, ran: Ran) -> None:
        self._marks = MarkTokenizer(mark)
        self._ran = ran
        self._inside = False
        self._held = ""

    def feed(self, text: str) -> None:
        for piece, mark in self._marks.feed(text):
            if self._inside:
                self._held += piece[: MAX_TOLD - len(self._held)]
            else:
                self._ran.output.feed(piece)
            if mark:
                if self._inside:
                    self._ran.told.append((self._held[:1], self._held[1:].replace("\r\n", "\n")))
                self._inside, self._held = not self._inside, ""

    def close(self) -> None:
        rest = self._marks.flush()
        if self._inside and self._held:  # it was cut short: what is there is told
            self._ran.told.append((self._held[:1], self._held[1:] + rest))
        else:
            self._ran.output.feed(rest)
