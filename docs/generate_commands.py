"""Writes ``commands.md`` from the magics' own help: ``make commands``.

What argparse prints differs between versions of Python, so only the descriptions of the arguments are taken.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("commands.md")

GROUPS = ("Board", "Files", "Values", "Virtual board", "Several boards", "Line", "Help", "Notebook and host")
"""The groups in their order; others come behind these."""

_HEAD = """\
# Commands

<!-- Written by "make commands" from the magics' own help. Change the docstrings in magics/, not this file. -->

Commands stand on top of a cell; comments may stand above them, and behind their arguments. `%NAME` takes the rest of
its line, `%%NAME` the whole cell. `%NAME?` or `%NAME --help` shows in the notebook what stands here. `%lsmagic` lists
all commands, also those for the host that
[MetaKernel](https://metakernel.readthedocs.io/en/latest/source/README.html) brings: `%%html` and others.
"""

Form = tuple[str, Callable[..., Any]]
"""A command as it is typed, such as ``%%plot``, and its method."""


class _Recorder:
    """Stands in for the kernel while the magics register themselves."""

    def __init__(self) -> None:
        self.classes: list[type] = []

    def register_magics(self, kind: type) -> None:
        """Note one class."""
        self.classes.append(kind)


def magic_classes() -> list[type]:
    """The classes of all magics of this project."""
    package = importlib.import_module("metakernel_micropython.magics")
    recorder = _Recorder()
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{found.name}").register_magics(recorder)
    return recorder.classes


def groups() -> dict[str, dict[str, list[Form]]]:
    """The forms of each command by its name, in groups."""
    found: dict[str, dict[str, list[Form]]] = {}
    for kind in magic_classes():
        for attribute in dir(kind):
            mtype, _, name = attribute.partition("_")
            method = getattr(kind, attribute)
            if mtype in ("line", "cell") and name and callable(method):
                prefix = "%" if mtype == "line" else "%%"
                group = str(getattr(kind, "group", "")) or "Help"
                found.setdefault(group, {}).setdefault(name, []).append((prefix + name, method))
    order = {name: position for position, name in enumerate(GROUPS)}
    return {
        group: {name: sorted(forms, key=lambda form: len(form[0])) for name, forms in sorted(found[group].items())}
        for group in sorted(found, key=lambda group: (order.get(group, len(order)), group))
    }


def text() -> str:
    """The whole page."""
    lines = [_HEAD]
    found = groups()
    for group, commands in found.items():
        lines += [f"## {group}", "", "| command | what it does |", "|---|---|"]
        for name, forms in commands.items():
            anchor = name.replace("%", "")
            lines += [f"| [`{typed}`](#{anchor}) | {_prose(_summary(method, typed)[1])} |" for typed, method in forms]
        lines.append("")
    for group, commands in found.items():
        lines += [f"## Reference: {group}", ""]
        for forms in commands.values():
            lines += [f"### {forms[0][0]}", ""]
            for typed, method in forms:
                lines += _form(typed, method)
    return "\n".join(lines).rstrip() + "\n"


def _form(typed: str, method: Callable[..., Any]) -> Iterator[str]:
    usage, summary = _summary(method, typed)
    yield from (f"`{usage}`: {_prose(summary)}", "")
    rows = [_argument(typed, *described) for described in getattr(method, "magic_arguments", ())]
    if rows:
        yield from ("| argument | |", "|---|---|")
        yield from (f"| `{_code(written)}` | {_prose(what)} |" for written, what in rows)
        yield ""
    details = inspect.cleandoc(method.__doc__ or "").partition("\n")[2].strip("\n")
    if details:
        yield from ("```text", details, "```", "")


def _summary(method: Callable[..., Any], typed: str) -> tuple[str, str]:
    """A command's usage and what it does, from the first line of its docstring: ``%name ARGS - what it does``."""
    first = inspect.cleandoc(method.__doc__ or "").partition("\n")[0]
    usage, dash, what = first.partition(" - ")
    return (usage, what) if dash else (typed, first)


def _argument(typed: str, names: tuple[str, ...], _complete: object, options: dict[str, Any]) -> tuple[str, str]:
    """How an argument is written, and what it is."""
    value = options.get("metavar")
    if value is None and options.get("choices"):
        value = "{" + ",".join(map(str, options["choices"])) + "}"
    if value is None:
        value = names[0].upper() if not names[0].startswith("-") else names[-1].lstrip("-").replace("-", "_").upper()
    if options.get("action", "store") not in ("store", "append"):
        value = ""
    nargs = options.get("nargs")
    if nargs == "?":
        value = f"[{value}]"
    elif nargs in ("*", "+"):
        value = f"[{value} ...]" if nargs == "*" else f"{value} ..."
    written = f"{', '.join(names)} {value}".strip() if names[0].startswith("-") else str(value)
    what = str(options.get("help") or "") % {"default": options.get("default"), "prog": typed}
    return written, what


def _code(words: str) -> str:
    """What stands between backticks in a table."""
    return words.replace("|", "\\|")


def _prose(words: str) -> str:
    """A plain text in which nothing is markup but the names of commands, which are shown as code."""
    escaped = re.sub(r"([*|`]|__)", r"\\\1", words).replace("<", "&lt;")
    return re.sub(r"(?<![\w%])(%{1,2}[A-Za-z][\w-]*\??)", r"`\1`", escaped)


def main() -> int:
    """Write the page."""
    TARGET.write_text(text(), encoding="utf-8")
    print(f"Wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
