"""Cells as programs, run by the host's Python in place of a board: the wrapping is the same for both."""

from __future__ import annotations

import builtins
import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.cell import program as cells
from metakernel_micropython.cell.program import ValueFilter, prepare, value_line


def run(source: str, mark: str) -> tuple[str, str | None, dict[str, Any]]:
    """Execute a program; return its output, the value of its last expression, and its variables."""
    names: dict[str, Any] = {}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "<stdin>", "exec"), names)
    values = ValueFilter(mark)
    shown = values.feed(out.getvalue()) + values.flush()
    names.pop("__builtins__")
    if hasattr(builtins, "_"):
        names["builtins._"] = vars(builtins).pop("_")
    return shown, values.value, names


def run_cell(code: str) -> tuple[str, str | None, dict[str, Any]]:
    program = prepare(code)
    return run(program.source, program.mark)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1+1", "2"),
        ("'é'", "'é'"),
        ("x = 1", None),
        ("x = 1; x", "1"),
        ("x = 1\nx  # why; not?", "1"),
        ("1;", None),
        ("1; # quiet", None),
        ("1 ;  ", None),
        ("1\\\n;", None),
        ("None", None),
        ("0", "0"),
        ("''", "''"),
        ("[]", "[]"),
        ("1, 2", "(1, 2)"),
        ("*[1, 2], 3", "(1, 2, 3)"),
        ("(1 +\n # one\n 2)", "3"),
        ("1 + \\\n2", "3"),
        ("'''a\nb'''", "'a\\nb'"),
        ("(x for x in [1]).__next__()", "1"),
        ("(y := 5)", "5"),
        ("lambda: 1\n3 if True else 4", "3"),
        ("f = lambda v, m: (v, m)\nf(1, 2)", "(1, 2)"),
        ("if True:\n    5", None),
        ("def f():\n    return 1", None),
        ("'ü'; 'ß' + 'x'", "'ßx'"),
        ("1\f", "1"),
        ("x = 1\r\nx\r\n", "1"),
        ("# only a comment", None),
        ("", None),
        ("\n\n7\n\n", "7"),
    ],
)
def test_the_value_of_the_last_expression_is_shown_unless_it_is_none_or_a_semicolon_follows(
    code: str, value: str | None
) -> None:
    shown, got, _ = run_cell(code)
    assert (shown, got) == ("", value)


def test_the_value_becomes_an_underscore_among_the_builtins_and_no_name_is_left() -> None:
    assert run_cell("x = 3\nx * 2")[2] == {"x": 3, "builtins._": 6}
    assert run_cell("x = 3\nNone")[2] == {"x": 3}


def test_the_dict_of_all_names_is_not_kept() -> None:
    assert run_cell("globals() and 5")[2] == run_cell("(locals(), 5)")[2] == {}


def test_an_underscore_of_the_users_stays() -> None:
    assert run_cell("_ = str.upper\n_('x')")[2] == {"_": str.upper, "builtins._": "X"}


@pytest.mark.parametrize("name", ["print", "globals", "repr", "None_", "id", "all", "abs", "list"])
def test_a_name_of_the_users_changes_nothing_about_the_value(name: str) -> None:
    shown, value, names = run_cell(f"{name} = 5\n6 * 7")
    assert (shown, value, names[name]) == ("", "42", 5)


def test_what_is_printed_is_kept_apart_from_the_value() -> None:
    shown, value, _ = run_cell("print('a')\nprint('b', end='') or 1")
    assert (shown, value) == ("a\nb", "1")


@pytest.mark.parametrize(
    "code", ["1 +", "def", "x = = 1", "print 1", "\0", "'\ud800'", "(" * 5000, "@micropython.x\n1"]
)
def test_what_the_hosts_parser_cannot_read_goes_to_the_board_as_it_is(code: str) -> None:
    program = prepare(code)
    assert (program.source, program.mark) == (code, "")


def test_lines_above_the_code_keep_line_numbers_true() -> None:
    assert prepare("x = 1", 3).source == "\n\n\nx = 1"
    assert prepare("1/0", 2).source.split("\n")[2].endswith("=(1/0)")


def test_two_cells_have_different_marks() -> None:
    assert prepare("1").mark != prepare("1").mark


def test_all_cells_together_have_few_marks_because_a_board_keeps_each_for_good() -> None:
    assert len({prepare("1").mark for _ in range(1000)}) <= 8


PIECES = st.sampled_from(
    [
        "x = 1", "x", "1", "'ü€𝄞'", '"a;b"', "print('p')", "# note ?", "", "    ", "if x:\n    x", "(1,\n 2)",
        "'''m\n;n'''", "x; x", "x;", "x ; # c", "x \\\n+ 1", "def f(a):\n    return a", "f(2)", "[i for i in range(2)]",
        "lambda: 0", "not x", "x if x else 2", "1,", "*[1], 2", "(z := 4)", "b'\\x00'", "f'{x}'", "\tx", "1 +",
        "for i in x: i", "\f", "x\f", "\u2028x", "x = 'a\x0bb'", "\ufeffx", "await x", "yield", "...",
    ]
)  # fmt: skip
CELLS = st.lists(PIECES, max_size=6).flatmap(
    lambda lines: st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(lines), max_size=len(lines)).map(
        lambda ends: "".join(line + end for line, end in zip(lines, ends, strict=True))
    )
)


def compiles(source: str) -> bool:
    try:
        compile(source, "<stdin>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


@given(code=CELLS | st.text(max_size=30).map(lambda text: text.replace("\r", "")), above=st.integers(0, 3))
def test_a_prepared_cell_has_its_lines_and_can_be_read_wherever_the_cell_can(code: str, above: int) -> None:
    program = prepare(code, above)
    code = code.replace("\r\n", "\n").replace("\r", "\n")
    own, sent = ("\n" * above + code).split("\n"), program.source.split("\n")
    changed = value_line("\n" * above + code) if program.mark else len(own) + 1
    assert sent[: changed - 1] == own[: changed - 1]
    assert len(sent) >= len(own) if program.mark else len(sent) == len(own)
    if compiles(code):
        assert compiles(program.source)


@pytest.mark.parametrize("code", ["a = 1\ra", "x = '''\r'''\nx"])
def test_a_lone_carriage_return_is_no_trouble(code: str) -> None:
    assert compiles(prepare(code).source)


@given(code=CELLS)
def test_a_prepared_cell_does_what_the_cell_does(code: str) -> None:
    def outcome(source: str, mark: str) -> tuple[str, object]:
        try:
            shown, _, names = run(source, mark)
        except Exception as error:
            return "failed", type(error)
        for name in ("builtins._", "__doc__"):  # a string alone is a docstring no more once it is shown
            names.pop(name, None)
        return shown, {name: value for name, value in names.items() if not callable(value)}

    if compiles(code):
        program = prepare(code)
        assert outcome(program.source, program.mark) == outcome(code, "")


MARK = "\x1eab12"


def fed(text: str, cuts: list[int]) -> tuple[str, str | None]:
    values = ValueFilter(MARK)
    at = sorted({cut % (len(text) + 1) for cut in cuts})
    shown = "".join(values.feed(text[a:b]) for a, b in zip([0, *at], [*at, len(text)], strict=True))
    return shown + values.flush(), values.value


NOISE = st.text(alphabet="a\n\x1eb12[]", max_size=12).filter(lambda text: MARK not in text)


@given(before=NOISE, value=NOISE, after=NOISE, cuts=st.lists(st.integers(0, 100), max_size=8))
def test_the_value_is_found_however_the_output_is_split(before: str, value: str, after: str, cuts: list[int]) -> None:
    text = f"{before}{MARK} [{value}] {MARK}\n{after}"
    if text.count(MARK) == 2 and text.index(MARK) == len(before):
        assert fed(text, cuts) == (before + after, value)


@given(text=NOISE, cuts=st.lists(st.integers(0, 100), max_size=8))
def test_output_without_a_value_passes_unchanged(text: str, cuts: list[int]) -> None:
    assert fed(text, cuts) == (text, None)


def test_output_is_not_held_back_longer_than_it_may_be_the_start_of_a_mark() -> None:
    values = ValueFilter(MARK)
    assert values.feed("abc") == "abc"
    assert values.feed("x\x1ea") == "x"
    assert values.feed("!") == "\x1ea!"


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_value_that_is_too_long_is_shown_as_output(pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MAX_VALUE", 100)
    text = "x" * 500
    whole = f"before\n{MARK} [{text}] {MARK}\n"
    size = len(whole) // pieces + 1
    values = ValueFilter(MARK)
    shown = "".join(values.feed(whole[at : at + size]) for at in range(0, len(whole), size)) + values.flush()
    if values.value is None:
        assert shown == f"before\n{text}"
    else:
        assert (shown, values.value) == ("before\n", text)


def test_a_value_whose_repr_fails_leaves_no_bracket_behind() -> None:
    assert fed(f"{MARK} [", []) == ("", None)
    assert fed(f"{MARK} [A(", []) == ("A(", None)
