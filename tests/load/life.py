"""A life at random: a front end that types, runs, stops, and looks whether everything that comes back is true.

Everything follows from a seed, but for the moments at which things meet. Each cell prints marks with its own number, so
that output under a wrong cell shows; a cell that nobody disturbed has to give exactly what it says.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import zmq

from metakernel_micropython import errors

from .life_steps import STEPS, Step

if TYPE_CHECKING:
    from pathlib import Path

    from ..front_end import Jupyter

DEADLINE = 60.0
"""Seconds that any request may take, on a machine that is busy with other things."""

_OF_THE_PROJECT = {
    name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.MicroPythonError)
}
_OF_A_BOARD = {"NameError", "ZeroDivisionError", "MemoryError", "OSError", "SyntaxError", "RuntimeError", "EOFError"}
ALLOWED = _OF_THE_PROJECT | _OF_A_BOARD | {"KeyboardInterrupt", "CommandFailed"}
"""What may end a cell that was disturbed. Any other name is a fault of the kernel's."""

_MARK = re.compile(r"<(\d+)>")


@dataclass
class Request:
    """What was asked, and what has come back for it."""

    kind: str
    text: str
    step: Step | None = None
    disturbed: bool = False
    sent: float = field(default_factory=time.monotonic)
    reply: dict[str, Any] | None = None
    idle: bool = False
    stdout: str = ""
    stderr: str = ""
    value: str | None = None
    errors: int = 0

    @property
    def done(self) -> bool:
        return self.reply is not None and self.idle


class Violation(AssertionError):
    """Something that is promised did not hold."""


class Life:
    """One kernel, its front end, and what happens to both.

    Args:
        kernel: the kernel, which has a virtual board.
        seed: what everything follows from.
        folder: where the files of the cells lie.
    """

    def __init__(self, kernel: Jupyter, seed: int, folder: Path) -> None:
        self.kernel = kernel
        self.seed = seed
        self.random = random.Random(seed)
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.answers: deque[str] = deque()
        self._requests: dict[str, Request] = {}
        self._log: deque[str] = deque(maxlen=25)
        self._number = 0
        self._client = kernel.client
        names = ("shell", "iopub", "stdin", "control")
        channels = [getattr(self._client, f"{name}_channel") for name in names]
        self._sockets = {channel.socket: channel for channel in channels}
        self._poller = zmq.Poller()
        for socket in self._sockets:
            self._poller.register(socket, zmq.POLLIN)

    # -- what a person does --------------------------------------------------------------------------------------

    def live(self, *, steps: int | None = None, seconds: float | None = None) -> None:
        """Go on for so many steps, or for so long.

        Raises:
            Violation: something did not hold; the message has the seed and the last steps.
        """
        end = None if seconds is None else time.monotonic() + seconds
        done = 0
        try:
            while (steps is None or done < steps) and (end is None or time.monotonic() < end):
                self.step()
                done += 1
        except Violation as error:
            raise Violation(
                "\n".join([f"{error}", f"seed {self.seed}, step {done}; the last ones:", *self._log])
            ) from None

    def step(self) -> None:
        """Run one cell, sometimes several at once, with what happens meanwhile."""
        several = self.random.choices((1, 2, 4), (8, 1, 1))[0]
        requests = [self._run(self._choose()) for _ in range(several)]
        self._meanwhile(requests)
        self._settle()
        for request in requests:
            self._check(request)
        if any(request.disturbed for request in requests):
            self._recover()

    def _choose(self) -> Step:
        self._number += 1
        make = self.random.choices([one for _, one in STEPS], [weight for weight, _ in STEPS])[0]
        return make(self._number, self.random)

    def _run(self, step: Step) -> Request:
        self.counts[step.name] += 1
        self._note(f"run {step.code!r}")
        request = Request("execute", step.code, step)
        self._requests[self._client.execute(step.code, allow_stdin=True, stop_on_error=False)] = request
        return request

    def _meanwhile(self, requests: list[Request]) -> None:
        """Ask, stop, kill at random moments while cells run; a cell without an end is always stopped."""
        chance = self.random
        asks = chance.randrange(3)
        stops = chance.random() < 0.25
        kills = chance.random() < 0.04
        began = time.monotonic()
        for _ in range(asks):
            self.pump(chance.random() * 0.1)
            self._ask()
        if stops:
            self.pump(chance.choice((0, 0.01, 0.05, 0.2, 0.5)) * chance.random())
            self._stop(requests)
        if kills:
            self.pump(chance.random() * 0.5)
            self._kill_a_board(requests)
        while waiting := next((request for request in requests if not request.done), None):
            self.pump(0.05)
            assert waiting.step is not None
            if not waiting.done and waiting.step.endless and time.monotonic() - began > 0.5:
                self.pump(chance.random() * 0.5)
                self._stop(requests)
                began = time.monotonic()
            self._check_deadlines()

    def _ask(self) -> None:
        chance, client = self.random, self._client
        text = chance.choice(("pri", "x.", "import ", "%con", "%cat ", "!ls ", "l['", "os.listdir().", "", "é.ü("))
        kind = chance.choice(("complete", "inspect", "is_complete", "history", "kernel_info"))
        self.counts[kind] += 1
        self._note(f"{kind} {text!r}")
        if kind == "complete":
            request = client.complete(text)
        elif kind == "inspect":
            request = client.inspect(text or "print")
        elif kind == "is_complete":
            request = client.is_complete(text)
        elif kind == "history":
            request = client.history(hist_access_type="tail", n=chance.choice((0, 3, 10**6)))
        else:
            request = client.kernel_info()
        self._requests[request] = Request(kind, text)

    def _stop(self, requests: list[Request]) -> None:
        self._note("Stop")
        self.counts["Stop"] += 1
        for request in requests:
            request.disturbed = request.disturbed or not request.done
        message = self._client.session.msg("interrupt_request", {})
        self._requests[message["header"]["msg_id"]] = Request("interrupt", "Stop")
        self._client.control_channel.send(message)

    def _kill_a_board(self, requests: list[Request]) -> None:
        """The board's process dies, as a board that is unplugged."""
        assert self.kernel.manager.provisioner is not None
        process = psutil.Process(self.kernel.manager.provisioner.pid)  # type: ignore[attr-defined]
        for child in process.children():
            if "virtual" in _command(child):
                self._note("the board dies")
                self.counts["board dies"] += 1
                for request in requests:
                    request.disturbed = True
                child.kill()

    def _recover(self) -> None:
        """After a disturbance a plain cell works; where it does not, it says why, and connecting mends it."""
        for code in ("6 * 7", "6 * 7", "%connect virtual", "6 * 7"):
            request = self._run(Step("recovery", code, value=None if "%" in code else "42"))
            request.disturbed = True  # a late Stop may meet it
            self._wait_for(request)
            self._check(request)
            assert request.reply is not None
            if request.reply["status"] == "ok" and not code.startswith("%"):
                if request.value != "42":
                    raise Violation(f"after a disturbance {code!r} has the value {request.value!r}")
                return
            self.counts["recovery needed"] += 1
        raise Violation("after a disturbance no cell works, and connecting does not mend it")

    # -- what comes back -----------------------------------------------------------------------------------------

    def pump(self, seconds: float) -> None:
        """Take what comes within a time."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            ready = self._poller.poll(max(0, int(left * 1000)))
            for socket, _ in ready:
                self._take(self._sockets[socket].get_msg(timeout=1))
            if left <= 0 and not ready:
                return

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        parent = message["parent_header"].get("msg_id")
        request = self._requests.get(parent)
        if kind == "input_request":
            self._client.input(self.random.choice(("", "seven", "ü" * 50)))
            return
        if request is None:
            if kind in ("stream", "error", "execute_result", "display_data"):
                raise Violation(f"{kind} {content} belongs to no cell")
            return
        if kind.endswith("_reply"):
            if request.reply is not None:
                raise Violation(f"{request.text!r} has two replies")
            request.reply = content
        elif kind == "status" and content["execution_state"] == "idle":
            request.idle = True
        elif kind == "stream":
            if content["name"] == "stdout":
                request.stdout += content["text"]
            else:
                request.stderr += content["text"]
        elif kind == "execute_result":
            request.value = content["data"]["text/plain"]
        elif kind == "error":
            request.errors += 1

    def _wait_for(self, request: Request) -> None:
        while not request.done:
            self.pump(0.05)
            self._check_deadlines()

    def _settle(self) -> None:
        """Wait until everything that was asked is answered."""
        for request in list(self._requests.values()):
            self._wait_for(request)
        self.pump(0)
        self._requests = {key: one for key, one in self._requests.items() if one.kind == "execute"}
        while len(self._requests) > 50:
            del self._requests[next(iter(self._requests))]

    def _check_deadlines(self) -> None:
        for request in self._requests.values():
            if not request.done and time.monotonic() - request.sent > DEADLINE:
                raise Violation(f"{request.kind} {request.text!r} is not answered within {DEADLINE:g} s")

    # -- whether it is true --------------------------------------------------------------------------------------

    def _check(self, request: Request) -> None:
        step, reply = request.step, request.reply
        assert step is not None
        assert reply is not None
        own = [int(number) for number in _MARK.findall(request.stdout)]
        if foreign := [number for number in own if number != step.number]:
            raise Violation(f"{step.code!r} shows what the cells {foreign} printed: {request.stdout!r}")
        failed = reply["status"] == "error"
        if failed != (request.errors == 1):
            raise Violation(f"{step.code!r} ended as {reply['status']} with {request.errors} errors shown")
        self.counts["failed" if failed else "went well"] += 1
        if request.disturbed or step.may_fail:
            if failed and reply["ename"] not in ALLOWED | step.errors:
                raise Violation(
                    f"{step.code!r} ended with {reply['ename']}: {reply['evalue']}\n" + "\n".join(reply["traceback"])
                )
            return
        ended = reply["ename"] if failed else ""
        if ended not in (step.errors or {""}):
            raise Violation(f"{step.code!r} ended with {ended!r}: {reply.get('evalue')}; {request.stderr!r}")
        if step.stdout is not None and request.stdout != step.stdout:
            raise Violation(f"{step.code!r} printed {request.stdout!r}")
        if step.value is not None and request.value != step.value:
            raise Violation(f"{step.code!r} has the value {request.value!r}")

    def _note(self, what: str) -> None:
        self._log.append(f"  {what[:200]}")

    def told(self) -> str:
        """What was done, as rows of a table."""
        return "\n".join(f"| {name} | {count} |" for name, count in sorted(self.counts.items()))


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.ZombieProcess:
        return f"{process.name()}, which has ended and nobody has waited for"
    except psutil.Error:  # it ends this moment
        return "ended"


@dataclass(frozen=True)
class Holdings:
    """What a kernel holds of the machine.

    Attributes:
        descriptors: how many it has open.
        threads: how many it has.
        processes: the commands of its children and of theirs.
        files: those in the folder for temporary ones.
    """

    descriptors: int
    threads: int
    processes: tuple[str, ...]
    files: tuple[str, ...]

    @classmethod
    def of(cls, kernel: Jupyter, temporary: Path) -> Holdings:
        """Look at a kernel's process.

        Args:
            kernel: the kernel.
            temporary: its folder for temporary files.
        """
        assert kernel.manager.provisioner is not None
        process = psutil.Process(kernel.manager.provisioner.pid)  # type: ignore[attr-defined]
        children = sorted(map(_command, process.children(recursive=True)))
        files = sorted(re.sub(r"-board-.*", "-board-*", name) for name in os.listdir(temporary))  # noqa: PTH208 - names
        return cls(process.num_fds(), process.num_threads(), tuple(children), tuple(files))

    def check(self, now: Holdings) -> None:
        """Fail where more is held now than then."""
        assert now.descriptors <= self.descriptors + 2, (self, now)  # one or two are open for an instant
        assert now.threads <= self.threads + 1, (self, now)
        assert len(now.processes) <= len(self.processes), (self, now)
        assert now.files == self.files, (self, now)
