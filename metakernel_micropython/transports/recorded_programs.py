r"""A recording as programs with what the board said to each: what ``replay`` answers from.

The host's bytes are read as the board's prompt reads them (``shared/runtime/pyexec.c`` of the firmware, named PX in
``board/protocol/repl.py``). So a program is the same however it was sent: through raw-paste or not, in whatever pieces.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from . import recording
from .tap import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .recording import Event

CTRL_A, CTRL_B, CTRL_C, CTRL_D = b"\x01", b"\x02", b"\x03", b"\x04"
PASTE_REQUEST = b"\x05A"
PASTE_GRANTED = b"R\x01"
RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"

SECRET, STOP = 256, 257
"""What a program can get besides bytes: a line that is not in the recording, and Ctrl-C."""

# What ends a program: its output, 0x04, a traceback or nothing, 0x04, and the prompt.
_END = re.compile(rb"\x04(?:[^\x04]*\n)?\x04>")
_REBOOT = re.compile(rb"soft reboot\r\n")
_FRIENDLY_BANNER = re.compile(
    rb"(?:Micro|Circuit)Python [^\r\n]{1,100}; [^\r\n]{1,200}\r\n(?:[^\r\n]{0,100}\r\n){0,2}>>> "
)

# Programs of the host's own (board/snippets, board/expressions.py, board/protocol/resend.py), which ask a board about
# itself, and may be more or fewer from run to run.
_OF_HOST = re.compile(
    rb"\s*(?:def __repl_print__\(|def __call__\(|from builtins import print as __call__|import gc as __call__|"
    rb"try:\n __mk_held\(|__mk_held|__import__\('gc'\)\.collect\(\)|if 0:\n async def id\(\):pass\n)|\s*\Z"
)
_MASK = bytes(MASK)
_SHORT_ANSWER = 1024  # bytes of it in which a restart is recognised
_LONGEST_ANSWER = 16 * 1024  # bytes in which a prompt says what it has to say
_MARK = re.compile(rb"\\x1et?[0-9a-f]{4}")
_CLOCK = re.compile(rb"\.RTC\(\)\.datetime\(.*?\n(?=\Z)", re.DOTALL)


class Said(Enum):
    """What the host's bytes say to the prompt."""

    PROGRAM = auto()
    """A program; its source comes with it."""
    PASTE = auto()
    """It asks for raw-paste."""
    RAW = auto()
    """It asks for the raw prompt."""
    FRIENDLY = auto()
    """It asks for the friendly prompt."""
    RESET = auto()
    """It asks for a soft reset."""
    ABORT = auto()
    """It ends a source that it was sending to raw-paste."""
    TYPED = auto()
    """Bytes for the friendly prompt, or for a program that nobody knows."""
    PULSE = auto()
    """No bytes: the line has reset the board by its own means."""


class HostBytes:
    """The host's bytes at the prompt, however they are split.

    Attributes:
        raw: whether they are for the raw prompt, rather than for the friendly one.
        pasting: whether they are a source for raw-paste.
    """

    def __init__(self) -> None:
        self.raw = self.pasting = False
        self._line = b""

    def paste(self, granted: bool) -> None:
        """Note what the board answers to the request for raw-paste."""
        self.pasting, self._line = granted, b""

    def read(self, data: bytes) -> Iterator[tuple[Said, bytes, bytes]]:
        """Give what bytes say: what it is, its bytes, and what stands behind it.

        Whoever takes a program takes the rest as well, which is the program's.
        """
        while data:
            if self.pasting:
                found = re.search(rb"[\x03\x04]", data)
                end = found.start() if found else len(data)
                self._line += data[:end]
                mark, data = data[end : end + 1], data[end + 1 :]
                if mark:
                    self.pasting = False
                    source, self._line = self._line, b""
                    yield (Said.PROGRAM if mark == CTRL_D else Said.ABORT), source, data
                continue
            found = re.search(rb"[\x01-\x04]", data)
            end = found.start() if found else len(data)
            text, mark, data = data[:end], data[end : end + 1], data[end + 1 :]
            if self.raw:
                self._line += text
            elif text.strip(b"\r"):
                yield Said.TYPED, text, data
            line = self._line
            if mark:
                self._line = b""
            if mark == CTRL_A:
                asks = self.raw and line == PASTE_REQUEST
                self.raw = True
                yield (Said.PASTE if asks else Said.RAW), line, data
            elif mark == CTRL_B:
                self.raw = False
                yield Said.FRIENDLY, line, data
            elif mark == CTRL_D and (line or not self.raw):
                yield (Said.PROGRAM if self.raw else Said.TYPED), line or CTRL_D, data
            elif mark == CTRL_D:
                yield Said.RESET, b"", data


def interrupts(data: bytes) -> bool:
    """Whether bytes for a program that runs are nothing but Ctrl-C."""
    return not data.strip(CTRL_C)


def addresses_prompt(data: bytes) -> bool:
    """Whether bytes that follow a program are not for it: the host takes it for ended, or wants the prompt."""
    return CTRL_C in data and not interrupts(data)


@dataclass(slots=True)
class Piece:
    """Something that the board said.

    Attributes:
        seconds: since its program began.
        data: the bytes.
        after: how much of what the program got had to be there before.
    """

    seconds: float
    data: bytes
    after: int


@dataclass(slots=True)
class Step:
    """A program with what the board said, or a soft reset, or what was typed at the friendly prompt.

    Attributes:
        kind: which of them.
        source: the program, or what was typed.
        line: the number of the recorded line, from 0.
        began: when, in the recording's seconds.
        pieces: what the board said.
        inputs: what the program got: bytes, ``SECRET`` for a line, ``STOP``.
        stops: the seconds since it began, of each ``STOP``.
        cut: whether the board did not want all of the source, which therefore may be longer.
        lost: why the line was lost then; ``""`` where it was not.
        number: which of the programs that are not the host's own it is, from 1; 0 for the host's own.
        ended: whether the board came back to its raw prompt.
        shows_prompt: whether it came to any prompt.
        called: the cell or program that it is, in words.
    """

    kind: Said
    source: bytes
    line: int
    began: float
    pieces: list[Piece] = field(default_factory=list)
    inputs: array[int] = field(default_factory=lambda: array("H"))
    stops: list[float] = field(default_factory=list)
    cut: bool = False
    lost: str = ""
    number: int = 0
    ended: bool = False
    shows_prompt: bool = False
    called: str = ""
    _tail: bytes = b""

    def say(self, piece: Piece) -> None:
        """Add what the board said next."""
        self.pieces.append(piece)
        said = self._tail + piece.data
        at_prompt = RAW_BANNER in said and _REBOOT.search(said) is not None
        self.ended = self.ended or at_prompt or _END.search(said) is not None
        self.shows_prompt = self.shows_prompt or RAW_BANNER in said or b"\r\n>>> " in said
        mark = said.rfind(CTRL_D, 0, max(0, said.rfind(CTRL_D)))  # the end begins with the one before the last
        kept = len(said) - mark if mark >= 0 else 0
        self._tail = said[-min(max(kept, _SHORT_ANSWER), _LONGEST_ANSWER) :]


@dataclass
class Line:
    """One recorded line to the board.

    Attributes:
        early: what the board said before the host said anything.
        greeting: what it said then, until it was at its raw prompt for the first time.
    """

    early: bytes = b""
    greeting: bytes = b""


@dataclass
class Recorded:
    """A recording, read.

    Attributes:
        lines: the lines.
        steps: what happened on them.
        window: bytes of a raw-paste window; 0 where the board has none.
        banner: what it shows at its friendly prompt.
    """

    lines: list[Line] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    window: int = 0
    banner: bytes = b"MicroPython v0 on a day that is not in the recording; a board\r\n>>> "


def normalized(source: bytes) -> bytes:
    """Return a program without what differs from run to run: marks around values, and this computer's time.

    Lines above the code, which a notebook has for magics, are no part of it either.
    """
    source = _MARK.sub(rb"\\x1e", source.lstrip(b"\n"))
    return _CLOCK.sub(b"", source) if is_of_host(source) else source


def same(recorded: bytes, now: bytes, *, cut: bool = False) -> bool:
    """Whether two normalized programs are one; what was masked in the recorded one may be anything on its line.

    Args:
        recorded: the one of the recording.
        now: the other.
        cut: whether only the beginning of the recorded one is there.
    """
    if _MASK in recorded:
        pattern = re.compile(rb"[^\n]*".join(map(re.escape, recorded.split(_MASK))))
        return (pattern.match(now) if cut else pattern.fullmatch(now)) is not None
    return now.startswith(recorded) if cut else now == recorded


def is_of_host(source: bytes) -> bool:
    """Whether a program is one of the host's own."""
    return _OF_HOST.match(source) is not None


def marks(source: bytes) -> list[bytes]:
    """Return the marks that a program prints, as they are in its output."""
    return [b"\x1e" + found[0][len(rb"\x1e") :] for found in _MARK.finditer(source)]


def lines_above(source: bytes) -> int:
    """Return the number of empty lines above a program's code."""
    return len(source) - len(source.lstrip(b"\n"))


class _Hears(Enum):
    """What the board's next bytes are."""

    PROMPT = auto()
    """What a prompt says."""
    PASTE_ANSWER = auto()
    """The answer to a request for raw-paste."""
    CREDIT = auto()
    """What controls the flow of a source."""
    ACKNOWLEDGEMENT = auto()
    """``OK``, or the 0x04 behind a source; output follows it."""
    OUTPUT = auto()
    """What the newest step says."""


def read(events: list[Event]) -> Recorded:
    """Return what a recording's events come to."""
    reading = _Reading()
    for event in events:
        reading.take(event)
    return reading.result


class _Reading:
    def __init__(self) -> None:
        self.result = Recorded()
        self._number = 0
        self._cell = ""
        self._open()
        self.result.lines.clear()

    def _open(self) -> None:
        self.result.lines.append(Line())
        self._host = HostBytes()
        self._hears = _Hears.PROMPT
        self._silent = True  # the host has said nothing yet
        self._running = False  # what the host sends is for the newest step
        self._heard = b""  # what is not understood yet
        self._mark = b""  # the acknowledgement

    def take(self, event: Event) -> None:
        if event.kind == recording.OPEN or (not self.result.lines and event.kind != recording.CELL):
            self._open()
        match event.kind:
            case recording.SENT:
                self._silent = False
                self._sent(event)
            case recording.RECEIVED if not event.secret:
                self._received(event)
            case recording.LOST if (last := self._newest) is not None:
                last.lost = event.text or "The line was lost."
            case recording.CELL:
                self._cell = event.text
            case recording.RESET:
                self._begin(event, Said.PULSE, b"")

    @property
    def _newest(self) -> Step | None:
        last = self.result.steps[-1] if self.result.steps else None
        return last if last is not None and last.line == len(self.result.lines) - 1 else None

    # -- what the host said --------------------------------------------------------------------------------------

    def _sent(self, event: Event) -> None:
        last = self._newest
        if last is not None and self._running:
            if event.secret:
                if not last.inputs or last.inputs[-1] != SECRET:
                    last.inputs.append(SECRET)
                return
            if not addresses_prompt(event.data) and not last.ended:
                self._input(last, event)
                return
        self._running = False
        for said, text, rest in self._host.read(event.data):
            if said is Said.PROGRAM:
                self._begin(event, said, text)
                if rest:
                    self._input(self.result.steps[-1], replace(event, data=rest))
                return
            if said in (Said.RESET, Said.TYPED):
                self._begin(event, said, text)
            elif said is not Said.ABORT:
                self._hears = _Hears.PASTE_ANSWER if said is Said.PASTE else _Hears.PROMPT
                self._heard = b""

    def _input(self, step: Step, event: Event) -> None:
        if not interrupts(event.data):
            if event.data != b"\r" or not step.stops:  # else the host has nudged a program that was interrupted
                step.inputs.extend(event.data)
        elif not step.inputs or step.inputs[-1] != STOP:
            step.inputs.append(STOP)
            step.stops.append(event.seconds - step.began)

    def _begin(self, event: Event, kind: Said, source: bytes) -> None:
        own = kind is not Said.PROGRAM or is_of_host(source)
        self._number += not own
        step = Step(kind, source, len(self.result.lines) - 1, event.seconds, number=0 if own else self._number)
        step.called = f"cell {self._cell}" if self._cell else f"program {self._number}"
        self.result.steps.append(step)
        self._running = kind is Said.PROGRAM
        if kind is not Said.PROGRAM:
            self._hears = _Hears.OUTPUT
            return
        # The mark may be there before the host has sent its own: the board did not want the rest.
        self._mark = CTRL_D if self._hears is _Hears.CREDIT else b"OK"
        step.cut = self._hears is _Hears.CREDIT and CTRL_D in self._heard
        self._heard = self._heard if step.cut else b""
        self._hears = _Hears.ACKNOWLEDGEMENT
        self._received(replace(event, data=b""))

    # -- what the board said -------------------------------------------------------------------------------------

    def _received(self, event: Event) -> None:
        if self._hears is _Hears.OUTPUT:
            step = self.result.steps[-1]
            step.say(Piece(event.seconds - step.began, event.data, len(step.inputs)))
            return
        self._heard += event.data
        match self._hears:
            case _Hears.PROMPT:
                self._see_prompt(event.data)
            case _Hears.PASTE_ANSWER:
                self._see_paste_answer()
            case _Hears.ACKNOWLEDGEMENT:
                _, found, output = self._heard.partition(self._mark)
                if found:
                    self._hears, self._heard = _Hears.OUTPUT, b""
                    if output:
                        self._received(replace(event, data=output))

    def _see_prompt(self, data: bytes) -> None:
        line = self.result.lines[-1]
        if self._silent:
            line.early += data
        elif self._newest is None and RAW_BANNER not in line.greeting:
            line.greeting = (line.greeting + data).partition(RAW_BANNER)[0] + RAW_BANNER * (
                RAW_BANNER in line.greeting + data
            )
        if found := _FRIENDLY_BANNER.search(self._heard):
            self.result.banner = found[0]
        if len(self._heard) > _LONGEST_ANSWER:
            self._heard = self._heard[-_LONGEST_ANSWER // 2 :]

    def _see_paste_answer(self) -> None:
        at = self._heard.find(PASTE_GRANTED)
        if at >= 0 and len(self._heard) >= at + 4:
            self.result.window = int.from_bytes(self._heard[at + 2 : at + 4], "little") or 1
            self._hears, self._heard = _Hears.CREDIT, self._heard[at + 4 :]
            self._host.paste(granted=True)
        elif at < 0 and (b"R\x00" in self._heard or RAW_BANNER in self._heard):
            self._hears, self._heard = _Hears.PROMPT, b""
            self._host.paste(granted=False)
