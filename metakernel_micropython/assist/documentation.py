"""Signatures and texts from the cells and from MicroPython's type stubs, read by jedi.

Nothing here asks a board, and nothing is run. jedi sees the cells and the stubs, where some are installed; it does not
see the files next to the notebook. What it knows of CPython alone is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stubs import Stubs

SHORT = 14
"""Lines of a text that a tooltip shows."""

_USED = re.compile(r"(?<![\w.])([^\W\d]\w*)(?=\.|\Z)")
_KINDS = {"statement": "instance", "property": "instance", "param": "param"}


@dataclass(frozen=True)
class Name:
    """Something that can be typed.

    Attributes:
        text: what is typed, ``mode=`` for an argument.
        kind: ``function``, ``class``, ``module``, ``instance``, ``keyword`` or ``param``.
    """

    text: str
    kind: str


@dataclass(frozen=True)
class Described:
    """What the stubs or the cells say of a name.

    Attributes:
        name: where it is defined, for example ``machine.Pin``.
        signatures: how it is called, a line for each way; none for what is not called.
        text: its documentation.
        kind: as for ``Name``.
        source: its code, where a cell defines it; ``""`` where none does.
    """

    name: str
    signatures: tuple[str, ...]
    text: str
    kind: str
    source: str = ""

    def shown(self, *, whole: bool, source: bool = False) -> str:
        """Return it as people read it, with all of its text or only the beginning; the source has the text in it."""
        lines = self.text.strip().split("\n")
        if not whole and len(lines) > SHORT:
            lines = [*lines[:SHORT], f"... (all of it: {self.name.rpartition('.')[2]}?)"]
        head = self.signatures or (f"{self.kind} {self.name}",)
        if source and self.source:
            return "\n".join([*head, "", self.source])
        return "\n".join([*head, *([""] if self.text.strip() else []), *lines]).rstrip()


class Documentation:
    """The cells that ran on a board, and its stubs.

    Args:
        stubs: those of one kind of board; None where none are installed.
        cells: returns the code of the cells, one below the other.
    """

    def __init__(self, stubs: Stubs | None, cells: Callable[[], str]) -> None:
        import jedi  # type: ignore[import-untyped]  # half a second, the first time
        from jedi.api.environment import InterpreterEnvironment  # type: ignore[import-untyped]

        self.stubs = stubs
        self._cells = cells
        self._folder = stubs.folder if stubs is not None else None
        found = self._folder.glob("*-stubs") if self._folder is not None else ()
        self._modules = {path.name.removesuffix("-stubs") for path in found}
        self._jedi = jedi
        # Left to itself jedi would start a Python, one that it finds by VIRTUAL_ENV or in the folder.
        self._environment = InterpreterEnvironment()
        self._project = jedi.Project(
            self._folder or Path(__file__).parent,  # no name is looked for there
            sys_path=[str(self._folder)] if self._folder is not None else [],
            smart_sys_path=False,
            load_unsafe_extensions=False,
        )

    def names(self, code: str, cursor: int) -> list[Name]:
        """Return what can be typed at ``cursor``, as far as the stubs and the code itself tell."""
        found = self._ask("complete", code, cursor)
        return [Name(one.name, _KINDS.get(one.type, one.type)) for one in found if self._is_ours(one)]

    def documented(self, module: str) -> list[str]:
        """Return the functions and classes of a module that have a text in its stub."""
        import ast

        if self._folder is None:
            return []
        try:
            tree = ast.parse((self._folder / f"{module}-stubs" / "__init__.pyi").read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            return []
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = [node for node in ast.walk(tree) if isinstance(node, kinds) and ast.get_docstring(node)]
        return sorted({node.name for node in found if node.col_offset in (0, 4)})

    def module_at(self, code: str, cursor: int) -> str:
        """Return the name of the module that the expression before ``cursor`` is; ``""`` where it is none."""
        found = [one for one in self._ask("infer", code, cursor) if one.type == "module"]
        return str(found[0].full_name or "") if found else ""

    def calls_a_cell(self, code: str, cursor: int) -> bool:
        """Whether the expression before ``cursor`` is what a function of the cells returns: nobody knows that yet."""
        text = code[:cursor]
        while text.endswith((")", "]")):
            text = text[: _opening_bracket(text)].rstrip()
            found = self._ask("goto", code, len(text))
            if any(one.type == "function" and one.module_path is None for one in found):
                return True
        return False

    def describe(self, code: str, cursor: int) -> Described | None:
        """Return what the name at ``cursor`` is, or the function between whose brackets it stands."""
        return self._described(code, cursor, "help") or self._described(code, cursor, "get_signatures")

    def _described(self, code: str, cursor: int, how: str) -> Described | None:
        found = [one for one in self._ask(how, code, cursor) if self._is_ours(one) and one.type != "keyword"]
        if not found:
            return None
        first = found[0]
        try:
            ways = found if how == "get_signatures" else first.get_signatures()
            signatures = tuple(dict.fromkeys(way.to_string() for way in ways))
            text = first.docstring(raw=True)
            source = _source(first)
        except Exception:  # jedi meets what it does not expect in code that is being typed
            return None
        # A signature's own name is that of __init__ where it is a class that is called.
        name = str(first.full_name or first.name).removesuffix(".__init__")
        return Described(name, signatures, text, _KINDS.get(first.type, first.type), source)

    def _ask(self, how: str, code: str, cursor: int) -> list[Any]:
        # A module is often asked about before it is imported.
        used = sorted(self._modules.intersection(_USED.findall(code)))
        above = (f"import {', '.join(used)}\n" if used else "") + self._cells()
        text, at = above + code, len(above) + cursor
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1)
        try:
            script = self._jedi.Script(text, project=self._project, environment=self._environment)
            return list(getattr(script, how)(line, column))
        except Exception:  # jedi meets what it does not expect in code that is being typed
            return []

    def _is_ours(self, one: Any) -> bool:
        """Whether a name comes from the stubs, the code, or the language; not from CPython's library."""
        path = one.module_path
        if path is None or one.type in ("keyword", "param"):
            return True
        if path.stem == "builtins":
            return True
        return self._folder is not None and bool(path.is_relative_to(self._folder))


def _source(one: Any) -> str:
    """Return the code of a function or class of the cells."""
    if one.module_path is not None or one.type not in ("function", "class"):
        return ""
    first, last = one.get_definition_start_position()[0], one.get_definition_end_position()[0]
    return dedent(str(one.get_line_code(one.line - first, last - one.line))).rstrip()


def _opening_bracket(text: str) -> int:
    """Return the index of the bracket that the last character closes; 0 where there is none."""
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] in ")]}") - (text[index] in "([{")
        if depth == 0:
            return index
    return 0
