"""The boards on the bench, each behind a line with faults."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from metakernel_micropython.board.files import filesystem

from ..boards import Microbit, needs_virtual
from ..virtual.boards import RAW_BANNER, TcpBoard
from .line import FaultyLine

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from metakernel_micropython.board import Board


class Part:
    """A board and the line to it.

    Attributes:
        line: the line.
        slowness: how much longer than the virtual board this one may take for everything.
        unfinished: what the names of unfinished files end with.
        largest: bytes of a file that it gets.
    """

    line: FaultyLine
    slowness = 1.0
    unfinished = filesystem.UNFINISHED
    largest = 20_000

    def prepare(self, board: Board, rng: random.Random) -> dict[str, set[bytes | None]]:
        """Remove all files and put new ones on the board; return what each may hold."""
        raise NotImplementedError

    def contents(self, board: Board) -> dict[str, bytes]:
        """Return the content of each file, by path."""
        raise NotImplementedError

    def end(self) -> None:
        """End the board."""
        raise NotImplementedError


class Virtual(Part):
    """A virtual board, whose files lie in a folder of this computer."""

    def __init__(self, folder: Path) -> None:
        needs_virtual()
        self.folder = folder
        self._board = TcpBoard("--folder", str(folder))
        try:
            client = self._board.connect()
            with client.socket:
                client.send(b"\r\x03\x01")
                client.until(RAW_BANNER, within=120)  # the first start compiles
        except BaseException:
            self._board.end()
            raise
        self.line = FaultyLine(self._board.port)

    def prepare(self, board: Board, rng: random.Random) -> dict[str, set[bytes | None]]:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        return _fill(rng, lambda name, data: (self.folder / name).write_bytes(data), self.largest)

    def contents(self, board: Board) -> dict[str, bytes]:
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}

    def end(self) -> None:
        self.line.close()
        self._board.end()


class InQemu(Part):
    """A micro:bit, whose files only it can tell."""

    slowness = 3.0
    largest = 160

    def __init__(self) -> None:
        self._board = Microbit()
        self.line = FaultyLine(self._board.port)

    def prepare(self, board: Board, rng: random.Random) -> dict[str, set[bytes | None]]:
        # In one execution each: the line is slow.
        board.execute("import os\nfor name in os.listdir():\n os.remove(name)\n")
        return _fill(rng, lambda name, data: self._write(board, name, data), self.largest)

    @staticmethod
    def _write(board: Board, name: str, data: bytes) -> None:
        board.execute(f"with open({name!r},'wb') as file:\n file.write({data!r})\n")

    def contents(self, board: Board) -> dict[str, bytes]:
        said = board.execute("import os\nfor name in os.listdir():\n print((name, open(name,'rb').read()))\n")
        return dict(map(ast.literal_eval, said.splitlines()))

    def end(self) -> None:
        self.line.close()
        self._board.unplug()


def _fill(rng: random.Random, write: object, largest: int) -> dict[str, set[bytes | None]]:
    """Write the files that a run begins with: one that is never touched, and one that may be written anew."""
    found: dict[str, set[bytes | None]] = {}
    for name in ("still.txt", "old.txt"):
        data = content(rng, largest)
        write(name, data)  # type: ignore[operator]
        found[name] = {data}
    return found


def content(rng: random.Random, largest: int) -> bytes:
    """Return what a file may hold."""
    size = rng.choice((0, 1, 100, largest // 4, largest, rng.randrange(largest)))
    if rng.random() < 0.5:
        return rng.randbytes(size)
    return (b"".join(b"line %d of a text\r\n" % n for n in range(size // 15 + 1)))[:size]
