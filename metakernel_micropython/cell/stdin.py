"""Questions of a program on the board, asked by the front end: the input box of a notebook, the prompt of a console.

``input()`` on the board tells when it asks (see ``board.questions``). A program that reads ``sys.stdin`` tells nothing:
where its code does so and it has been silent for a moment, it is taken to wait for a line. The box never holds up the
cell: when the program ends, is interrupted, or the board is lost, the question is over.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..board.importable import C_MODULES
from ..board.protocol.questions import Over, Question, QuestionFilter
from ..errors import CannotAsk
from ..syntax_tree import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board, Execution
    from ..front_end import FrontEnd
    from .output import Sink

POLL = 0.02
"""Seconds between two looks for an answer while a question is open."""

SILENCE = 0.5
"""Seconds without output after which a program that reads ``sys.stdin`` is taken to wait for a line."""

MAX_HELD = 4096
"""Characters of a line that may become a prompt; a longer one is output."""

_ASKS = re.compile(r"\b(?:input|exec|execfile|__import__)\b")
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^#;\n]+))", re.MULTILINE)
_READS = re.compile(r"\bstdin\b")
_DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_SECRET = re.compile(r"pass[ -]?(?:word|phrase|code)|passwd", re.IGNORECASE)

_BUILT_IN = frozenset("audio antigravity love music radio speech this mip webrepl ntptime dht onewire ds18x20".split())
"""Modules of common firmware, besides those of ``C_MODULES``, that ask for nothing."""


def is_secret(prompt: str) -> bool:
    """Whether a prompt asks for something that is not to be seen: a password, passphrase or passcode."""
    return _SECRET.search(prompt) is not None


def may_ask(code: str) -> bool:
    """Whether a cell may lead to a call of ``input()``: it names it, or imports a module that may do so."""
    if _ASKS.search(code):
        return True
    found = list(_IMPORT.finditer(code))
    if not found:
        return False
    for one in found:
        for name in (one[1] or one[2]).split(","):
            module = name.split(" as ")[0].strip().partition(".")[0]
            if module and module not in C_MODULES and module not in _BUILT_IN:
                return True
    return False


class Readers:
    """Which cells read ``sys.stdin``: those that name it, and those that use what such a cell has defined."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def reads(self, code: str, *, also: bool = False) -> bool:
        """Whether the cell's program may read a line by itself; remember what the cell defines.

        Args:
            code: the cell's code.
            also: whether calls of ``input`` count, because the board cannot tell when it is asked.
        """
        if not self._matches(code, also):
            return False
        runs, defined = _parts(code)
        for name, body in defined:
            if self._matches(body, also):
                self._names.add(name)
        return self._matches(runs, also)

    def _matches(self, code: str, also: bool) -> bool:
        if _READS.search(code) or (also and re.search(r"\binput\b", code)):
            return True
        return bool(self._names) and any(word in self._names for word in re.findall(r"\w+", code))


def _parts(code: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the code that a cell runs at once, and the name and code of each function and class that it defines."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return code, [(found[1], code) for found in _DEFINITION.finditer(code)]
    runs: list[str] = []
    defined: list[tuple[str, str]] = []
    for node in tree.body:
        text = ast.get_source_segment(code, node) or ""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.append((node.name, text))
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            runs.append(text)
    return "\n".join(runs), defined


class ProgramInput:
    """The questions of one program while it runs: the first sink of its output, which takes them out of it.

    Attributes:
        refused: what the cell fails with, because nobody can be asked.
    """

    def __init__(
        self, front_end: FrontEnd, board: Board, execution: Execution, following: Sink, *, reads: bool
    ) -> None:
        self.refused: CannotAsk | None = None
        self._front_end = front_end
        self._board = board
        self._execution = execution
        self._following = following
        self._reads = reads
        self._filter = QuestionFilter()
        self._question: Question | None = None  # the one that is open
        self._guessed = False  # it is that of a program that reads sys.stdin
        self._interrupts = 0
        self._held = ""  # a line that has only begun, of a program that reads sys.stdin: it may be a prompt

    def patience(self, timeout: float | None) -> float | None:
        """Return how long to wait for output, in seconds; ``timeout`` where there is nothing to ask."""
        if self._question is not None:
            return POLL
        return SILENCE if timeout is None and (self._reads or self._front_end.stop_needs_ticks) else timeout

    @property
    def open(self) -> bool:
        """Whether the front end was asked and has not answered yet."""
        return self._question is not None

    def feed(self, text: str) -> None:
        """Take a piece of output, and ask what it asks."""
        if self._interrupts != self._execution.interrupts:
            self._interrupts = self._execution.interrupts
            self._note(None)
        for piece in self._filter.feed(text):
            if isinstance(piece, str):
                self._feed_lines(piece)
            elif isinstance(piece, Over):
                self._note(None)
            else:
                self._let_go()
                self._ask(piece)

    def look(self, *, silent: bool) -> None:
        """Look for an answer; where nothing was asked, guess whether a program that is silent waits for one.

        Args:
            silent: no output came in the time that ``patience`` gave.
        """
        if self._question is not None:
            self._take_answer(self._question)
        elif silent and self._reads and not self._interrupts and not self._moved():
            self._guess()

    def close(self) -> None:
        """The program has ended, and its questions are over."""
        self._note(None)
        try:
            self._feed_lines(self._filter.flush())
            self._let_go()
        finally:
            self._following.close()

    def _note(self, question: Question | None) -> None:
        self._question = question
        self._execution.asks = question is not None

    def _moved(self) -> bool:
        return self._execution.printed or self._execution.done

    def _feed_lines(self, text: str) -> None:
        if self._reads and "\x1e" in self._held + text:  # of somebody else: a value, a pause
            text, self._held = self._held + text, ""
        elif self._reads:
            text = self._held + text
            whole, end, self._held = text.rpartition("\n")
            if len(self._held) > MAX_HELD:
                whole, end, self._held = text, "", ""
            text = whole + end
        if text:
            self._following.feed(text)

    def _let_go(self) -> None:
        held, self._held = self._held, ""
        if held:
            self._following.feed(held)

    def _guess(self) -> None:
        if "\x1e" in self._held:  # the value of the last expression comes slowly
            return
        if not self._front_end.can_ask:
            self._reads = False
            self._let_go()
            self._front_end.Error(
                "[the program may wait for sys.stdin, and this front end cannot ask for a line: Stop ends it]"
            )
            return
        self._ask(Question(self._held.rpartition("\r")[2]), guessed=True)

    def _ask(self, question: Question, *, guessed: bool = False) -> None:
        if not self._front_end.can_ask:
            self.refused = CannotAsk(
                f"The program on the board asks {question.prompt.strip()!r} with input(), and this front end cannot "
                "ask for an answer: it was stopped. Run the cell in JupyterLab or jupyter console, or give the value "
                "in the code."
            )
            self._board.interrupt()
            return
        self._note(question)
        self._guessed = guessed
        self._front_end.ask(question.prompt, secret=is_secret(question.prompt))

    def _take_answer(self, question: Question) -> None:
        text = self._front_end.answer()
        if text is None:
            return
        self._note(None)
        if self._guessed:
            self._held = ""  # the front end shows it before the answer
        left_out = self._execution.answer(
            None if text == "\x04" else text, echoes=question.echoes, secret=is_secret(question.prompt)
        )
        if left_out:
            self._front_end.Error(f"[the answer went to the board without {left_out}]")


class StdinBridge:
    """What a kernel knows of the questions that the programs on its board may ask."""

    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._readers = Readers()

    def prepare(self, board: Board, code: str) -> Callable[[Execution, Sink], ProgramInput]:
        """Get ready for a cell's program; return what makes the sink for its output once it runs.

        Raises:
            MicroPythonError: the board, which is asked to tell when it asks, did not answer.
        """
        silent = may_ask(code) and not board.hear_questions()
        reads = self._readers.reads(code, also=silent)
        return lambda execution, following: ProgramInput(self._front_end, board, execution, following, reads=reads)
