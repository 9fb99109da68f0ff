r"""What a program on the board asks for: ``input()``, as the host sees it.

The board runs ``snippets/input.py``, whose ``input()`` prints marks: ``\x1e?mkr`` (it reads ``sys.stdin``, which does
not echo) or ``\x1e?mki`` (the firmware's own reads, which echoes), the prompt, ``\x1e?mk=``, and when it has its
answer, or was interrupted, ``\x1e?mk.``. The marks are always the same: so they are understood, too, where a kernel
that was killed has left its function on the board. Who could forge them could call ``input()`` as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .marks import MarkTokenizer

MAX_PROMPT = 16 * 1024
"""Characters of a prompt; what is longer is plain output."""

READS, ECHOES, ASKED, OVER = "\x1e?mkr", "\x1e?mki", "\x1e?mk=", "\x1e?mk."
"""The marks: before the prompt of each kind, behind the prompt, behind the answer."""

_MARKS = (READS, ECHOES, ASKED, OVER)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Question:
    """A program waits for a line.

    Attributes:
        prompt: what ``input()`` was called with.
        echoes: whether the board reads with its line editor: it echoes, and knows ASCII only.
    """

    prompt: str
    echoes: bool = False


class Over:
    """The question is over: it was answered, or the program was interrupted."""


class QuestionFilter:
    """Takes questions out of a program's output, however that is split."""

    def __init__(self) -> None:
        self._marks = MarkTokenizer(*_MARKS)
        self._prompt = ""  # of the question that comes, so far
        self._asking: str | None = None  # the kind of the question whose prompt comes
        self._echo = False  # what comes is the echo of an answer

    def feed(self, text: str) -> list[str | Question | Over]:
        """Return what ``text`` brings, in its order: plain output, questions, and their ends."""
        found: list[str | Question | Over] = []
        for piece, mark in self._marks.feed(text):
            before, self._prompt = self._prompt + piece, ""
            kind = mark[-1:]
            if kind == "=" and self._asking is not None:
                self._echo = self._asking == "i"
                self._asking = None
                found.append(Question(before, self._echo))
                continue
            if not mark and self._asking is not None and len(before) <= MAX_PROMPT:
                self._prompt = before
                continue
            if before and not self._echo:
                found.append(before)
            self._asking = kind if mark and kind in "ri" else None
            if mark and kind != "=":
                self._echo = False
            if kind == ".":
                found.append(Over())
        return found

    def flush(self) -> str:
        """Return what was held, once the program has ended."""
        held, self._prompt = self._prompt + self._marks.flush(), ""
        shown = "" if self._echo else held
        self._asking, self._echo = None, False
        return shown


def answer_line(text: str | None, *, echoes: bool) -> tuple[bytes, str]:
    r"""Return an answer as the board is to read it, and what had to be left out of it (``""``: nothing).

    Only the first line goes out; control characters, which would interrupt the program or edit the line, do not.

    Args:
        text: the answer; None for the end of input, which is an ``EOFError`` on the board.
        echoes: as the ``Question`` says.
    """
    if text is None:
        return (b"\x04" if echoes else b"\x04\n"), ""
    line, _, more = text.replace("\r\n", "\n").partition("\n")
    allowed = _CONTROL.sub("", line)
    left_out = ["the lines behind the first"] if more else []
    if echoes:
        ascii_only = "".join(character for character in allowed if " " <= character <= "~")
        if ascii_only != allowed:
            left_out.append("characters that this board's input() does not know")
        allowed = ascii_only
    elif len(allowed) < len(line):
        left_out.append("control characters")
    data = allowed.encode("utf-8", "replace") + (b"\r" if echoes else b"\n")
    return data, " and ".join(left_out)
