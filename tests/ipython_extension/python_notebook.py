"""A notebook of IPython's own kernel with the extension, which takes the cells that the kernel's tests type."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec

from metakernel_micropython.cell.parser import is_magic, leading_lines

from ..front_end import Jupyter, Reply

if TYPE_CHECKING:
    from pathlib import Path

IPYTHONS = frozenset("capture cd debug edit file pwd reset run time timeit who whos writefile".split())
"""Magics that the tests use and whose names IPython has."""

_TYPED = re.compile(r"(%{1,2})([\w-]+)")


def translated(cell: str) -> str:
    """Return a cell of the MicroPython kernel as a person writes it in a notebook of Python."""
    cell = cell[len(leading_lines(cell)) :]
    if cell.startswith("%%python\n"):
        return cell.partition("\n")[2]
    lines = cell.split("\n")
    first = _TYPED.match(cell)
    if first is None or (not cell.startswith("%%") and not all(is_magic(line) for line in lines)):
        return "%%micropython\n" + cell
    if cell.startswith("%%"):
        lines = [_typed(lines[0]), *lines[1:]]
    else:
        lines = [line.removeprefix("%python ") if line.startswith("%python ") else _typed(line) for line in lines]
    return "\n".join(lines)


def _typed(line: str) -> str:
    found = _TYPED.match(line)
    if found is None or found[2] not in IPYTHONS:
        return line
    return f"{found[1]}mpy {line[len(found[1]) :]}"


class PythonNotebook(Jupyter):
    """IPython's kernel with the extension loaded.

    Args:
        cwd: the kernel's folder.
        env: variables of its environment, beside those of the tests; None takes one away.
        arguments: of the kernel.
    """

    def __init__(
        self, cwd: Path | str, env: dict[str, str | None] | None = None, arguments: tuple[str, ...] = ()
    ) -> None:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *arguments]
        self._spec = KernelSpec(argv=argv, language="python", display_name="Python")
        self._added: dict[int, int] = {}  # lines on top of the cells, by their numbers
        asked = {**os.environ, **(env or {})}
        self._start({key: value for key, value in asked.items() if value is not None}, str(cwd))
        self.load()

    def load(self) -> None:
        """Load the extension."""
        reply = self.python("%load_ext metakernel_micropython")
        assert reply.ok and not reply.messages, (reply.content, reply.messages)

    def python(self, cell: str, **options: Any) -> Reply:
        """Run a cell as it is."""
        return super().run(cell, **options)

    def run(self, code: str, **options: Any) -> Reply:
        """Run a cell of the MicroPython kernel; the lines that are told are those of that cell."""
        cell = translated(code)
        reply = self.python(cell, **options)
        if "execution_count" in reply.content:
            self._added[reply.number] = cell.count("\n") - code.count("\n")
        contents = [reply.content, *(content for _, _, content in reply.messages)]
        for content in contents:
            if "traceback" in content:
                content["traceback"] = [self._as_typed(line) for line in content["traceback"]]
            if "text" in content:
                content["text"] = self._as_typed(content["text"])
        return reply

    def _as_typed(self, text: str) -> str:
        """Return a text with the lines of the cells that were typed."""

        def typed(found: re.Match[str]) -> str:
            return f"{found[1]}{int(found[3]) - self._added.get(int(found[2]), 0)}"

        return re.sub(r"(Cell In\[(\d+)\], line )(\d+)", typed, text)

    def complete(self, code: str, position: int | None = None) -> list[str]:
        """The lines that a cell of the MicroPython kernel may become."""
        cell, position = _moved(code, position)
        added = len(cell) - len(code)
        content = self._ask(self.client.complete(cell, position), "complete_reply")
        start = content["cursor_start"] - added
        return [code[: max(start, 0)] + match[max(-start, 0) :] for match in content["matches"]]

    def inspect(self, code: str, position: int | None = None) -> str:
        """What is told about a name in a cell of the MicroPython kernel."""
        return super().inspect(*_moved(code, position))


def _moved(code: str, position: int | None) -> tuple[str, int]:
    """Return a cell as it is written in a notebook of Python, and where in it the cursor stands."""
    cell = translated(code)
    behind = len(code) - (len(code) if position is None else position)
    return cell, max(len(cell) - behind, 0)
