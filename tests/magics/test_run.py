"""%run: files of this computer and modules of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """\
# a comment
def inverse(x):
    return 1 / x


print(__name__)
y = 6 * 7
y
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("desk"))
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(desk: Jupyter, tmp_path: Path) -> Jupyter:
    desk.do(f"%python import os; os.chdir({str(tmp_path)!r})")
    desk.connect_empty()
    return desk


def test_a_file_runs_as_a_cell_does(jupyter: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    reply = jupyter.do(f"%run '{tmp_path}/program.py'")
    assert (reply.stdout, reply.value) == ("__main__\n", None)
    reply = jupyter.do(f"%run '{tmp_path}/program.py'\nprint('below')\ny")
    assert (reply.stdout, reply.value) == ("__main__\nbelow\n", "42")
    text = jupyter.fail("\n\ninverse(0)").text
    assert f'File "{tmp_path}/program.py", line 3, in inverse\n    return 1 / x' in text
    assert "line 3, in <module>\n    inverse(0)" in text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_errors_tell_the_files_lines(kernel: Jupyter, tmp_path: Path, end: str) -> None:
    lines = ["def f(x):", "    # é", "    raise ValueError(x)", "", "f('no')"]
    (tmp_path / "bad.py").write_bytes(("\ufeff" + end.join(lines)).encode())
    reply = kernel.run("# note\n%run bad.py\nprint('not run')")
    assert reply.error.name == "ValueError"
    assert "not run" not in reply.stdout
    assert reply.error.text.splitlines() == [
        "Traceback (most recent call last):",
        '  File "bad.py", line 5, in <module>',
        "    f('no')",
        '  File "bad.py", line 3, in f',
        "    raise ValueError(x)",
        "ValueError: no",
    ]


def test_what_does_not_compile_tells_its_line(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = 1\nx = = 2\n")
    error = kernel.fail("%run bad.py")
    assert error.name == "SyntaxError"
    assert 'File "bad.py", line 2' in error.text


def test_cells_with_the_same_lines_are_not_taken_for_the_file(kernel: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    return 1 / 0\n")
    (tmp_path / "b.py").write_text("def f():\n    return 2 / 0\n")
    kernel.do("%run a.py\n%run b.py")
    assert 'File "b.py", line 2, in f\n    return 2 / 0' in kernel.fail("f()").text
    reply = kernel.do("def f():\n    return 3 / 0")
    assert f"Cell In[{reply.number}], line 2, in f\n    return 3 / 0" in kernel.fail("f()").text
    assert 'File "a.py", line 2, in f' in kernel.fail("%run a.py\nf()").text


def test_stop_ends_it_and_questions_are_asked(jupyter: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("print('begun')\nwhile True:\n    pass\n")
    reply = jupyter.run(f"%run '{tmp_path}/endless.py'", stop_at="begun")
    assert reply.error.name == "KeyboardInterrupt"
    assert "endless.py" in reply.error.text
    (tmp_path / "asks.py").write_text("input('name? ')\n")
    assert jupyter.fail(f"%run '{tmp_path}/asks.py'").name == "CannotAsk"
    assert jupyter.do("6*7").value == "42"


def test_a_module_of_the_board_runs_as_a_program(kernel: Jupyter) -> None:
    kernel.do("%sendtofile app.py\n\nx = 1\nif __name__ == '__main__':\n    print('runs', __name__)\n")
    kernel.do("%sendtofile -d lib/pack/__main__.py\n\nprint('packed')\n")
    kernel.do("%sendtofile lib/pack/sub.py\n\nprint(1 / 0)\n")
    kernel.do("x = 5")
    for _ in range(2):
        assert kernel.do("%run -m app").stdout == "runs __main__\n"
    assert kernel.do("x").value == "5", "it has names of its own"
    assert kernel.do("%run --module pack").stdout == "packed\n"
    error = kernel.fail("%run -m pack.sub")
    assert error.text.splitlines() == [
        "Traceback (most recent call last):",
        '  File "/lib/pack/sub.py", line 1, in <module>',
        "ZeroDivisionError: divide by zero",
    ]
    assert "lambda" not in kernel.fail("%run -m nothing_like_it").text
    assert kernel.fail("%run -m nothing_like_it").name == "ImportError"
    kernel.do("%run -m os")


def test_every_board_runs_its_modules(jupyter: Jupyter) -> None:
    jupyter.do("%sendtofile app.py\n\nprint('runs', __name__)\n")
    assert jupyter.do("%run -m app").stdout == "runs __main__\n"
    jupyter.do("%rm app.py")


def test_errors_say_what_to_do(kernel: Jupyter, tmp_path: Path) -> None:
    assert "There is no none.py on this computer" in kernel.fail("%run none.py").value
    kernel.do("%sendtofile there.py\n\n1")
    assert "The board has one: %run -m there" in kernel.fail("%run there.py").value
    (tmp_path / "a.mpy").write_bytes(b"M")
    assert "%upload" in kernel.fail("%run a.mpy").value
    (tmp_path / "bin.py").write_bytes(b"\xff\xfe")
    assert "bin.py on this computer is no text" in kernel.fail("%run bin.py").value
    assert "-m" in kernel.fail("%run").value
    assert kernel.fail("%run -m a b.py").name == "ImportError"  # b.py is an argument
    assert "'a-b' is no name of a module" in kernel.fail("%run -m a-b").value
    assert kernel.do("%run?").page.startswith("%run - ")
    assert kernel.complete("%run bi") == ["%run bin.py"]
