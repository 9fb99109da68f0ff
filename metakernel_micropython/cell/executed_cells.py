"""The cells that went to boards: their code, for tracebacks and for programs made of them, and their tags."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..front_end import one_of_several
from .parser import lines_above
from .syntax_reasons import put_right
from .tracebacks import CellSources, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..errors import DeviceError
    from ..front_end import Sessions


class ExecutedCells:
    """What is kept of the cells that ran; cells on several boards have threads, which may all use it.

    Args:
        boards: the connected boards.
        note_names: is called for each cell: names may come and go.
    """

    def __init__(self, boards: Sessions, note_names: Callable[[], object]) -> None:
        self._boards = boards
        self._note_names = note_names
        self._sources = CellSources()
        self._restarts = WeakKeyDictionary["Board", int]()  # how often the cells' boards have restarted
        self._tagged: dict[str, tuple[int, list[str]]] = {}  # by the front end's id: number and tags of a cell
        self._lock = threading.RLock()

    def note_tags(self, number: int, tags: object, cell_id: str | None) -> None:
        """Keep the tags that the front end tells of a cell; none where it had none and has none."""
        if tags or cell_id in self._tagged:
            texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
            self._tagged[cell_id or str(number)] = number, texts

    def note(self, number: int, text: str, code: str) -> int:
        """Remember a cell whose code goes to the board; return the number of lines above the code.

        Args:
            number: its execution count.
            text: the cell as it was typed.
            code: what stands below its magics.
        """
        above, found = lines_above(text, code)
        with self._lock:
            self._sources.add(number, text if found else code, "\n" * above + code)
            self._note_board(number)
            self._note_names()
        return above

    def note_file(self, name: str, code: str) -> int:
        """Remember a file of this computer that is run; return what stands for it in the place of a cell's number.

        Args:
            name: what errors call it.
            code: its content.
        """
        with self._lock:
            number = self._sources.add_file(name, code)
            self._note_board(number)
            self._note_names()
        return number

    def note_text(self, number: int, text: str) -> None:
        """Have errors tell lines of a cell although it does not go to the board as it is."""
        with self._lock:
            self._sources.add(number, text, text)

    def _note_board(self, number: int) -> None:
        self._look_for_restarts()
        self._sources.ran_on(number, self._board_name)

    def _look_for_restarts(self) -> None:
        for name, session in self._boards:
            if session.board is not None and session.board.restarts != self._restarts.get(session.board, 0):
                self._restarts[session.board] = session.board.restarts
                self._sources.restarted(name)

    @property
    def _board_name(self) -> str:
        part = one_of_several.get()
        return self._boards.current_name if part is None else part.name

    def ran_on(self, number: int, board: str) -> None:
        """Note that a cell has run on this board, too."""
        with self._lock:
            self._sources.ran_on(number, board)

    def lost(self, number: int) -> None:
        """Note that nobody knows how far a cell has run."""
        with self._lock:
            self._sources.stopped_at(number, None)

    def code(self, number: int) -> str:
        """Return the code of a cell, with as many lines above as the cell has; ``""`` where none is remembered."""
        return self._sources.code(number)

    def codes(self, tag: str = "") -> list[tuple[int, str]]:
        """Return the code of the cells that went to the board, each with its number, in the order of their first run.

        Args:
            tag: only those with this tag in the notebook, which not every front end tells.
        """
        codes = dict(self._sources.codes())
        if not tag:
            return list(codes.items())
        return [(number, codes[number]) for number, tags in self._tagged.values() if tag in tags and number in codes]

    def code_here(self) -> str:
        """Return the code of the latest cells whose definitions the board can have that cells run on."""
        with self._lock:
            self._look_for_restarts()
            return self._sources.code_on(self._boards.current_name)

    def told(self, error: DeviceError, number: int) -> list[str]:
        """Return a board's exception line by line, with the cells that its frames lie in.

        Args:
            error: the exception.
            number: the cell that ran.
        """
        with self._lock:
            right = put_right(error, self._sources.code(number))
            # How far it ran on one of several boards says nothing about the others.
            alone = one_of_several.get() is None
            return render(right, self._sources, number, board=self._board_name, reached=alone)
