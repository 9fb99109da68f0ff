"""Notebooks of this kernel in other tools: papermill, jupytext, nbconvert, jupyter run and execute."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import jupytext
import nbformat
import papermill
import pytest

from metakernel_micropython.install import install
from metakernel_micropython.kernel import MicroPythonKernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbformat import NotebookNode

    Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a tool as a command, with the kernel as ``metakernel_micropython install`` installs it."""
    prefix = tmp_path_factory.mktemp("prefix")
    install(prefix=str(prefix))
    environment = {**os.environ, "JUPYTER_PATH": str(prefix / "share" / "jupyter"), "MICROPYTHON_HISTORY": "off"}

    def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return command


def notebook(*cells: str, language: str | None = None) -> NotebookNode:
    """Return a notebook as JupyterLab saves it.

    Args:
        cells: the cells' code; one with assignments alone gets papermill's tag.
        language: in place of what the kernel and its kernelspec say; for notebooks of older kernels.
    """
    spec = json.loads(files("metakernel_micropython").joinpath("kernelspec", "kernel.json").read_text())
    info = MicroPythonKernel.language_info
    made = nbformat.v4.new_notebook()
    made.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "name": "micropython",
                "display_name": spec["display_name"],
                "language": language or spec["language"],
            },
            "language_info": {**info, "name": language or info["name"]},
        }
    )
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    for cell in made.cells:
        if cell.source.startswith("n ="):
            cell.metadata["tags"] = ["parameters"]
    return made


CONNECT = "%connect virtual --timeout 60"  # a busy machine
CELLS = [
    CONNECT,
    "n = 3  # how many",
    "print('sum', sum(range(n)))",
    "%%python\nprint(6 * 7)",
    "!echo shell",
]


def texts(made: NotebookNode) -> dict[str, str]:
    """Return what each cell has printed."""
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    return {cell.source: "".join(output.get("text", "") for output in cell.outputs).strip() for cell in cells}


MORE = "{text: 'é \"x\"', flags: [true, null, {a: 1.5}], limit: .inf}"


def test_papermill_gives_parameters_to_the_board(tmp_path: Path, run: Run) -> None:
    nbformat.write(notebook(*CELLS[:3], "print(text, flags, limit)", "1/0", "'not reached'"), tmp_path / "in.ipynb")
    done = run(tmp_path, "papermill", "in.ipynb", "out.ipynb", "-p", "n", "8", "-y", MORE, "--no-progress-bar")
    made = nbformat.read(tmp_path / "out.ipynb", 4)
    told = texts(made)
    assert told[CELLS[2]] == "sum 28", done.stderr
    assert told["print(text, flags, limit)"] == "é \"x\" [True, None, {'a': 1.5}] inf"
    assert done.returncode != 0 and "ZeroDivisionError: divide by zero" in done.stderr
    assert made.cells[-1].outputs == []


@pytest.mark.parametrize("language", [None, "micropython"], ids=["today", "of an older kernel"])
def test_papermill_knows_the_language_without_a_word_more(tmp_path: Path, language: str | None) -> None:
    nbformat.write(notebook(*CELLS[:3], language=language), tmp_path / "in.ipynb")
    found = papermill.inspect_notebook(tmp_path / "in.ipynb")
    assert found["n"] == {"name": "n", "inferred_type_name": "None", "default": "3", "help": "how many"}
    made = papermill.execute_notebook(tmp_path / "in.ipynb", None, {"n": 8}, prepare_only=True)
    assert made.cells[2].metadata.tags == ["injected-parameters"]
    assert made.cells[2].source == "# Parameters\nn = 8\n"


PLAIN_CELLS = [
    "%connect virtual",
    "# which board\n%connect virtual --wait 5",
    "from machine import Pin\nx = 5 % 3\nx",
    "# on this computer\n%%python\nimport os\nprint(os.getcwd())",
    "!ls -l",
    "%%file main.py\nprint(1)",
    "%%plot\nfor i in range(3):\n    print(i)",
    "%time\nx = 1",
    "%%bash\nls | grep x",
    "%put x = [1, 2]",
    "machine.Pin?",
    "# %connect virtual",
    "text = '''\n%connect\n'''\ntext;",
    "",
]


@pytest.mark.parametrize("kind", ["py:percent", "py:light", "md", "md:myst"])
def test_jupytext_gives_a_notebook_back_as_it_was(kind: str) -> None:
    text = jupytext.writes(notebook(*PLAIN_CELLS), fmt=kind)
    back = jupytext.reads(text, fmt=kind)
    assert [cell.source for cell in back.cells] == PLAIN_CELLS
    assert back.metadata["kernelspec"] == notebook().metadata["kernelspec"]
    if kind.startswith("py"):
        ast.parse(text)
        assert "\n# %connect virtual\n" in text and "\n# !ls -l\n" in text


def test_jupytext_takes_a_python_cell_without_a_comment_above_for_the_boards() -> None:
    """docs/front-ends.md tells it; when this fails, jupytext has become better, and the page can."""
    back = jupytext.reads(jupytext.writes(notebook("%%python\nprint(1)"), fmt="py:percent"), fmt="py:percent")
    assert [cell.source for cell in back.cells] == ["print(1)"]


def test_nbconvert_runs_a_notebook_and_shows_python(tmp_path: Path, run: Run) -> None:
    nbformat.write(notebook(*CELLS), tmp_path / "in.ipynb")
    done = run(tmp_path, "nbconvert", "--execute", "--to", "html", "in.ipynb", "--output", "out")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.count('class="highlight hl-ipython3"') == len(CELLS)
    assert '<span class="nb">print</span>' in page
    assert 'class="err"' not in page  # "!echo" is no error to the lexer
    assert "sum 3\n" in page and "Connected to virtual" in page


@pytest.mark.soak
def test_nbconvert_to_markdown_runs_a_notebook_and_says_python(tmp_path: Path, run: Run) -> None:
    nbformat.write(notebook(*CELLS), tmp_path / "in.ipynb")
    done = run(tmp_path, "nbconvert", "--execute", "--to", "markdown", "in.ipynb", "--output", "out")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert page.count("```python\n") == len(CELLS)
    assert "\n    sum 3\n" in page


@pytest.mark.soak
def test_jupyter_execute_runs_a_notebook(tmp_path: Path, run: Run) -> None:
    made = notebook(*CELLS)
    del made.metadata["language_info"]
    nbformat.write(made, tmp_path / "in.ipynb")
    done = run(tmp_path, "jupyter", "execute", "--output=out", "in.ipynb")
    assert done.returncode == 0, done.stderr
    out = nbformat.read(tmp_path / "out.ipynb", 4)
    assert list(texts(out).values())[2:] == ["sum 3", "42", "shell"]
    assert out.metadata["language_info"]["name"] == "python"


def test_jupyter_run_runs_a_file_on_the_board(tmp_path: Path, run: Run) -> None:
    (tmp_path / "blink.py").write_text(f"{CONNECT}\nimport sys\nprint(sys.implementation.name)\n1/0\n")
    done = run(tmp_path, "jupyter", "run", "--kernel=micropython", "blink.py")
    assert "\nmicropython\n" in done.stdout
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stderr and "divide by zero" in done.stderr
