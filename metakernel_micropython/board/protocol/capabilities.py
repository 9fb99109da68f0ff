"""What a board can do, in one place: what its prompt can, what it has for files, what the host has put on it.

``PromptSession`` makes a ``Capabilities`` for each board and hands it on when the line is opened again. What finds
something out writes it there; everybody else asks there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .program_requests import Asking, Requests

CHUNK_PAUSE = 0.01
"""Seconds that a board without flow control is given to take a chunk of source from its receive buffer."""

CHUNK = 16
"""Bytes per write to a board without raw-paste.

With 32 every 10 ms a micro:bit in QEMU, on a busy machine, lost bytes of 1 source in 30; with 16, of none.
"""

SHORT_SOURCE = 128
"""Bytes that go in one write without flow control: what the smallest receive buffers take while the prompt is idle."""

LINE_BUFFER = 32
"""Bytes that a prompt without raw-paste has room for from the start (pyexec_raw_repl, vstr_init)."""

_VERSION = re.compile(r"v(\d{1,9})\.(\d{1,9})")
_RAW_PASTE_SINCE = (1, 14)


@dataclass(frozen=True)
class FileSupport:
    """What a board has for files.

    Attributes:
        base64: the module that has it; "" for none.
        sha256: the module that has it; "" for none.
        rename: whether files can be renamed.
        folders: whether there are any.
        memory: bytes that were free when it was asked.
        binary: whether a program can read and write the line's bytes, and knows CRC-32.
        inflate: module, class and further arguments of what inflates; the module is "" for none.
    """

    base64: str
    sha256: str
    rename: bool
    folders: bool
    memory: int
    binary: bool
    inflate: tuple[str, str]


@dataclass
class Capabilities:
    """What one board can do, as far as it is known.

    Attributes:
        raw_paste: whether the board has raw-paste; None until it was asked.
        window: bytes that the board has room for twice while a program does not read them, as raw-paste tells; 0 while
            it is not known.
        chunk_pause: seconds between two chunks of source to a board without raw-paste; grows where it loses some.
        tells_questions: whether ``input()`` tells when it asks; None where this board cannot have it do so.
        shows: whether the board has the function that gives the host something to show.
        awaits: whether the board has what a cell's top level awaits through; None where its syntax has no ``await``.
        full: whether the last program ended for want of memory.
        line_buffer: bytes of a program that its prompt without raw-paste has room for: as many as it has taken once.
        files: what it has for files; None until it was asked.
        requests: answers what its programs ask of the host; None where nobody does.
    """

    raw_paste: bool | None = None
    window: int = 0
    chunk_pause: float = CHUNK_PAUSE
    tells_questions: bool | None = False
    shows: bool = False
    awaits: bool | None = False
    full: bool = False
    line_buffer: int = LINE_BUFFER
    files: FileSupport | None = None
    requests: Requests | None = None

    @property
    def no_flow_control(self) -> bool:
        """Whether sources go out in small pieces with pauses, because this board has no flow control."""
        return self.raw_paste is False

    def note_banner(self, banner: str) -> None:
        """Note what the version in a board's banner tells: to ask an old one for raw-paste would cost some time."""
        version = _VERSION.search(banner)
        if version and (int(version[1]), int(version[2])) < _RAW_PASTE_SINCE:
            self.raw_paste = False

    def forget_functions(self) -> None:
        """The board restarted, or nobody knows what it did: functions that the host has put there may be gone."""
        self.tells_questions = self.shows = self.awaits = self.full = False
        self.line_buffer = LINE_BUFFER

    def output_of(self, program: Asking, data: bytes) -> bytes:
        """Return what is output of what a program printed."""
        return data if self.requests is None else self.requests.take(program, data)

    def rest(self) -> bytes:
        """Return what was held of the output of a program that has ended."""
        return b"" if self.requests is None else self.requests.rest()

    def removals(self) -> list[str]:
        """Return the snippets that remove the functions which the host has put on the board."""
        functions = (
            (self.tells_questions, "input_end"),
            (self.shows, "display_end"),
            (self.awaits, "top_level_await_end"),
            (self.requests, "mount_end"),
        )
        return [removal for there, removal in functions if there]
