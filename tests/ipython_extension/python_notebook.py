"""A notebook of IPython's own kernel with the extension, which takes the cells that the kernel's tests type."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec

from metakernel_micropython.cell.lexical import BOM
from metakernel_micropython.cell.parser import is_magic, leading_lines

from ..front_end import Jupyter, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_client.blocking.client import BlockingKernelClient

IPYTHONS = frozenset("capture cd debug edit file pwd reset run script time timeit who whos writefile".split())
"""Magics that the tests use and whose names IPython has."""

_TYPED = re.compile(r"(%{1,2})([\w-]+)")


class AsIs(str):
    """A cell that is one of a notebook of Python already."""


def translated(cell: str) -> str:
    """Return a cell of the MicroPython kernel as a person writes it in a notebook of Python."""
    if isinstance(cell, AsIs):
        return cell
    cell = cell.removeprefix(BOM)
    cell = cell[len(leading_lines(cell)) :]
    if cell.startswith("%%python\n"):
        return cell.partition("\n")[2]
    lines = cell.split("\n")
    first = _TYPED.match(cell)
    text_below = len(lines) > 1 and lines[0].startswith("%sendtofile ") and "--source" not in lines[0]
    if first is None or text_below or (not cell.startswith("%%") and not all(is_magic(line) for line in lines)):
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
        self._moves: dict[str, int] = {}  # characters on top of the cells that are asked for, by their requests
        asked = {**os.environ, **(env or {})}
        self._start({key: value for key, value in asked.items() if value is not None}, str(cwd))
        self.load()

    def load(self) -> None:
        """Load the extension."""
        reply = self.python("%load_ext metakernel_micropython")
        assert reply.ok and not reply.messages, (reply.content, reply.messages)

    def python(self, cell: str, **options: Any) -> Reply:
        """Run a cell as it is."""
        return super().run(AsIs(cell), **options)

    def run(self, code: str, **options: Any) -> Reply:
        """Run a cell of the MicroPython kernel; the lines that are told are those of that cell."""
        cell = translated(code)
        reply = self.python(cell, **options)
        added = cell.count("\n") - code.count("\n")
        if "execution_count" in reply.content:
            self._added[reply.number] = added
        contents = [reply.content, *(content for _, _, content in reply.messages)]
        for content in contents:
            if "evalue" in content:
                content["evalue"] = re.sub(
                    r"^Line (\d+)(?! of the output)", lambda found: f"Line {int(found[1]) - added}", content["evalue"]
                )
            if "traceback" in content:
                content["traceback"] = [self._as_typed(line) for line in content["traceback"]]
            if "text" in content:
                content["text"] = self._as_typed(content["text"])
                if content["name"] == "stderr":  # below a SyntaxError
                    content["text"] = re.sub(
                        r"(?<=\bLine )(\d+)(?=[,:])", lambda m: str(int(m[1]) - added), content["text"]
                    )
        return reply

    def _as_typed(self, text: str) -> str:
        """Return a text with the lines of the cells that were typed."""

        def typed(found: re.Match[str]) -> str:
            return f"{found[1]}{int(found[3]) - self._added.get(int(found[2]), 0)}"

        return re.sub(r"(Cell In\[(\d+)\], line )(\d+)", typed, text)

    def complete_python(self, cell: str) -> list[str]:
        """The lines that a cell may become, as it is."""
        return super().complete(AsIs(cell))

    def inspect_python(self, cell: str, position: int | None = None) -> str:
        """What is told about a name in a cell, as it is."""
        return super().inspect(AsIs(cell), position)

    def _new_client(self) -> BlockingKernelClient:
        client: Any = super()._new_client()
        for name in ("complete", "inspect"):
            setattr(client, name, self._moved(getattr(client, name)))
        execute = client.execute
        client.execute = lambda code, **options: execute(AsIs(translated(code)), **options)
        return client

    def _moved(self, ask: Callable[..., str]) -> Callable[..., str]:
        """Return a request about a cell of the MicroPython kernel, as it is sent in a notebook of Python."""

        def asked(code: str, cursor_pos: int | None = None, **options: Any) -> str:
            cell = translated(code)
            position = max(len(cell) - (len(code) - (len(code) if cursor_pos is None else cursor_pos)), 0)
            request = ask(cell, position, **options)
            self._moves[request] = len(cell) - len(code)
            return request

        return asked

    def _ask(self, request: str, kind: str) -> dict[str, Any]:
        content = super()._ask(request, kind)
        added = self._moves.pop(request, 0)
        if kind == "complete_reply" and added:
            kept = max(added - content["cursor_start"], 0)  # of the text that was added
            content["matches"] = [match[kept:] for match in content["matches"]]
            for place in (content, *content["metadata"].get("_jupyter_types_experimental", ())):
                for key in {"cursor_start", "cursor_end", "start", "end"} & {*place}:
                    place[key] = max(place[key] - added, 0)
                if "text" in place:
                    place["text"] = place["text"][kept:]
        return content
