"""%test and %%test."""

from __future__ import annotations

import re

from metakernel_micropython.board.files.host_files import check_target, host_path
from metakernel_micropython.board_tests import junit
from metakernel_micropython.board_tests.files import found_here, found_on_board, text_of
from metakernel_micropython.board_tests.report import check, result_text, summary_text
from metakernel_micropython.board_tests.run import Run, run_all
from metakernel_micropython.board_tests.selection import chosen_by
from metakernel_micropython.board_tests.suite import Suite, suite_of
from metakernel_micropython.board_tests.suite_runner import TIMEOUT, Runner
from metakernel_micropython.board_tests.tested_lines import TestCoverage
from metakernel_micropython.cell.lexical import with_plain_indentation
from metakernel_micropython.cell.top_level_await import code_for, without_helper
from metakernel_micropython.errors import DeviceError, LineLost, MicroPythonError
from metakernel_micropython.front_end import FrontEnd
from metakernel_micropython.host.paths import board_paths, host_paths, shown
from metakernel_micropython.instrument.coverage import as_html, as_text
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import names_host_files, seconds

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
    on_several = False

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
        above = self.kernel.runner.note_code(code)
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
            lambda result: self.kernel.Print(result_text(result)),
            lambda _, output: self.kernel.Write(output if output.endswith("\n") else output + "\n"),
            chosen=chosen,
            first_only=args.first_only,
        )
        if run.results:
            self.kernel.Print(summary_text(run))
        if target is not None:
            junit.write(target, run, self._cell_name)
        if args.coverage is not None and not isinstance(run.broken, LineLost):
            self._tell_coverage(run)
        self._lose(run)
        check(run)

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
