"""Tab, Shift-Tab and ``name?``: what a front end asks while a person types.

The board tells what it has; the cells and the stubs, where some are installed, tell what that is. Where no board is
connected the last one's stubs answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..cell.parser import is_magic, name_before
from ..display.error_text import error_text
from ..errors import MicroPythonError
from ..host.paths import visible
from ..magic import BoardMagic
from ..magic_arguments import last_word
from .completion import Completer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..front_end import MagicsFrontEnd
    from .documentation import Described, Documentation

INSPECT_TIMEOUT = 3.0
"""Seconds that the board has to describe a name."""

HOST_MAGICS = ("python", "shell", "bash", "sh")
"""Magics whose code does not run on the board."""

_PYTHON_LINE = re.compile(r"\s*%python[ \t]+")

NO_STUBS = 'For signatures and texts: pip install "metakernel-micropython[stubs]"'


class Assistant:
    """Answers for one front end.

    Args:
        front_end: whose board is asked.
        cells: returns the code of the cells that tell what names are.
    """

    def __init__(self, front_end: MagicsFrontEnd, cells: Callable[[], str]) -> None:
        self._front_end = front_end
        self._cells = cells
        self.completer = Completer()
        self._platform = ""
        self._documentation: tuple[str, Documentation] | None = None

    def note_cell(self) -> None:
        """A cell goes to the board: names may come and go."""
        self.completer.forget()

    def modules(self, board: Board) -> list[str]:
        """Return the modules that a board has; none where it does not tell."""
        return self.completer.modules(board)

    @property
    def documentation(self) -> Documentation:
        """The cells, and the stubs for the connected board, or for the one that was connected last."""
        platform = self._front_end.port or self._ask_platform()
        if self._documentation is None or self._documentation[0] != platform:
            from .documentation import Documentation
            from .stubs import find

            self._documentation = platform, Documentation(find(platform), self._cells)
        return self._documentation[1]

    def _ask_platform(self) -> str:
        board = self._front_end.device
        if board is not None and board.idle:
            self._platform = board.platform
        return self._platform

    # -- completion ----------------------------------------------------------------------------------------------

    def complete(self, code: str, cursor: int) -> dict[str, Any]:
        """Return the content of a reply to a request for completion: magics and their arguments, and names."""
        before = code[:cursor]
        line = before.rpartition("\n")[2]
        kinds: dict[str, str] = {}
        if is_magic(line.lstrip() + "_") and _in_magics(before):
            line = line.lstrip()
            prefix, names = self._complete_magic(line)
            kinds = dict.fromkeys(names, "magic" if line[: len(line) - len(prefix)] == "" else "instance")
        elif cell_magic := _cell_magic_above(before):
            prefix, names, kinds = self._complete_cell_magic(cell_magic, before)
        else:
            prefix, names, kinds = self._complete_code(*_without_magics(code, cursor))
        start = cursor - len(prefix)
        typed = [
            {"start": start, "end": cursor, "text": name, "type": kinds.get(name, "instance"), "signature": ""}
            for name in names
        ]
        return {
            "status": "ok",
            "matches": names,
            "cursor_start": start,
            "cursor_end": cursor,
            "metadata": {"_jupyter_types_experimental": typed},
        }

    def _complete_code(self, code: str, cursor: int) -> tuple[str, list[str], dict[str, str]]:
        found = self.completer.complete(code, cursor, self._front_end.device, self.documentation)
        return found.prefix, found.names, found.kinds

    def _complete_magic(self, line: str) -> tuple[str, list[str]]:
        """Return the text before the cursor that is to be replaced, and what can stand there."""
        front_end = self._front_end
        marks = line[: len(line) - len(line.lstrip("%!"))]
        name, space, args = line[len(marks) :].partition(" ")
        mtype, table = ("line", front_end.line_magics) if marks == "%" else ("cell", front_end.cell_magics)
        if marks.startswith("!"):
            return "", []
        if not space:
            names = [marks + known for known in table if known.startswith(name)]
            if marks == "%":
                names += [
                    "%%" + known for known in front_end.cell_magics if known.startswith(name) and known not in table
                ]
            return marks + name, sorted(names)
        magic = table.get(name)
        if mtype == "line" and name in HOST_MAGICS:
            return self._complete_host(args) if name == "python" else ("", [])
        if isinstance(magic, BoardMagic):
            return last_word(args), magic.complete_arguments(mtype, name, args)
        return "", []

    def _complete_cell_magic(self, name: str, before: str) -> tuple[str, list[str], dict[str, str]]:
        """Complete below ``%%NAME``: the cell is the board's, the host's Python, or neither."""
        if name in HOST_MAGICS:
            return (*self._complete_host(before[_start_of_cell(before) :]), {}) if name == "python" else ("", [], {})
        if isinstance(self._front_end.cell_magics.get(name), BoardMagic):
            return self._complete_code(*_without_magics(before, len(before)))
        return "", [], {}

    def _complete_host(self, before: str) -> tuple[str, list[str]]:
        """Complete the host's Python, with the variables that its cells have made."""
        from .host_names import names_at_the_end

        return name_before(before).rpartition(".")[2], names_at_the_end(before, self._front_end.host_variables)

    # -- inspection ----------------------------------------------------------------------------------------------

    def inspect(self, code: str, cursor: int, detail_level: int) -> str | None:
        """Return what is known of the name at the cursor, or of the function between whose brackets it stands."""
        front_end = self._front_end
        line = code[:cursor].rpartition("\n")[2] + code[cursor:].partition("\n")[0]
        if is_magic(line.lstrip()) and _in_magics(code[:cursor]):
            start = code[:cursor].rfind("\n") + 1
            typed = _PYTHON_LINE.match(line)
            own = self._inspect_host(line[typed.end() :], cursor - start - typed.end()) if typed is not None else None
            return own if own is not None else front_end.magic_help(line, detail_level)
        if (above := _cell_magic_above(code[:cursor])) in HOST_MAGICS:
            start = _start_of_cell(code)
            return self._inspect_host(code[start:], cursor - start) if above == "python" else None
        code, cursor = _without_magics(code, cursor)
        name = str(front_end.parse_code(code, 0, cursor)["help_obj"])
        told = self._told(
            name, self.documentation.describe(code, cursor), whole=detail_level > 0, source=detail_level > 0
        )
        return None if told is None else visible(told)

    def _inspect_host(self, code: str, cursor: int) -> str | None:
        """Return what is known of a name of the host's Python."""
        from .host_help import help_on

        if cursor < 0:
            return None
        name = str(self._front_end.parse_code(code, 0, cursor)["help_obj"])
        return help_on(name, code, cursor, self._front_end.host_variables)

    def describe(self, name: str, detail_level: int) -> str | None:
        """Return all that is known of a dotted name, for ``name?``, and for ``name??`` its source; None for nothing."""
        told = self._told(name, self.documentation.describe(name, len(name)), whole=True, source=detail_level > 0)
        return None if told is None else visible(told)

    def _told(self, name: str, described: Described | None, *, whole: bool, source: bool) -> str | None:
        board = self._front_end.device
        idle = board if board is not None and board.idle else None
        own = self._ask_board(idle, name) if idle is not None else None
        stubs = self.documentation.stubs
        if described is None:
            return f"{own}\n\n{NO_STUBS}" if own is not None and stubs is None else own
        parts = [described.shown(whole=whole, source=source)]
        if own is not None:
            parts.append(f"On the board:\n{own}")
        elif idle is not None and (lacking := self._lacking(idle, described.name)):
            parts.append(lacking)
        if stubs is not None and not described.name.startswith(("builtins.", "__main__.")):
            parts.append(stubs.remark())
        return "\n\n".join(parts)

    def _lacking(self, board: Board, name: str) -> str:
        """Say that the board lacks what the stubs describe; ``""`` where it has it, or nobody can tell."""
        module, _, rest = name.partition(".")
        member = rest.partition(".")[0]
        if module in ("builtins", "__main__") or not member:
            return ""
        has = self.completer.module_has(board, module, member)
        return "" if has is not False else f"The board on {board.address} has no {module}.{member}."

    @staticmethod
    def _ask_board(board: Board, name: str) -> str | None:
        """Return what the board knows of a name: its type, value, ``help()`` and members; None for nothing."""
        from ..board import snippets

        if not name or not all(part.isidentifier() for part in name.split(".")):
            return None
        try:
            reply = board.execute(snippets.call("names", name, "", True), timeout=INSPECT_TIMEOUT)
        except MicroPythonError as error:
            return f"The board could not tell about {name}: {visible(error_text(error))}"
        kind, value, described, members = [visible(part) for part in [*reply.split("\x1e", 3), "", "", ""][:4]]
        if not kind:
            return None
        if described.startswith("object "):
            # What it is and its value are known already; the members follow.
            described = described.partition(" is of type ")[2].partition("\n")[2]
        others = [member for member in members.split() if member[0] != "_" and f"  {member} -- " not in described]
        parts = [
            f"{name}: {kind.strip()}",
            f"Value: {_shorten(value[1:-1])}",
            described.strip(),
            f"Members: {', '.join(sorted(others))}" if others else "",
        ]
        return "\n".join(part for part in parts if part)


def _in_magics(before: str) -> bool:
    """Whether only magics, comments and blank lines stand above the line of the cursor."""
    above = before.split("\n")[:-1]
    return all(not line.strip() or line.lstrip().startswith(("%", "!", "#")) for line in above) and not any(
        line.lstrip().startswith(("%%", "!!")) for line in above
    )


def _cell_magic_above(before: str) -> str:
    """Return the name of the ``%%NAME`` that the cursor stands below; ``""`` where there is none."""
    for line in before.split("\n")[:-1]:
        line = line.lstrip()
        if line.startswith("%%"):
            return line.lstrip("%").split(" ", 1)[0].strip()
        if line.startswith("!!"):
            return "shell"
        if line.strip() and not line.startswith(("%", "!", "#")):
            break
    return ""


def _start_of_cell(code: str) -> int:
    """Return where the lines below ``%%NAME`` begin."""
    found = re.search(r"^[ \t]*(?:%%|!!).*\n", code, re.MULTILINE)
    return found.end() if found is not None else 0


def _without_magics(code: str, cursor: int) -> tuple[str, int]:
    """Return the code with the magics' lines blanked out, so that completion sees no names in them."""
    lines = code.split("\n")
    for index, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith(("%", "!", "#")):
            break
        if not line.lstrip().startswith("#"):
            lines[index] = " " * len(line)
    return "\n".join(lines), cursor


def _shorten(text: str, size: int = 500) -> str:
    return text if len(text) <= size else text[:size] + " ..."
