"""The files that are sent and fetched, and the proof that they arrived: the virtual board's files lie in a folder here.

So a file is put onto the board, taken away and compared without the line, and no contestant checks its own work.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import BenchmarkError

if TYPE_CHECKING:
    from .contestant import Session

SOURCE, RANDOM, LARGE, FOLDER = "source.py", "random.bin", "large.bin", "thirty"
KIB = 1024
SIZES = {SOURCE: 50 * KIB, RANDOM: 50 * KIB, LARGE: KIB * KIB}
"""Bytes of the single files."""

SMALL_FILES = 30
_SMALLEST, _LARGEST = 300, 3000  # bytes of a small file
_SUBFOLDER = "drivers"  # every third one lies in it
_SEED = 20
_HOUSE = Path(__file__).parents[1] / "metakernel_micropython"
_TEXTS = ("board/snippets", "virtual", "board", "transports")
"""Where the source text is taken from: what runs on boards first."""


class Material:
    """The files, made in a folder of this computer, and the way to and from the board.

    Args:
        folder: for the files.
        board: the folder that is the board's file system.
    """

    def __init__(self, folder: Path, board: Path) -> None:
        self._board = board
        self._folder = folder / "material"
        self._fetched = folder / "fetched"
        noise = random.Random(_SEED)
        text = source_text()
        (self._folder / FOLDER / _SUBFOLDER).mkdir(parents=True)
        self._fetched.mkdir()
        (self._folder / SOURCE).write_bytes(text[: SIZES[SOURCE] - 1] + b"\n")
        for name in (RANDOM, LARGE):
            (self._folder / name).write_bytes(noise.randbytes(SIZES[name]))
        for number in range(SMALL_FILES):
            begin, size = noise.randrange(len(text) - _LARGEST), noise.randrange(_SMALLEST, _LARGEST)
            place = f"{_SUBFOLDER}/" * (number % 3 == 2)
            (self._folder / FOLDER / f"{place}module{number:02}.py").write_bytes(text[begin : begin + size] + b"\n")

    def write(self, session: Session, name: str) -> float:
        """Have a session write a file or folder that is not on the board; return seconds.

        Raises:
            BenchmarkError: it is not on the board then as it is here.
        """
        source = self._folder / name
        self._clear()
        write = session.write_folder if source.is_dir() else session.write_file
        seconds = write(source, f"/{name}")
        if session.has_files:
            _compare(source, self._board / name, session.heading)
        return seconds

    def read(self, session: Session, name: str) -> float:
        """Have a session read a file or folder of the board; return seconds.

        Raises:
            BenchmarkError: it is not here then as it is on the board.
        """
        source, target = self._folder / name, self._fetched / name
        self._clear()
        _copy(source, self._board / name)
        read = session.read_folder if source.is_dir() else session.read_file
        seconds = read(f"/{name}", target)
        _compare(source, target)
        return seconds

    def sync(self, session: Session) -> float:
        """Have a session sync a folder that the board has already as it should be; return seconds.

        The first time it may still find out about that, so the second time is what counts.

        Raises:
            BenchmarkError: the folder is not on the board then as it is here.
        """
        source = self._folder / FOLDER
        self._clear()
        _copy(source, self._board / FOLDER)
        session.sync(source, f"/{FOLDER}")
        seconds = session.sync(source, f"/{FOLDER}")
        _compare(source, self._board / FOLDER)
        return seconds

    def _clear(self) -> None:
        """Take away what was written and read before."""
        for place in (self._board, self._fetched):
            for path in place.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def source_text() -> bytes:
    """Return this project's own source as one text: MicroPython and Python as people write them."""
    paths = [path for folder in _TEXTS for path in sorted((_HOUSE / folder).glob("*.py"))]
    return b"".join(path.read_bytes() for path in paths)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _compare(source: Path, target: Path, heading: bytes = b"") -> None:
    wanted, found = _contents(source), _contents(target)
    if wanted.keys() != found.keys():
        raise BenchmarkError(f"{len(found)} of {len(wanted)} files are there: {sorted(wanted.keys() ^ found.keys())}")
    for name, content in wanted.items():
        if found[name].removeprefix(heading) != content:
            raise BenchmarkError(f"{name or source.name} arrived damaged: {len(found[name])} of {len(content)} bytes.")


def _contents(path: Path) -> dict[str, bytes]:
    """Every file's content, by its path below."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
