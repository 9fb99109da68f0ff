"""A board that answers as a recorded one did: ``replay:FILE``. See ``recording`` for the file.

It has a prompt, and no interpreter: what a program says is what the recorded program said. Programs come in the order
of the recording, those of a person each in its place. Those of the host's own, which ask a board about itself, may be
missing or come again. A program that is not the recorded one, or gets other input, fails as an exception on the board
does; the line stays, and so does the place in the recording.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LineLost
from ..interrupts import Condition
from . import recorded_programs as recorded
from . import recording
from .address import recording_named
from .base import WRITE_TIMEOUT, Transport
from .options import KeptPlace
from .recorded_programs import SECRET, STOP, HostBytes, Recorded, Said, Step
from .replay_differences import DIFFERS, differs, nothing_left, other_input, stopped_here, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .address import Address
    from .options import ConnectionOptions

STOP_GRACE = 2.0
"""Seconds that a person has for a Stop beyond the recorded ones, before the program ends as if it had come."""

READ_LIMIT = 64 * 1024
"""Bytes that one read returns at most."""

_INTERRUPTED = b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nKeyboardInterrupt: \r\n'
_FRAME_BEGINS = b'  File "<stdin>", line '
_FRAME = re.compile(b"(" + _FRAME_BEGINS + b")([0-9]{1,9})")
_REBOOTED = b"OK\r\nMPY: soft reboot\r\n" + recorded.RAW_BANNER


def connect(address: Address, options: ConnectionOptions) -> Transport:
    """Open a recording as the line of a board.

    Raises:
        RecordingProblem: it cannot be read, or every line of it was opened already.
    """
    name, chosen = recording_named(address.target)
    path = Path(name).expanduser()
    events = recording.load(path, partial=chosen.get("partial", False))
    player = Player(path.name, recorded.read(events), pace=chosen.get("pace", False))
    place = options.place or KeptPlace()
    return ReplayLine(address.text, player, place)


class Player:
    """The prompt of a board that has a recording in place of an interpreter. No I/O, and no clock of its own.

    Args:
        name: of the recording, for messages.
        what: the recording.
        pace: whether what a program says comes at the recorded pace, rather than at once.
    """

    def __init__(self, name: str, what: Recorded, *, pace: bool = False) -> None:
        self._name = name
        self._recorded = what
        self._pace = pace
        self._keys = [recorded.normalized(step.source) for step in what.steps]
        self._line = -1
        self._next = 0  # the step from which on the next one is looked for
        self._open()

    def _open(self) -> None:
        self._host = HostBytes()
        self._greeted = False
        self._credit = 0  # bytes of a source that may come before the next window is granted
        self._step: Step | None = None  # the one that is played
        self._before = 0  # the place in the recording before it
        self._began = 0.0
        self._piece = 0  # its next piece
        self._got = 0  # how much of its input came
        self._marks: list[tuple[bytes, bytes]] = []  # those of the recorded program, and of the one that came
        self._begun = b""  # the beginning of what is translated, until the rest has come
        self._lower = 0  # lines by which the code of the program that came stands lower than in the recorded one
        self._out = bytearray()
        self.lost = ""

    # -- the line ------------------------------------------------------------------------------------------------

    def open_line(self, number: int) -> bool:
        """Begin with a recorded line; return whether there is such a one."""
        if number >= len(self._recorded.lines):
            return False
        self._open()
        self._line = number
        first = next((at for at, step in enumerate(self._recorded.steps) if step.line >= number), None)
        self._next = max(self._next, len(self._recorded.steps) if first is None else first)
        self._out += self._recorded.lines[number].early
        return True

    def take(self, limit: int) -> bytes:
        """Return what the board says, as far as it is due."""
        data = bytes(self._out[:limit])
        del self._out[:limit]
        return data

    def due(self, now: float) -> float | None:
        """Play what is due at a time in the host's monotonic seconds; return when there is more, None for never."""
        while self._step is not None:
            step = self._step
            if self._piece < len(step.pieces):
                piece = step.pieces[self._piece]
                if piece.after <= self._got:
                    at = self._began + piece.seconds if self._pace else now
                    if at > now:
                        return at
                    self._piece += 1
                    more = self._piece < len(step.pieces) and step.pieces[self._piece].after <= piece.after
                    self._say(piece.data, more=more)
                    continue
            if self._got < len(step.inputs) and step.inputs[self._got] == STOP:
                at = self._began + step.stops[list(step.inputs[: self._got]).count(STOP)] + STOP_GRACE
                if at > now:
                    return at
                self._got += 1
                continue
            if self._piece < len(step.pieces):
                return None  # it waits for input
            self._end(step)
        return None

    def _end(self, step: Step) -> None:
        """All was said."""
        self._step = None
        self.lost = step.lost
        if step.kind is Said.PROGRAM and not step.lost and not step.ended and not step.shows_prompt:
            self._fail(nothing_left(self._name, step))

    def _say(self, data: bytes, *, more: bool) -> None:
        """Say something recorded; what may be half a mark or half a line number waits for the next piece."""
        data = self._begun + data
        end = len(data) - (self._unfinished(data) if more else 0)
        self._begun = data[end:]
        self._out += self._translated(data[:end])

    def _unfinished(self, data: bytes) -> int:
        """Return how many bytes at the end may be the beginning of what is translated."""
        longest = 0
        for old, _ in self._marks:
            longest = max([longest, *(size for size in range(1, len(old)) if data.endswith(old[:size]))])
        if self._lower:
            line = data.rpartition(b"\n")[2]
            if _FRAME_BEGINS.startswith(line) or _FRAME.fullmatch(line):
                longest = max(longest, len(line))
        return longest

    def _translated(self, data: bytes) -> bytes:
        for old, new in self._marks:
            data = data.replace(old, new)
        if self._lower:
            data = _FRAME.sub(lambda found: found[1] + b"%d" % (int(found[2]) + self._lower), data)
        return data

    # -- what the host says --------------------------------------------------------------------------------------

    def give(self, data: bytes, now: float) -> None:
        """Take the host's bytes."""
        self.due(now)
        if self._step is not None and self._step.kind is Said.PROGRAM:
            if not recorded.addresses_prompt(data):
                self._input(self._step, data)
                return
            self._interrupt()
        pasting = self._host.pasting
        for said, text, rest in self._host.read(data):
            if pasting and said is Said.PROGRAM:
                self._out += recorded.CTRL_D
            elif said is Said.PROGRAM:
                self._out += b"OK"
            pasting = False
            self._answer(said, text, now)
            if said is Said.PROGRAM and rest:
                self.give(rest, now)
                return
        if self._host.pasting:
            self._grant(len(data))

    def _answer(self, said: Said, text: bytes, now: float) -> None:
        match said:
            case Said.RAW if not self._greeted:
                self._greeted = True
                greeting = self._recorded.lines[self._line].greeting
                self._out += greeting if greeting.endswith(recorded.RAW_BANNER) else b"\r\n" + recorded.RAW_BANNER
            case Said.RAW:
                self._out += b"\r\n" + recorded.RAW_BANNER
            case Said.FRIENDLY:
                self._out += b"\r\n" + self._recorded.banner
            case Said.PASTE if self._recorded.window:
                self._credit = self._recorded.window
                self._out += recorded.PASTE_GRANTED + self._credit.to_bytes(2, "little") + recorded.CTRL_A
                self._host.paste(granted=True)
            case Said.PASTE:
                self._out += b"\r\n" + recorded.RAW_BANNER
                self._host.paste(granted=False)
            case Said.ABORT:
                self._out += b"\x04\x04KeyboardInterrupt: \r\n\x04>"
            case Said.RESET:
                if not self._play_next(Said.RESET, now):
                    self._out += _REBOOTED
            case Said.TYPED:
                if not self._play_next(Said.TYPED, now, text):
                    self._out += f"\r\n[{unknown(self._name)}]\r\n".encode()
            case Said.PROGRAM:
                self._program(text, now)

    def _grant(self, size: int) -> None:
        self._credit -= size
        while self._credit <= 0:
            self._credit += self._recorded.window
            self._out += recorded.CTRL_A

    def _play_next(self, kind: Said, now: float, source: bytes = b"") -> bool:
        """Play the next reset, or the like, before the next program of a person's; return whether there is one."""
        for at in self._ahead():
            step = self._recorded.steps[at]
            if step.kind is kind and step.source == source:
                self._play(at, now)
                return True
        return False

    def pulse(self, now: float) -> bool:
        """Reset the board by the line's own means; return whether the recorded one was reset so."""
        return self._play_next(Said.PULSE, now)

    def _program(self, source: bytes, now: float) -> None:
        if not source.strip():
            self._out += b"\x04\x04>"  # an empty program says nothing
            return
        at = self._find(source)
        if at is not None:
            self._play(at, now, source)
            return
        expected = next((step for step in self._recorded.steps[self._next :] if step.number), None)
        if recorded.is_of_host(source):
            self._fail(unknown(self._name))
        else:
            self._fail(differs(self._name, expected, source))

    def _find(self, source: bytes) -> int | None:
        """Return the step that a program is: the next one; for the host's own also one that was before."""
        key = recorded.normalized(source)
        places = [*self._ahead()]
        if recorded.is_of_host(source):
            places += range(self._next - 1, -1, -1)
        return next((at for at in places if self._is(at, key)), None)

    def _is(self, at: int, key: bytes) -> bool:
        step = self._recorded.steps[at]
        if step.kind is not Said.PROGRAM:
            return False
        return recorded.same(self._keys[at], key, cut=step.cut)

    def _play(self, at: int, now: float, source: bytes = b"") -> None:
        step = self._recorded.steps[at]
        self._before = self._next
        self._next = max(self._next, at + 1)
        self._step, self._began, self._piece, self._got, self._begun = step, now, 0, 0, b""
        self._marks = list(zip(recorded.marks(step.source), recorded.marks(source), strict=False))
        self._lower = recorded.lines_above(source) - recorded.lines_above(step.source) if step.number else 0
        self.due(now)

    # -- what a program gets -------------------------------------------------------------------------------------

    def _input(self, step: Step, data: bytes) -> None:
        if recorded.interrupts(data):
            if self._got < len(step.inputs) and step.inputs[self._got] == STOP:
                self._got += 1
            elif not (self._got and step.inputs[self._got - 1] == STOP):
                self._interrupt()
            return
        if data == b"\r" and STOP in step.inputs[: self._got]:
            return  # the host has nudged a program that was interrupted
        rest = data
        while rest:
            if step.inputs[self._got : self._got + len(rest)].tolist() == list(rest):
                self._got += len(rest)
                return
            expected = step.inputs[self._got] if self._got < len(step.inputs) else None
            if expected == SECRET:
                end, rest = _end_of_line(rest)
                self._got += bool(end)
            elif expected == rest[0]:
                self._got += 1
                rest = rest[1:]
            elif (other := self._other(step, rest)) is not None:
                self._step = step = other
            else:
                self._next = self._before  # so that the program can be run again
                self._fail(stopped_here(self._name, step) if expected == STOP else other_input(self._name, step))
                return

    def _other(self, step: Step, data: bytes) -> Step | None:
        """Return the recorded run of one of the host's own programs that fits what came until now, and what comes."""
        if step.number:
            return None
        got = [*step.inputs[: self._got], *data]
        said = [piece.data for piece in step.pieces[: self._piece]]
        steps = self._recorded.steps
        for at in (*self._ahead(), *range(self._next - 1, -1, -1)):
            other: Step = steps[at]
            if other.kind is not Said.PROGRAM or other.source != step.source:
                continue
            if list(other.inputs[: len(got)]) == got and [one.data for one in other.pieces[: self._piece]] == said:
                self._next = max(self._next, at + 1)
                return other
        return None

    def _ahead(self) -> Iterator[int]:
        """Give the steps from here to the next program of a person's, that one included."""
        for at in range(self._next, len(self._recorded.steps)):
            yield at
            if self._recorded.steps[at].number:
                return

    def _interrupt(self) -> None:
        """End the program as a board does that gets Ctrl-C."""
        self._step = None
        self._out += b"\x04" + _INTERRUPTED + b"\x04>"

    def _fail(self, sentence: str) -> None:
        """End the program as one that raises an exception."""
        self._step = None
        self._out += b"\x04" + f"{DIFFERS}: {sentence}".encode() + b"\r\n\x04>"


def _end_of_line(data: bytes) -> tuple[bytes, bytes]:
    """Return the end of the first line of some bytes, and the rest."""
    at = next((at for at, byte in enumerate(data) if byte in b"\r\n"), len(data))
    return data[at : at + 1], data[at + 1 :]


class ReplayLine(Transport):
    """The line to a board that answers from a recording.

    Args:
        address: what a person types to open it again.
        player: the board.
        place: how far the recording was replayed.
    """

    def __init__(self, address: str, player: Player, place: KeptPlace) -> None:
        self.address = address
        self._player = player
        self._place = place
        self._news = Condition()  # guards the player, and the one below
        self._closed = False
        if not player.open_line(place.lines):
            raise recording.RecordingProblem(
                f"{address}: the recorded board was not connected once more: the recording is over."
            )
        place.lines += 1

    def read(self, timeout: float | None = None) -> bytes:
        """Return what the board says; see ``Transport.read``."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while True:
                if self._closed:
                    raise LineLost(f"The line to {self.address} is closed.")
                now = time.monotonic()
                due = self._player.due(now)
                if data := self._player.take(READ_LIMIT):
                    return data
                if self._player.lost:
                    raise LineLost(f"{self._player.lost} (So it was recorded.)")
                if deadline is not None and now >= deadline:
                    return b""
                wake = min((at for at in (due, deadline) if at is not None), default=None)
                self._news.wait(None if wake is None else max(0.0, wake - now))

    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        """Give the board bytes; see ``Transport.write``."""
        with self._news:
            if self._closed:
                raise LineLost(f"The line to {self.address} is closed.")
            self._player.give(data, time.monotonic())
            self._news.notify_all()

    def pulse_reset(self) -> bool:
        """Reset the board as the recorded one was; see ``Transport.pulse_reset``."""
        with self._news:
            done = self._player.pulse(time.monotonic())
            self._news.notify_all()
            return done

    def reopen(self) -> ReplayLine:
        """Open the line again that ended with the board's restart, as that of a WebREPL does.

        Raises:
            RecordingProblem: the recorded one was not opened again.
        """
        self.close()
        return ReplayLine(self.address, self._player, self._place)

    def close(self) -> None:
        """Free the line at once; see ``Transport.close``."""
        with self._news:
            self._closed = True
            self._news.notify_all()
