"""Tests on the real boards, through the magics."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..front_end import Jupyter

CELL = """%%test
def double(x):
    return 2 * x
def test_good():
    assert double(2) == 4
def test_bad():
    print("its output")
    assert double(2) == 5
def test_exit():
    raise SystemExit
"""


def test_each_test_is_told_with_its_output_and_its_lines(jupyter: Jupyter) -> None:
    reply = jupyter.run(CELL)
    assert reply.error.name == "TestsFailed"
    assert reply.error.value == "2 of 3 tests failed: test_bad, test_exit."
    assert "ok       test_good" in reply.stdout
    assert "| its output" in reply.stdout
    assert f"Cell In[{reply.number}], line 8, in test_bad" in reply.stdout
    assert "AssertionError: assert 4 == 5" in reply.stdout
    assert "SystemExit" in reply.stdout
    # What the cell has defined is there, and nothing of ours.
    assert jupyter.do("double(4)").value == "8"
    assert jupyter.do("[n for n in globals() if 'mk' in n]").value == "[]"


def test_unittest_is_there_where_the_board_has_none(jupyter: Jupyter) -> None:
    reply = jupyter.run(
        "%%test\nfrom unittest import TestCase, skip\nclass A(TestCase):\n    def setUp(self): self.x = 1\n"
        "    def test_a(self): self.assertEqual(self.x, 1)\n    def test_b(self): self.assertEqual(self.x, 2)\n"
        "    @skip('later')\n    def test_c(self): pass\n"
    )
    assert reply.error.value == "1 of 2 tests failed: A.test_b."
    assert "AssertionError: 1 != 2" in reply.stdout
    assert "A.test_c" in reply.stdout and ": later" in reply.stdout


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    from ..front_end import Jupyter

    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do("%connect virtual")
    yield made
    made.close(now=True)


def test_a_test_that_hangs_asks_or_resets_fails_and_the_others_run(virtual: Jupyter) -> None:
    reply = virtual.run(
        "%%test --timeout 0.5\nimport machine\ndef test_hang():\n    while 1: print('x' * 40)\n"
        "def test_ask(): input('who? ')\ndef test_reset(): machine.reset()\n"
        "def test_marks(): print('\\x1e0000t', '\\x1e')\nasync def test_async(): assert 1 == 2\n"
    )
    assert reply.error.value == "4 of 5 tests failed: test_hang, test_ask, test_reset, test_async."
    for words in ("did not end within 0.5 s", "it asks 'who?'", "the board restarted", "ok       test_marks"):
        assert words in reply.stdout


def test_files_have_names_of_their_own(virtual: Jupyter, tmp_path: Path) -> None:
    folder = tmp_path / "with blanks"
    folder.mkdir()
    (folder / "test_a.py").write_text("x = 1\ndef test_x():\n    assert x == 1\n")
    (folder / "test_b.py").write_text("def test_y():\n    assert x == 1\ndef test_z(): pass\n")
    target = tmp_path / "out.xml"
    virtual.do("x = 5")
    reply = virtual.run(f"%test '{folder}' --junit '{target}'")
    assert reply.error.name == "TestsFailed"
    assert f'File "{folder}/test_b.py", line 2, in test_y' in reply.stdout
    assert "NameError" in reply.stdout
    assert len(ElementTree.parse(target).findall(".//testcase")) == 3
    assert virtual.do("x").value == "5"
    assert virtual.run(f"%test '{folder}' -k test_x").ok
    assert "Not run: " in virtual.fail(f"%test '{folder}/test_b.py' -x").value


def test_files_of_the_board_are_run(virtual: Jupyter) -> None:
    virtual.do("f = open('test_there.py', 'w')\nf.write('def test_t(): assert 1 == 1\\n')\nf.close()")
    assert "ok       :test_there.py::test_t" in virtual.do("%test :test_there.py").stdout


def test_stop_names_what_ran_and_what_did_not(virtual: Jupyter) -> None:
    reply = virtual.run(
        "%%test\ndef test_a():\n    print('x')\n    while 1: pass\ndef test_b(): pass\n", stop_after=1.0
    )
    assert reply.error.name == "TestsStopped"
    assert reply.error.value == "The tests were stopped in test_a. Not run: test_b."


@pytest.mark.parametrize("cell", ["%%test\nx = 1", "%%test -k other\ndef test_a(): pass"])
def test_no_test_is_a_failure(virtual: Jupyter, cell: str) -> None:
    assert virtual.fail(cell).name == "NoTests"


def test_coverage_of_a_module(virtual: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "signs.py").write_text("def sign(x):\n    if x < 0:\n        return -1\n    return 1\n")
    (tmp_path / "test_signs.py").write_text("import signs\ndef test_s():\n    assert signs.sign(1) == 1\n")
    reply = virtual.do(f"%test {tmp_path}/test_signs.py --coverage {tmp_path}/signs.py")
    assert "signs.py" in reply.plain
    assert "3, 2->3" in reply.plain
