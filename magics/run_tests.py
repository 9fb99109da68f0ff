"""%test and %%test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from metakernel_micropython.board.files.host_files import check_target, host_path
from metakernel_micropython.board_tests import junit
from metakernel_micropython.board_tests.files import found_here, found_on_board, text_of
from metakernel_micropython.board_tests.report import check, counts, result_text, short_text, summary_text
from metakernel_micropython.board_tests.run import Run, run_all
from metakernel_micropython.board_tests.selection import chosen_by
from metakernel_micropython.board_tests.suite import Suite, suite_of
from metakernel_micropython.board_tests.suite_runner import TIMEOUT, Runner
from metakernel_micropython.board_tests.tested_lines import TestCoverage
from metakernel_micropython.cell.lexical import with_plain_indentation
from metakernel_micropython.cell.top_level_await import code_for, without_helper
from metakernel_micropython.errors import DeviceError, LineLost, MicroPythonError
from metakernel_micropython.front_end import FrontEnd, once_for_all
from metakernel_micropython.host.paths import board_paths, host_paths, shown
from metakernel_micropython.instrument.coverage import as_html, as_text
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import names_host_files, seconds
from metakernel_micropython.sessions.labelled_output import grouped
from metakernel_micropython.sessions.results_table import present_table, table_of_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metakernel_micropython.board_tests.results import Result

_COLORS = re.compile(r"\x1b\[[\d;]*m")


@names_host_files
def _paths(front_end: FrontEnd, word: str) -> list[str]:
    if word.startswith(":"):
        return [":" + path for path in board_paths(front_end, word[1:])]
    return host_paths(front_end, word)


_OPTIONS = (
    argument("-k", dest="chosen", metavar="EXPR", default="", help="only tests whose names fit: 'led and not slow'"),
    argument("-x", dest="first_only", action="store_true", help="end with the first test that fails"),
    argument("--timeout", type=seconds, metavar="SECONDS", default=TIMEOUT, help="for each test; 60 otherwise"),
    argument("--junit", metavar="FILE", complete_path=host_paths, help="the file that gets the results as JUnit XML"),
    argument(
        "--coverage",
        metavar="MODULE",
        nargs="?",
        const="",
        action="append",
        help="show what was run of a module, as %%%%coverage does; without one, of the tests",
    ),
)


class RunTestsMagic(BoardMagic):
    """Runs tests on the board."""

    kernel: MicroPythonKernel
    group = "Board"

    @arguments(
        argument("files", nargs="*", metavar="FILE", complete_path=_paths, help="a file or folder here; :FILE, there"),
        *_OPTIONS,
    )
    def line_test(self, args: Namespace) -> None:
        """%test FILE... [-k EXPR] [-x] [--timeout S] [--junit FILE] [--coverage [MODULE]] - run tests on the board.

        Tests are functions test_... and the methods test... of classes Test... or of unittest.TestCase, with setUp,
        tearDown, setUpClass, setUpModule and so on; those with async run in asyncio. FILE is on this computer, or a
        folder with files test_*.py; with a colon in front it is on the board. Each file has names of its own, and
        nothing is written on the board.

        Each test is told with its output and its traceback; a failed assert tells both sides. The cell fails where
        a test does. A test that hangs is stopped, one that restarts the board fails, and the others go on.

        Below %%on each board runs them. A table tells how many have passed on which; --junit writes a suite for each.

        Examples:
          %test test_sensor.py
          %test tests_board :lib/test_led.py -k "not slow" -x --junit results.xml
          %test test_sensor.py --coverage sensor.py
        """
        if not args.files:
            raise MagicError("%test: name a file or a folder, as in %test test_sensor.py, or put %%test above a cell.")
        suites = []
        for word in args.files:
            for path, data in found_on_board(self.board, word[1:]) if word[:1] == ":" else found_here(word):
                suites.append(suite_of(path, text_of(path, data)))
        self._run(suites, args, Runner(self.kernel.require_board, timeout=args.timeout, listener=self._coverage(args)))

    @arguments(*_OPTIONS)
    def cell_test(self, args: Namespace) -> None:
        """%%test [-k EXPR] [-x] [--timeout S] [--junit FILE] [--coverage [MODULE]] - run the tests of a cell.

        The cell runs as any other, and what it defines stays; then its tests run. See %test.

        Example:
          %%test
          def double(x):
              return 2 * x

          def test_double():
              assert double(2) == 4
        """
        self.evaluate = False
        code = self.code.rstrip()
        above = once_for_all(("tests", code), lambda: self.kernel.runner.note_code(code))
        source = "\n" * above + re.sub("\r\n?", "\n", with_plain_indentation(code))
        runner = Runner(
            self.kernel.require_board,
            timeout=args.timeout,
            tracebacks=_CellTracebacks(self.kernel),
            listener=self._coverage(args),
            prepared_cell=code_for,
        )
        self._run([suite_of("", source)], args, runner)

    def _coverage(self, args: Namespace) -> TestCoverage | None:
        if args.coverage is None:
            return None
        modules = [name for word in args.coverage for name in word.split(",") if name]
        self._looked = TestCoverage(modules, self._cell_name)
        return self._looked

    @property
    def _cell_name(self) -> str:
        return f"In[{self.kernel.runner.number}]"

    def _run(self, suites: list[Suite], args: Namespace, runner: Runner) -> None:
        chosen = chosen_by(args.chosen)
        target = host_path(args.junit) if args.junit else None
        if target is not None:
            check_target(target)
        for suite in suites:
            for remark in suite.remarks:
                self.kernel.Error(f"[{shown(suite.path)}: {remark}]" if suite.path else f"[{remark}]")
        self.board  # noqa: B018 - what is wrong with it is told before the tests
        run = run_all(
            runner,
            suites,
            self._tell,
            lambda _, output: self.kernel.Write(output if output.endswith("\n") else output + "\n"),
            chosen=chosen,
            first_only=args.first_only,
        )
        if self.part is not None:
            self._lose(run)
            self.part.report(run.as_data())
            check(run)
            return
        if run.results:
            self.kernel.Print(summary_text(run))
        if target is not None:
            junit.write(target, {junit.NAME: run}, self._cell_name)
        if args.coverage is not None and not isinstance(run.broken, LineLost):
            self._tell_coverage(run)
        self._lose(run)
        check(run)

    def _tell(self, result: Result) -> None:
        if self.part is None:
            self.kernel.Print(result_text(result))
        elif result.failed:  # all else, and what belongs to it, is told once for all boards
            self.kernel.Print(short_text(result))
            self.part.flush()

    def refusal(self, _mtype: str, _name: str, args: str) -> str:
        """Say why the coverage is that of one board."""
        if "--coverage" not in args:
            return ""
        return "--coverage follows one board: choose it with %use NAME, and leave %%on out."

    def sum_up(self, args: Namespace, found: Mapping[str, list[Any]]) -> None:
        """Show what the tests came to on several boards, equal failures as one; write the file of all."""
        runs = {name: Run.of_data(told[-1]) for name, told in found.items()}
        same: dict[str, list[str]] = {}
        for name, run in runs.items():
            for result in run.failed:
                same.setdefault(result_text(result, timed=False), []).append(name)
        for text, names in same.items():
            self.kernel.Print("".join(f"{grouped(names)} | {line}\n" for line in text.split("\n")), end="")
        told = {name: counts(run) for name, run in runs.items()}
        used = {word for one in told.values() for word, number in one.items() if number} | {"passed", "failed"}
        words = [word for word in counts(Run()) if word in used]
        rows = {name: [str(one[word]) for word in words] for name, one in told.items()}
        present_table(self.kernel, table_of_texts(words, rows))
        if args.junit:
            junit.write(host_path(args.junit), runs, self._cell_name)

    def _tell_coverage(self, run: Run) -> None:
        try:
            found = self._looked.take()
        except MicroPythonError:
            if run.broken is None:
                raise
            return
        for remark in self._looked.remarks:
            self.kernel.Error(f"[coverage: {remark}]")
        if found:
            self.kernel.present(as_text(found), as_html(found))

    def _lose(self, run: Run) -> None:
        session = self.kernel.connection
        if isinstance(run.broken, LineLost) and session is not None:
            run.broken = session.lose(run.broken)


class _CellTracebacks:
    """Shows tracebacks as ordinary cells do."""

    def __init__(self, kernel: MicroPythonKernel) -> None:
        self._kernel = kernel

    def shown(self, suite: Suite, error: DeviceError) -> str:
        lines = self._kernel.runner.board_failure(without_helper(error), own=False).traceback
        return _COLORS.sub("", "\n".join(lines))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(RunTestsMagic)
