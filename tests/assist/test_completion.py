"""Completion without a board, and the questions that it asks one. What boards answer is tested with the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from metakernel_micropython.assist.completion import Completer
from metakernel_micropython.board import snippets
from metakernel_micropython.errors import BoardTimeout, LineLost

if TYPE_CHECKING:
    from metakernel_micropython.board import Board


class Answering:
    """Not a board: it counts what it is asked and answers what a test wants."""

    def __init__(self, answer: str | Exception = "", *, idle: bool = True) -> None:
        self.idle = idle
        self.answer = answer
        self.asked: list[str] = []

    def execute(self, source: str, *, timeout: float) -> str:
        self.asked.append(source)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def names(code: str, board: Answering | None = None, cursor: int | None = None) -> list[str]:
    return Completer().complete(code, len(code) if cursor is None else cursor, cast("Board", board)).names


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("speed = 1\nspe", ["speed"]),
        ("def spin(spot): pass\nsp", ["spin", "spot"]),
        ("größe = 1\ngrö", ["größe"]),
        ("whi", ["while"]),
        ("fo", ["for"]),
        ("impo", ["import"]),
        ("_x = 1\n_", ["_x"]),
        ("x.speed\nspe", []),
        ("a._secret = 1\nvalue = 2\nva", ["value"]),
    ],
)
def test_without_a_board_the_cells_own_names_and_keywords_are_offered(code: str, expected: list[str]) -> None:
    assert names(code) == expected


def test_names_below_the_cursor_count_and_the_one_at_it_does_not() -> None:
    assert names("spe\nspeed = 1", cursor=3) == ["speed"]
    assert names("spe") == []


@pytest.mark.parametrize("board", [None, Answering("print"), Answering("print", idle=False)])
@pytest.mark.parametrize(
    "code",
    ["'pri", '"pri', "x = 'a' + 'pri", "# pri", "x = 1  # pri", "'''pri", r"'a\'pri", "b'pri", "foo().pri", "x[0].pri"],
)
def test_nothing_is_offered_in_strings_comments_and_behind_calls(code: str, board: Answering | None) -> None:
    assert names(code, board) == []
    assert board is None or not board.asked


@pytest.mark.parametrize("code", ["f('x', pri", "'a' if pri", "rub = 1\n'\"' + pri", "'#' + pri", "'it''s' + pri"])
def test_behind_a_string_that_ended_names_are_offered(code: str) -> None:
    assert "print" in names(code, Answering("print\r\n"))


def test_a_busy_board_is_not_asked() -> None:
    board = Answering(idle=False)
    assert names("speed = 1\nspe", board) == ["speed"]
    assert names("import mac", board) == []
    assert not board.asked


@pytest.mark.parametrize("error", [BoardTimeout("late"), LineLost("gone")])
def test_completion_never_fails(error: Exception) -> None:
    assert names("speed = 1\nspe", Answering(error)) == ["speed"]
    assert names("x.spe", Answering(error)) == []
    assert names("import mac", Answering(error)) == []


def test_private_names_are_offered_when_asked_for() -> None:
    board = Answering("__class__ _own other\n")
    assert names("x.", board) == ["other"]
    assert names("x._", board) == ["__class__", "_own"]


def test_helper_names_are_not_offered() -> None:
    assert names("_", Answering(f"{snippets.NAME} _x")) == ["_x"]


def test_only_what_starts_with_the_prefix_is_offered_whatever_the_board_says() -> None:
    assert names("pri", Answering("print evil; private")) == ["print", "private"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import ma", ["machine", "math"]),
        ("import os, ma", ["machine", "math"]),
        ("import os as o, mac", ["machine"]),
        ("    import mac", ["machine"]),
        ("from mac", ["machine"]),
        ("import net", ["network"]),
        ("import lib", ["lib"]),
        ("import umqtt.s", ["umqtt.simple"]),
        ("import boot", ["boot"]),
        ("import a", []),
    ],
)
def test_modules_come_from_the_firmware_and_from_the_files(code: str, expected: list[str]) -> None:
    told = "__main__  machine  math\r\nnetwork  umqtt/simple\r\nPlus any modules on the filesystem\r\n"
    assert names(code, Answering(f"{told}\x1eboot.py\r\nlib\r\nnotes.txt\r\n")) == expected


def test_modules_are_asked_for_once_until_they_may_have_changed() -> None:
    board = Answering("machine\n\x1e")
    completer = Completer()
    for _ in range(3):
        completer.complete("import ma", 9, cast("Board", board))
    assert len(board.asked) == 1
    completer.forget()
    completer.complete("import ma", 9, cast("Board", board))
    assert len(board.asked) == 2


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "code",
    [
        "value_of_a_line = 1\n" * 20_000 + "val",
        "x" * 200_000,
        "import " + "a" * 200_000 + "!",
        "import " + "a, " * 20_000,
        "from a import " + "b, " * 20_000,
        "'" * 200_001,
    ],
    ids=["many lines", "long name", "import", "imports", "from import", "quotes"],
)
def test_completion_in_a_long_cell_is_quick(code: str) -> None:
    names(code)


def test_names_that_no_code_can_hold_are_not_offered() -> None:
    board = Answering("ok \x1b[2Jx a\u202eb two")
    assert names("x.", board) == ["ok", "two"]


@pytest.mark.parametrize(
    ("code", "after", "expected"),
    [
        ("d['", "", ["a b']", "alpha']"]),
        ("d['al", "", ["alpha']"]),
        ("d['", "']", ["a b", "alpha"]),
        ("d['", "]", ["a b'", "alpha'"]),
        ('x.y[ "', "", ['a b"]', 'alpha"]', "it's\"]"]),
    ],
)
def test_keys_of_a_dict_are_offered_in_its_index(code: str, after: str, expected: list[str]) -> None:
    board = Answering(repr(["alpha", "a b", "it's", "\x1b", 3]))
    assert names(code + after, board, len(code)) == expected


@pytest.mark.parametrize("code", ["a.go()['", "d[x]['", "['", "f('", "d['a\\"])
def test_only_a_dotted_name_is_looked_up_for_keys(code: str) -> None:
    board = Answering("['a']")
    assert names(code, board) == []
    assert not any("dict" in asked for asked in board.asked)


@pytest.mark.parametrize("answer", ["nonsense", "[" * 1000, "{'a': 1}", "", LineLost("gone")])
def test_an_answer_that_is_no_list_of_keys_offers_none(answer: str | Exception) -> None:
    assert names("d['", Answering(answer)) in ([], ["a']"])
