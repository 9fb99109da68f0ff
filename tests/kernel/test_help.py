"""What the kernel tells about names and magics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


@pytest.mark.parametrize("request_", ["speed?", "?speed", "speed??", "??speed", "  speed?  "])
def test_a_question_mark_asks_the_board(jupyter: Jupyter, request_: str) -> None:
    jupyter.do("speed = 41")
    page = jupyter.do(request_).page
    assert "int" in page
    assert "41" in page


def test_help_shows_members(jupyter: Jupyter) -> None:
    jupyter.do("class Motor:\n    def turn(self): pass\nm = Motor()")
    page = jupyter.do("m?").page
    assert "Motor" in page
    assert "turn" in page


def test_help_for_a_module_lists_its_members(jupyter: Jupyter) -> None:
    jupyter.do("import machine")
    assert "mem32" in jupyter.run("machine?").page


def test_a_question_mark_runs_nothing(jupyter: Jupyter) -> None:
    jupyter.do("ran = []\ndef f():\n    ran.append(1)")
    jupyter.run("f?")
    jupyter.run("?f")
    assert jupyter.do("ran").value == "[]"


def test_an_unknown_name_is_said_to_be_unknown(jupyter: Jupyter) -> None:
    assert "no_such" in jupyter.do("no_such?").page
    assert jupyter.inspect("no_such") == ""


def test_inspection_finds_the_name_at_the_cursor(jupyter: Jupyter) -> None:
    jupyter.do("speed = 41\nimport sys")
    assert "41" in jupyter.inspect("x = 1\nprint(speed)\ny", len("x = 1\nprint(spe"))
    assert "function" in jupyter.inspect("print(1, ")
    assert jupyter.inspect("sys.version").count("3.4") >= 1
    assert jupyter.inspect("'text'") == ""
    assert jupyter.inspect("") == ""


def test_inspection_of_a_huge_value_is_short(jupyter: Jupyter) -> None:
    jupyter.do("big = '0' * 2000")
    assert jupyter.inspect("big").count("0") < 1200


@pytest.mark.parametrize("request_", ["%connect?", "?%connect", "%connect??", "# note\n%connect?", "%connect --help"])
def test_help_for_a_magic_shows_its_usage(plain: Jupyter, request_: str) -> None:
    reply = plain.do(request_)
    text = reply.page if reply.content["payload"] else reply.stdout
    assert "--baud" in text
    assert "socket://" in text


def test_inspection_shows_a_magics_help(plain: Jupyter) -> None:
    assert "--baud" in plain.inspect("%connect")
    assert "--baud" in plain.inspect("# note\n%connect vir")
    assert plain.inspect("%no_such_magic") == ""


def test_a_question_mark_alone_says_how_to_begin(plain: Jupyter) -> None:
    assert "%connect" in plain.do("?").page
    assert "%lsmagic" in plain.do("??").page


def test_help_for_a_name_without_a_board_says_what_to_do(plain: Jupyter) -> None:
    assert "%connect" in plain.do("x?").page
    assert plain.inspect("x") == ""


def test_kernel_info_tells_what_it_is(plain: Jupyter) -> None:
    info = plain.kernel_info()
    assert info["implementation"] == "metakernel_micropython"
    assert info["language_info"]["name"] == "python"
    assert info["language_info"]["pygments_lexer"] == "ipython3"
    assert "%connect" in info["banner"]


def test_earlier_cells_are_found_in_the_history(plain: Jupyter) -> None:
    plain.run("%boards\n# find me")
    entries = plain._ask(plain.client.history(hist_access_type="search", pattern="*find me*", n=5), "history_reply")
    assert "find me" in entries["history"][-1][2]


def test_escapes_in_what_a_tooltip_shows_are_text(jupyter: Jupyter) -> None:
    jupyter.do("def told(): 'doc \\x1b[31m'\nred = '\\x1b[31m'\nclass A:\n  pass\nA.x = '\\x1b]0;title\\x07'")
    for code in ("told", "red", "A"):
        for text in (jupyter.inspect(code), jupyter.do(f"{code}?").page):
            assert text
            assert "\x1b" not in text
            assert "\x07" not in text
    assert "\\x1b[31m" in jupyter.inspect("red")
