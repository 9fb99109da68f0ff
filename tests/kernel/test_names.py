"""What a learner calls things breaks nothing: every name that our code on the board uses may be the user's."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import snippets

from ..boards import needs_virtual
from ..front_end import Jupyter
from .test_input import Person

if TYPE_CHECKING:
    from collections.abc import Iterator


def _names() -> list[str]:
    """The builtins and modules that the snippets use, read from them: a new snippet is covered."""
    found = set("exec globals help input map sum compile eval repr id iter next format sorted".split())
    for path in Path(snippets.__file__).parent.glob("*.py"):
        if path.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and hasattr(builtins, node.id):
                found.add(node.id)
            elif isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return sorted(found | set("os sys gc time io binascii hashlib struct deflate zlib machine errno builtins".split()))


NAMES = _names()


def groups(jupyter: Jupyter) -> list[list[str]]:
    """All names at once, or a few at a time on a board with little memory."""
    size = 8 if jupyter.run("import sys\nsys.platform").value == "'microbit'" else len(NAMES)
    return [NAMES[at : at + size] for at in range(0, len(NAMES), size)]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """On the virtual board, which has room for all names at once."""
    needs_virtual()
    made = Jupyter(tmp_path_factory.mktemp("names"), {"MICROPYTHON_BOARD": "virtual"})
    yield made
    made.close()


# A small board takes the names in many groups; each sixth of these takes it a quarter of a minute.
@pytest.mark.parametrize("sixth", [0, *(pytest.param(sixth, marks=pytest.mark.soak) for sixth in range(1, 6))])
def test_every_name_that_our_code_uses_can_be_the_users(jupyter: Jupyter, sixth: int) -> None:
    mine = groups(jupyter)[sixth::6]
    if not mine:
        pytest.skip("one group holds all names")
    for names in mine:
        jupyter.do("\n".join(f"{name} = 5" for name in names))
        try:
            assert jupyter.do("6*7").value == "42", names
            jupyter.do("%%file t.txt\nhello")
            assert "t.txt" in jupyter.do("%ls").plain, names
            assert jupyter.do("%cat t.txt").stdout == "hello\n", names
            jupyter.do("%put p=[1, b'x', {3: 4}]")
            jupyter.do("%get q=p")
            assert jupyter.do("%python q").value == "[1, b'x', {3: 4}]", names
            for command in ("%df", "%modules", "%mem", "%time 6*7", "%timeit -n 2 -r 1 6*7", "%cd"):
                jupyter.run(command)  # not every board has all of these
            assert jupyter.complete("pri")[:1] == ["print"] or "print" in jupyter.complete("pri"), names
            jupyter.do("%rm t.txt")
        finally:
            jupyter.do("del " + ", ".join([*names, "p"]))


@pytest.mark.parametrize("command", ["%df", "%modules", "%mem", "%info", "%time 6*7", "%timeit -n 2 -r 1 6*7", "%cd"])
def test_commands_work_whatever_the_users_names_are(kernel: Jupyter, command: str) -> None:
    kernel.do("\n".join(f"{name} = 5" for name in NAMES))
    try:
        assert kernel.do(command).plain
    finally:
        kernel.do("del " + ", ".join(NAMES))


def test_input_and_display_stay_what_they_are(jupyter: Jupyter) -> None:
    names = "eval", "print", "getattr", "NameError", "EOFError"
    jupyter.do("\n".join(f"{name} = 5" for name in names))
    try:
        person = Person(jupyter, "Ada")
        assert person.run("input('name? ')").value == "'Ada'"
        assert person.asked == [("name? ", False)]
    finally:
        jupyter.do("del " + ", ".join(names))


def test_display_works_whatever_the_users_names_are(kernel: Jupyter) -> None:
    kernel.do("\n".join(f"{name} = 5" for name in NAMES if name not in ("display", "show")))
    try:
        reply = kernel.do('%%display\ndisplay({"a": 1})')
        assert reply.of("display_data")
    finally:
        kernel.do("del " + ", ".join(NAMES))


def test_a_print_of_the_users_does_not_touch_how_values_are_shown(jupyter: Jupyter) -> None:
    for definition in ("def print(s): pass", "def print(*a): pass", "print = 5"):
        jupyter.do(definition)
        assert jupyter.do("6*7").value == "42"
        jupyter.do("del print")


def test_an_underscore_of_the_users_stays(jupyter: Jupyter) -> None:
    jupyter.do("_ = hex")
    try:
        assert [jupyter.do("_(255)").value, jupyter.do("_(254)").value] == ["'0xff'", "'0xfe'"]
    finally:
        jupyter.do("del _")
    assert jupyter.do("_").value == "'0xfe'"


def test_the_globals_do_not_hold_themselves(jupyter: Jupyter) -> None:
    jupyter.do("globals()")
    assert int(jupyter.do("len(str(globals()))").value or 0) < 5000
    assert "_" not in (jupyter.do("[n for n in globals() if n == '_']").value or "")


@pytest.mark.parametrize("name", ["os", "binascii"])
def test_what_a_program_puts_into_sys_modules_is_named_and_no_line_is_blamed(kernel: Jupyter, name: str) -> None:
    kernel.do(f"import sys\nsys.modules['{name}'] = 5")
    try:
        said = kernel.fail("%sendtofile a.txt\nhello\n").value
    finally:
        kernel.do(f"import sys\ndel sys.modules['{name}']")
    assert f"the firmware's module {name}: in sys.modules" in said
    assert "the line loses" not in said
    kernel.do("%sendtofile a.txt\nhello\n")
    kernel.do("%rm a.txt")
