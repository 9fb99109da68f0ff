"""%suppressendcode: code typed to the board, which is not told to run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .test_writebytes import read

if TYPE_CHECKING:
    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter


def test_typed_code_runs_at_the_end_mark(jupyter: Jupyter) -> None:
    reply = jupyter.do("%suppressendcode\nfor i in range(3):\n    print(i * 6)\n\nprint('ü' * 20)\n5")
    assert (reply.stdout, reply.value) == ("", None)
    jupyter.do(r"%writebytes '\x04'")
    assert read(jupyter, ">") == "OK0\n6\n12\n" + "ü" * 20 + "\n\x04\x04>"


def test_other_magics_of_the_cell_work_and_the_next_cell_runs(jupyter: Jupyter) -> None:
    jupyter.do("x = 2")
    assert (
        jupyter.do("%comment first\n%suppressendcode\n%comment then\nx = 3\nwhile True: pass").stdout == "first\nthen\n"
    )
    assert jupyter.do("x").value == "2"


def test_code_that_cannot_be_typed_fails_the_cell(jupyter: Jupyter) -> None:
    assert jupyter.fail("%suppressendcode\n1\n'\x04'").name == "SourceError"
    assert jupyter.do("1").value == "1"
    error = jupyter.fail("%suppressendcode")
    assert (error.name, "above the code" in error.value) == ("MagicError", True)
    assert jupyter.do("1").value == "1"


def test_lines_are_typed_to_a_raw_line(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address} --raw")
    kernel.do(r"%writebytes \r\x03\x02")
    read(kernel, ">>> ")
    kernel.do("%suppressendcode\na = 6\na * 7")
    assert read(kernel, ">>> ").endswith(">>> a * 7\n42\n>>> ")
