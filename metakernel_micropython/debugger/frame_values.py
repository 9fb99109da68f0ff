"""What a paused program, or a board at its prompt, tells: frames, names, values, and expressions in a frame."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.files.helper_programs import parse_tuple
from ..board.variables import HELPERS, Kind
from ..errors import MicroPythonError, TransferFailed

if TYPE_CHECKING:
    from .channel import Asker
    from .sites import Site, Sites

MAX_ENTRIES = 200
"""Names or items that are asked for at once."""

_HELPERS = {**HELPERS, "attributes": "attributes"}

Steps = tuple[str | int, ...]
"""The way from the names of a frame to a value: a name, then places of items and names of attributes."""


class CannotAssign(MicroPythonError):
    """MicroPython cannot change this."""


@dataclass(frozen=True)
class Frame:
    """A function that is paused, or the cell itself.

    Attributes:
        place: on the board's stack, counted from the outermost.
        site: the statement where it is.
    """

    place: int
    site: Site

    @property
    def name(self) -> str:
        """The function's qualified name; ``<module>`` for the cell."""
        return self.site.probe.function or "<module>"

    @property
    def line(self) -> int:
        """The line where it is, counted from 1."""
        return self.site.probe.line

    @property
    def names_source(self) -> str:
        """An expression for its local names on the board; ``None`` for those of the cell, which are global."""
        if not self.site.names:
            return "None" if not self.site.probe.function else "{}"
        return f"__mk_e[3](__mk_e[0][{self.place}],{self.site.names!r})"


@dataclass(frozen=True)
class Entry:
    """A name, an item or an attribute, with what it holds.

    Attributes:
        name: as it is shown.
        type_name: of its value's class; of a class its own.
        kind: what the value is.
        size: how many items, characters or bytes it holds; None where it does not tell.
        text: the value, where that is short; ``""`` otherwise.
        opens: how many items or attributes can be looked at in it.
        place: its place in the container.
        attribute: whether it is an attribute of an object.
    """

    name: str
    type_name: str
    kind: Kind
    size: int | None
    text: str
    opens: int
    place: int
    attribute: bool = False

    @property
    def value(self) -> str:
        """The value as it is shown."""
        if self.text:
            more = self.size is not None and self.size > 60 and self.text[:1] in "'\"b"
            return f"{self.text}… ({self.size})" if more else self.text
        if self.kind is not Kind.DATA:
            return self.kind.name.lower()
        if self.size is not None:
            return f"{self.size} item{'s' * (self.size != 1)}"
        return f"<{self.type_name}>"


def frames(asker: Asker, sites: Sites) -> list[Frame]:
    """Return the frames of a paused program, the innermost first.

    Raises:
        MicroPythonError: the board did not answer.
    """
    found: list[Frame] = []
    lines = asker.ask(snippets.call("debug_frames")).splitlines()
    places = [line for line in lines if re.fullmatch(r"-?\d{1,9} -?\d{1,9}", line)]
    for place, line in enumerate(places):
        site = sites[int(line.split()[1])]
        if site is not None:
            found.append(Frame(place, site))
    return found[::-1]


def entries(asker: Asker, frame: Frame | None, steps: Steps = (), start: int = 0) -> list[Entry]:
    """Return the names of a frame, or what is in a value; nothing of the user's runs.

    Args:
        asker: the board.
        frame: the frame; None for the global names.
        steps: the way to the value; none for the names themselves.
        start: the first one.

    Raises:
        MicroPythonError: the board did not answer, or the value is no longer there.
    """
    names = frame.names_source if frame is not None else "None"
    if steps:
        source = snippets.apply("items", f"{names},{steps!r},{start},{MAX_ENTRIES}", _HELPERS)
    else:
        source = snippets.apply("local_names", f"{names},{start},{MAX_ENTRIES}", _HELPERS)
    found: list[Entry] = []
    for line in asker.ask(source).splitlines():
        try:
            name, class_text, kind, size, text, opens, attribute = parse_tuple(
                line, (str, str, int, int, str, int, int)
            )
            type_name = class_text.removeprefix("<class '").removesuffix("'>")
            place = start + len(found)
            held = None if size < 0 else size
            found.append(Entry(name, type_name, Kind(kind), held, text, opens, place, bool(attribute)))
        except (TransferFailed, ValueError):
            continue  # something else printed
    return found


def evaluate(asker: Asker, frame: Frame | None, text: str) -> str:
    """Evaluate an expression in a frame, or run statements there; return what came of it as text.

    Raises:
        CannotAssign: a statement would change a local name of a function.
        SyntaxError: it is no Python.
        DeviceError: it raised an exception on the board.
        MicroPythonError: the board did not answer.
    """
    try:
        ast.parse(text.strip(), mode="eval")
        expression = True
    except SyntaxError:
        expression = False
        tree = ast.parse(text)
        local = set(frame.site.names) if frame is not None else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)) and node.id in local:
                raise _cannot_assign(node.id, frame) from None
    names = frame.names_source if frame is not None else "None"
    text = text.strip() if expression else text
    return asker.ask(snippets.apply("debug_evaluate", f"{names},{text!r},{int(expression)}")).removesuffix("\n")


def assign(asker: Asker, frame: Frame | None, steps: Steps, text: str) -> str:
    """Give a global name, an item or an attribute a new value; return that as text.

    Raises:
        CannotAssign: it is a local name of a function.
        DeviceError: the board cannot evaluate the text, or cannot change the value.
        MicroPythonError: the board did not answer.
    """
    if frame is not None and frame.site.probe.function and len(steps) == 1:
        raise _cannot_assign(str(steps[0]), frame)
    names = frame.names_source if frame is not None else "None"
    return asker.ask(snippets.apply("debug_assign", f"{names},{steps!r},{text!r}")).removesuffix("\n")


def copy(asker: Asker, frame: Frame | None, source: str, target: str) -> None:
    """Give a global name the value of a name in a frame.

    Raises:
        DeviceError: there is no such value.
        MicroPythonError: the board did not answer.
    """
    names = frame.names_source if frame is not None else "None"
    asker.ask(snippets.apply("debug_copy", f"{names},{source!r},{target!r}"))


def _cannot_assign(name: str, frame: Frame | None) -> CannotAssign:
    where = frame.name if frame is not None else "a function"
    return CannotAssign(
        f"{name} is a local name of {where}, and MicroPython cannot change it from outside. What it holds can be "
        f"changed where it is a list, a dict or an object: {name}[0] = …"
    )
