"""%%main and %deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("desk"))
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(desk: Jupyter) -> Jupyter:
    desk.connect_empty()
    return desk


def run_tagged(kernel: Jupyter, code: str, cell: str, tags: list[str]) -> None:
    """Run a cell as JupyterLab does, which tells the cell's id and tags."""
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    message: dict[str, Any] = kernel.client.session.msg(
        "execute_request", content, metadata={"cellId": cell, "tags": tags}
    )
    kernel.client.shell_channel.send(message)
    while True:
        reply = kernel.client.get_shell_msg(timeout=20)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            assert reply["content"]["status"] == "ok"
            return


def test_a_cell_becomes_main(jupyter: Jupyter) -> None:
    reply = jupyter.do("# note\n%%main\n\nimport gc\nprint('runs', gc.isenabled())\n")
    assert reply.stdout.startswith("Sent main.py: 40 bytes, ")
    assert jupyter.do("%cat main.py").stdout == "import gc\nprint('runs', gc.isenabled())\n"
    assert jupyter.do("%%main -x --to other.py\n6*7").value == "42"
    assert jupyter.do("%cat other.py").stdout == "6*7\n"
    jupyter.do("%rm main.py other.py")


def test_what_it_lacks_is_named_and_nothing_is_written(kernel: Jupyter) -> None:
    number = kernel.do("%boards\nled = 3\ndef blink(): pass").number
    cell = "%%main\nimport nothing_like_it\ndef f():\n    blink(led)\n"
    error = kernel.fail(cell)
    assert error.value.splitlines()[1:] == [
        f"  blink, which Cell In[{number}] defines",
        f"  led, which Cell In[{number}] defines",
        "  the module nothing_like_it, which the board does not have (%upload, %sync, %mip install)",
    ]
    assert "main.py" not in kernel.do("%ls").stdout
    kernel.do(cell.replace("%%main", "%%main --force"))
    assert "blink(led)" in kernel.do("%cat main.py").stdout
    kernel.do("%sendtofile -d lib/nothing_like_it.py\n\nled = 1")
    kernel.do("%%main\nfrom nothing_like_it import led\nled\n")


def test_modules_go_by_both_of_their_names(kernel: Jupyter) -> None:
    kernel.do("%%main\nimport uos, utime, time\n")
    assert "utime" in kernel.do("%cat main.py").stdout


def test_names_of_no_cell_are_found_on_the_board(kernel: Jupyter) -> None:
    kernel.do("%put limit=3")
    assert "  limit, which is on the board now and no cell defines" in kernel.fail("%%main\nprint(limit)").value
    kernel.do("%%main\nlimit = 1\nprint(limit)")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("a = 1\nb c\n", "Line 2 of main.py would be a syntax error"),
        ("%ls\nprint(1)\n", "runs without Jupyter"),
        ("print(1)\n%ls\n", "runs without Jupyter"),
    ],
)
def test_what_cannot_run_is_not_written(kernel: Jupyter, code: str, told: str) -> None:
    assert told in kernel.fail(f"%%main\n{code}").value
    assert "main.py" not in kernel.do("%ls").stdout


def test_cells_by_their_numbers(kernel: Jupyter) -> None:
    first = kernel.do("%boards\nimport math\n").number
    second = kernel.do("def area(radius):\n    return math.pi * radius * radius").number
    failed = kernel.run("1 / 0").number
    third = kernel.do("area(2)").number
    assert f"area, which Cell In[{second}] defines" in kernel.fail(f"%deploy {third}").value
    shown = kernel.do(f"%deploy {first}-{second} {third} --dry-run").stdout
    assert shown == "import math\n\ndef area(radius):\n    return math.pi * radius * radius\n\narea(2)\n"
    assert "main.py" not in kernel.do("%ls").stdout
    assert kernel.do(f"%deploy {first}-{second} {third}").stdout.startswith("Sent main.py: ")
    assert kernel.do("%cat main.py").stdout == shown
    assert "1 / 0" in kernel.do(f"%deploy {failed} -n").stdout
    assert "Cell In[99999] has not run" in kernel.fail("%deploy 99999").value
    assert "no number of a cell" in kernel.fail("%deploy main").value
    kernel.do(f"%deploy {first}-999999999999 -n")


def test_tagged_cells(kernel: Jupyter) -> None:
    assert "no cell with the tag 'main' has run" in kernel.fail("%deploy").value
    run_tagged(kernel, "a = 1", "one", ["main", "other"])
    run_tagged(kernel, "b = 2", "two", [])
    run_tagged(kernel, "c = 3", "three", ["main"])
    run_tagged(kernel, "a = 4", "one", ["main"])
    assert kernel.do("%deploy -n").stdout == "a = 4\n\nc = 3\n"
    assert "tag 'other'" in kernel.fail("%deploy --tag other").value
    run_tagged(kernel, "a = 5", "one", [])
    assert kernel.do("%deploy -n").stdout == "c = 3\n"
    kernel.do("%deploy --to /app.py")
    assert kernel.do("%cat app.py").stdout == "c = 3\n"


def test_wrong_uses(kernel: Jupyter) -> None:
    assert "empty" in kernel.fail("%%main\n\n").value
    assert "is written %%main" in kernel.fail("%main").value
    assert kernel.do("%deploy?").page.startswith("%deploy - ")
    assert kernel.do("%%main?").page.startswith("%%main - ")
