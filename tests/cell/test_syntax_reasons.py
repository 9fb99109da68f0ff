"""Why the board refuses a cell: what this computer's parser says of it, told where it is true of MicroPython too."""

from __future__ import annotations

import sys

import pytest

from metakernel_micropython.cell import syntax_reasons
from metakernel_micropython.cell.syntax_reasons import put_right, syntax_reason
from metakernel_micropython.errors import DeviceError


def refused(line: int, message: str = "invalid syntax", name: str = "SyntaxError", frame: str = "") -> DeviceError:
    """An error of the board, which names a line."""
    where = frame or f'  File "<stdin>", line {line}\n'
    return DeviceError(name, message, f"Traceback (most recent call last):\n{where}{name}: {message}\n")


@pytest.mark.parametrize(
    ("code", "board", "line", "words"),
    [
        ("if True\n  print(1)", 1, 1, "colon"),
        ("if True\n  print(1)", 2, 1, "colon"),  # as old firmware tells it
        ("x = 1\nprint((1, 2)\ny = 3\nz = 4", 3, 2, "this ( is never closed"),
        ("x = [1, 2\nprint(x)\n", 2, 1, "this [ is never closed"),
        ("f(1, 2\n\n\nprint(1)\n\n", 4, 1, "this ( is never closed"),
        ("\n\nx = {1: 2\nfor i in x: pass", 4, 3, "this { is never closed"),
        ("x = (1, 2]", 1, 1, "] does not close ("),
        ("print(1))", 1, 1, "this ) closes nothing"),
        ('x = "abc\nprint(x)', 1, 1, "no closing quote"),
        ('y = 1\nx = """abc\nprint(x)\n', 2, 2, "never closed"),
        ("print 'x'", 1, 1, "print is a function and needs brackets"),
        ("if x = 5:\n  pass", 1, 1, "== compares"),
        ("if x:\n  pass\nelse if y:\n  pass", 3, 3, "else if is written elif"),
        ("\nwhile 1:\nprint(1)", 3, 3, "'while' statement of line 2 has to be indented below it"),
        ("try:\n  1\nx=1", 3, 3, "no except or finally"),
        ("x = [1 2]", 1, 1, "comma"),
        ("foo(\n'a'\n'b' c\n)", 3, 3, "comma"),
        ("x = (1 +\n 2 3)", 2, 2, "comma"),
        ("if x <> 3: pass", 1, 1, "written !="),
        ("x = {'a': 1, 'b' 2}", 1, 1, "colon"),
        ("def f:\n  pass", 1, 1, "a ( is missing"),
        ("x++", 1, 1, "Python has no ++"),
        ("if x => 3: pass", 1, 1, "written >="),
        ("if a && b: pass", 1, 1, "written and"),
        ("for = 3", 1, 1, "for is a word of the language"),
        ("whlie True:\n  pass", 1, 1, "perhaps while is meant by whlie"),
        ("x = 1\nelse:\n  pass", 2, 2, "this else belongs to nothing"),
        ("x = 5 +", 1, 1, "missing behind +"),
        ("if x == 1 and:\n  pass", 1, 1, "missing behind and"),
        ("function f():\n  pass", 1, 1, "begins with def"),
    ],
)
def test_the_reason_and_its_place_are_told(code: str, board: int, line: int, words: str) -> None:
    error = refused(board)
    reason = syntax_reason(error, code)
    assert reason is not None
    assert words in reason.text
    assert reason.line == line
    assert str(reason).startswith(f"Line {line}")
    assert f'File "<stdin>", line {line}\n' in put_right(error, code)


def test_a_line_that_is_indented_like_none_is_named_itself() -> None:
    code = "if 1:\n    x = 1\n\n  y = 2\nz=3"
    error = refused(2, "unindent doesn't match any outer indent level", "IndentationError")
    reason = syntax_reason(error, code)
    assert reason == (4, "it is indented by 2; the lines above that it can belong to are indented by 0 or 4", 0)
    assert "line 4\n" in put_right(error, code)


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("1abc", "invalid syntax for integer with base 10: '1abc'", "a name does not begin with a digit"),
        ("1abc", "invalid syntax for integer with base 10", "a name does not begin with a digit"),
        ("x = 0777", "invalid syntax for integer with base 0: '0777'", "0o777"),
        ("x = 08", "invalid syntax for integer with base 0: '08'", "write 8"),
        ('print "x"', "cannot mix bytes and nonbytes literals", "print(...)"),
    ],
)
def test_numbers_and_the_words_of_old_firmware(code: str, message: str, words: str) -> None:
    reason = syntax_reason(refused(1, message), code)
    assert reason is not None
    assert words in reason.text


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = 1", refused(1)),  # the board lacks what this computer's Python has
        ("x y\nprint(1", refused(1)),  # the board stopped above
        ("a b", refused(1)),  # nobody knows
        (
            "exec('x y')\nprint(1",
            refused(1, frame='  File "<stdin>", line 1, in <module>\n  File "<string>", line 1\n'),
        ),
        ("import m\nprint(1", refused(2, frame='  File "m.py", line 2\n')),
        ("print(1", refused(1, "'return' outside function")),
        ("print(1", refused(1, "invalid syntax", "ValueError")),
        ("print(1", refused(1, frame='  File "<stdin>", line 1, in <module>\n')),
        ("print(1", refused(1, frame="nonsense\n")),
        ("print(1", refused(999_999_999, "invalid syntax for integer with base 10")),
        ("\0(", refused(1)),
        ("(" * 200_000, refused(1)),
        ("if 1:\n\tx=1\n        y=2\nz z", refused(4)),  # tabs and blanks: MicroPython takes them
        ("print('a => b && c')\nx y", refused(2)),
        ("x = 1 2 +", refused(1)),
        ("", refused(1)),
    ],
)
def test_nothing_is_claimed_that_is_not_known(code: str, error: DeviceError) -> None:
    assert syntax_reason(error, code) is None
    assert put_right(error, code) == error.traceback


@pytest.mark.parametrize("python", [(3, 11), (3, 12), (3, 14)])
def test_quotes_in_f_strings_that_only_an_old_python_refuses_are_not_blamed(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, int]
) -> None:
    if sys.version_info[:2] > python:
        pytest.skip("this Python takes them")
    monkeypatch.setattr(syntax_reasons.sys, "version_info", (*sys.version_info[:2], 0))
    assert syntax_reason(refused(2), 'print(f"{x["a"]}")\nx y') is None
    assert syntax_reason(refused(1), 'f"{x["a"]}" y') is None
    assert syntax_reason(refused(1), "f'{x['it']}' y") is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("'(' was never closed", "this ( is never closed"),
        ("closing parenthesis ']' does not match opening parenthesis '(' on line 1", "] does not close ("),
        ("unterminated f-string literal (detected at line 1)", "no closing quote"),
        ("expected an indented block after 'if' statement on line 1", "has to be indented"),
        ("expected an indented block after function definition on line 1", "function definition of line 1"),
        ("Missing parentheses in call to 'print'. Did you mean print(...)?", "brackets"),
        ("multiple exception types must be parenthesized when using 'as'", "(A, B)"),
        ("cannot assign to attribute here. Maybe you meant '==' instead of '='?", "=="),
    ],
)
def test_messages_of_every_python_are_understood(monkeypatch: pytest.MonkeyPatch, message: str, words: str) -> None:
    told = SyntaxError(message, ("<cell>", 1, 1, "x", 1, 2))
    monkeypatch.setattr(syntax_reasons, "_parsed", lambda _: told)
    reason = syntax_reason(refused(1), "x")
    assert reason is not None
    assert words in reason.text
