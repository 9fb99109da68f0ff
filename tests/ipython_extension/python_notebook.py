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
        env: variables of its environment, beside those of the tests.
    """

    def __init__(self, cwd: Path | str, env: dict[str, str] | None = None) -> None:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self._spec = KernelSpec(argv=argv, language="python", display_name="Python")
        self.python_only = False
        self._start({**os.environ, **(env or {})}, str(cwd))
        self.load()

    def load(self) -> None:
        """Load the extension."""
        reply = self.python("%load_ext metakernel_micropython")
        assert reply.ok and not reply.messages, (reply.content, reply.messages)

    def python(self, cell: str, **options: Any) -> Reply:
        """Run a cell as it is."""
        return super().run(cell, **options)

    def run(self, code: str, **options: Any) -> Reply:
        """Run a cell of the MicroPython kernel."""
        return self.python(translated(code), **options)

    def complete(self, code: str, position: int | None = None) -> list[str]:
        """The lines that a cell of the MicroPython kernel may become."""
        cell = translated(code)
        assert position is None and cell.endswith(code.partition("\n")[2] if "\n" in code else code.lstrip("%"))
        return [code[: len(code) - len(cell)] + one if cell != code else one for one in super().complete(cell)]
