"""``pytest --board`` as a stranger has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..test_pytest_plugin import PLUGIN
from ..test_pytest_plugin import stranger as stranger

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]


def run(stranger: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return stranger.runpytest_subprocess("-p", "no:cacheprovider", "-p", PLUGIN, *arguments, timeout=100)


def test_files_run_on_the_board_and_are_never_imported(stranger: pytest.Pytester) -> None:
    folder = stranger.mkdir("on_board")
    (folder / "__init__.py").write_text("1 / 0")
    (folder / "test_x.py").write_text(
        "import machine\nprint('loaded')\ndef test_a():\n    assert 1 == 1\ndef test_b():\n    print('said')\n"
        "    assert [1] == [2]\nclass TestC:\n    def test_d(self): machine.Pin(2)\n"
    )
    result = run(stranger, "--board", "virtual", "on_board", "--junitxml=out.xml")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*line 7, in test_b", "AssertionError: assert [[]1] == [[]2]", "said"])
    assert result.stdout.str().count("loaded") <= 1
    run(stranger, "--board=virtual", "on_board", "-k", "test_d").assert_outcomes(passed=1, deselected=2)


def test_a_board_that_is_not_there_ends_the_run(stranger: pytest.Pytester) -> None:
    stranger.makepyfile(test_x="def test_a(): pass\ndef test_b(): pass")
    result = run(stranger, "--board", "socket://127.0.0.1:1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Interrupted: the board cannot go on: *"])


def test_a_project_may_have_an_option_of_this_name(stranger: pytest.Pytester) -> None:
    stranger.makeconftest("def pytest_addoption(parser): parser.addoption('--board')")
    stranger.makepyfile(test_x="def test_a(): pass")
    run(stranger).assert_outcomes(passed=1)
