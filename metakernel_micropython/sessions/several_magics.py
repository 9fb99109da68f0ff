"""The magics on top of a cell that runs on several boards.

Each is called in every board's own thread, on this computer or on another one, and tells there what it found as plain
data. Here, at the notebook, they are looked at before the boards run, and what they have told is summed up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..cell.output import Stage
from ..cell.parser import is_magic, leading_lines
from ..errors import MagicError
from ..magic_arguments import HelpRequested
from .magic_on_top import magic_on_top

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ..cell.output import SeveralFollower
    from ..cell.runner import CellRunner
    from ..front_end import MagicsFrontEnd
    from ..magic import BoardMagic
    from .board_jobs import Outcome, Report


def with_followers(runner: CellRunner, code: str, where: str) -> str:
    """Return a cell with those magics on top that stand above and follow each of several boards for itself.

    Args:
        runner: runs the notebook's cells.
        code: what stands below the magic that has the cell run on several boards.
        where: that magic.

    Raises:
        MagicError: one above follows one board alone.
    """
    lines = runner.followers.give_to_several()
    if {Stage.PROBES, Stage.CHECK} & runner.followers.of_cell.keys():
        raise MagicError(
            f"What stands above {where} follows one board (%%coverage, %%lineprofile, %%prof, %assert_output): choose "
            f"it with %use NAME, and run the cell without {where}."
        )
    return "".join(f"{line}\n" for line in lines) + code


@dataclass(frozen=True)
class _Call:
    magic: BoardMagic
    kind: str
    name: str
    args: Namespace


class SeveralMagics:
    """The magics on top of a cell, at the notebook.

    Args:
        front_end: whose cell it is.
        code: the cell below ``%%on``.
        where: the magic above, which has the cell run on several boards.

    Raises:
        MagicError: one of them cannot stand there, or its arguments are wrong: so it is on all boards.
    """

    def __init__(self, front_end: MagicsFrontEnd, code: str, where: str = "%%on") -> None:
        self._calls: list[_Call] = []
        code = code[len(leading_lines(code)) :]
        while is_magic(code.partition("\n")[0]):
            magic, kind, name, typed = magic_on_top(front_end, code, where)
            try:
                self._calls.append(_Call(magic, kind, name, magic.parsed(kind, name, typed)))
            except HelpRequested as help_text:
                raise MagicError(str(help_text).rstrip()) from None
            if magic.takes_text(name, typed) if kind == "line" else not magic.wraps_cell:
                break  # what stands below is not for us to read
            code = code.partition("\n")[2]
            code = code[len(leading_lines(code)) :]

    def followed(self, report: Report, boards: Sequence[str], runner: CellRunner) -> FollowedReport:
        """Return a report whose output goes through what follows it for the magics.

        Args:
            report: gets what they leave.
            boards: the names of the boards.
            runner: has what follows every cell, where no magic of this one does.

        Raises:
            MicroPythonError: the output cannot be followed.
        """
        asked = [call.magic.follow_several(call.args, boards) for call in self._calls if call.kind == "cell"]
        if not any(asked):
            asked = [one.several(boards) for one in runner.followers.of_all.values()]
        return FollowedReport(report, [one for one in asked if one is not None])

    def sum_up(self, outcomes: Sequence[Outcome]) -> None:
        """Show what the magics came to on all boards."""
        for number, call in enumerate(self._calls):
            found = {one.name: one.results[number] for one in outcomes if one.results.get(number)}
            if found:
                call.magic.sum_up(call.args, found)


class FollowedReport:
    """A report that gives what boards print to followers first. See ``board_jobs.Report``."""

    def __init__(self, report: Report, followers: list[SeveralFollower]) -> None:
        self._report = report
        self._followers = followers

    def write(self, name: str, stream: str, text: str) -> None:
        """Take what a board said."""
        if stream == "stdout":
            for follower in self._followers:
                text = follower.feed(name, text)
        if text:
            self._report.write(name, stream, text)

    def display(self, name: str, data: dict[str, Any]) -> None:
        """Take data that a board gave to be shown."""
        self._report.display(name, data)

    def hold(self, name: str, stream: str, text: str) -> None:
        """Take what a board ends with."""
        self._report.hold(name, stream, text)

    def end(self, name: str) -> None:
        """A board says no more."""
        for follower in self._followers:
            if rest := follower.close(name):
                self._report.write(name, "stdout", rest)
        self._report.end(name)

    def close(self) -> None:
        """All boards are done, or were given up."""
        for follower in self._followers:
            follower.end()
