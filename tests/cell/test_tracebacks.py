"""Which cell a line of a traceback belongs to."""

from __future__ import annotations

import re

import pytest

from metakernel_micropython.cell import tracebacks
from metakernel_micropython.cell.failure import failure
from metakernel_micropython.cell.tracebacks import CellSources, render
from metakernel_micropython.errors import MagicError

HEAD = "Traceback (most recent call last):\n"
FUNCTION = "def f(x):\n    return 1/x"
METHOD = "class A:\n    def m(self):\n        return [1/x for x in [0]]"
UNREADABLE = "@rp2.asm_pio()\ndef g() -> print 1:\n    nop()\nprint 'py2'"


def located(known: CellSources, line: int, function: str | None, current: int) -> list[tuple[int, str]]:
    """The cells that a frame can lie in, each with its line."""
    return [(cell.number, cell.line(line)) for cell in known.holding(line, function, current)]


def told(traceback: str, *cells: str, current: int | None = None) -> list[str]:
    """The traceback after these cells were run as In[1], In[2], ...; without colours."""
    known = CellSources()
    for number, cell in enumerate(cells, 1):
        known.add(number, cell, cell)
    lines = render(traceback, known, current or len(cells))
    return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]


def frame(line: int, function: str | None = "<module>", file: str = "<stdin>") -> str:
    return f'  File "{file}", line {line}' + (f", in {function}" if function else "") + "\n"


@pytest.mark.parametrize(
    ("cells", "line", "function", "expected"),
    [
        (["1/0"], 1, "<module>", ["  Cell In[1], line 1, in <module>", "    1/0"]),
        (["x = 0\n\n1/x"], 3, "<module>", ["  Cell In[1], line 3, in <module>", "    1/x"]),
        ([FUNCTION, "f(0)"], 2, "f", ["  Cell In[1], line 2, in f", "    return 1/x"]),
        ([FUNCTION, FUNCTION + "+1", "f(0)"], 2, "f", ["  Cell In[2], line 2, in f", "    return 1/x+1"]),
        ([METHOD, "A().m()"], 3, "m", ["  Cell In[1], line 3, in m", "    return [1/x for x in [0]]"]),
        (
            [METHOD, "A().m()"],
            3,
            "<listcomp>",
            ["  Cell In[1], line 3, in <listcomp>", "    return [1/x for x in [0]]"],
        ),
        (["h = lambda: 1/0", "h()"], 1, "<lambda>", ["  Cell In[1], line 1, in <lambda>", "    h = lambda: 1/0"]),
        ([UNREADABLE, "g()"], 3, "g", ["  Cell In[1], line 3, in g", "    nop()"]),
        (["x"], 1, None, ["  Cell In[1], line 1", "    x"]),
        # A definition that no cell holds: the board's own words.
        (["f(0)"], 2, "f", ['  File "<stdin>", line 2, in f']),
        ([FUNCTION, "f(0)"], 9, "f", ['  File "<stdin>", line 9, in f']),
    ],
)
def test_a_frame_names_the_cell_and_shows_its_line(
    cells: list[str], line: int, function: str | None, expected: list[str]
) -> None:
    lines = told(HEAD + frame(line, function) + "ZeroDivisionError: divide by zero\n", *cells)
    assert lines == [HEAD.strip(), *expected, "ZeroDivisionError: divide by zero"]


def test_frames_of_files_on_the_board_stay_as_they_are() -> None:
    lines = told(HEAD + frame(1) + frame(12, "connect", "net.py") + "OSError: 5\n", "import net")
    assert lines[3] == '  File "net.py", line 12, in connect'


def test_what_shows_the_last_value_is_not_told() -> None:
    traceback = HEAD + frame(11) + frame(6, "__eq__") + frame(3, "__repr__") + "ValueError: \n"
    cell = "class A:\n    def __repr__(self):\n        raise ValueError\n"
    lines = told(traceback, cell, "\n(A(),\n)")
    frames = [line for line in lines if ", line" in line]
    assert frames == ["  Cell In[2], line 2, in <module>", "  Cell In[1], line 3, in __repr__"]


def test_a_comparison_of_the_users_is_told() -> None:
    cell = "class A:\n    x = 1\n    def __eq__(self, other):\n        raise ValueError\n"
    lines = told(HEAD + frame(1) + frame(4, "__eq__") + "ValueError: \n", cell, "A() == 1")
    assert [line for line in lines if "__eq__" in line and "Cell" in line] == ["  Cell In[1], line 4, in __eq__"]


def test_a_lambda_of_the_cell_is_told() -> None:
    traceback = HEAD + frame(1) + frame(1, "<lambda>") + "ZeroDivisionError: \n"
    assert [line for line in told(traceback, "(lambda: 1/0)()") if "<lambda>" in line]


def test_a_message_over_several_lines_is_kept() -> None:
    lines = told(HEAD + frame(1) + "ValueError: one\n  two\nthree\n", "x")
    assert lines[-3:] == ["ValueError: one", "  two", "three"]


def test_lines_of_a_cell_are_counted_from_its_top_below_magics() -> None:
    known = CellSources()
    known.add(1, "%%time\n\n1/0", "\n\n1/0")
    assert located(known, 3, "<module>", 1) == [(1, "1/0")]


def test_a_cell_that_ran_again_under_its_number_replaces_the_older_one() -> None:
    known = CellSources()
    known.add(1, "old", "old")
    known.add(1, "new", "new")
    assert located(known, 1, None, 1) == [(1, "new")]


def test_the_oldest_cells_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracebacks, "MAX_CELLS", 3)
    known = CellSources()
    for number in range(1, 6):
        known.add(number, FUNCTION, FUNCTION)
    assert located(known, 1, None, 2) == []
    assert located(known, 1, None, 3) == [(3, "def f(x):")]


@pytest.mark.parametrize(
    "text", ["", "\n", "Stop", "MemoryError: \n", "x: y: z", '  File "<stdin>", line 99999\n', "\x1b["]
)
def test_nothing_that_a_board_says_makes_it_fail(text: str) -> None:
    assert told(text, "x")
    assert render(text, CellSources(), 1)


A = "class A:\n    def go(self):\n        return 1/0"
B = "class B:\n    def go(self):\n        return [][1]"
DEF1, DEF2 = "def f(x):\n    return 1/x", "def f(x):\n    return 2/x"
WRAP1 = "def deco(fn):\n    def inner():\n        return fn()\n    return inner"
WRAP2 = "def timed(fn):\n    def inner():\n        fn()\n    return inner"
NAMED = "  Cell In[1] or Cell In[2], line {}, in {}"


@pytest.mark.parametrize(
    ("cells", "line", "function", "expected"),
    [
        # Methods of two classes on the same line.
        ([A, B, "A().go()"], 3, "go", [NAMED.format(3, "go")]),
        # An object of the old class, and one that nothing has used.
        ([A, "a = A()", A + "+1", "a.go()"], 3, "go", ["  Cell In[1] or Cell In[3], line 3, in go"]),
        ([A, A + "+1", "A().go()"], 3, "go", ["  Cell In[2], line 3, in go", "    return 1/0+1"]),
        # A function under another name, and its successor.
        ([DEF1, "g = f", DEF2, "g(0)"], 2, "f", ["  Cell In[1], line 2, in f", "    return 1/x"]),
        ([DEF1, "g = [f]", DEF2, "g += [f]", "g[0](0)"], 2, "f", ["  Cell In[1] or Cell In[3], line 2, in f"]),
        ([DEF1, "g = f", DEF2, "f(0)"], 2, "f", ["  Cell In[3], line 2, in f", "    return 2/x"]),
        ([DEF1, "print(f(1))", DEF2, "print(f(0))"], 2, "f", ["  Cell In[3], line 2, in f", "    return 2/x"]),
        ([DEF1, "t = Timer(callback=f)", DEF2, "idle()"], 2, "f", ["  Cell In[1], line 2, in f", "    return 1/x"]),
        ([DEF1.replace("return", "yield"), "g = f(0)", DEF2.replace("return", "yield"), "next(g)"], 2, "f",
         ["  Cell In[1] or Cell In[3], line 2, in f"]),
        # Inner functions of decorators, which run under one name.
        ([WRAP1, WRAP2, "z()"], 3, "inner", [NAMED.format(3, "inner")]),
        # Lambdas: those that something else may hold, and those that went with their statement.
        (["a = [lambda: 1/0]", "b = [lambda: [][1]]", "a[0]()"], 1, "<lambda>", [NAMED.format(1, "<lambda>")]),
        (["h = lambda: 1/0", "k = lambda: [][1]", "h()"], 1, "<lambda>",
         ["  Cell In[1], line 1, in <lambda>", "    h = lambda: 1/0"]),
        (["sorted(x, key=lambda a: 1/a)", "sorted(x, key=lambda a: 2/a)"], 1, "<lambda>",
         ["  Cell In[2], line 1, in <lambda>", "    sorted(x, key=lambda a: 2/a)"]),
        (["[1/x for x in a]", "[2/x for x in a]"], 1, "<listcomp>",
         ["  Cell In[2], line 1, in <listcomp>", "    [2/x for x in a]"]),
        # A cell that ran twice is one cell to whoever reads it.
        ([A, "A()", A, "A().go()"], 3, "go", ["  Cell In[3], line 3, in go", "    return 1/0"]),
    ],
)  # fmt: skip
def test_where_several_cells_can_hold_a_frame_all_are_named_and_no_line_is_shown(
    cells: list[str], line: int, function: str, expected: list[str]
) -> None:
    lines = told(HEAD + frame(1) + frame(line, function) + "ValueError: \n", *cells)
    assert lines[3:-1] == expected


def test_a_line_that_is_the_same_in_all_cells_that_fit_is_shown() -> None:
    lines = told(HEAD + frame(1) + frame(3, "go") + "ValueError: \n", A, "a = A()", A + "\n# more", "a.go()")
    assert lines[3:5] == ["  Cell In[1] or Cell In[3], line 3, in go", "    return 1/0"]


def test_a_definition_that_a_failed_cell_did_not_reach_is_not_taken_for_what_runs() -> None:
    known = CellSources()
    for number, cell in enumerate([DEF1, "boom()\n" + DEF2, "f(0)"], 1):
        known.add(number, cell, cell)
        if number == 2:
            render(HEAD + frame(1) + "NameError: boom\n", known, 2)
    text = "\n".join(render(HEAD + frame(1) + frame(2, "f") + "ValueError: \n", known, 3))
    assert "return 1/x" in text
    assert "In[2]" not in text


def test_a_cell_on_one_board_does_not_replace_what_another_board_has() -> None:
    known = CellSources()
    for number, (cell, board) in enumerate([(DEF1, "left"), (DEF2, "right"), ("f(0)", "left")], 1):
        known.add(number, cell, cell)
        known.ran_on(number, board)
    text = "\n".join(render(HEAD + frame(1) + frame(2, "f") + "ValueError: \n", known, 3, board="left"))
    assert "return 1/x" in text


def test_what_a_board_had_before_it_restarted_is_not_taken_for_what_runs() -> None:
    known = CellSources()
    cells = [DEF1, "g = f", DEF2, "g = f", "g(0)"]
    for number, cell in enumerate(cells, 1):
        if number == 3:
            known.restarted("left")
        known.add(number, cell, cell)
        known.ran_on(number, "left")
    traceback = HEAD + frame(1) + frame(2, "f") + "ValueError: \n"
    text = "\n".join(render(traceback, known, 5, board="left"))
    assert "Cell In[3], line 2" in text
    assert "return 2/x" in text
    assert "In[1] or" in "\n".join(render(traceback, known, 5, board=""))


def test_the_latest_cells_tell_what_names_a_board_has() -> None:
    known = CellSources()
    for number, cell in enumerate(["\na = 1", "b = 2" * 3, "c = 3", "\n\na = 1"], 1):
        known.add(number, cell, cell)
        known.ran_on(number, "left" if number != 3 else "right")
    assert known.code_on("left") == "b = 2" * 3 + "\na = 1\n"
    assert known.code_on("left", limit=15) == "a = 1\n"
    assert known.code_on("right", limit=0) == "c = 3\n"
    assert known.code_on("") == ""
    known.restarted("left")
    assert known.code_on("left") == ""


def test_a_cell_on_several_boards_is_known_on_each_until_that_restarts() -> None:
    known = CellSources()
    for number, cell in enumerate([DEF1, "f(0)"], 1):
        known.add(number, cell, cell)
        for board in ("left", "right"):
            known.ran_on(number, board)
        if number == 1:
            known.restarted("left")
    traceback = HEAD + frame(1) + frame(2, "f") + "ValueError: \n"
    assert "return 1/x" in "\n".join(render(traceback, known, 2, board="right"))
    known.add(3, DEF2, DEF2)
    known.ran_on(3, "left")
    assert "return 2/x" in "\n".join(render(traceback, known, 2, board="left"))


def test_a_board_under_another_name_has_what_it_had() -> None:
    known = CellSources()
    for number, (cell, board) in enumerate([(DEF1, "ttyACM0"), ("f(0)", "left")], 1):
        known.add(number, cell, cell)
        known.ran_on(number, board)
    traceback = HEAD + frame(1) + frame(2, "f") + "ValueError: \n"
    assert "return 1/x" in "\n".join(render(traceback, known, 2, board="left"))
    known.restarted("ttyACM0")
    assert "return 1/x" not in "\n".join(render(traceback, known, 2, board="left"))


def test_many_cells_that_fit_are_told_shortly() -> None:
    cells = [f"class C{n}:\n    def go(self):\n        return {n}/0" for n in range(9)]
    lines = told(HEAD + frame(1) + frame(3, "go") + "ValueError: \n", *cells, "C1().go()")
    assert lines[3] == "  an earlier cell, Cell In[6], Cell In[7], Cell In[8] or Cell In[9], line 3, in go"


def test_what_a_board_says_moves_no_cursor_in_the_error() -> None:
    lines = told(HEAD + frame(1) + "ValueError: \x1b[2J\x07gone\u202e\tand on\n", "x")
    assert lines[-1] == "ValueError: \\x1b[2J\\x07gone\\u202e\tand on"


Colour = tuple[float, float, float]

ERROR_BACKGROUNDS: dict[str, Colour] = {"light": (255, 221, 221), "dark": (81, 31, 27)}
"""What JupyterLab 4 shows errors on: #fdd, and rgba(244, 67, 54, .28) above #111."""

TEXT: dict[str, Colour] = {"light": (33, 33, 33), "dark": (255, 255, 255)}
"""The colour of text that no code colours: bold is one of weight, and so are all codes that the table below lacks."""

COLOURS: dict[str, Colour] = {
    "30": (62, 66, 77),
    "31": (231, 92, 88),
    "32": (0, 162, 80),
    "33": (221, 182, 43),
    "34": (32, 143, 251),
    "35": (209, 96, 196),
    "36": (96, 198, 200),
    "37": (197, 193, 180),
}
"""What JupyterLab shows for the codes, in each of its themes."""


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of WCAG 2, from 1 to 21."""

    def luminance(colour: Colour) -> float:
        parts = [value / 255 for value in colour]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_each_part_of_an_error_is_readable_in_jupyterlabs_light_and_dark_theme() -> None:
    known = CellSources()
    known.add(1, FUNCTION, FUNCTION)
    shown = render(HEAD + frame(2, "f") + "ZeroDivisionError: divide by zero\n", known, 1)
    shown += failure(MagicError("x")).traceback + failure(KeyboardInterrupt()).traceback
    codes = set(";".join(re.findall(r"\x1b\[([\d;]*)m", "\n".join(shown))).split(";"))
    assert codes >= {"0", "1"}
    for theme, background in ERROR_BACKGROUNDS.items():
        for code in codes:
            assert contrast(COLOURS.get(code, TEXT[theme]), background) >= 4.5, (theme, code)
