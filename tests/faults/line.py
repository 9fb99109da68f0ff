"""A line between a client and a board, on which a plan's faults happen."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from .plan import Fault, Kind, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHUNK = 64 * 1024
_REMEMBERED = 64  # bytes that can be said again
_JUNK = b"the quick brown fox jumps over the lazy dog 0123456789\r\n"
_CHATTER = b"tick %d\r\n"
_EVER = 1_000_000_000  # pieces
_RESET_TRIES = 8
_LINGER_NOT = struct.pack("ii", 1, 0)


class _Cut(Exception):
    """The line is cut here."""


class _Direction:
    """What goes one way."""

    def __init__(self) -> None:
        self.carried = 0
        self.faults: list[Fault] = []  # those to come, the next one last
        self.dropping = 0
        self.late: tuple[int, float] = (0, 0.0)
        self.chatter = 0  # every how many pieces something is printed in the middle of one
        self.pieces = 0
        self.recent = b""


class FaultyLine:
    """A TCP port that leads to a board on another one. Until a plan is armed, it carries what it gets.

    Attributes:
        address: where clients find it.
        struck: the faults that have happened since the plan was armed.
        forged: whether one of them has made, or repeated, the byte 0x04. To the board it means that a program is to
            run, which may then run twice; from the board, that one has ended, and its output may have come twice, too.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0), backlog=8)
        self.address = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self.struck: list[Fault] = []
        self.forged = False
        self._ways = {way: _Direction() for way in Way}
        self._lock = threading.Lock()
        self._healed = threading.Event()
        self._healed.set()
        self._quiet = threading.Event()  # no reset is under way
        self._quiet.set()
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="faulty line", daemon=True).start()

    def arm(self, faults: Iterable[Fault]) -> None:
        """Let the faults happen from now on."""
        with self._lock:
            self.struck = []
            self.forged = False
            for way, direction in self._ways.items():
                direction.__init__()  # type: ignore[misc]
                mine = [fault for fault in faults if fault.way is way]
                direction.faults = sorted(mine, key=lambda fault: -fault.at)
            self._healed.clear()

    def heal(self) -> list[Fault]:
        """Let nothing happen any more, what is held back go on, and return the faults that have happened."""
        with self._lock:
            for direction in self._ways.values():
                direction.faults = []
                direction.dropping, direction.late, direction.chatter = 0, (0, 0.0), 0
            self._healed.set()
        self._quiet.wait(10)
        return list(self.struck)

    def cut(self) -> None:
        """End the connections that there are."""
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.heal()
        self._server.close()
        self.cut()

    # -- carrying ------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            try:
                board = socket.create_connection(("127.0.0.1", self._port), 5)
            except OSError:
                client.close()
                continue
            board.settimeout(None)
            with self._lock:
                self._ends |= {client, board}
            for end in (client, board):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, client, board)
            for way in Way:
                threading.Thread(target=link.pump, args=(way,), name=f"faulty line, {way}", daemon=True).start()

    def release(self, *ends: socket.socket) -> None:
        with self._lock:
            self._ends -= set(ends)

    def next_fault(self, way: Way, size: int) -> tuple[int, Fault | None]:
        """Return how many of ``size`` bytes are carried before the next fault, and that."""
        direction = self._ways[way]
        with self._lock:
            if not direction.faults or direction.faults[-1].at >= direction.carried + size:
                direction.carried += size
                return size, None
            fault = direction.faults.pop()
            rest = max(0, fault.at - direction.carried)
            direction.carried += rest
            self.struck.append(fault)
            return rest, fault

    def through(self, way: Way, data: bytes) -> bytes:
        """Return what gets through of the bytes between two faults; it may take a while."""
        direction = self._ways[way]
        with self._lock:
            dropped = min(direction.dropping, len(data))
            direction.dropping -= dropped
            count, seconds = direction.late
            direction.late = (max(0, count - 1), seconds)
        if count:
            self._healed.wait(seconds)
        data = data[dropped:]
        if data:
            direction.recent = (direction.recent + data)[-_REMEMBERED:]
            direction.pieces += 1
            if direction.chatter and direction.pieces % direction.chatter == 0:
                at = random.Random(direction.pieces).randrange(len(data) + 1)
                return data[:at] + _CHATTER % direction.pieces + data[at:]
        return data

    def strike(self, way: Way, fault: Fault, data: bytes, link: _Link) -> tuple[bytes, bytes]:
        """Have a fault happen before ``data``; return what goes on the line for it, and what is left of the data."""
        direction = self._ways[way]
        match fault.kind:
            case Kind.CUT:
                if fault.size:
                    with suppress(OSError):
                        link.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                raise _Cut
            case Kind.STALL:
                self._healed.wait(fault.seconds)
            case Kind.LATE:
                direction.late = (fault.size, fault.seconds)
            case Kind.SLOW | Kind.CHATTER:
                with self._lock:  # healed meanwhile, it stays so
                    if not self._healed.is_set() and fault.kind is Kind.SLOW:
                        direction.late = (_EVER, fault.seconds)
                    elif not self._healed.is_set():
                        direction.chatter = fault.size
            case Kind.DROP:
                direction.dropping += fault.size
            case Kind.FLIP:
                direction.carried += 1
                return bytes([data[0] ^ fault.data[0]]), data[1:]
            case Kind.DUPLICATE:
                return direction.recent[-fault.size :], data
            case Kind.INSERT:
                return fault.data, data
            case Kind.FLOOD:
                return (_JUNK * (fault.size // len(_JUNK) + 1))[: fault.size], data
            case Kind.RESET:
                if self._quiet.is_set():
                    self._quiet.clear()
                    threading.Thread(target=self._reset, args=(link,), name="reset button", daemon=True).start()
        return b"", data

    def _reset(self, link: _Link) -> None:
        """Press the reset button: the program is gone without a word, and the board boots.

        Neither board can be reached behind its line, so a soft reset is made on the line; the client sees of it what it
        would see of the button: nothing, and then the banner of the friendly prompt.
        """
        try:
            link.in_reset = True
            for _ in range(_RESET_TRIES):
                link.told = b""
                link.board.sendall(b"\r\x03\x03")
                time.sleep(0.02)
                link.board.sendall(b"\r\x03\x02")
                if link.saw(b">>> ", 0.4):
                    break
            else:
                return  # 0x04 anywhere else would wait on the board, to reset it at the next prompt
            link.told = b""
            link.board.sendall(b"\x04")
            link.saw(b"soft reboot\r\n", 3)
        except OSError:
            pass
        finally:
            link.in_reset = False
            self._quiet.set()


class _Link:
    """One client's way to the board."""

    def __init__(self, line: FaultyLine, client: socket.socket, board: socket.socket) -> None:
        self.client = client
        self.board = board
        self.in_reset = False
        self.told = b""  # what the board says while it is reset
        self._awaited: bytes | None = None
        self._news = threading.Condition()
        self._line = line
        self._over = 0

    def saw(self, mark: bytes, seconds: float) -> bool:
        """Wait until the board has said something during its reset; that ends the reset where it is its last word."""
        with self._news:
            self._awaited = mark
            found = self._news.wait_for(lambda: mark in self.told, seconds)
            self._awaited = None
            return found

    def pump(self, way: Way) -> None:
        source, target = (self.client, self.board) if way is Way.TO_BOARD else (self.board, self.client)
        with suppress(OSError, _Cut):
            while data := source.recv(_CHUNK):
                self._carry(way, data, target)
        for end in (self.client, self.board):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._news:
            self._over += 1
            last = self._over == 2
        if last:
            self._line.release(self.client, self.board)
            self.client.close()
            self.board.close()

    def _carry(self, way: Way, data: bytes, target: socket.socket) -> None:
        while data:
            size, fault = self._line.next_fault(way, len(data))
            self._give(way, self._line.through(way, data[:size]), target)
            data = data[size:]
            if fault is not None:
                said, data = self._line.strike(way, fault, data, self)
                if b"\x04" in said:
                    self._line.forged = True
                self._give(way, said, target)

    def _give(self, way: Way, data: bytes, target: socket.socket) -> None:
        if self.in_reset and way is Way.TO_BOARD:
            return  # nobody hears it
        if self.in_reset:
            with self._news:
                self.told += data
                _, mark, data = self.told.partition(b"soft reboot\r\n")
                if not mark:
                    self.told = self.told[-1000:]  # a program may print without end
                    self._news.notify_all()
                    return
                self.in_reset = False
                self._news.notify_all()
        if data:
            target.sendall(data)
