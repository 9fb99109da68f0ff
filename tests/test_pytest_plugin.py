"""The fixture ``virtual_board`` as a stranger's tests have it."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .boards import needs_virtual
from .documents import DOCS

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

PLUGIN = "metakernel_micropython.pytest_plugin"


@pytest.fixture
def stranger(home: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Where a stranger's tests run, with this plug-in and no others: those take most of the time."""
    needs_virtual()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))  # with the compiled interpreter
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(stranger: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    """Run a stranger's tests; what nobody closes fails them."""
    stranger.makepyfile(source)
    return stranger.runpytest_subprocess("-p", "no:cacheprovider", "-p", PLUGIN, "-W", "error", *arguments, timeout=100)


def example() -> str:
    page = (DOCS / "virtual-parts.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(DRIVER = .*?)```", page, re.DOTALL)
    return str(source)


def test_the_examples_of_the_documentation_pass(stranger: pytest.Pytester) -> None:
    run(stranger, example()).assert_outcomes(passed=2)


def test_each_test_has_a_board_of_its_own_and_may_choose_it(stranger: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_nothing_is_left(virtual_board, number):
            assert virtual_board.parts.all() == []
            assert virtual_board.files.list() == []
            virtual_board.parts.attach("led", 15)
            virtual_board.execute("open('x', 'w').close()")

        @pytest.mark.virtual_board(heap=65536, board="esp32")
        def test_it_is_what_was_asked_for(virtual_board):
            assert virtual_board.platform == "esp32"
            assert virtual_board.evaluate("__import__('gc').mem_free()") < 65536
            assert virtual_board.parts.attach("led", 35).pins == {"pin": 35}

        def test_that_fails(virtual_board):
            virtual_board.execute("1 / 0")
    """
    result = run(stranger, source, "--strict-markers")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_it_loads_nothing_before_a_test_asks_for_a_board() -> None:
    code = (
        f"import sys, pytest\nbefore = set(sys.modules)\nimport {PLUGIN}\n"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('__')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == f"['metakernel_micropython', '{PLUGIN}']"
