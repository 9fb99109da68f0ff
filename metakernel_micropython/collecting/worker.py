"""The process that collects. It is no child of the kernel's, so that it stays when a kernel is restarted.

``launch`` starts a short-lived program, which starts the worker in a session of its own and ends when the worker has
begun: a kernel that is shut down ends its children and those below them, and the worker is none by then.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from ..errors import HostFileProblem, MicroPythonError
from .collection_state import RUNNING, CollectionState, read_state
from .collector import CollectFailed, Collection
from .measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAUNCH, WORK = "--launch", "--work"
"""The arguments of ``collect`` for the two programs."""

_LONGEST_ANSWER = 64 * 1024


@dataclass
class Launched:
    """A worker that is being started.

    Attributes:
        process: the program that starts it, and tells what came of it.
    """

    process: subprocess.Popen[bytes]

    def wait(self, seconds: float) -> bool:
        """Wait until the worker has begun or failed; return whether it has.

        Raises:
            CollectFailed: it has failed; the message says why.
        """
        try:
            said, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        try:
            answer = json.loads(said[:_LONGEST_ANSWER])
            problem = str(answer["problem"])
        except (ValueError, KeyError, TypeError):
            problem = "The process that collects did not start."
        if problem:
            raise CollectFailed(problem)
        return True


def launch(measurement: Measurement, *, resume: bool = False) -> Launched:
    """Start a process that collects.

    Args:
        measurement: what is asked for; passwords go through a pipe.
        resume: an earlier process has begun it.

    Raises:
        CollectFailed: no process can be started.
    """
    request = json.dumps({"measurement": measurement.as_data(secrets=True), "resume": resume}).encode()
    try:
        process = subprocess.Popen(
            _command(LAUNCH), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **_detached()
        )
    except OSError as error:
        raise CollectFailed(f"The process that collects cannot be started: {error.strerror or error}.") from error
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended already, which its answer tells
        process.stdin.write(request)
        process.stdin.close()
    process.stdin = None
    return Launched(process)


def launcher() -> int:
    """Run the program that starts the worker: hand the request on, and the answer back; return the exit status."""
    request = sys.stdin.buffer.read()
    worker = subprocess.Popen(
        _command(WORK), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **_detached()
    )
    assert worker.stdin is not None and worker.stdout is not None
    with contextlib.suppress(OSError):
        worker.stdin.write(request)
        worker.stdin.close()
    sys.stdout.buffer.write(worker.stdout.readline())
    sys.stdout.buffer.flush()
    return 0


def work() -> int:
    """Run the worker: collect what the request on stdin asks for, and tell once what came of its start."""
    request = json.loads(sys.stdin.buffer.read())
    answer = _Answer(sys.stdout.buffer)
    try:
        run(Measurement.from_data(request["measurement"]), resume=bool(request["resume"]), tell=answer.begun)
    except MicroPythonError as error:
        answer.give(str(error))
        return 1
    except Exception as error:
        answer.give(f"{type(error).__name__}: {error}")
        return 1
    answer.give("")
    return 0


def run(
    measurement: Measurement, *, resume: bool = False, tell: Callable[[CollectionState], object] = lambda _: None
) -> None:
    """Collect in this process, until the end or a signal.

    Args:
        measurement: what is asked for.
        resume: an earlier process has begun it.
        tell: called now and then with how it goes.

    Raises:
        MicroPythonError: it cannot be done, or not all rows could be kept.
    """
    earlier = read_state(measurement.csv)
    if earlier is not None and earlier.alive:
        raise HostFileProblem(in_use(measurement.csv, earlier))
    collection = Collection(measurement, resumed=earlier if resume else None)
    presses = 0

    def stop(_number: int, _frame: object) -> None:
        nonlocal presses
        presses += 1
        collection.stop()
        if presses > 2:
            raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    collection.run(tell)


def in_use(csv: Path, state: CollectionState) -> str:
    """Say that somebody else collects into a file."""
    return (
        f"{csv} gets the rows of another measurement (process {state.pid}): stop that one first, or take another file."
    )


class _Answer:
    """Tells the program that started this one how its start went, once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream: IO[bytes] | None = stream

    def begun(self, state: CollectionState) -> None:
        """Tell that it has begun; of a failure the exception tells."""
        if state.state == RUNNING:
            self.give("")

    def give(self, problem: str) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with contextlib.suppress(OSError):  # a kernel that was ended does not wait any more
            stream.write(json.dumps({"problem": problem}).encode() + b"\n")
            stream.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _command(mode: str) -> list[str]:
    # -P: no modules from the current folder, where people keep files for their board.
    return [sys.executable, "-P", "-m", __name__.partition(".")[0], "collect", mode]


def _detached() -> dict[str, Any]:
    """Return what keeps a process from the signals and the console of this one."""
    if os.name == "nt":
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
        return {"creationflags": flags}
    return {"start_new_session": True}
