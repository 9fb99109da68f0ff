"""Notebooks run from the top: nbclient stops at the first failed cell, as "Run All" does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from metakernel_micropython.install import install

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_client.client import KernelClient


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> object:
    folder = tmp_path_factory.mktemp("prefix")
    install(prefix=str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        patch.setenv("MICROPYTHON_BOARD", virtual_address)
        yield


def run_all(
    folder: Path, *cells: str, allow_errors: bool = False, kind: type = NotebookClient
) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    client = kind(
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


class WithPerson(NotebookClient):
    """A client with a person in front of it, who is always called Bob."""

    async def async_start_new_kernel_client(self) -> KernelClient:
        client = await super().async_start_new_kernel_client()
        client.allow_stdin = True

        async def answer() -> None:
            while True:
                request = await client.get_stdin_msg()
                assert request["content"]["prompt"] == "who? "
                client.input("Bob")

        self.person = asyncio.ensure_future(answer())
        return client


def test_nbclient_with_a_stdin_handler_answers(tmp_path: Path) -> None:
    cells = run_all(tmp_path, 'name = input("who? ")', "name", kind=WithPerson).cells
    assert cells[1].outputs[0].data["text/plain"] == "'Bob'"


def test_nbclient_without_one_stops_at_a_question(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match=r"CannotAsk.*'who\?'"):
        run_all(tmp_path, 'name = input("who? ")', "print('not reached')")


def test_nbclient_goes_on_where_errors_are_allowed(tmp_path: Path) -> None:
    cells = run_all(tmp_path, "1/0", "1+1", allow_errors=True).cells
    assert cells[0].outputs[-1].ename == "ZeroDivisionError"
    assert cells[1].outputs[-1].data["text/plain"] == "2"
