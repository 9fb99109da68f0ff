"""A MetaKernel whose magics are loaded when one is wanted, and which says what is wrong with the name of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metakernel import MetaKernel
from metakernel.config import get_local_magics_dir

from .cell.failure import failure
from .discovery import MagicTable, load_magics, strict
from .errors import MagicError
from .interrupts import HeldInterrupts
from .magic import BoardMagic, StrictMagic
from .magic_names import unknown_magic

if TYPE_CHECKING:
    from metakernel import Magic


class LazyMagics(MetaKernel):
    """The magics of one kernel."""

    def reload_magics(self) -> None:
        """Have all magics loaded anew when one is wanted (see ``discovery``): not while the kernel starts."""
        self._line_magics = MagicTable()
        self._cell_magics = MagicTable()
        self._magics_loaded = False
        self.magic_load_errors = []
        self.magic_search_paths = [self.get_local_magics_dir()]
        self._problems_told = 0

    @property
    def line_magics(self) -> MagicTable:  # type: ignore[override]
        """The magics for one line, by name."""
        self._load_magics()
        return self._line_magics

    @property
    def cell_magics(self) -> MagicTable:  # type: ignore[override]
        """The magics for a cell, by name."""
        self._load_magics()
        return self._cell_magics

    def _load_magics(self) -> None:
        if not self._magics_loaded:
            self._magics_loaded = True  # first: loading one asks for the tables
            # What is loaded halfway would be missing from then on, so a Stop waits; where a plug-in hangs a second one
            # helps, and all is loaded anew the next time.
            complete = False
            try:
                with HeldInterrupts(at_most=2):
                    self.magic_load_errors = load_magics(self)
                    complete = True
            finally:
                if not complete:
                    self.reload_magics()

    def get_local_magics_dir(self) -> str:
        """Return the user's folder for magics, ``~/.ipython/metakernel/magics``."""
        return get_local_magics_dir()

    def register_magics(self, magic_klass: type[Magic]) -> None:
        """Add a magic, also one that was written for MetaKernel: what it raises fails the cell."""
        super().register_magics(strict(magic_klass))

    def new_load_problems(self) -> list[tuple[str, str]]:
        """Return what could not be loaded, where and why; each once."""
        self._load_magics()
        new, self._problems_told = self.magic_load_errors[self._problems_told :], len(self.magic_load_errors)
        return new

    def get_magic(self, text: str) -> Magic:
        """Run the magic on the first line of ``text``; an unknown one fails the cell."""
        if problem := self.unknown_magic(self.parse_code(text)["magic"]):
            refused = StrictMagic(self)
            refused.fail(failure(MagicError(problem)))
            return refused
        return super().get_magic(text)

    def takes_text(self, line: str) -> bool:
        """Whether a line is a magic that takes the lines below it as text."""
        wanted = self.parse_code(line)["magic"]
        found = self.line_magics.get(wanted.get("name")) if wanted.get("type") == "line" else None
        return isinstance(found, BoardMagic) and found.takes_text(wanted["name"], wanted["args"])

    def unknown_magic(self, wanted: dict[str, Any]) -> str:
        """Say what is wrong with a magic's name; ``""`` when it is known."""
        return unknown_magic(wanted, self.line_magics, self.cell_magics)
