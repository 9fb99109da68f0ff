"""The firmware's prompts, after ``shared/runtime/pyexec.c``: friendly REPL, paste mode, raw REPL and raw-paste.

As on a board, the prompts live outside the interpreter's heap; the interpreter asks for the next thing to execute and
reports how it ended. A source comes as a stream: raw-paste is parsed while it arrives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.line import CTRL_C as INTERRUPT
from metakernel_micropython.virtual.line import NO_CHARACTER, Line
from metakernel_micropython.virtual.readline import CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, Readline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

_PAUSE = 0.005  # seconds
WINDOW = 128  # bytes; half of the firmware's default MICROPY_REPL_STDIN_BUFFER_MAX
_HELP = b'Type "help()" for more information.\r\n'


class Reset(Exception):
    """The board starts again.

    Attributes:
        hard: whether the prompt starts in friendly mode, as after power on.
    """

    def __init__(self, *, hard: bool) -> None:
        super().__init__("hard reset" if hard else "soft reset")
        self.hard = hard


class Source:
    """A source that has been received completely.

    Attributes:
        interrupted: whether the client has cancelled it with Ctrl-C.
        ended: whether nothing will follow any more.
    """

    def __init__(self, text: bytes) -> None:
        self.interrupted = False
        self.ended = True
        self._text = text

    def read(self, limit: int, *, all_of_it: bool = True) -> bytes:
        """Takes up to `limit` bytes; ``b""`` is the end."""
        data, self._text = self._text[:limit], self._text[limit:]
        return data

    def close(self) -> None:
        """The parser needs no more."""


class PasteSource(Source):
    """A source that arrives with raw-paste's flow control while it is parsed (``mp_reader_stdin``)."""

    def __init__(self, line: Line) -> None:
        super().__init__(b"")
        self.ended = False
        self._line = line
        self._remaining = WINDOW
        # The size of the window says that one window is free, the 0x01 that another one is.
        line.write(WINDOW.to_bytes(2, "little") + b"\x01")

    def read(self, limit: int, *, all_of_it: bool = True) -> bytes:
        """Waits for input; Ctrl-C and Ctrl-D end the source.

        Args:
            limit: bytes.
            all_of_it: whether to wait for `limit` bytes; otherwise for one, and for what follows without a pause.
        """
        data = bytearray()
        while len(data) < limit and not self.ended:
            if data and not all_of_it and not self._line.waiting:
                self._line.wait_readable(_PAUSE)
                if not self._line.waiting:
                    break
            character = self._line.read_byte()
            if character in (CTRL_C, CTRL_D):
                self.ended = True
                self.interrupted = character == CTRL_C
                self._line.write(b"\x04")
                break
            data.append(character)
            self._remaining -= 1
            if not self._remaining:
                self._remaining = WINDOW
                self._line.write(b"\x01")
        return bytes(data)

    def close(self) -> None:
        """If the parser has given up, tells the client and drops what it still sends."""
        if not self.ended:
            self.ended = True
            self._line.write(b"\x04")
            while self._line.read_byte() not in (CTRL_C, CTRL_D):
                pass


@dataclass
class Request:
    """Something to execute.

    Attributes:
        name: the file: ``boot.py``, ``main.py``, or ``<stdin>`` for `source`.
        source: where ``<stdin>`` reads from.
        single: whether to print the value of an expression, as the friendly prompt does.
        marks: whether output and error each end with 0x04, as in the raw REPL.
        too_long: whether the source did not fit on the board; it is not there, then.
    """

    name: str
    source: Source
    single: bool = False
    marks: bool = False
    too_long: bool = False


class Prompt:
    """What the board says and does on its line when no program is running.

    Args:
        line: the board's line.
        limit: bytes; a source that is longer cannot be kept on the board.

    Attributes:
        started: called on the board's thread when a program that was sent begins to run.
    """

    def __init__(self, line: Line, limit: int) -> None:
        self.line = line
        self.started: Callable[[], None] | None = None
        self.raw = False
        self.banner = b"MicroPython\r\n"
        self.request: Request | None = None
        self._limit = limit
        self._readline = Readline(line)
        self._session: Iterator[Request | None] = iter(())
        self._output_open = False
        self._answer: Iterator[None] = iter(())

    # How the interpreter goes from one request to the next.

    def start(self, has_file: Callable[[str], bool]) -> None:
        """The board has just started.

        Args:
            has_file: tells whether a file is in the board's root directory.
        """
        self.request = None
        self._session = self._run(has_file)

    def next(self) -> Request | None:
        """Waits for something to execute; returns None where something else than the client ended the wait.

        Raises:
            Reset: the user wants the board to start again.
        """
        while True:
            self.finish()
            self.request = next(self._session)
            if self.request is None:
                return None
            self._output_open = self.request.marks
            if not self.request.too_long:
                return self.request
            self.end_output()
            self.line.write(b"MemoryError: memory allocation failed\r\n")

    def read_line(self, *, goes_on: bool) -> tuple[int, bytes] | None:
        """Reads a line for a program's ``input()``, as `Readline.read` does.

        Args:
            goes_on: whether it is the line whose reading was ended last.

        Returns:
            None where something else than the client ended the wait.
        """
        if not goes_on:
            self._answer = self._readline.read(b"")
        try:
            next(self._answer)
        except StopIteration as end:
            how, line = end.value
            return how, line
        return None

    def enable_interrupt(self) -> None:
        """The program runs: from now on Ctrl-C interrupts it."""
        self.line.interrupt_character = INTERRUPT
        if self.started is not None and self.request and self.request.name == "<stdin>":
            self.started()

    def disable_interrupt(self) -> None:
        """The program has ended: from now on Ctrl-C is for the prompt."""
        self.line.interrupt_character = NO_CHARACTER

    def end_output(self) -> None:
        """The program has ended; what it writes now is its error."""
        if self._output_open:
            self._output_open = False
            self.line.write(b"\x04")

    def finish(self) -> None:
        """The request has been dealt with, its error included."""
        if self.request:
            self.end_output()
            if self.request.marks:
                self.line.write(b"\x04")
            self.request = None

    # The prompts themselves.

    def _run(self, has_file: Callable[[str], bool]) -> Iterator[Request | None]:
        if has_file("boot.py"):
            yield Request("boot.py", Source(b""))
        if has_file("main.py") and not self.raw:
            yield Request("main.py", Source(b""))
        while True:
            yield from self._raw_repl() if self.raw else self._friendly_repl()

    def _raw_repl(self) -> Iterator[Request | None]:
        write = self.line.write
        write(b"raw REPL; CTRL-B to exit\r\n>")
        text = bytearray()
        while True:
            character = yield from self.line.next_byte()
            if character == CTRL_A:
                if len(text) == 2 and text[0] == CTRL_E:
                    if text[1:] == b"A":
                        write(b"R\x01")
                        yield Request("<stdin>", PasteSource(self.line), marks=True)
                    else:
                        write(b"R\x00")
                    write(b">")
                else:
                    write(b"raw REPL; CTRL-B to exit\r\n>")
                text.clear()
            elif character == CTRL_B:
                write(b"\r\n")
                self.raw = False
                return
            elif character == CTRL_C:
                text.clear()
            elif character == CTRL_D:
                write(b"OK")
                if not text:
                    write(b"\r\n")
                    raise Reset(hard=False)
                yield self._complete(text, marks=True)
                text = bytearray()
                write(b">")
            else:
                self._add(text, character)

    def _friendly_repl(self) -> Iterator[Request | None]:
        write = self.line.write
        write(self.banner + _HELP)
        while True:
            ended_by, line = yield from self._readline.read(b">>> ")
            if ended_by:
                write(b"\r\n")
            if ended_by == CTRL_A:
                self.raw = True
                return
            if ended_by == CTRL_B:
                write(self.banner + _HELP)
            elif ended_by == CTRL_D:
                raise Reset(hard=False)
            elif ended_by == CTRL_E:
                text = yield from self._paste()
                if text is not None:
                    yield self._complete(text)
            elif line and not ended_by:
                compound = yield from self._compound(line)
                if compound is not None:
                    yield Request("<stdin>", Source(compound), single=True)

    def _compound(self, line: bytes) -> Generator[None, None, bytes | None]:
        """The whole statement that begins with the line; None when it is cancelled."""
        while continues(line):
            indent = _indent_after(line)
            ended_by, more = yield from self._readline.read(b"... ", indent)
            if ended_by == CTRL_C:
                self.line.write(b"\r\n")
                return None
            line += b"\n" + more
            if ended_by == CTRL_D:
                self.line.write(b"\r\n")
                break
        return line

    def _paste(self) -> Generator[None, None, bytearray | None]:
        """Paste mode's text; None when it is cancelled."""
        write = self.line.write
        write(b"paste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
        text = bytearray()
        while True:
            character = yield from self.line.next_byte()
            if character in (CTRL_C, CTRL_D):
                write(b"\r\n")
                return None if character == CTRL_C else text
            self._add(text, character)
            write(b"\r\n=== " if character == 0x0D else bytes([character]))

    def _add(self, text: bytearray, character: int) -> None:
        # One byte too many is kept, to tell afterwards that it did not fit.
        if len(text) <= self._limit:
            text.append(character)

    def _complete(self, text: bytearray, *, marks: bool = False) -> Request:
        too_long = len(text) > self._limit
        source = Source(b"" if too_long else bytes(text))
        return Request("<stdin>", source, marks=marks, too_long=too_long)


def _indent_after(text: bytes) -> bytes:
    """The indentation that the editor offers after these lines (the firmware's ``readline_auto_indent``)."""
    lines = text.split(b"\n")
    last = lines[-1]
    if len(lines) > 2 and not last.strip(b" ") and not lines[-2].strip(b" "):
        return b""  # two blank lines: the next empty one ends the statement
    return b"    " * ((len(last) - len(last.lstrip(b" "))) // 4 + last.endswith(b":"))


_COMPOUND = re.compile(rb"@|(if|while|for|try|with|def|class|async)\b")


def continues(text: bytes) -> bool:
    """Whether the friendly prompt asks for more lines (the firmware's ``mp_repl_continue_with_input``).

    A compound statement goes on until an empty line; so do open brackets, triple quotes and a final backslash.
    """
    if not text:
        return False
    depth = 0
    quote = b""
    at = 0
    while at < len(text):
        three, one = text[at : at + 3], text[at : at + 1]
        if quote:
            if one == b"\\" and text[at + 1 : at + 2] in (b"'", b'"', b"\\"):
                at += 1
            elif text.startswith(quote, at):
                at += len(quote) - 1
                quote = b""
            elif one == b"\n" and len(quote) == 1:
                quote = b""
        elif three in (b"'''", b'"""'):
            quote = three
            at += 2
        elif one in (b"'", b'"'):
            quote = one
        elif one in (b"(", b"[", b"{"):
            depth += 1
        elif one in (b")", b"]", b"}"):
            depth -= 1
        at += 1
    if len(quote) == 3 or (depth > 0 and not quote) or text.endswith(b"\\"):
        return True
    return bool(_COMPOUND.match(text)) and not text.endswith(b"\n")
