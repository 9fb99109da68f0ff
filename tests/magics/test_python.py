"""%python and %%python: the host's Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.mark.parametrize(
    ("cell", "name", "told"),
    [
        ("%python 1/0", "ZeroDivisionError", "division"),
        ("%python", "MagicError", "%%python runs a whole cell"),
        ("%python ", "MagicError", "%%python runs a whole cell"),
        ("%python x =", "SyntaxError", ""),
        ("%python raise SystemExit(3)", "SystemExit", "3"),
        ("%load", "MagicError", "filename"),
        ("%include no-such-file.py", "FileNotFoundError", "no-such-file.py"),
        ("%macro no-such-macro", "MagicError", "no-such-macro"),
        ("!false", "CommandFailed", "status 1"),
    ],
)
def test_a_magic_of_the_host_that_fails_ends_the_cell(jupyter: Jupyter, cell: str, name: str, told: str) -> None:
    jupyter.do("ran = 0")
    reply = jupyter.run(f"{cell}\nran = 1")
    assert reply.error.name == name
    assert told in reply.error.value
    assert jupyter.do("ran").value == "0"


def test_the_value_of_a_line_is_that_of_the_cell_where_the_board_gives_none(jupyter: Jupyter) -> None:
    assert jupyter.do("%python 6*7").value == "42"
    assert jupyter.do("%python 6*7\n1+1").value == "2"
    assert jupyter.do("%python 6*7\nx = 1").value == "42"


def test_names_stay_from_cell_to_cell(plain: Jupyter) -> None:
    plain.do("%%python\ndef double(n):\n    return 2 * n\nspeed = 21")
    assert plain.do("%python double(speed)").value == "42"
    assert plain.do("%%python\nretval = 5\n6").value == "5"
    assert plain.do("%%python\n6").value == "6"
    assert plain.do("%%python").value is None


def test_what_a_cell_gives_can_be_run_on_the_board(jupyter: Jupyter) -> None:
    assert jupyter.do("%%python -e\nf'{6}*7'").value == "42"


def test_a_traceback_shows_the_lines_of_the_cell(plain: Jupyter) -> None:
    error = plain.fail("%%python\ndef inverse(x):\n    return 1/x\ninverse(0)")
    assert error.name == "ZeroDivisionError"
    assert f"Cell In[{plain.do('%python 1').number - 1}], line 4" in error.text
    assert "----> 4 inverse(0)" in error.text
    assert "line 3, in inverse(x)" in error.text
    assert "return 1/x" in error.text
    assert "metakernel" not in error.text


def test_stop_ends_a_cell_of_the_host(plain: Jupyter) -> None:
    assert plain.run("%%python\nimport time\ntime.sleep(60)", stop_after=0.5).error.name == "KeyboardInterrupt"
    assert plain.do("%python 1").value == "1"


def test_the_folder_is_importable_only_while_a_cell_of_python_runs(start: Start, tmp_path: Path) -> None:
    (tmp_path / "my_helpers.py").write_text("answer = 42\n")
    (tmp_path / "secrets.py").write_text("password = 'of the board'\n")
    kernel = start(cwd=tmp_path)
    assert kernel.do("%%python\nimport my_helpers, secrets, os, sys\nmy_helpers.answer").value == "42"
    assert kernel.do("%python hasattr(secrets, 'token_hex'), os.getcwd() in sys.path").value == "(True, True)"
    assert kernel.do("%python my_helpers.answer").value == "42"
    assert kernel.do("%%python\nkept = sys.path\nlen(sys.path)").value == kernel.do("%python len(sys.path)").value
    # An expression of %put is evaluated outside of such a cell.
    assert kernel.fail("%put there=((os.getcwd() in sys.path) and 1/0)").name == "NotConnected"


def test_a_folder_that_a_cell_puts_on_the_path_stays(start: Start, tmp_path: Path) -> None:
    kernel = start(cwd=tmp_path)
    kernel.do("%%python\nimport os, sys\nsys.path.append(os.getcwd())")
    assert kernel.do("%python sys.path.count(os.getcwd())").value == "2"


def test_magic_and_its_list_need_no_argument(plain: Jupyter) -> None:
    assert "%connect" in plain.do("%magic").stdout
    assert "macros" in plain.do("%macro").stdout


def test_a_remote_function_follows_the_connected_board_and_shows_the_cells_lines(
    start: Start, virtual_address: str
) -> None:
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    kernel.do("%%python\n@board.remote\ndef half(n):\n    return 1 / n\n\np = board.proxy('table')")
    assert kernel.do("%python half(2)").value == "0.5"
    kernel.do(f"%connect {virtual_address}\ntable = [0]")
    assert kernel.do("%%python\np[0] = half(4)\nhalf(8)").value == "0.125"
    assert kernel.do("table").value == "[0.25]"
    error = kernel.fail("%python half(0)")
    assert error.name == "ZeroDivisionError"
    assert "return 1 / n" in error.text
    spin = "%%python\n@board.remote\ndef spin():\n    while True:\n        pass\n\nspin()"
    assert kernel.run(spin, stop_after=1).error.name == "KeyboardInterrupt"
    assert kernel.do("6*7").value == "42"
