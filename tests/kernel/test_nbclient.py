"""Notebooks run from the top: nbclient stops at the first failed cell, as "Run All" does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from metakernel_micropython.install import install

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> object:
    folder = tmp_path_factory.mktemp("prefix")
    install(prefix=str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        patch.setenv("MICROPYTHON_BOARD", virtual_address)
        yield


def run_all(folder: Path, *cells: str, allow_errors: bool = False) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    client = NotebookClient(
        notebook,
        kernel_name="micropython",
        timeout=30,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    finally:
        run_all.last = notebook  # type: ignore[attr-defined]
    return notebook


def test_a_notebook_keeps_values_and_output(tmp_path: Path) -> None:
    cells = run_all(tmp_path, "x = 20", "print('hello')\nx + 1", "_").cells
    assert cells[0].outputs[-1:] == [] or cells[0].outputs[-1].output_type == "stream"
    assert [output.output_type for output in cells[1].outputs] == ["stream", "execute_result"]
    assert cells[2].outputs[0].data["text/plain"] == "21"


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("1/0", "ZeroDivisionError"),
        ("%connect /dev/no-such-port", "ConnectError"),
        ("%no_such_magic", "MagicError"),
        ("%%python\n1/0", "ZeroDivisionError"),
        ("!exit 3", "exit|status|return"),
    ],
)
def test_nbclient_stops_at_a_cell_that_fails(tmp_path: Path, cell: str, name: str) -> None:
    with pytest.raises(CellExecutionError, match=name):
        run_all(tmp_path, "x = 1", cell, "print('not reached')")
    assert run_all.last.cells[2].outputs == []  # type: ignore[attr-defined]


def test_nbclient_goes_on_where_errors_are_allowed(tmp_path: Path) -> None:
    cells = run_all(tmp_path, "1/0", "1+1", allow_errors=True).cells
    assert cells[0].outputs[-1].ename == "ZeroDivisionError"
    assert cells[1].outputs[-1].data["text/plain"] == "2"
