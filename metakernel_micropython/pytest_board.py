"""pytest with ``--board``: files of tests run on a board, an item for each test.

The files are programs for MicroPython: Python never imports them. ``pytest_plugin`` loads this module where the option
is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .board import Board
from .board_tests.files import text_of
from .board_tests.report import problem_lines, shortened
from .board_tests.results import Outcome, Result, TestsStopped
from .board_tests.suite import suite_of
from .board_tests.suite_runner import Runner
from .errors import DeviceError, LineLost, MicroPythonError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .board_tests.suite import Case, Suite


@dataclass(frozen=True)
class _Crash:
    """What pytest's summary and its JUnit file say in one line."""

    path: str
    lineno: int
    message: str


class _Told:
    """What is shown of a test that has failed."""

    def __init__(self, text: str, crash: _Crash) -> None:
        self.text = text
        self.reprcrash = crash

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Show it."""
        for line in self.text.split("\n"):
            marked = not line.startswith(" ")
            writer.line(line, red=marked)


class TestFailed(Exception):
    """A test on the board has failed."""

    __test__ = False

    def __init__(self, result: Result) -> None:
        super().__init__(result.summary)
        self.result = result


class BoardLost(Exception):
    """The board was lost, or cannot be had."""


class BoardFile(pytest.File):
    """A file of tests for a board."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Give its tests, those of a class within one of its own."""
        path = _shown(self.config, self.path)
        try:
            suite = suite_of(path, text_of(path, self.path.read_bytes()))
        except (MicroPythonError, OSError) as error:
            raise self.CollectError(str(error)) from error
        if suite.unreadable:
            raise self.CollectError(f"{path} cannot be read: {suite.unreadable}")
        for remark in suite.remarks:
            self.warn(pytest.PytestCollectionWarning(remark))
        for owner, cases in _by_owner(suite):
            if owner:
                yield BoardClass.from_parent(self, name=owner, suite=suite, cases=cases)
            else:
                for case in cases:
                    yield BoardItem.from_parent(self, name=case.name, suite=suite, case=case)


class BoardClass(pytest.Collector):
    """A class of tests for a board."""

    def __init__(self, *, suite: Suite, cases: list[Case], **options: Any) -> None:
        super().__init__(**options)
        self._suite = suite
        self._cases = cases

    def collect(self) -> Iterator[pytest.Item]:
        """Give its tests."""
        for case in self._cases:
            yield BoardItem.from_parent(self, name=case.name, suite=self._suite, case=case)


class BoardItem(pytest.Item):
    """A test that runs on a board."""

    def __init__(self, *, suite: Suite, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.suite = suite
        self.case = case

    def runtest(self) -> None:
        """Run it."""
        plugin = self.config.pluginmanager.get_plugin(BoardPlugin.NAME)
        assert isinstance(plugin, BoardPlugin)
        result = plugin.run(self)
        if result.output:
            self.add_report_section("call", "stdout", shortened(result.output))
        if result.outcome is Outcome.SKIPPED:
            pytest.skip(result.reason)
        if result.failed:
            raise TestFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what is shown of its failure."""
        error = excinfo.value
        if isinstance(error, BoardLost):
            return _Told(str(error), _Crash(str(self.path), self.case.line, str(error)))
        if not isinstance(error, TestFailed):
            return super().repr_failure(excinfo, style)
        lines = [line for problem in error.result.problems for line in problem_lines(problem)]
        return _Told("\n".join(lines), _Crash(str(self.path), error.result.line, error.result.summary))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is defined, and its name."""
        return self.path, self.case.line - 1, self.case.title


class BoardPlugin:
    """Collects files for a board, and runs their tests there.

    Args:
        address: of the board, as ``Board.connect`` takes it.
        timeout: seconds for each test.
    """

    NAME = "metakernel_micropython_board"

    def __init__(self, address: str, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._board: Board | None = None
        self._runner: Runner | None = None

    # -- hooks of pytest -----------------------------------------------------------------------------------------

    def pytest_report_header(self) -> str:
        """Say where tests run."""
        return f"board: {self._address}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> BoardFile:
        """Take a file in the place of pytest's own module, which would import it."""
        return BoardFile.from_parent(parent, path=module_path)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Take a folder for a folder, also where it has an ``__init__.py``, which pytest would import."""
        if not (path / "__init__.py").is_file():
            return None
        folder: pytest.Collector = pytest.Dir.from_parent(parent, path=path)
        return folder

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Do what follows the last test of a class or file."""
        if self._runner is None or not isinstance(item, BoardItem) or item.session.shouldstop:
            return
        following = nextitem if isinstance(nextitem, BoardItem) else None
        with self._losses(item):
            found = self._runner.leave(*((following.suite, following.case) if following else (None, None)))
        if found:
            raise TestFailed(found[0])

    def pytest_sessionfinish(self) -> None:
        """Take from the board what is ours, and let it go."""
        if self._board is None:
            return
        try:
            if self._runner is not None and self._board.lost is None:
                self._runner.close()
        except MicroPythonError:
            pass  # it is told by the test that the session has ended with
        finally:
            self._board.close()
            self._board = self._runner = None

    # -- on the board --------------------------------------------------------------------------------------------

    def run(self, item: BoardItem) -> Result:
        """Run an item's test.

        Raises:
            BoardLost: the board is not there, or not any more; the session ends.
            KeyboardInterrupt: somebody has stopped it.
        """
        with self._losses(item):
            if self._board is None:
                self._board = Board.connect(self._address)
            if self._runner is None:
                self._runner = Runner(self._connected, timeout=self._timeout)
            result = self._runner.run(item.suite, item.case)
            if loaded := self._runner.loaded_output:
                item.add_report_section("setup", "stdout", shortened(loaded))
                self._runner.loaded_output = ""
            return result

    def _connected(self) -> Board:
        assert self._board is not None
        return self._board

    def _losses(self, item: pytest.Item) -> _Losses:
        return _Losses(item)


class _Losses:
    """Ends the session where the board is gone."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, TestsStopped) or (isinstance(error, DeviceError) and error.name == "KeyboardInterrupt"):
            raise KeyboardInterrupt from error
        if isinstance(error, MicroPythonError):
            what = "the board was lost" if isinstance(error, LineLost) else "the board cannot go on"
            self._item.session.shouldstop = f"{what}: {error}"
            raise BoardLost(f"{what[0].upper()}{what[1:]}: {error}") from error


def _shown(config: pytest.Config, path: Path) -> str:
    try:
        return str(path.relative_to(config.rootpath))
    except ValueError:
        return str(path)


def _by_owner(suite: Suite) -> list[tuple[str, list[Case]]]:
    """Return the cases by their class, in the order in which the first of each stands there."""
    found: list[tuple[str, list[Case]]] = []
    for case in suite.cases:
        known = next((cases for owner, cases in found if owner == case.owner and owner), None)
        if known is not None:
            known.append(case)
        else:
            found.append((case.owner, [case]))
    return found
