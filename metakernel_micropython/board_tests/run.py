"""A run through many suites: which tests, when it ends, what is left."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..display.error_text import error_text
from ..errors import DeviceError, MicroPythonError
from .results import Outcome, Problem, Result, TestsStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .suite import Case, Suite
    from .suite_runner import Runner


@dataclass
class Run:
    """What a run came to.

    Attributes:
        results: of the tests that ran, and of what went wrong between them.
        not_run: the names of the tests that did not.
        left_out: how many -k has left out.
        stopped_in: the test that ran when somebody stopped the run; ``""`` where nobody did.
        last: the test that ran when the run ended early.
        broken: what has ended the run otherwise; None where it came to its end.
    """

    results: list[Result] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    left_out: int = 0
    stopped_in: str = ""
    broken: MicroPythonError | None = None
    last: str = ""

    @property
    def failed(self) -> list[Result]:
        """The results that count as failed."""
        return [one for one in self.results if one.failed]

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, which another process can send."""
        broken = None if self.broken is None else error_text(self.broken)
        return {**asdict(self), "broken": broken}

    @staticmethod
    def of_data(data: Mapping[str, Any]) -> Run:
        """Return the run that ``as_data`` has told of."""
        results = [
            Result(
                **{**one, "outcome": Outcome(one["outcome"]), "problems": tuple(Problem(**p) for p in one["problems"])}
            )
            for one in data["results"]
        ]
        broken = None if data["broken"] is None else MicroPythonError(data["broken"])
        return Run(**{**data, "results": results, "broken": broken})

    def count(self, outcome: Outcome) -> int:
        """Return how many have ended so."""
        return sum(one.outcome is outcome for one in self.results)


def full_name(path: str, title: str) -> str:
    """Return the name of a test that ``-k`` looks at and messages tell."""
    return f"{path}::{title}" if path else title


def run_all(
    runner: Runner,
    suites: Sequence[Suite],
    tell: Callable[[Result], object],
    tell_loaded: Callable[[Suite, str], object] = lambda suite, output: None,
    *,
    chosen: Callable[[str], bool] = lambda name: True,
    first_only: bool = False,
) -> Run:
    """Run the tests of suites, one after the other.

    Args:
        runner: runs them.
        suites: whose tests.
        tell: is told each result, once it is there.
        tell_loaded: is told what a suite has printed while it was loaded.
        chosen: tells by its name whether a test is to run.
        first_only: end with the first that fails.
    """
    run = Run()
    waiting: list[tuple[Suite, Case | None]] = []
    for suite in suites:
        wanted = [case for case in suite.cases if chosen(full_name(suite.path, case.title))]
        run.left_out += len(suite.cases) - len(wanted)
        waiting += [(suite, case) for case in wanted]
        if suite.unreadable:
            waiting.append((suite, None))

    def take(result: Result) -> None:
        run.results.append(result)
        tell(result)

    at = 0
    name = ""
    try:
        for at, (suite, case) in enumerate(waiting):
            name = full_name(suite.path, case.title if case else "loading")
            result = runner.run(suite, case) if case is not None else runner.load(suite)
            if runner.loaded_output:
                tell_loaded(suite, runner.loaded_output)
                runner.loaded_output = ""
            take(result)
            over = first_only and result.failed
            name = f"what follows {name}"
            for each in runner.leave(*(waiting[at + 1] if at + 1 < len(waiting) and not over else (None, None))):
                take(each)
            at += 1
            if first_only and run.failed:
                break
        runner.close()
    except (TestsStopped, KeyboardInterrupt):
        run.stopped_in = name or "the beginning"
    except DeviceError as error:
        if error.name == "KeyboardInterrupt":
            run.stopped_in = name or "the beginning"
        else:
            run.broken = error
    except MicroPythonError as error:
        run.broken = error
    except BaseException:
        _close(runner)
        raise
    if run.stopped_in or run.broken is not None:
        run.last = name or "the beginning"
        names = [full_name(one.path, case.title if case else "loading") for one, case in waiting]
        run.not_run = names[at:]
        if run.not_run[:1] == [name]:  # it ran, and has no result
            run.not_run = run.not_run[1:]
        _close(runner)
    else:
        run.not_run = [full_name(one.path, case.title if case else "loading") for one, case in waiting[at:]]
    return run


def _close(runner: Runner) -> None:
    try:
        runner.close()
    except (MicroPythonError, KeyboardInterrupt):
        return  # the board is gone, or does not answer: what ended the run is told
