"""A kernel in a process of its own, driven through Jupyter's messages as a front end drives it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

from . import work
from .contestant import Session
from .errors import BenchmarkError, LateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

_START = 60.0  # seconds that a kernel has for its first answer
_CELL = 60.0  # seconds that a cell, a completion or an interrupt has
_SETTLE = 0.05  # seconds between the first sign of a running loop and the interrupt
_RETRY = 2  # milliseconds between attempts to reach a kernel that starts; ZeroMQ's own 100 would blur the start

Message = dict[str, Any]


class _OneSpec(KernelSpecManager):
    """Kernelspecs in memory: the same one for every name."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.spec


@dataclass(frozen=True)
class Answer:
    """What came back for a cell.

    Attributes:
        status: of the reply: ``ok``, ``error``, ``abort``.
        text: everything that was sent as output.
        seconds: from the request to the reply and the kernel's ``idle``, whichever came last.
        reply: seconds from the request to the reply.
    """

    status: str
    text: str
    seconds: float
    reply: float


class KernelSession(Session):
    """A running kernel, from ``__enter__`` to ``__exit__``.

    Args:
        argv: the command, with ``{connection_file}``.
        interrupt_mode: ``message`` or ``signal``, as in a kernelspec.
        settings: a folder for what kernels keep (history, profiles), in place of the user's.
    """

    def __init__(self, argv: list[str], interrupt_mode: str, settings: Path) -> None:
        self._settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-kernel-")
        self._context = zmq.Context()
        self._context.reconnect_ivl = _RETRY
        specs = _OneSpec()
        specs.spec = KernelSpec(argv=argv, display_name=argv[-1], language="", interrupt_mode=interrupt_mode)
        self._manager = KernelManager(kernel_name="benchmark", kernel_spec_manager=specs, context=self._context)
        self._client: BlockingKernelClient | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        with (Path(self._folder.name) / "stderr").open("wb") as errors:
            begin = time.perf_counter()
            self._manager.start_kernel(
                cwd=self._folder.name, env=_environment(self._settings), stdout=errors, stderr=errors
            )
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False)
        # Asked again until "idle" comes, too: only then has the subscription to the output arrived at the kernel.
        request = self._client.kernel_info()
        self._wait("kernel_info_reply", request, begin + _START)
        self.start = time.perf_counter() - begin
        while not self._is_subscribed(self._client.kernel_info()):
            if time.perf_counter() > begin + _START:
                raise LateError(f"The kernel sent no status within {_START:g} s.")

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.stop_channels()
        with contextlib.suppress(RuntimeError):
            if self._manager.has_kernel:
                self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
        self._context.destroy(linger=0)
        self._folder.cleanup()

    def shut_down(self) -> None:
        """Ask the kernel to end, so that it can free the board; ``__exit__`` makes sure that it has."""
        with contextlib.suppress(RuntimeError):
            self._manager.shutdown_kernel()

    # -- the work ------------------------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Run a few cells that do not count."""
        for _ in range(5):
            self.run(work.PRINT)

    def round_trip(self) -> float:
        """Run ``work.PRINT``."""
        answer = self.run(work.PRINT)
        # The echo kernel gives the cell itself back.
        if answer.text.strip() not in ("1", work.PRINT):
            raise BenchmarkError(f"{work.PRINT} printed {answer.text!r}.")
        return answer.seconds

    def output(self) -> float:
        """Run ``work.OUTPUT``."""
        answer = self.run(work.OUTPUT)
        if work.size(answer.text) != work.OUTPUT_SIZE:
            raise BenchmarkError(f"{work.size(answer.text)} of {work.OUTPUT_SIZE} bytes arrived.")
        return answer.seconds

    def interrupt(self) -> float:
        """Interrupt as Jupyter does, by message or by signal, and wait for the cell's reply."""
        answer = self.run(work.LOOP, interrupt_at=work.RUNNING)
        if answer.status == "ok":
            raise BenchmarkError("The interrupted loop ended as if it were complete.")
        return answer.reply

    def completion(self) -> float:
        """Complete ``work.DOTTED`` after a cell, so that no answer of before can be given again."""
        assert self._client is not None
        self.run(work.IMPORT)
        begin = time.perf_counter()
        request = self._client.complete(work.DOTTED, len(work.DOTTED))
        content = self._wait("complete_reply", request, begin + _CELL)["content"]
        seconds = time.perf_counter() - begin
        if not any(name.endswith(work.COMPLETED) for name in content["matches"]):
            raise BenchmarkError(f"{work.DOTTED} was completed to {content['matches']}.")
        return seconds

    def run(self, code: str, interrupt_at: str = "") -> Answer:
        """Run a cell to its end; where its output contains ``interrupt_at``, interrupt it, and count from then on.

        Raises:
            LateError: it did not end in time.
        """
        assert self._client is not None
        begin = time.perf_counter()
        deadline = begin + _CELL
        request = self._client.execute(code, allow_stdin=False)
        text: list[str] = []
        status, replied, idle = "", 0.0, 0.0
        for message in self._messages(request, deadline):
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream":
                text.append(content["text"])
                if interrupt_at and interrupt_at in "".join(text):
                    interrupt_at = ""
                    time.sleep(_SETTLE)
                    begin = time.perf_counter()
                    self._manager.interrupt_kernel()
            elif kind == "execute_reply":
                status, replied = content["status"], time.perf_counter()
            elif kind == "status" and content["execution_state"] == "idle":
                idle = time.perf_counter()
            if replied and idle:
                break
        return Answer(status, "".join(text), max(replied, idle) - begin, replied - begin)

    # -- messages ------------------------------------------------------------------------------------------------

    def _messages(self, request: str, deadline: float) -> Iterator[Message]:
        """Give the messages that answer a request, as they come.

        Raises:
            LateError: at the deadline, in seconds of ``time.perf_counter``.
            BenchmarkError: the kernel has died.
        """
        assert self._client is not None
        sockets = [self._client.shell_channel.socket, self._client.iopub_channel.socket]
        poller = zmq.Poller()
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        while True:
            left = deadline - time.perf_counter()
            ready = dict(poller.poll(int(max(0, min(left, 1.0)) * 1000)))
            if not ready:
                if not self._manager.is_alive():
                    raise BenchmarkError(f"The kernel died: {self._last_words()}")
                if left <= 0:
                    raise LateError("The kernel did not answer in time.")
            for socket in sockets:
                if socket in ready:
                    # The session's own recv: the client's get_*_msg() starts an event loop for every message.
                    _, message = self._client.session.recv(socket, zmq.NOBLOCK)
                    if message and message["parent_header"].get("msg_id") == request:
                        yield message

    def _wait(self, kind: str, request: str, deadline: float) -> Message:
        return next(message for message in self._messages(request, deadline) if message["header"]["msg_type"] == kind)

    def _is_subscribed(self, request: str) -> bool:
        try:
            for message in self._messages(request, time.perf_counter() + 1):
                if message["content"].get("execution_state") == "idle":
                    return True
        except LateError:
            pass
        return False

    def _last_words(self) -> str:
        words = (Path(self._folder.name) / "stderr").read_text(errors="replace").strip()
        return words.rpartition("\n")[2] or "it said nothing"


def _environment(settings: Path) -> dict[str, str]:
    """The user's environment without the user's settings, which would make kernels unlike.

    Installed packages come with their bytecode and a working copy does not, so all kernels get a place to keep it.
    """
    mine = ("PYTHON", "MICROPYTHON_BOARD", "JUPYTER", "IPYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(settings / "bytecode"),
        "IPYTHONDIR": str(settings / "ipython"),
        "JUPYTER_CONFIG_DIR": str(settings / "jupyter"),
    }
