"""What a board does on its own: a program that was started and that nobody waits for, or the board's own main.py.

Looking at it sends nothing to the board. What it prints is kept until somebody looks, with a bound; while somebody
watches, the board waits instead of losing output.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..errors import CannotAsk, DeviceError, MicroPythonError
from ..interrupts import Condition
from .display_filter import split_unfinished
from .protocol import soft_reset
from .protocol.questions import Question, QuestionFilter
from .protocol.text import TextDecoder
from .protocol.unsolicited import UNSOLICITED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from .protocol.execution import Execution
    from .protocol.prompt_session import PromptSession


class StartedProgram:
    """A program that runs on while the host does something else; a thread keeps what it prints.

    Any thread may call its methods.

    Args:
        execution: the program, which runs.
        number: by which whoever started it knows it.
        name: what it is called in sentences.

    Attributes:
        failure: what ended it, once it has ended; None where it ended well.
        watched: whether somebody shows what it prints, so that it has to wait where that is slow.
    """

    def __init__(self, execution: Execution, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.failure: MicroPythonError | None = None
        self.watched = False
        self._execution = execution
        self._changed = Condition()  # guards all below
        self._kept = ""
        self._begun = ""  # something to show that has not come whole: it goes with what follows
        self._dropped = 0
        self._ended = False
        threading.Thread(target=self._follow, name=f"output of {name}", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether it has ended; output may still wait to be read."""
        return self._ended

    def read(self, timeout: float) -> str:
        """Return what it printed since the last call; wait at most ``timeout`` seconds for that, or for its end."""
        with self._changed:
            self._changed.wait_for(lambda: self._kept or self._ended, timeout)
            return self._take()

    def take(self) -> tuple[str, int]:
        """Return what it printed since the last call, and how many older characters had no room."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return self._take(), dropped

    def _take(self) -> str:
        kept, self._kept, self._begun = self._begun + self._kept, "", ""
        if not self._ended:
            finished, rest = split_unfinished(kept)
            if len(rest) < UNSOLICITED_LIMIT:
                kept, self._begun = finished, rest
        self._changed.notify_all()
        return kept

    def watch(self, watched: bool) -> None:
        """Have it wait, or wait no more, where what it prints is not read as fast as it comes."""
        with self._changed:
            self.watched = watched
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Send it Ctrl-C."""
        self._execution.interrupt()
        with self._changed:
            self._changed.notify_all()  # it may wait for somebody to read

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, at most ``timeout`` seconds; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout)

    def _follow(self) -> None:
        questions = QuestionFilter()
        refused: CannotAsk | None = None
        try:
            for text in self._execution.stream():
                for piece in questions.feed(text):
                    if isinstance(piece, str):
                        self._keep(piece)
                    elif isinstance(piece, Question):
                        refused = CannotAsk(
                            f"It asked {piece.prompt.strip()!r} with input(), which nobody answers while no cell waits "
                            "for it: it was stopped. Run it as an ordinary cell, or give the value in the code."
                        )
                        self._execution.interrupt()
            self._keep(questions.flush())
            self._execution.check()
        except MicroPythonError as error:
            self.failure = refused if refused is not None and isinstance(error, DeviceError) else error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _keep(self, text: str) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: not self.watched or len(self._kept) < UNSOLICITED_LIMIT or self._execution.interrupts
            )
            self._kept += text
            excess = len(self._kept) - UNSOLICITED_LIMIT
            if excess > 0 and (not self.watched or self._execution.interrupts):
                self._kept = self._kept[excess:]
                self._dropped += excess
            self._changed.notify_all()


class Background:
    """What one board does on its own.

    Args:
        start: ``Board.start``.
        session: returns the session with the board's prompt, which changes where a restart ended the line.
        at_prompt: the same, with the board brought to its prompt.
        reopen: opens the line again that a restart has ended, and leaves the board to itself.

    Attributes:
        program: the newest program that was started; None where none was, or where its end was told.
    """

    def __init__(
        self,
        start: Callable[[str], Execution],
        session: Callable[[], PromptSession],
        at_prompt: Callable[[], PromptSession],
        reopen: Callable[[], object],
    ) -> None:
        self.program: StartedProgram | None = None
        self._start = start
        self._session = session
        self._at_prompt = at_prompt
        self._reopen = reopen
        self._decoder = TextDecoder()

    @property
    def running(self) -> bool:
        """Whether a program runs, or may run, that nobody waits for."""
        return (self.program is not None and not self.program.ended) or self._session().alone

    @property
    def alone(self) -> bool:
        """Whether the board is left to itself, so that nobody knows whether a program of its own runs."""
        return self._session().alone

    @property
    def at_prompt(self) -> bool:
        """Whether what a board that is left to itself has said last looks like its prompt."""
        return self._session().line.tail.endswith(soft_reset.PROMPT)

    def start(self, source: str, number: int = 0, name: str = "the started program") -> StartedProgram:
        """Start a program and let it run on.

        Args:
            source: MicroPython code.
            number: by which whoever starts it knows it.
            name: what it is called in sentences.

        Raises:
            MicroPythonError: as for ``Board.start``.
        """
        self.program = None
        self.program = StartedProgram(self._start(source), number, name)
        return self.program

    def run_main(self) -> None:
        """Soft-reset the board and leave it to itself: boot.py runs, then main.py.

        Raises:
            MicroPythonError: the board is not there, or does not come to its prompt.
        """
        self._decoder = TextDecoder()
        soft_reset.run_main(self._at_prompt())

    def read(self, timeout: float) -> str:
        """Return what the board printed since the last call; wait at most ``timeout`` seconds for it.

        Raises:
            LineLost: the line is gone, and everything that came before was read.
        """
        if self.program is not None:
            return self.program.read(timeout)
        if self._session().away:
            text = self._decoder.feed(self._session().take_unsolicited()[0])
            self._reopen()
            return text
        data, dropped = self._session().read(timeout, timeout)
        lost = f"\n[{dropped} older bytes had no room]\n" if dropped else ""
        return lost + self._decoder.feed(data)

    def take(self) -> tuple[str, int]:
        """Return what the started program printed since somebody looked, and how many characters had no room."""
        return self.program.take() if self.program is not None else ("", 0)

    def take_ended(self) -> StartedProgram | None:
        """Return the program that has ended since somebody looked, once."""
        program = self.program
        if program is None or not program.ended:
            return None
        self.program = None
        return program

    def interrupt(self) -> None:
        """Send Ctrl-C to what runs."""
        if self.program is not None and not self.program.ended:
            self.program.interrupt()
        elif self._session().alone:
            self._session().interrupt()

    def attach(self) -> str:
        """Bring a board that is left to itself to its prompt, and return its banner; its program is interrupted.

        Raises:
            MicroPythonError: it does not come to its prompt.
        """
        session = self._session()
        if session.away:
            self._reopen()
            session = self._session()
        session.attach()
        banner = session.identify()
        session.capabilities.note_banner(banner)
        return banner
