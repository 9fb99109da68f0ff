"""Which module of the package imports which, and what the house allows: ``python -m tests.house`` prints what is wrong.

Every import counts, also one under ``TYPE_CHECKING`` and one inside a function: they hide a circle and do not open it.
What Python loads on the way (the packages around a module) does not count.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = "metakernel_micropython"
PACKAGE = ROOT / NAME
MAGICS = ROOT / "magics"

LINES = 450
"""Lines of the longest module."""

KERNEL_LINES = 350
"""Lines of ``kernel.py``."""

BELOW_ALL = {"errors", "interrupts", "signal_stop", "syntax_tree"}
"""What every room may import, but those that stand alone."""

_BOARD = {"board", "board.files", "board.protocol", "board.snippets", "transports"}
_FRONT_END = {"front_end", "magic_arguments", *_BOARD}
_SHOWN = {"host", "display", *_FRONT_END}
_CELL = {"cell", "magic", *_SHOWN}
_SESSIONS = {"sessions", "remote", *_CELL}
_KERNEL = {
    "kernel",
    "settings",
    "magic_tables",
    "request_replies",
    "jupyter_internals",
    "firmware",
    "fleet",
    "assist",
    "board_tests",
    "collecting",
    "instrument",
    "debugger",
    "plotting",
    *_SESSIONS,
}

MAY_IMPORT: dict[str, set[str]] = {
    # A board, for any script: nothing of Jupyter.
    "transports": set(),
    "board.snippets": set(),
    "board.protocol": {"board.snippets", "transports"},
    "board.files": {"board.protocol", "board.snippets", "transports"},
    "board": {"board.files", "board.protocol", "board.snippets", "transports"},
    # What the parts of the kernel need of it, and how a magic describes its arguments.
    "front_end": _BOARD,
    "magic_arguments": {"front_end"},
    # This computer's side, and what a notebook shows: one floor, its modules have no circles.
    "host": {"display", *_FRONT_END},
    "display": {"host", *_FRONT_END},
    # A cell, the base of the magics, and the parts of the kernel beside each other.
    "cell": _SHOWN,
    "magic": {"cell", "jupyter_internals", *_SHOWN},
    "assist": _CELL,
    "board_tests": {"instrument", *_CELL},
    "firmware": _SESSIONS,
    "instrument": _CELL,
    "collecting": {"plotting", *_SESSIONS},
    "debugger": {"instrument", *_CELL},
    "plotting": _CELL,
    "remote": _SHOWN,
    "sessions": {"remote", *_CELL},
    "fleet": _SESSIONS,
    "discovery": {"magic", *_FRONT_END},
    "magic_names": set(),
    "magic_tables": {"cell", "discovery", "magic", "magic_names"},
    "request_replies": set(),
    "papermill_plugin": set(),
    "pytest_plugin": {"pytest_board", *_BOARD},
    "pytest_board": {"board_tests", *_BOARD},
    "settings": set(),
    "jupyter_internals": {"cell", "display", "front_end"},
    "kernel": {"", *_KERNEL} - {"kernel"},
    # How it is started, and what people type.
    "app": _KERNEL,
    "install": _KERNEL,
    "__main__": {"app", "collecting", "install", "kernel"},
    "magics": _KERNEL,
    "ipython_extension": {"discovery", *_KERNEL},
    # These two stand alone: the virtual board is a program of its own, the package only has its version.
    "virtual": set(),
    "": set(),
    "errors": set(),
    "interrupts": set(),
    "signal_stop": {"interrupts"},
    "syntax_tree": set(),
}
"""Each room with those that its modules may import, beside the room itself and what is below all."""

ALONE = {
    "virtual": {"errors"},
    "": set[str](),
    "errors": set[str](),
    "interrupts": {"errors"},
    "signal_stop": {"interrupts"},
    "syntax_tree": set[str](),
}
"""The rooms that may not even import all that is below all others, with what they may import of it."""

Graph = Mapping[str, set[str]]


def is_board_code(path: Path) -> bool:
    """Tell whether a file is a program for MicroPython, which imports nothing of this computer's."""
    if path.name == "boot_script.py" or "rom" in path.relative_to(PACKAGE.parent).parts:
        return True
    return path.parent.name == "snippets" and path.name != "__init__.py"


def modules() -> dict[str, Path]:
    """The package's modules by their full names, and the magics under the name they are installed by."""
    found: dict[str, Path] = {}
    for folder, package in (PACKAGE, NAME), (MAGICS, f"{NAME}.magics"):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])
            if not is_board_code(path):
                found[name] = path
    return found


def imported(path: Path, package: list[str]) -> set[str]:
    """The names that a file imports anywhere, with their full names.

    Args:
        path: the file.
        package: the names of the package that the file is in.
    """
    names: set[str] = set()
    for node in _imports(path, ""):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            module = _source(node, package)
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def edges(name: str, path: Path, among: Mapping[str, Path]) -> set[str]:
    """The modules ``among`` these that one imports; a package counts where a name of its ``__init__`` is imported."""
    package = (name if path.name == "__init__.py" else name.rpartition(".")[0]).split(".")
    found: set[str] = set()
    for node in _imports(path, name):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            continue
        module = _source(node, package)
        targets = {f"{module}.{alias.name}" for alias in node.names}
        found |= targets if targets <= set(among) else targets | {module}
    return (found & set(among)) - {name}


def _imports(path: Path, name: str) -> Iterator[ast.Import | ast.ImportFrom]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if name == NAME:
        # ``metakernel_micropython.MicroPythonKernel`` is for ipyparallel and MetaKernel, which ask for it by this name.
        tree.body = [one for one in tree.body if not (isinstance(one, ast.FunctionDef) and one.name == "__getattr__")]
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _source(node: ast.ImportFrom, package: list[str]) -> str:
    """The full name of what follows ``from``."""
    base = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*base, *([node.module] if node.module else [])])


def graph(files: Mapping[str, Path] | None = None) -> dict[str, set[str]]:
    """Each module with those of the package that it imports."""
    files = modules() if files is None else files
    return {name: edges(name, path, files) for name, path in files.items()}


def circles(of: Graph) -> list[list[str]]:
    """The groups of modules that import each other, directly or over others (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(of[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(of):
        if name not in index:
            visit(name)
    return found


def room(module: str) -> str:
    """The room of a module: a sub-package, or a module on top of the package."""
    parts = module.split(".")[1:]
    if parts[:1] == ["board"] and parts[1:2] and parts[1] in ("files", "protocol", "snippets"):
        return ".".join(parts[:2])
    return parts[0] if parts else ""


def forbidden(of: Graph) -> list[tuple[str, str]]:
    """The imports that the table of rooms does not allow: who imports what."""
    found = []
    for module in sorted(of):
        here = room(module)
        allowed = {here, *MAY_IMPORT[here], *ALONE.get(here, BELOW_ALL)}
        found += [(module, other) for other in sorted(of[module]) if room(other) not in allowed]
    return found


def too_long(files: Mapping[str, Path] | None = None) -> list[tuple[str, int]]:
    """The modules that have more lines than they may, with the number of their lines."""
    found = []
    for name, path in (modules() if files is None else files).items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > (KERNEL_LINES if name == f"{NAME}.kernel" else LINES):
            found.append((name, lines))
    return found


def magic_names() -> set[str]:
    """The names of the magics: of their methods, and of their modules."""
    names: set[str] = set()
    for path in MAGICS.glob("[!_]*.py"):
        names |= set(re.findall(r"def (?:line|cell)_(\w+)", path.read_text(encoding="utf-8")))
        names |= {path.stem, path.stem.replace("_", "-")}
    return names


def magics_named(source: str) -> list[str]:
    """The string literals of a module that name a magic; docstrings are no literals that anybody is shown.

    What %-formatting has is no name of a magic: ``%d``, ``%s%04x``, ``%btry``.
    """
    magic = re.compile(rf"(?<!\w)%%?(?:{'|'.join(map(re.escape, sorted(magic_names())))})(?![\w-])")
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and magic.search(node.value)
    ]


def main() -> int:
    """Print what the house does not allow; the exit code tells whether there is something."""
    of = graph()
    groups, wrong, long = circles(of), forbidden(of), too_long()
    for group in groups:
        print(f"circle of {len(group)}:")
        for module in group:
            print(f"    {module} -> {', '.join(sorted(of[module] & set(group)))}")
    for module, other in wrong:
        print(f"forbidden: {module} -> {other}")
    for module, lines in long:
        print(f"too long: {module}, {lines} lines")
    return int(bool(groups or wrong or long))


if __name__ == "__main__":
    sys.exit(main())
