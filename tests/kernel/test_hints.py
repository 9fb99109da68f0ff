"""What is said below an error: it helps, it is true, and it never delays the error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.cell.hints import hints
from metakernel_micropython.errors import DeviceError

if TYPE_CHECKING:
    from pathlib import Path

    from metakernel_micropython.board import Board

    from ..conftest import Start
    from ..front_end import Jupyter, Reply


def said(reply: Reply) -> str:
    """What stands below the error, which came first."""
    kinds = [kind for _, kind, content in reply.messages if kind == "error" or content.get("name") == "stderr"]
    assert kinds[:1] == ["error"]
    return re.sub(r"\x1b\[[\d;]*m", "", reply.stderr).strip()


def test_frames_in_files_show_their_lines(jupyter: Jupyter) -> None:
    jupyter.do("f = open('sens.py', 'w')\nn = f.write('# 1\\ndef inverse(x):\\n  return 1/x\\n')\nf.close()")
    jupyter.do("import sens")
    reply = jupyter.run("sens.inverse(0)")
    assert said(reply) == "sens.py, line 3: return 1/x"
    assert 'File "sens.py", line 3, in inverse' in reply.error.text
    jupyter.do("import os\nos.remove('sens.py')")
    assert said(jupyter.run("sens.inverse(0)")) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError(-202)", "is the network connected?"),
        ("import numpy", "ulab"),
        ("import maths", "The board has a module called math."),
        ("import no_such_thing", "%mip install no_such_thing"),
        ("kept = bytearray(9999999)", "are free now"),
    ],
)
def test_what_to_do_next(jupyter: Jupyter, code: str, words: str) -> None:
    assert words in said(jupyter.run(code))


@pytest.mark.parametrize(
    "code", ["1/0", "nope", "raise OSError('text')", "raise OSError()", "raise SystemError", "x x"]
)
def test_nothing_is_said_where_there_is_nothing_to_say(jupyter: Jupyter, code: str) -> None:
    assert said(jupyter.run(code)) == ""


def test_numbers_get_the_names_that_they_have_on_this_board(jupyter: Jupyter, board_address: str) -> None:
    # The virtual board counts as WebAssembly's system interface does, others as Linux.
    number = 44 if board_address == "virtual" else 2
    assert "ENOENT" in said(jupyter.run(f"raise OSError({number})"))
    other = said(jupyter.run("raise OSError(110)"))
    assert other == "" if board_address == "virtual" else "ETIMEDOUT" in other


def test_a_module_that_lies_on_this_computer(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "my sensor.py").write_text("")
    (tmp_path / "sensor.py").write_text("")
    (tmp_path / "package").mkdir()
    kernel = start()
    kernel.do(f"%connect {virtual_address}")
    assert "sensor.py lies on this computer" in said(kernel.run("import sensor"))
    assert "%upload package" in said(kernel.run("import package.part"))
    kernel.do("%upload sensor.py\nimport sensor")


def test_a_stopped_cell_is_not_explained(jupyter: Jupyter) -> None:
    reply = jupyter.run("import time\nprint('on')\nwhile True: time.sleep(0.05)", stop_at="on")
    assert reply.error.name == "KeyboardInterrupt"
    assert said(reply) == ""


def test_explaining_leaves_no_names_behind(jupyter: Jupyter) -> None:
    jupyter.do("1")
    before = jupyter.do("sorted(globals())").value
    for code in ("import numpi", "raise OSError(5)", "bytearray(9999999)"):
        jupyter.fail(code)
    assert jupyter.do("sorted(globals())").value == before


def test_a_board_that_is_silent_or_talks_nonsense_adds_nothing(
    virtual_board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n  File "<b>.py", line 7, in g\nOSError: 5\n'
    )
    error = DeviceError("OSError", "5", trace)
    for answer in ("while True: pass", "print('x' * 100000)", "print('1 \\x1b[2J')", "print('nonsense')", "1/0"):
        monkeypatch.setattr("metakernel_micropython.cell.hints.snippets.apply", lambda *_, source=answer: source)
        told = list(hints(error, virtual_board, (), []))
        assert all(len(text) < 400 and text.isprintable() for text in told)


def test_silent_requests_are_not_explained(jupyter: Jupyter) -> None:
    assert jupyter.run("import numpy", silent=True).messages == []
