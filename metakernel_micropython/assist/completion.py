"""What can be typed at the cursor: names from the board, from the cell itself, modules, keywords.

The board comes first: what it has is offered. The stubs come second: they tell what each name is, and answer where the
board cannot, behind calls and for code that has not run yet. Only dotted names are looked up on the board, never calls,
and nothing of the user's runs there (see the snippets). A board that is missing or busy is not asked.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..board import snippets
from ..board.importable import C_MODULES, built_in
from ..cell.parser import name_before
from ..errors import MicroPythonError

if TYPE_CHECKING:
    from ..board import Board
    from .documentation import Documentation, Name

TIMEOUT = 2.0
"""Seconds that the board has for its part of an answer."""

MAX_REPLY = 100_000
"""Characters of the board's answer that are read."""

MAX_KEYS = 100
"""Keys of a dict that are offered."""

SHARED = frozenset("array asyncio collections enum io json os re ssl struct sys".split())
"""Modules whose stubs are those of CPython with MicroPython's texts in them: what has none, no board has."""

_KINDS = {"1": "function", "2": "class", "3": "module"}
"""What the numbers of the snippet ``kinds`` say."""

_IMPORT = re.compile(r"^\s*import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*(?P<name>[\w.]*)$")
_FROM = re.compile(r"^\s*from\s+(?P<name>[\w.]*)$")
_FROM_IMPORT = re.compile(
    r"^\s*from\s+(?P<module>[\w.]+)\s+import\s+\(?\s*(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(?P<name>\w*)$"
)
_INDEX = re.compile(r"(?P<path>[\w.]+)\[\s*$")
_WORD = re.compile(r"[^\W\d]\w*")
_MODULE_FILE = re.compile(r"^(?P<name>[^\W\d]\w*)(?:\.py|\.mpy)?$")
_TAKES_PATH = re.compile(
    r"\b(?:open|i?listdir|stat|statvfs|remove|unlink|rename|mkdir|rmdir|chdir|exists|isfile|isdir|execfile)\(\s*"
    r"(?:(?:'[^']*'|\"[^\"]*\")\s*,\s*)?[rRbBuU]{0,2}$"
)
_ENDS = set("'\"\\{}")
"""Characters that a name in a string would not stand for: they end it, or begin something else in it."""

_STRINGS = re.compile(r"""[rRbBuUfF]{0,2}(?:'''|\"\"\"|'|")""")


@dataclass(frozen=True)
class Completions:
    """Names that can replace the ``prefix`` before the cursor."""

    prefix: str
    names: list[str]
    kinds: dict[str, str] = field(default_factory=dict)


class Completer:
    """Completes MicroPython code; keeps what is costly to ask for as long as the board stays the same."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self._modules: list[str] = []
        self._known: dict[str, tuple[str, list[str]]] = {}  # what the board has said, and for which prefix

    def complete(
        self, code: str, cursor: int, board: Board | None, documentation: Documentation | None = None
    ) -> Completions:
        """Return what can be typed at ``cursor`` in ``code``.

        Args:
            code: the cell's code, without magics.
            cursor: index of the cursor.
            board: the connected board, or None.
            documentation: the stubs for it, where some are installed, and the cells before; None: neither.
        """
        line = code[:cursor].rpartition("\n")[2]
        path = ""
        if board is not None and not board.idle:
            board = None
        if _in_text(line):
            keys = self._keys(line, code[cursor:], board)
            return keys if keys.names else self._files(line, board)
        if found := _FROM_IMPORT.match(line):
            path, prefix = found["module"], found["name"]
            names = self._module_members(board, path, prefix)
        elif found := _IMPORT.match(line) or _FROM.match(line):
            prefix = found["name"]
            names = self._module_names(board)
            return Completions(prefix, fitting := _fitting(names, prefix), dict.fromkeys(fitting, "module"))
        else:
            path, dot, prefix = name_before(line).rpartition(".")
            if dot and not path:
                names = []  # behind a call or an index: only the stubs may know
            elif dot:
                names = self._ask(board, "names", path, prefix, False)
                if not names and re.search(rf"^\s*import\s+{path}\s*$", code, re.MULTILINE):
                    names = self._module_members(board, path, prefix)  # imported by this cell, which did not run yet
            else:
                names = self._ask(board, "top_names", "", prefix)
                names += [*_own_names(code, cursor), *keyword.kwlist]
        kinds = dict.fromkeys(keyword.kwlist, "keyword")
        if documentation is not None:
            told = documentation.names(code, cursor)
            kinds = {one.text: one.kind for one in told} | kinds
            asks_members = line.removesuffix(prefix).endswith(".") or found is not None
            if asks_members and not names:
                names = self._of_stubs(told, code, cursor - len(prefix) - 1, board, documentation)
            elif not asks_members:
                names += [one.text for one in told if one.kind == "param"]
                if board is None:
                    names += [one.text for one in told if one.kind in ("module", "function", "class")]
        if names and (documentation is None or documentation.stubs is None) and (path or not dot):
            kinds |= self._kinds(board, path, prefix)
        names = _fitting(names, prefix)
        return Completions(prefix, names, {name: kinds[name] for name in names if name in kinds})

    def _of_stubs(
        self, told: list[Name], code: str, dot: int, board: Board | None, documentation: Documentation
    ) -> list[str]:
        """Return members that only the stubs know of; of a module, those that the board has, where it can be asked."""
        if documentation.calls_a_cell(code, dot):
            return []
        names = [one.text for one in told]
        module = documentation.module_at(code, dot)
        if board is None and module in SHARED and documentation.stubs is not None:
            documented = documentation.documented(module)
            return [name for name in names if name in documented] or names
        if board is None or module not in C_MODULES:
            return names
        return self._module_members(board, module, "")

    def _keys(self, line: str, after: str, board: Board | None) -> Completions:
        """Complete a key of a dict on the board, in the string of an index."""
        opened = _opening(line)
        found = _INDEX.search(line[:opened]) if opened is not None else None
        if board is None or found is None or opened is None or not (path := name_before(found["path"])):
            return Completions("", [])
        quote, text = line[opened], line[opened + 1 :]
        if "\\" in text or opened + 1 > len(line):
            return Completions("", [])
        reply = _request(board, snippets.call("dict_keys", path, text, MAX_KEYS))
        try:
            keys = ast.literal_eval(reply.strip() or "[]")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return Completions("", [])
        plain = [key for key in keys if isinstance(key, str) and key.isprintable() and not {quote, "\\"} & set(key)]
        # What the editor has closed already is not closed again.
        end = "" if after.startswith(quote) else quote + ("" if after.startswith("]") else "]")
        names = sorted(key + end for key in plain if key.startswith(text))
        return Completions(text, names, dict.fromkeys(names, "dict key"))

    def _files(self, line: str, board: Board | None) -> Completions:
        """Complete a path on the board, in a string that is one."""
        opened = _opening(line)
        text = line[opened + 1 :] if opened is not None else ""
        if board is None or opened is None or not ("/" in text or _TAKES_PATH.search(line[:opened])):
            return Completions("", [])
        folder, slash, prefix = text.rpartition("/")
        try:
            entries = board.files.list(folder or slash)
        except MicroPythonError:
            return Completions("", [])
        names = [entry.path.rstrip("/").rpartition("/")[2] + ("/" if entry.folder else "") for entry in entries]
        # What would end the string, or is not seen as it is, would put a board's text into the code.
        names = sorted(
            name for name in names if name.startswith(prefix) and name.isprintable() and not _ENDS & set(name)
        )
        return Completions(prefix, names, dict.fromkeys(names, "path"))

    def _ask(
        self, board: Board | None, snippet: str, path: str, prefix: str, *more: bool, always: bool = False
    ) -> list[str]:
        """Return the names that the board has; from memory where it was asked before and no cell has run since."""
        if board is None:
            return []
        key = f"{snippet} {path}"
        known_prefix, names = self._known.get(key, ("\0", []))
        if prefix.startswith(known_prefix):
            return list(names)
        arguments: tuple[str | bool, ...] = (path, prefix, *more) if path or always else (prefix, *more)
        source = snippets.call(snippet, *arguments)
        names = _ask(board, source)
        self._known[key] = prefix, names
        return list(names)

    def _module_names(self, board: Board | None) -> list[str]:
        if board is None:
            return []
        if board is not self._board:
            reply = _request(board, snippets.call("modules"))
            told, _, files = reply.partition("\x1e")
            names = [found["name"] for line in files.splitlines() if (found := _MODULE_FILE.match(line))]
            self._board, self._modules = board, built_in(told) + names
        return self._modules

    def modules(self, board: Board) -> list[str]:
        """Return the modules that a board has; none where it does not tell."""
        return self._module_names(board)

    def forget(self) -> None:
        """Ask the board anew: names may have come or gone, and files that are modules."""
        self._board = None
        self._known.clear()

    def module_has(self, board: Board, module: str, member: str) -> bool | None:
        """Whether a module of the board has a member; None where that cannot be told without running code."""
        if module not in C_MODULES:
            return None
        return member in self._module_members(board, module, member)

    def _kinds(self, board: Board | None, path: str, prefix: str) -> dict[str, str]:
        """Return what the board says of names: which are functions, classes and modules."""
        words = self._ask(board, "kinds", path, prefix, path in C_MODULES, always=True)
        told = zip(words[::2], words[1::2], strict=False)
        return {name: _KINDS[number] for number, name in told if number in _KINDS}

    def _module_members(self, board: Board | None, module: str, prefix: str) -> list[str]:
        return self._ask(board, "module_names", module, prefix, module in C_MODULES)


def _request(board: Board, source: str) -> str:
    """Return the board's answer; ``""`` when it has none. Completion never fails."""
    try:
        return board.execute(source, timeout=TIMEOUT)[:MAX_REPLY]
    except MicroPythonError:
        return ""


def _ask(board: Board | None, source: str) -> list[str]:
    return _request(board, source).split() if board is not None else []


def _fitting(names: list[str], prefix: str) -> list[str]:
    """Return the names that start with the prefix, once each; private ones only when asked for, and nothing else."""
    hidden = not prefix.rpartition(".")[2].startswith("_")
    return sorted(
        name
        for name in set(names)
        if name.startswith(prefix)
        and all(part.isidentifier() for part in name.removesuffix("=").split("."))  # a board may say anything
        and name != snippets.NAME
        and all(map(str.isidentifier, name.removesuffix("=").split(".")))
        and not (hidden and name.rpartition(".")[2].startswith("_"))
    )


def _own_names(code: str, cursor: int) -> list[str]:
    """Return the identifiers that the cell itself uses, other than the one at the cursor and attributes."""
    return [
        found.group()
        for found in _WORD.finditer(code)
        if found.end() != cursor and code[found.start() - 1 : found.start()] != "."
    ]


def _in_text(line: str) -> bool:
    """Whether the end of a line lies in a string or a comment."""
    return _opening(line) is not None or _comment(line)


def _comment(line: str) -> bool:
    return _scan(line)[1]


def _opening(line: str) -> int | None:
    """Return where the last quote mark lies that opens the string at the end of a line; None where none is open."""
    return _scan(line)[0]


def _scan(line: str) -> tuple[int | None, bool]:
    at = 0
    while at < len(line):
        if line[at] == "#":
            return None, True
        opening = _STRINGS.match(line, at)
        if not opening:
            # A prefix letter belongs to a string only at the start of a word.
            word = _WORD.match(line, at)
            at = word.end() if word and not _STRINGS.match(line, at) else at + 1
            continue
        quote = opening.group().lstrip("rRbBuUfF")
        at = opening.end()
        start = at - 1
        while not line.startswith(quote, at):
            at += 2 if line[at : at + 1] == "\\" else 1
            if at >= len(line):
                return start, False
        at += len(quote)
    return None, False
