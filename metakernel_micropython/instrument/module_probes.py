"""Probes in modules that a cell imports: their rewritten sources are given to the board's memory, none of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.files.host_files import host_path, read
from ..board.importable import modules
from ..errors import DeviceError, MicroPythonError
from ..host.paths import board_paths, host_paths, visible
from .board_probes import TIMEOUT, NoRoom
from .cell_probes import NUMBERS, ProbeFollower
from .request import Request

if TYPE_CHECKING:
    from pathlib import Path

    from ..board import Board
    from ..front_end import FrontEnd
    from .board_probes import Kept
    from .request import Kind, Rewritten

FOLDER = "/__mk/"
"""Where the rewritten modules lie on the board while the cell runs."""


class NoModule(MicroPythonError):
    """A module cannot be looked into."""


@dataclass(frozen=True)
class Module:
    """A module with probes.

    Attributes:
        name: what programs import.
        path: its file, on this computer or on the board.
        file: the file on this computer; None where it is on the board.
        source: its text.
        result: the same with probes.
    """

    name: str
    path: str
    file: Path | None
    source: str
    result: Rewritten


class ModuleFollower(ProbeFollower):
    """Has a cell and modules that it imports looked into.

    Args:
        kind: which probes; not those that pause.
        wanted: the modules: files of this computer, files of the board, or names of modules in such.

    Attributes:
        modules: what is looked into besides the cell.
    """

    def __init__(self, kind: Kind, wanted: list[str]) -> None:
        super().__init__(kind)
        self.modules: list[Module] = []
        self._wanted = wanted

    def prepare(self, board: Board) -> None:
        """Rewrite the modules.

        Raises:
            NoModule: one is not there, or cannot be looked into.
            MicroPythonError: the board does not answer.
        """
        if self.board is not None:
            return  # a second program of the cell
        super().prepare(board)
        for word in self._wanted:
            name, path, file, data = _found(board, word)
            source = re.sub("\r\n?", "\n", data.decode("utf-8", "replace"))
            result = NUMBERS.rewrite(source, Request(self.kind))
            if not result.probes:
                reason = result.left_alone[0].reason if result.left_alone else "it has no statements"
                raise NoModule(f"{visible(path)} cannot be looked into: {reason}.")
            self.modules.append(Module(name, path, file, source, result))

    def around(self, source: str) -> str:
        """Return the cell's program with probes, and have its imports take the modules with probes.

        Raises:
            NoRoom: they do not fit.
            NoModule: the board has no file systems that can lie in its memory.
            MicroPythonError: it does not answer.
        """
        mounted = bool(self.parts)
        program = super().around(source)
        if self.modules and self.board is not None and not mounted:
            self.give()
            pairs = [part for one in self.modules for part in (one.name, one.result.source.encode())]
            try:
                self.board.execute(snippets.call("probes_modules", *pairs), timeout=TIMEOUT)
            except DeviceError as error:
                if error.name == "MemoryError":
                    raise NoRoom(
                        f"The board on {self.board.address} has no room for these modules with probes."
                    ) from error
                if error.name in ("ImportError", "AttributeError"):
                    raise NoModule(
                        f"The board on {self.board.address} cannot import modules from its memory ({error}): put the "
                        "module's code into the cell to look into it."
                    ) from error
                raise
        return program

    @property
    def lives_on(self) -> bool:
        """Whether functions with probes are left on the board."""
        return bool(self.modules) or super().lives_on

    def retold(self, error: DeviceError) -> DeviceError:
        """Return an error with the modules' own files."""
        told = super().retold(error).traceback
        for one in self.modules:
            told = told.replace(f'"{FOLDER}{one.name}.py"', f'"{one.path}"')
        return DeviceError(error.name, error.message, told)

    def take(self) -> dict[int, Kept]:
        """Return what the board has kept, and have it import its own modules again."""
        if self.modules and self.board is not None:
            names = " ".join(one.name for one in self.modules)
            self.board.execute(snippets.call("probes_modules_end", names), timeout=TIMEOUT)
        return super().take()


def complete_modules(front_end: FrontEnd, word: str) -> list[str]:
    """Return what the name of a file with a module may become, here and on the board."""
    return [*host_paths(front_end, word), *board_paths(front_end, word)]


def _found(board: Board, word: str) -> tuple[str, str, Path | None, bytes]:
    """Return a module's name, its path, its file on this computer, and its content."""
    if word.endswith(".py") and host_path(word).is_file():
        file = host_path(word)
        return _name(file.stem), str(file), file, read(file)
    path = word
    if "/" not in word and not word.endswith((".py", ".mpy")):
        path = next((path for name, path, size in modules(board).files if name == word and size is not None), "")
        if not path:
            raise NoModule(
                f"No file {word}.py is here, and the board on {board.address} has no module {word} in a file."
            )
    if not path.endswith(".py"):
        raise NoModule(f"{visible(path)} has no source: only modules in .py files can be looked into.")
    return _name(path.rpartition("/")[2].removesuffix(".py")), path, None, board.files.read(path)


def _name(name: str) -> str:
    if not name.isidentifier() or name == "__init__":
        raise NoModule(f"{visible(name)} is no module on its own: packages cannot be looked into.")
    return name
