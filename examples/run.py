"""Executes a notebook as Jupyter does, and prints what came out: python examples/run.py NOTEBOOK FOLDER.

A cell tagged ``interrupt`` is stopped after a second, as with the Stop button.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient

if TYPE_CHECKING:
    from nbformat import NotebookNode

STOP_AFTER = 1.0
"""Seconds after which a cell tagged ``interrupt`` is stopped."""


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Execute a notebook in ``folder``, in the kernel that it names, and return it with its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed that is not tagged ``raises-exception``.
    """

    async def stop_tagged(cell: NotebookNode, **_: Any) -> None:
        if "interrupt" in cell.metadata.get("tags", ()):
            asyncio.get_running_loop().create_task(stop())

    async def stop() -> None:
        await asyncio.sleep(STOP_AFTER)
        assert client.km is not None
        await ensure_async(client.km.interrupt_kernel())

    client = NotebookClient(
        notebook,
        kernel_name=notebook.metadata.kernelspec.name,
        timeout=60,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=stop_tagged,
    )
    result: NotebookNode = client.execute()
    return result


def show(notebook: NotebookNode) -> None:
    """Print the cells with what the board said."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        print(f"\nIn [{cell.execution_count}]: " + cell.source.replace("\n", "\n        "))
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain") or ""
            if output.output_type == "error":
                text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))
            print("    " + text.rstrip("\n").replace("\n", "\n    "))


def main() -> None:
    """Execute the notebook that the command line names."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    target = folder / source.name
    started = time.monotonic()
    notebook = execute(nbformat.reads(source.read_text("utf-8"), as_version=4), source.parent)  # type: ignore[no-untyped-call]
    target.write_text(nbformat.writes(notebook) + "\n", "utf-8")  # type: ignore[no-untyped-call]
    show(notebook)
    print(f"\nExecuted {source} on the virtual board in {time.monotonic() - started:.1f} s: {target.resolve()}")
    print("To work with it in JupyterLab: make lab    In the terminal: .venv/bin/jupyter console --kernel micropython")


if __name__ == "__main__":
    main()
