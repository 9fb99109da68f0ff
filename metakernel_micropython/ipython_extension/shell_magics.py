"""The kernel's magics as magics of IPython, and ``%mpy`` for those whose names IPython has itself."""

from __future__ import annotations

import re
import reprlib
from typing import TYPE_CHECKING, Any

from IPython.core.alias import Alias
from IPython.core.magic import no_var_expand

from ..cell.lexical import BOM
from ..discovery import KEPT
from ..errors import MagicError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from .embedded_kernel import EmbeddedKernel

ANY = "mpy"
"""The magic that takes any of ours."""

LEFT_OUT = frozenset(
    "autoreload bash config connect_info history load_ext lsmagic matplotlib parallel px python sh shell".split()
)
"""Magics of the kernel for what IPython does by itself, or that tell about the kernel itself."""

CODE_ON_THE_LINE = frozenset(("get", "put", "set", "time", "timeit"))
"""Magics whose line is code: braces in it are dicts and sets, and are not filled in."""

_DEPTH = 4
"""Python's frames between the one that looks for names to fill in and that of the cell which has them."""

_ASKS = re.compile(r"\s*(?:\?{1,2}\s*[\w.]+|[\w.]+\?{1,2})\s*")
"""A cell that is a question: NAME?"""

_NOT_HERE = {
    "python": "The cells of this notebook are Python: leave the line out.",
    "lsmagic": "%mpy lists the commands for boards, %lsmagic all of IPython.",
}

_OTHERWISE = "This is a notebook of IPython's kernel, where %{name} is IPython's own, or there is none."


class ShellMagics:
    """The magics of one shell.

    Args:
        shell: the shell.
        kernel: runs them.
    """

    def __init__(self, shell: InteractiveShell, kernel: EmbeddedKernel) -> None:
        self._shell = shell
        self._kernel = kernel
        self._replaced: list[tuple[str, str, Any]] = []  # kind, name, and what IPython had under it
        self._theirs: set[tuple[str, str]] = set()  # names that stay IPython's

    def register(self) -> None:
        """Give IPython the magics; names that it has stay its own, but for aliases of shell commands (%ls)."""
        for kind, name, explained in self._offered():
            there = self._table(kind).get(name)
            if there is not None and not isinstance(there, Alias):
                self._theirs.add((kind, name))
            else:
                self._add(kind, name, self._magic(kind, name, explained))
        self._add("line", ANY, _without_expansion(_explained(self._line_any, ANY, _LINE_HELP)))
        self._add("cell", ANY, _without_expansion(_explained(self._cell_any, ANY, _CELL_HELP)))

    def unregister(self) -> None:
        """Take the magics away, and put back what was there under their names."""
        for kind, name, before in reversed(self._replaced):
            if before is None:
                self._table(kind).pop(name, None)
            else:
                self._table(kind)[name] = before
        self._replaced = []

    def own(self, kind: str, name: str) -> bool:
        """Whether a name is one of ours in this shell: ``line`` or ``cell``, and the name."""
        return any((kind, name) == (one, other) for one, other, _ in self._replaced)

    def known(self, kind: str, name: str) -> bool:
        """Whether ``%mpy`` takes a name."""
        return name not in LEFT_OUT and name in self._names(kind)

    def names(self, kind: str) -> list[str]:
        """Return the names that ``%mpy`` takes."""
        return sorted(self._names(kind))

    def _table(self, kind: str) -> dict[str, Any]:
        table: dict[str, Any] = self._shell.magics_manager.magics[kind]
        return table

    def _names(self, kind: str) -> set[str]:
        table = self._kernel.line_magics if kind == "line" else self._kernel.cell_magics
        metakernels = {name for lines, cells in KEPT.values() for name in (lines if kind == "line" else cells)}
        return {*table} - metakernels - LEFT_OUT

    def _offered(self) -> Iterator[tuple[str, str, str]]:
        for kind in ("line", "cell"):
            table = self._kernel.line_magics if kind == "line" else self._kernel.cell_magics
            for name in self.names(kind):
                yield kind, name, table[name].get_help(kind, name)

    def _add(self, kind: str, name: str, function: Callable[..., None]) -> None:
        self._replaced.append((kind, name, self._table(kind).get(name)))
        shell: Any = self._shell  # IPython's wrapper of this method hides its types
        shell.register_magic_function(function, kind, name)

    def _magic(self, kind: str, name: str, explained: str) -> Callable[..., None]:
        if kind == "line":

            def line_magic(line: str) -> None:
                self._run("%", name, line)

            magic: Callable[..., None] = line_magic
        else:

            def cell_magic(line: str, cell: str) -> None:
                self._run("%%", name, line, "\n" + cell.removeprefix(BOM))

            magic = cell_magic
        function = _explained(magic, name, explained)
        return _without_expansion(function) if name in CODE_ON_THE_LINE else function

    def _run(self, marks: str, name: str, line: str, below: str = "") -> None:
        """Run a magic; a name of Python that was filled in must not make a second line, which the board would run."""
        if "\n" in line:
            text = f"{marks}{name} is one line, and there is a line end in what was filled in: {reprlib.repr(line)}"
            raise self._kernel.failed(MagicError(f"{text}\n%put gives such a value to the board."))
        if name == "micropython" and not line.strip() and _ASKS.fullmatch(below):
            self._kernel.run(below.strip())  # NAME? is a cell of its own there
            return
        self._kernel.run(f"{marks}{name} {line}{below}")

    # -- %mpy ----------------------------------------------------------------------------------------------------

    def _line_any(self, line: str) -> None:
        name, rest = self._wanted(line)
        if not name:
            self._kernel.Print(self.listed())
        elif name in ("-h", "--help"):
            self._kernel.Print(_LINE_HELP, end="")
        else:
            self._run("%", name, rest)

    def _cell_any(self, line: str, cell: str) -> None:
        name, rest = self._wanted(line)
        if not name:
            raise self._kernel.failed(MagicError("%%mpy takes the name of a command behind it: %%mpy time"))
        self._run("%%", name, rest, "\n" + cell)

    def _wanted(self, line: str) -> tuple[str, str]:
        """Return the name of the magic that somebody has typed behind ``%mpy``, and the rest of the line.

        Raises:
            BoardFailure: it is none of those that are offered here.
        """
        name, _, rest = line.strip().partition(" ")
        name = name.lstrip("%")
        if name in LEFT_OUT:
            raise self._kernel.failed(MagicError(_NOT_HERE.get(name, _OTHERWISE.format(name=name))))
        if name not in CODE_ON_THE_LINE:
            shell: Any = self._shell
            rest = shell.var_expand(rest, _DEPTH)
        return name, rest

    def listed(self) -> str:
        """Return the list of the magics, each as it is typed in this shell."""
        groups: dict[str, dict[str, str]] = {}
        for kind, name, explained in self._offered():
            table = self._kernel.line_magics if kind == "line" else self._kernel.cell_magics
            mark = "%" if kind == "line" else "%%"
            typed = f"{mark}{ANY} {name}" if (kind, name) in self._theirs else mark + name
            first = explained.strip().partition("\n")[0]
            group = str(getattr(table[name], "group", "")) or "Your own"
            groups.setdefault(group, {})[typed] = first.partition(" - ")[2] or first
        width = max(len(typed) for entries in groups.values() for typed in entries)
        lines = []
        for group, entries in sorted(groups.items()):
            lines += [group, *(f"  {typed:{width}}  {what}" for typed, what in entries.items())]
        return "\n".join(lines)


_LINE_HELP = """%mpy NAME [ARGUMENTS] - run a command for boards whose name IPython has itself.

Alone it lists the commands. In %run and %time IPython's own meaning stays; %mpy run and %mpy time are the board's.
%mpy NAME --help explains one.

Examples:
  %mpy
  %mpy run blink.py
"""

_CELL_HELP = """%%mpy NAME [ARGUMENTS] - run a cell with a command for boards whose name IPython has itself.

Example:
  %%mpy time
  total = sum(range(1000))
"""


def _explained(function: Any, name: str, text: str) -> Callable[..., None]:
    """Return a function with a magic's name and help, which IPython shows for ``%NAME?``."""

    def magic(*args: str) -> None:
        function(*args)

    magic.__name__ = magic.__qualname__ = name
    magic.__doc__ = text
    return magic


def _without_expansion(function: Any) -> Callable[..., None]:
    """Return a magic whose line IPython leaves as it was typed."""
    kept: Callable[..., None] = no_var_expand(function)
    return kept
