"""The notebooks of examples/: executed here, with their outputs committed."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from metakernel_micropython.install import install

from .webrepl_server import BoardBehind, Quirks, WebReplServer

if TYPE_CHECKING:
    from collections.abc import Iterator

WEBREPL = "ws://127.0.0.1:8266"
"""Where the notebooks say that a board is."""

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SLIDER = EXAMPLES / "13-a-slider.ipynb"
"""Of IPython's own kernel."""
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def errors(notebook: nbformat.NotebookNode) -> list[str]:
    """The errors of cells that do not say that they raise one."""
    return [
        output.ename
        for cell in notebook.cells
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", [])
        for output in cell.outputs
        if output.output_type == "error"
    ]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each
def test_the_committed_notebook_shows_its_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    other = path == SLIDER or "python-notebook" in path.stem
    assert notebook.metadata.kernelspec.name == ("python3" if other else "micropython")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) > len(cells) / 2
    assert errors(notebook) == []
    assert str(Path.home()) not in path.read_text()


@each
def test_the_notebook_runs_on_the_virtual_board(
    path: Path, tmp_path: Path, virtual_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(prefix=str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    monkeypatch.setenv("MICROPYTHON_BOARD", virtual_address)
    committed = nbformat.read(path, as_version=4)
    with _webrepl(path) as address:
        notebook = nbformat.reads(path.read_text("utf-8").replace(WEBREPL, address), as_version=4)
        executed = _runner().execute(notebook, tmp_path)
    assert errors(executed) == []
    for before, after in zip(committed.cells, executed.cells, strict=True):
        if before.cell_type == "code":
            assert _kinds(after) == _kinds(before), before.source
            if "slider.value = 30" in before.source:  # what it says is the point
                assert after.outputs == before.outputs


@contextmanager
def _webrepl(path: Path) -> Iterator[str]:
    """Serve a board's WebREPL to the notebook that wants one."""
    if WEBREPL not in path.read_text("utf-8"):
        yield WEBREPL
        return
    board = BoardBehind()
    server = WebReplServer(board, Quirks(password="python"))
    try:
        yield server.address
    finally:
        server.close()
        board.close()


def _kinds(cell: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """What a cell showed, without what differs from run to run: when a plot is first drawn, for one."""
    kinds = [(output.output_type, output.get("ename", output.get("name", ""))) for output in cell.outputs]
    return sorted(set(kinds))


def _runner() -> Any:
    spec = importlib.util.spec_from_file_location("examples_run", EXAMPLES / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
