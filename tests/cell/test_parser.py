"""Cells: magics on top, help requests, and code."""

from __future__ import annotations

from typing import Any

import pytest
from metakernel import Parser

from metakernel_micropython.cell.parser import (
    CellParser,
    assigned_magic,
    is_magic,
    leading_lines,
    name_after,
    name_before,
)

PARSER = CellParser()


def magic(code: str) -> dict[str, Any]:
    found: dict[str, Any] = PARSER.parse_code(code)["magic"]
    return found


@pytest.mark.parametrize(
    "code",
    [
        "%connect",
        "%connect /dev/ttyUSB0 --baud 9600",
        "%connect  spaced \nprint(1)\nprint(2)",
        "%%time\n\n1/0",
        "%%python --x\nimport os\n\nos.getcwd()\n",
        "%%%html",
        "!ls -l",
        "!!\nls\npwd",
        "\n\n%lsmagic\n",
        "?name",
        "??name",
        "?%connect",
        "name?",
        "machine.Pin??",
        "%connect?",
    ],
)
def test_normal_magics_are_parsed_as_metakernel_does(code: str) -> None:
    theirs = Parser().parse_code(code)["magic"]
    ours = magic(code)
    keys = ("name", "type") if theirs["name"] == "help" else ("name", "type", "args", "code", "prefix", "rest")
    assert {key: ours[key] for key in keys} == {key: theirs[key] for key in keys}


@pytest.mark.parametrize("code", ["x", "x.y", "a + machine.Pi", "print(", "%con", "", "x\ny.z", "é.ñ", "1", "a1"])
def test_the_name_at_the_cursor_is_found_as_metakernel_does(code: str) -> None:
    theirs, ours = Parser().parse_code(code), PARSER.parse_code(code)
    same = ("lines", "line_num", "line", "column", "end", "pre", "code", "post")
    assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}
    assert set(theirs) <= set(ours)
    assert ours["obj"] == theirs["obj"].lstrip("%").lstrip(".")[-len(ours["obj"]) :]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("x?", "x"),
        ("x??", "x"),
        ("?x", "x"),
        ("??x.y", "x.y"),
        ("?", ""),
        (" x.y? ", "x.y"),
        ("x?  # what", "x"),
        ("# note\n\nx??", "x"),
        ("?x.y # what?", "x.y"),
        ("x? # a\n# b", "x"),
        ("x?#y", None),
        ("%connect?", "%connect"),
        ("?%%time", "%%time"),
        ("x = 1  # sure?", None),
        ("# really?", None),
        ("print('why?')", None),
        ("x\ny?", None),
        ("x = 'what?'\n'?'", None),
        ("f(x)?", None),
        ("x???", None),
        ("1?", None),
    ],
)
def test_only_a_name_alone_with_question_marks_asks_for_help(code: str, asked: str | None) -> None:
    found = magic(code)
    if asked is None:
        assert found.get("name") != "help"
    else:
        assert (found["name"], found["args"]) == ("help", asked)


@pytest.mark.parametrize(
    ("cell", "above"),
    [
        ("%time", ""),
        ("# note\n%time", "# note\n"),
        ("\n  \n# a\n\n# b %c\n%%time\nx", "\n  \n# a\n\n# b %c\n"),
        ("# note\n!ls", "# note\n"),
        ("# note\nx = 1\n%time", ""),
        ("# note\n  %time", "# note\n  "),
        ("  %time", "  "),
        ("\t!ls", "\t"),
        ("  %d", "  "),
        ("  % 5", ""),
        ("  x = 1\n  %time", ""),
        ("x\n%time", ""),
        ("# only", ""),
        ("", ""),
    ],
)
def test_comments_and_blank_lines_may_stand_above_a_magic(cell: str, above: str) -> None:
    assert leading_lines(cell) == above


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%time", True),
        ("%%time x", True),
        ("!ls", True),
        ("!", True),
        ("%", False),
        ("% d", False),
        ("%(name)s", False),
        ("%5d", False),
        ("x % y", False),
        (" %time", False),
    ],
)
def test_a_magic_has_a_name_behind_its_percent_sign(line: str, expected: bool) -> None:
    assert is_magic(line) is expected


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = %timeit f()", "x = %timeit"),
        ("files = !ls", "files = !"),
        ("a = 1\n  data[0] = %get y", "data[0] = %get"),
        ("x = 1", ""),
        ("x %= 5", ""),
        ("x != y", ""),
        ("x = a % b", ""),
        ("x == !y", ""),
    ],
)
def test_a_magic_behind_an_equals_sign_is_told(code: str, told: str) -> None:
    assert (told in assigned_magic(code)) if told else not assigned_magic(code)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("x = machine.Pi", "n(2)", ("machine.Pi", "n")),
        ("größe", "", ("größe", "")),
        ("f().x", "", (".x", "")),
        ("3.x", "", ("", "")),
        ("", "abc", ("", "abc")),
        ("a[0", "]", ("", "")),
    ],
)
def test_names_around_the_cursor(before: str, after: str, name: tuple[str, str]) -> None:
    assert (name_before(before), name_after(after)) == name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("print(", "print"),
        ("machine.Pin(2, ", "machine.Pin"),
        ("f(g(1), ", "f"),
        ("f(1) ", ""),
        ("(", ""),
        ("f(g(", "g"),
    ],
)
def test_inside_a_call_help_is_about_the_function(line: str, name: str) -> None:
    assert PARSER.parse_code(line)["help_obj"] == name


def test_paths_of_the_host_are_not_listed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "print.txt").touch()
    monkeypatch.chdir(tmp_path)
    for code in ("pri", "open('", "./", "%load pri"):
        assert PARSER.parse_code(code)["path_matches"] == []


LONG = 200_000


@pytest.mark.timeout(10)  # MetaKernel's parser needs more than a quarter of an hour for each
@pytest.mark.parametrize(
    "line",
    [
        "x" * LONG,
        "x " * LONG,
        "a." * LONG,
        "(" * LONG,
        "f(" * LONG,
        "f(x)" * LONG,
        "'" + "0" * LONG + "'",
        "%time " + "x" * LONG,
        " " * LONG + "x",
        "x" + " " * LONG + "y",
        "?" * LONG,
        "?" + "x" * LONG + " y",
        "x" * LONG + "?",
        "x" * LONG + " ?",
        "%" * LONG,
        "\n" * LONG + "x",
        "# c\n" * LONG + "x",
    ],
    ids=lambda line: f"{line[:6]}...{line[-3:]}".encode("unicode_escape").decode(),
)
def test_a_long_last_line_is_parsed_in_linear_time(line: str) -> None:
    for code in (line, "x = 1\n" + line):
        PARSER.parse_code(code)
        leading_lines(code)


@pytest.mark.timeout(10)
def test_a_question_mark_and_many_spaces_are_parsed_in_linear_time() -> None:
    PARSER.parse_code("?" + " " * LONG + "x y")
