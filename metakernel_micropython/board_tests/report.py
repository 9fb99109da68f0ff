"""Results as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..display.error_text import error_text
from ..host.paths import counted, shown, visible
from .results import NoTests, Outcome, TestsFailed, TestsStopped
from .run import full_name

if TYPE_CHECKING:
    from .results import Problem, Result
    from .run import Run

MAX_OUTPUT = 4000
"""Characters that are shown of a test's output."""

MAX_NAMES = 10
"""Tests that are named in an error."""

_WORDS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.ERROR: "ERROR", Outcome.SKIPPED: "skipped"}


def result_text(result: Result, *, timed: bool = True) -> str:
    """Return a result with its output and what went wrong, without a line end; ``timed``: and how long it took."""
    name = shown(full_name(result.path, result.title))
    first = f"{_WORDS[result.outcome]:8} {name}" + (f" ({result.seconds:.2f} s)" if timed else "")
    if result.reason:
        first += f": {visible(result.reason)}"
    lines = [first]
    output = shortened(result.output).rstrip("\n")
    lines += [f"    | {line}" for line in visible(output).split("\n")] if output else []
    for problem in result.problems:
        lines += [f"    {line}" for line in problem_lines(problem)]
    return "\n".join(lines)


def short_text(result: Result) -> str:
    """Return a result in one line."""
    told = f"{_WORDS[result.outcome]:8} {shown(full_name(result.path, result.title))}"
    return f"{told}: {visible(result.summary)}" if result.summary else told


def shortened(output: str) -> str:
    """Return the beginning and the end of a test's output, where it is long."""
    output = output.replace("\r\n", "\n")
    if len(output) <= MAX_OUTPUT:
        return output
    half = MAX_OUTPUT // 2
    return f"{output[:half]}\n[{len(output) - 2 * half} characters are not shown]\n{output[-half:]}"


def problem_lines(problem: Problem) -> list[str]:
    """Return the lines that tell what went wrong."""
    name, message, traceback = problem.name, problem.message, problem.traceback
    lines = [f"{problem.where}:"] if problem.where else []
    lines += visible(traceback).rstrip("\n").split("\n") if traceback else []
    told = visible(f"{name}: {message}" if name else message)
    if not traceback or not _tells(traceback, name):
        lines += told.split("\n")
    return lines


def _tells(traceback: str, name: str) -> bool:
    """Whether a traceback ends with the same error; one that was stopped ends with another."""
    return any(line.startswith(name) for line in traceback.split("\n") if name and not line.startswith(" "))


def counts(run: Run) -> dict[str, int]:
    """Return how many tests have ended how."""
    return {
        "passed": run.count(Outcome.PASSED),
        "failed": len(run.failed),
        "skipped": run.count(Outcome.SKIPPED),
        "not run": len(run.not_run),
        "left out by -k": run.left_out,
    }


def summary_text(run: Run) -> str:
    """Return the last line below the results."""
    return ", ".join(f"{number} {word}" for word, number in counts(run).items() if number or word == "passed")


def check(run: Run) -> None:
    """Raise what a run has to fail with.

    Raises:
        TestsStopped: somebody stopped it, or the board was lost.
        TestsFailed: a test has failed.
        NoTests: there was none.
    """
    rest = f" Not run: {_names(run.not_run)}." if run.not_run else ""
    failed = [full_name(one.path, one.title) for one in run.failed]
    told = f" Failed: {_names(failed)}." if failed else ""
    if run.stopped_in:
        raise TestsStopped(f"The tests were stopped in {shown(run.stopped_in)}.{told}{rest}")
    if run.broken is not None:
        raise TestsStopped(
            f"The tests have ended early in {shown(run.last)}: {error_text(run.broken).rstrip('.')}.{told}{rest}"
        )
    if failed:
        number = sum(one.outcome is not Outcome.SKIPPED for one in run.results)
        raise TestsFailed(f"{len(failed)} of {counted(number, 'test')} failed: {_names(failed)}.{rest}")
    if not run.results:
        if run.left_out:
            raise NoTests(f"-k leaves none of {counted(run.left_out, 'test')}.")
        raise NoTests(
            "There is no test: tests are functions test_... and the methods test... of classes Test... or derived from "
            "unittest.TestCase."
        )


def _names(names: list[str]) -> str:
    listed = ", ".join(map(shown, names[:MAX_NAMES]))
    return listed + (f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else "")
