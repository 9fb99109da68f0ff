"""MicroPython's line protocol as a state machine that does no I/O: bytes in, events and bytes out.

The other side is ``shared/runtime/pyexec.c`` of the firmware (named PX below, as of v1.29). ``Repl.receive`` takes what
arrived, however it was split, and gives events; the ``send_*`` methods and ``data_to_send`` give the bytes to write.
Waiting, deadlines and threads are the business of whoever holds the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...errors import BoardBusy
from . import background_output as background
from . import firmware_output as firmware
from .capabilities import CHUNK, SHORT_SOURCE, Capabilities
from .control_bytes import CTRL_A, CTRL_B, CTRL_C, CTRL_D, RAW_PASTE_GRANTED, RAW_PASTE_REFUSED, RAW_PASTE_REQUEST
from .events import Done, LateEnd, Output, Ready, Rebooted, Started, State
from .source_check import check_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import Event

_AROUND = 8  # bytes that are sent around a source: Ctrl-C, 0x04, and some to spare

_OF_PROGRAM = (State.RUNNING, State.UNKNOWN, State.REBOOTING)  # else a thread or a timer has printed it


class Repl:
    """The protocol with one board.

    Args:
        capabilities: what is known of the board, and where the protocol notes whether it has raw-paste.

    Attributes:
        state: where the protocol stands.
        capabilities: what is known of the board.
    """

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.state = State.UNKNOWN
        self.capabilities = capabilities or Capabilities()
        self._in = bytearray()  # received and not yet understood
        self._tail = b""  # the end of what was given as output, for recognising reboots
        self._out = memoryview(b"")  # the source that is still to be sent, without its end mark
        self._end_mark_due = False  # the 0x04 behind the source is still to be sent
        self._abort_due = False  # Ctrl-C is to be sent in place of the source
        self._credit = 0  # bytes that the board has room for
        self._background = False  # something else than the program prints: a thread, a timer
        self._end_watch = background.EndWatch()

    # -- what goes out -------------------------------------------------------------------------------------------

    def send_attach(self) -> bytes:
        """Ask for the raw REPL from whatever the board is doing; ``Ready`` follows when it answers.

        Ctrl-C ends a program or clears the line, Ctrl-A enters the raw REPL or prints its banner again (PX
        ``pyexec_raw_repl``, ``pyexec_friendly_repl``). Nothing is reset. May be sent again while no answer comes.
        """
        if self.state is not State.UNKNOWN:
            self.forget()
        return b"\r" + CTRL_C + CTRL_A

    def send_identify(self) -> bytes:
        """Leave the raw REPL and enter it again, which prints the friendly banner; ``Ready`` follows.

        Raises:
            BoardBusy: the board is not at its prompt.
        """
        self._require(State.READY)
        self.forget()
        return CTRL_B + CTRL_A

    def send_leave(self) -> bytes:
        """Return to the friendly prompt, where people and other tools expect the board."""
        self.forget()
        return b"\r" + CTRL_B

    def send_soft_reset(self) -> bytes:
        """Soft-reset from the raw prompt: 0x04 on an empty line (PX ``pyexec_raw_repl``). ``Rebooted`` follows.

        Raises:
            BoardBusy: the board is not at its prompt.
        """
        self._require(State.READY)
        self.state = State.REBOOTING
        return CTRL_C + CTRL_D

    def send_source(self, source: bytes) -> bytes:
        """Start an execution. More of the source may follow from ``data_to_send``.

        Ctrl-C comes first: what was left in the board's input would become part of the code; at the raw prompt it
        clears the line silently.

        Raises:
            SourceError: the source holds a byte that the raw REPL takes for a command.
            BoardBusy: the board is not at its prompt.
        """
        self._require(State.READY)
        check_source(source)
        source = source or b"\n"  # 0x04 on an empty line is the command for a soft reset
        self._abort_due = False
        self._tail = b""
        self._background = self._background or b"_thread" in source
        if self.capabilities.raw_paste is not False and len(source) > self._room:
            self._out, self._end_mark_due = memoryview(source), True
            self._credit = 0
            self.state = State.PASTE_REQUESTED
            return CTRL_C + RAW_PASTE_REQUEST
        self._start_plain(memoryview(source))
        # One write: two small ones wait for each other on a TCP line.
        return CTRL_C + self.data_to_send()

    def data_to_send(self) -> bytes:
        """Return the bytes of the source that may go out now; ``b""`` when none may.

        On a board without raw-paste, wait ``pause`` seconds between two calls.
        """
        if self._abort_due and self.state is State.PASTING:
            self._drop_source()
            return CTRL_C
        if not self._end_mark_due or self.state is State.PASTE_REQUESTED:
            return b""
        chunk, self._out = bytes(self._out[: self._credit]), self._out[self._credit :]
        if self.state is State.PASTING:
            self._credit -= len(chunk)
        if not self._out:
            self._end_mark_due = False
            chunk += CTRL_D
        return chunk

    @property
    def _room(self) -> int:
        """Bytes that the board takes at once at its prompt: it promises raw-paste room for two windows."""
        return max(SHORT_SOURCE, 2 * self.capabilities.window - _AROUND)

    @property
    def pause(self) -> float:
        """Seconds to wait before the next ``data_to_send``; 0 where the board controls the flow."""
        return self.capabilities.chunk_pause if self.state is State.SENDING and self._end_mark_due else 0.0

    @property
    def sending(self) -> bool:
        """Whether the board does not yet have the whole source."""
        return self.state in (State.PASTE_REQUESTED, State.PASTING, State.SENDING)

    @property
    def sent(self) -> bool:
        """Whether the whole source is on its way, though the board may not have it yet."""
        return self.state in (State.PASTING, State.SENDING) and not self._end_mark_due and not self._abort_due

    def send_interrupt(self) -> tuple[bytes, list[Done]]:
        """Interrupt an execution: the bytes to send, and the end of it where that follows from sending them.

        While the source goes out to raw-paste, Ctrl-C ends the reading and no 0x04 may follow it (PX
        ``mp_reader_stdin_readbyte``); in the plain raw REPL it clears the line without an answer, so that the
        execution is over at once. Once the program runs it raises KeyboardInterrupt there.
        """
        if self.state is State.READY:
            return b"", []
        if self.state is State.PASTE_REQUESTED:
            self._abort_due = True  # until the board has answered, Ctrl-C could be lost or kept for later
            return b"", []
        if self.state is State.SENDING and self._end_mark_due:
            self._drop_source()
            self.state = State.READY
            return CTRL_C, [Done(firmware.INTERRUPTED)]
        self._drop_source()
        return CTRL_C, []

    # -- what comes in -------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Event]:
        """Take what arrived and return what it means. The split of the input makes no difference to the meaning.

        Neighbouring ``Output`` events may be joined or split differently with the input; their concatenation is the
        same.
        """
        self._in += data
        events: list[Event] = []
        while self._in and self._HANDLERS[self.state](self, events):
            pass
        return events

    @property
    def maybe_ended(self) -> bool:
        """Whether a program may have ended, though a thread has printed into what the board says then."""
        return self.state is State.RUNNING and self._end_watch.found(bytes(self._in)) is not None

    def take_for_ended(self) -> tuple[bytes, bytes]:
        """Take the program for ended that ``maybe_ended`` speaks of; return output that was held, and the traceback."""
        held, traceback = bytes(self._in), self._end_watch.found(bytes(self._in)) or b""
        self._in.clear()
        self._done(traceback, [])
        self._background = True
        return held, traceback

    def release(self) -> bytes:
        """Forget what was said; return what arrived and was held back until more would tell what it means."""
        held = bytes(self._in)
        self.forget()
        return held

    def _on_unknown(self, events: list[Event]) -> bool:
        # Only the whole banner counts: boot noise can hold any byte, 0x04 and ">" among them.
        begin, banner = background.raw_banner(bytes(self._in))
        self._emit(begin, events)
        if not banner:
            return False
        del self._in[: banner.size]
        self._note_printed(banner.printed, events)
        self.state = State.READY
        self._tail = b""
        events.append(Ready())
        return True

    def _on_ready(self, events: list[Event]) -> bool:
        # Nobody asked for anything: a timer or a thread prints, or somebody pressed the reset button. Or what was taken
        # for the end of the last program was printed by it, and it goes on.
        at = self._in.find(CTRL_D)
        if at:
            self._emit_watching(at if at > 0 else len(self._in), events)
            return bool(self._in)
        end = firmware.program_end(bytes(self._in))
        if end is firmware.NoEnd.UNDECIDED:
            return False
        if isinstance(end, firmware.ProgramEnd):
            del self._in[: end.size]
            events.append(LateEnd(end.traceback, end.reboots))
            self.state = State.REBOOTING if end.reboots else State.READY
            return bool(self._in)
        self._emit_watching(1, events)
        return bool(self._in)

    def _on_paste_reply(self, events: list[Event]) -> bool:
        replies = (
            (RAW_PASTE_GRANTED, self._paste_granted),
            (RAW_PASTE_REFUSED, self._paste_refused),
            # Before raw-paste existed, its request was two bytes of code and a Ctrl-A that prints the banner.
            (firmware.RAW_BANNER, self._paste_refused),
        )
        found = [(at, mark, react) for mark, react in replies if (at := self._in.find(mark)) >= 0]
        if self._restarted_while_sending(min((at for at, _, _ in found), default=len(self._in)), events):
            return True
        if not found:
            self._emit_but(len(firmware.RAW_BANNER) - 1, events)
            return False
        at, mark, react = min(found, key=lambda reply: reply[0])
        self._emit(at, events)
        # The window's size (LE16) and a first 0x01 follow "R\x01" in one piece.
        if mark is RAW_PASTE_GRANTED and not background.window(bytes(self._in[len(mark) :])):
            return False
        del self._in[: len(mark)]
        react(events)
        return True

    def _paste_granted(self, events: list[Event]) -> None:
        self.capabilities.raw_paste = True
        if window := background.window(bytes(self._in)):
            self.capabilities.window = int.from_bytes(window.value, "little") or 1
            del self._in[: window.size]
            self._note_printed(window.printed, events)
        # Sending the size grants the first window; each 0x01 that follows grants one more (PX mp_reader_new_stdin).
        self._credit = self.capabilities.window
        self.state = State.PASTING

    def _paste_refused(self, events: list[Event]) -> None:
        self.capabilities.raw_paste = False
        if self._abort_due:
            self._drop_source()
            self.state = State.READY
            events.append(Done(firmware.INTERRUPTED))
        else:
            self._start_plain(self._out)

    def _start_plain(self, source: memoryview) -> None:
        self._out, self._end_mark_due = source, True
        # A short source goes in one piece, unless the board is known for its small buffer.
        self._credit = CHUNK if self.capabilities.raw_paste is False else self._room
        self.state = State.SENDING

    def _on_pasting(self, events: list[Event]) -> bool:
        # Anything but the two control bytes is a timer or a thread that prints.
        found = firmware.PASTE_REPLY.search(self._in)
        if self._restarted_while_sending(found.start() if found else len(self._in), events):
            return True
        if found:
            self._emit(found.start(), events)
            mark = bytes(self._in[:1])
            del self._in[:1]
            if mark == CTRL_A:
                self._credit += self.capabilities.window
                return True
            # The board has the source, or has seen a syntax error in it: then it swallows what comes until one 0x04
            # (PX mp_reader_stdin_close), which data_to_send gives without the rest.
            self._out = memoryview(b"")
            self._started(events)
            return True
        self._emit(len(self._in), events)
        return False

    def _on_sending(self, events: list[Event]) -> bool:
        at = self._in.find(b"OK")
        if self._restarted_while_sending(at if at >= 0 else len(self._in), events):
            return True
        if at < 0:
            self._emit_but(1, events)
            return False
        self._emit(at, events)
        del self._in[:2]
        self._started(events)
        return True

    def _restarted_while_sending(self, size: int, events: list[Event]) -> bool:
        """Whether the banner of a board that was reset came before its answer, which stands behind ``size`` bytes."""
        found = firmware.FRIENDLY_BANNER.search(self._tail + self._in[:size])
        if not found:
            return False
        self._emit(found.end() - len(self._tail), events)
        self._tail = b""
        self._drop_source()
        self.state = State.UNKNOWN
        events.append(Rebooted(hard=True))
        return True

    def _started(self, events: list[Event]) -> None:
        self.state = State.RUNNING
        self._tail = b""
        self._end_watch = background.EndWatch()
        events.append(Started())

    def _on_running(self, events: list[Event]) -> bool:
        end = self._in.find(CTRL_D)
        if end < 0:
            self._emit_watching(len(self._in), events)
            return bool(self._in)
        if end:
            self._emit_watching(end, events)
            return True
        return self._on_end_of_output(events)

    def _on_end_of_output(self, events: list[Event]) -> bool:
        """Decide what the 0x04 at the start of the buffer is: the end of the output, or data that was printed."""
        if run := firmware.MANY_ENDS.match(self._in):  # only the last two of them can be the two marks
            self._emit_watching(run.end() - 2, events)
            return bool(self._in)
        if self._background:
            if found := background.program_end(bytes(self._in)):
                del self._in[: found.size]
                self._note_printed(found.printed, events)
                self._done(found.value, events)
                return True
            if background.undecided(bytes(self._in)):
                return False
        end = firmware.program_end(bytes(self._in))
        if end is firmware.NoEnd.UNDECIDED:
            return False
        # A program can print all that an end consists of; behind the real one no other follows, if it did not restart.
        if isinstance(end, firmware.ProgramEnd) and (end.reboots or not firmware.holds_end(self._in[end.size :])):
            del self._in[: end.size]
            if end.reboots:
                self.state = State.REBOOTING
                return True
            self._done(end.traceback, events)
            return True
        self._emit_watching(1, events)
        return bool(self._in)

    def _on_rebooting(self, events: list[Event]) -> bool:
        begin, banner = background.raw_banner(bytes(self._in))
        self._emit_watching(begin, events)
        if self.state is not State.REBOOTING:
            return True
        if not banner:
            return False
        del self._in[: banner.size]
        self._note_printed(banner.printed, events)
        self.state = State.READY
        self._tail = b""
        events.append(Rebooted(hard=False))
        return True

    # -- helpers -------------------------------------------------------------------------------------------------

    def _done(self, traceback: bytes, events: list[Event]) -> None:
        self.state = State.READY
        self._tail = b""
        self._background = False  # until something is printed while no program runs
        events.append(Done(traceback))

    def _note_printed(self, data: bytes, events: list[Event]) -> None:  # inside an answer
        if data:
            self._background = True
            events.append(Output(data))

    def _emit(self, size: int, events: list[Event]) -> None:
        if size:
            data = bytes(self._in[:size])
            self._background = self._background or self.state not in _OF_PROGRAM
            events.append(Output(data))
            self._tail = (self._tail + data)[-firmware.TAIL :]
            del self._in[:size]

    def _emit_but(self, held: int, events: list[Event]) -> None:
        """Give out all but the last ``held`` bytes, which may be the start of a mark."""
        self._emit(max(0, len(self._in) - held), events)

    def _emit_watching(self, size: int, events: list[Event]) -> None:
        """Give out ``size`` bytes of output; where they show that the board restarted, stop behind that place."""
        if self.state is State.RUNNING:
            self._end_watch.feed(bytes(self._in[:size]))
        seen = self._tail + bytes(self._in[:size])
        old = len(self._tail)
        if found := firmware.find_reboot(seen, old):
            end, hard = found
            self._emit(end - old, events)
            self._tail = b""
            self.state = State.UNKNOWN if hard else State.READY
            events.append(Rebooted(hard))
            return
        self._emit(size, events)
        self._tail = seen[-firmware.TAIL :]

    def forget(self) -> None:
        """Take nothing for granted: the board must be brought to its prompt before the next execution."""
        self.state = State.UNKNOWN
        self._in.clear()
        self._tail = b""
        self._drop_source()

    def _drop_source(self) -> None:
        self._out = memoryview(b"")
        self._end_mark_due = self._abort_due = False

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise BoardBusy("The board has left its prompt this moment: it was reset, or restarted. Try again.")

    _HANDLERS: ClassVar[dict[State, Callable[[Repl, list[Event]], bool]]] = {
        State.UNKNOWN: _on_unknown,
        State.READY: _on_ready,
        State.PASTE_REQUESTED: _on_paste_reply,
        State.PASTING: _on_pasting,
        State.SENDING: _on_sending,
        State.RUNNING: _on_running,
        State.REBOOTING: _on_rebooting,
    }
