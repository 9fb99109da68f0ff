"""%checkpoint and %%checkpoint."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from typing import Any

from metakernel_micropython.board.files.host_files import host_path, put_in_place
from metakernel_micropython.cell.failure import failure
from metakernel_micropython.errors import HostFileProblem, MicroPythonError
from metakernel_micropython.host.paths import host_paths, visible
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import (
    BoardMagic,
    ExceptionWrapper,
    MagicError,
    Namespace,
    argument,
    arguments,
)
from metakernel_micropython.magic_arguments import seconds

TIMEOUT = 20.0
"""Seconds that a checkpoint has: less than nbclient and nbgrader give a cell, which end the whole notebook."""

AGAIN = 2.0
"""Seconds after which a program that has not ended is stopped again, as by a second press of Stop."""

PRESSES = 3

MAX_TOLD = 300
"""Characters of an error that the list and the file tell."""


class TookTooLong(MicroPythonError):
    """A checkpoint did not finish in its time."""


@dataclass
class Checkpoint:
    """What a checkpoint came to the last time that it ran.

    Attributes:
        name: its name.
        passed: whether its cell ran without an error.
        error: the error; ``""`` where there was none.
        tries: how often it has run.
    """

    name: str
    passed: bool = False
    error: str = ""
    tries: int = 0


class _Deadline:
    """Stops a cell that takes too long, as Stop does.

    Args:
        kernel: the kernel that runs it.
        timeout: seconds that it may take.

    Attributes:
        passed: whether it took longer.
    """

    def __init__(self, kernel: MicroPythonKernel, timeout: float) -> None:
        self.passed = False
        self._kernel = kernel
        self._number = kernel.execution_count
        self._timeout = timeout
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="checkpoint", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The cell has ended."""
        self._done.set()

    def _wait(self) -> None:
        if self._done.wait(self._timeout):
            return
        for _ in range(PRESSES):
            # A Stop may have ended the cell without a word to this magic: the next one must not be hit.
            if not self._kernel.interrupts.busy or self._kernel.execution_count != self._number:
                return
            self.passed = True
            try:
                self._kernel.interrupt()
            except MicroPythonError:  # the line is lost, which ends the cell
                return
            if self._done.wait(AGAIN):
                return


class CheckpointMagic(BoardMagic):
    """Runs a cell that checks what a student has made."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it gives the points of one board's program. %use NAME chooses the board: run the cell without %%on."

    def __init__(self, kernel: MicroPythonKernel) -> None:
        super().__init__(kernel)
        self._found: dict[str, Checkpoint] = {}
        self._runs: tuple[Checkpoint, _Deadline] | None = None

    @arguments(argument("--json", metavar="FILE", complete_path=host_paths, help="write the list to a file as well"))
    def line_checkpoint(self, args: Namespace) -> None:
        """%checkpoint [--json FILE] - list the checkpoints that this notebook has run, and which were passed.

        Examples:
          %checkpoint
          %checkpoint --json results.json
        """
        found = list(self._found.values())
        width = max((len(one.name) for one in found), default=0)
        for one in found:
            tries = f" ({one.tries} tries)" if one.tries > 1 else ""
            self.kernel.Print(f"{one.name:{width}}  {'passed' if one.passed else f'not passed: {one.error}'}{tries}")
        passed = sum(one.passed for one in found)
        self.kernel.Print(f"{passed} of {len(found)} passed" if found else "No checkpoint has run in this notebook.")
        if args.json:
            _write(args.json, [asdict(one) for one in found])

    @arguments(
        argument("name", help="what it is called in the list"),
        argument("--timeout", type=seconds, default=TIMEOUT, metavar="SECONDS", help="how long it may take"),
    )
    def cell_checkpoint(self, args: Namespace) -> None:
        """%%checkpoint NAME [--timeout SECONDS] - run the cell as a check of what cells above it have made.

        It passes when the cell runs to its end: assert fails it with the text behind the comma, %assert_output on the
        next line checks what it prints, %expect in a cell of its own what the virtual board's parts do. A program that
        takes longer (20 seconds, where --timeout says nothing else) is stopped. %checkpoint lists them.

        nbgrader grades such cells: an error gives no points, a number as the cell's value so many. Notes on what the
        board printed between cells wait for the next cell, because nbgrader takes them for an error.

        Examples:
          %%checkpoint inverse
          assert inverse(4) == 0.25, "inverse(4) is 0.25"

          %%checkpoint table --timeout 5
          %assert_output "1 1" "2 4" "3 9"
          print_squares(3)
        """
        if not self.code.strip():
            raise MagicError("%%checkpoint stands on top of the code that checks: there is none below it.")
        found = self._found.setdefault(args.name, Checkpoint(args.name))
        found.tries += 1
        found.passed, found.error = False, "it did not run to its end"
        self._runs = found, _Deadline(self.kernel, args.timeout)

    def post_process(self, retval: Any) -> Any:
        """Note how the checkpoint ended."""
        result = super().post_process(retval)
        if self.this_run.mtype != "cell" or self._runs is None:
            return result
        (found, deadline), self._runs = self._runs, None
        deadline.end()
        if deadline.passed and isinstance(result, ExceptionWrapper):
            result = failure(
                TookTooLong(
                    f"The checkpoint {visible(found.name)} did not finish in its time (--timeout): it was stopped."
                )
            )
        if isinstance(result, ExceptionWrapper):
            told = " ".join(f"{result.ename}: {result.evalue}".removesuffix(": ").split())
            found.error = told if len(told) <= MAX_TOLD else told[:MAX_TOLD] + " ..."
        else:
            found.passed, found.error = True, ""
            self.kernel.Print(f"Checkpoint {visible(found.name)}: passed")
        return result


def _write(name: str, content: object) -> None:
    """Write a file as a whole: what was there before stays where that fails."""
    path = host_path(name)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        put_in_place(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise HostFileProblem(f"{path} on this computer cannot be written: {error.strerror or error}.") from error


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CheckpointMagic)
