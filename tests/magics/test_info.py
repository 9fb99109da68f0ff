"""%info, %mem, %modules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..front_end import Jupyter, Reply


def shown(reply: Reply) -> dict[str, str]:
    (content,) = reply.of("display_data")
    data: dict[str, str] = content["data"]
    return data


def test_info_for_notebooks_and_consoles(jupyter: Jupyter) -> None:
    data = shown(jupyter.do("%info"))
    assert re.search(r"^Firmware +MicroPython v1\.", data["text/plain"], re.MULTILINE)
    assert re.search(r"^Memory +[█░]{20} [\d.]+ \w+ of ", data["text/plain"], re.MULTILINE)
    assert data["text/html"].startswith("<table>")
    assert "width:" in data["text/html"]


def test_what_a_board_says_is_no_markup(virtual: Jupyter) -> None:
    virtual.do("import sys\nclass m: freq = 0\nsys.modules['machine'] = m")
    virtual.do("m.unique_id = lambda: b'<'\nm.reset_cause = lambda: '<b>'")
    data = shown(virtual.do("%info"))
    assert "<b>" in data["text/plain"]
    assert "<b>" not in data["text/html"]
    assert "&lt;b&gt;" in data["text/html"]


def test_mem_tells_the_memory_now(jupyter: Jupyter) -> None:
    reply = jupyter.do("%mem\nprint('and the rest runs')")
    assert "free" in shown(reply)["text/plain"]
    assert reply.stdout == "and the rest runs\n"
    assert "GC: total" in jupyter.do("%mem -v").stdout


def test_mem_tells_what_a_cell_leaves_behind(jupyter: Jupyter) -> None:
    reply = jupyter.do("%%mem\nkept = bytearray(1000)\nlen(kept)")
    assert reply.value == "1000"
    found = re.fullmatch(r"Memory used: (\d+) bytes before, (\d+) after \(\+(\d+) bytes\), \d+ free\.\n", reply.stdout)
    assert found
    before, after, change = map(int, found.groups())
    assert after - before == change
    assert 1000 <= change < 1600


def test_mem_tells_it_of_a_failed_cell_too(jupyter: Jupyter) -> None:
    reply = jupyter.run("%%mem\n\n1/0")
    assert "line 3" in reply.error.text
    assert reply.stdout.startswith("Memory used: ")
    assert jupyter.do("1").stdout == ""  # and of no other cell


def test_modules_lists_and_filters(jupyter: Jupyter) -> None:
    assert re.search(r"\bgc\b.*\bmath\b", shown(jupyter.do("%modules"))["text/plain"])
    only = shown(jupyter.do("%modules ma*"))["text/plain"]
    assert "math" in only
    assert "gc" not in only
    assert "no_such" in jupyter.do("%modules no_such").stdout


def test_without_a_board_they_say_how_to_get_one(plain: Jupyter) -> None:
    for cell in ("%info", "%mem", "%%mem\n1", "%modules"):
        assert "%connect" in plain.fail(cell).value
