"""What needs no Jupyter: the official command line tool, and a script that uses this project's ``Board``."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

from metakernel_micropython.board import Board
from metakernel_micropython.board.files.folders import fetch_folder, send_folder

from . import work
from .contestant import Contestant, Session
from .errors import BenchmarkError, LateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .device import Device

_PATIENCE = 300.0  # seconds that a command has
_NO_KERNEL = {
    "start": "nothing runs between its calls",
    "memory": "nothing runs between its calls",
    "memory-share": "nothing runs between its calls",
    "completion": "there is nobody who asks",
}


class MpremoteSession(Session):
    """The command, started anew for each thing that it does, as people do. It keeps the board's variables (resume)."""

    def __init__(self, address: str) -> None:
        self._address = address

    def ask(self, code: str) -> str:
        """Run ``mpremote exec``; return what it printed."""
        return self._run("exec", code)[1]

    def round_trip(self) -> float:
        """Run ``mpremote exec``."""
        seconds, text = self._run("exec", work.PRINT)
        if text.strip() != "1":
            raise BenchmarkError(f"{work.PRINT} printed {text!r}.")
        return seconds

    def output(self) -> float:
        """Run ``mpremote exec``."""
        seconds, text = self._run("exec", work.OUTPUT)
        if work.size(text) != work.OUTPUT_SIZE:
            raise BenchmarkError(f"{work.size(text)} of {work.OUTPUT_SIZE} bytes arrived.")
        return seconds

    def write_file(self, source: Path, name: str) -> float:
        """Run ``mpremote cp``."""
        return self._run("cp", str(source), f":{name}")[0]

    def read_file(self, name: str, target: Path) -> float:
        """Run ``mpremote cp``."""
        return self._run("cp", f":{name}", str(target))[0]

    def write_folder(self, source: Path, name: str) -> float:
        """Run ``mpremote cp -r``."""
        return self._run("cp", "-r", str(source), f":{name.rpartition('/')[0]}/")[0]

    def read_folder(self, name: str, target: Path) -> float:
        """Run ``mpremote cp -r``."""
        return self._run("cp", "-r", f":{name}", f"{target.parent}/")[0]

    def sync(self, source: Path, name: str) -> float:
        """Run ``mpremote cp -r``, which leaves out files whose digest is the same."""
        return self.write_folder(source, name)

    def _run(self, *arguments: str) -> tuple[float, str]:
        command = [sys.executable, "-m", "mpremote", "connect", self._address, "resume", *arguments]
        begin = time.perf_counter()
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise LateError(f"mpremote {arguments[0]} did not end within {_PATIENCE:g} s.") from error
        seconds = time.perf_counter() - begin
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
            raise BenchmarkError(f"mpremote {arguments[0]} failed: {said}")
        return seconds, done.stdout


class Mpremote(Contestant):
    """The official command line tool."""

    name = "mpremote"
    title = "mpremote"
    cannot: ClassVar[Mapping[str, str]] = {
        **_NO_KERNEL,
        "interrupt": "it ends and leaves the loop running on the board",
    }

    def __init__(self, device: Device) -> None:
        self._device = device

    def versions(self) -> dict[str, str]:
        """Its own."""
        return {"mpremote": version("mpremote")}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The board, free for the first command."""
        self._device.reset()
        yield MpremoteSession(self._device.address)


class ScriptSession(Session):
    """A script that has a board connected."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def ask(self, code: str) -> str:
        """Run code; return what it printed."""
        return self._board.execute(code, timeout=_PATIENCE)

    def round_trip(self) -> float:
        """Call ``Board.execute``."""
        begin = time.perf_counter()
        text = self.ask(work.PRINT)
        seconds = time.perf_counter() - begin
        if text.strip() != "1":
            raise BenchmarkError(f"{work.PRINT} printed {text!r}.")
        return seconds

    def output(self) -> float:
        """Call ``Board.execute``."""
        begin = time.perf_counter()
        text = self.ask(work.OUTPUT)
        seconds = time.perf_counter() - begin
        if work.size(text) != work.OUTPUT_SIZE:
            raise BenchmarkError(f"{work.size(text)} of {work.OUTPUT_SIZE} bytes arrived.")
        return seconds

    def write_file(self, source: Path, name: str) -> float:
        """Call ``Board.files.write``."""
        begin = time.perf_counter()
        self._board.files.write(name, source.read_bytes())
        return time.perf_counter() - begin

    def read_file(self, name: str, target: Path) -> float:
        """Call ``Board.files.read``."""
        begin = time.perf_counter()
        target.write_bytes(self._board.files.read(name))
        return time.perf_counter() - begin

    def write_folder(self, source: Path, name: str) -> float:
        """Call ``send_folder``."""
        begin = time.perf_counter()
        send_folder(self._board.files, source, name)
        return time.perf_counter() - begin

    def read_folder(self, name: str, target: Path) -> float:
        """Call ``fetch_folder``."""
        begin = time.perf_counter()
        fetch_folder(self._board.files, name, target)
        return time.perf_counter() - begin


class Script(Contestant):
    """This project's ``Board`` in a script: what the kernel does, without Jupyter."""

    name = "script"
    title = "Board class"
    cannot: ClassVar[Mapping[str, str]] = {
        **_NO_KERNEL,
        "interrupt": "the kernel's interrupt is measured",
        "sync": "the kernel's %sync is measured",
    }

    def __init__(self, device: Device) -> None:
        self._device = device

    def versions(self) -> dict[str, str]:
        """This project's."""
        return {"metakernel-micropython": version("metakernel-micropython")}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The board, connected, after an execution that does not count."""
        self._device.reset()
        with Board.connect(self._device.address) as board:
            board.execute(work.PRINT)
            yield ScriptSession(board)
