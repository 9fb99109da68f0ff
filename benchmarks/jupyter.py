"""A kernel in a process of its own, driven through Jupyter's messages as a front end drives it."""

from __future__ import annotations

import contextlib
import os
import re
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
from .errors import BenchmarkError, CannotError, LateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

_START = 60.0  # seconds that a kernel has for its first answer
_CELL = 60.0  # seconds that a cell, a completion or an interrupt has
_TRANSFER = 300.0  # seconds that a transfer has
_IDLE = 3.0  # seconds after which a kernel that has started has nothing more to do
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
        error: what the reply says of an error.
        loaded: the text of the next cell, where the kernel sets it.
        seconds: from the request to the reply and the kernel's ``idle``, whichever came last.
        reply: seconds from the request to the reply.
    """

    status: str
    text: str
    error: str
    loaded: str
    seconds: float
    reply: float


@dataclass(frozen=True)
class Commands:
    """How a kernel is told what to do: cells, with places for what differs; ``""`` for what it has no command for.

    ``path`` is a file or folder of this computer, ``name`` one of the board, ``content`` the file's text.

    Attributes:
        cell: runs ``code`` on the board.
        write: writes a file.
        read: saves a file of the board; or makes the next cell of it, below a first line.
        write_folder: writes a folder.
        read_folder: saves a folder.
        sync: makes a folder of the board like one here.
        heading: what the kernel puts before a file's content by itself.
    """

    cell: str = "{code}"
    write: str = ""
    read: str = ""
    write_folder: str = ""
    read_folder: str = ""
    sync: str = ""
    heading: bytes = b""


class KernelSession(Session):
    """A running kernel, from ``__enter__`` to ``__exit__``.

    Args:
        argv: the command, with ``{connection_file}``.
        interrupt_mode: ``message`` or ``signal``, as in a kernelspec.
        settings: a folder for what kernels keep (history, profiles), in place of the user's.
        commands: how it is told what to do.
    """

    def __init__(self, argv: list[str], interrupt_mode: str, settings: Path, commands: Commands) -> None:
        self._settings = settings
        self._commands = commands
        self.heading = commands.heading
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
            self.run(self._code(work.PRINT))

    def memory(self) -> tuple[int, int]:
        """Return what the system says of the kernel's process, some seconds after its first answer."""
        time.sleep(_IDLE)
        assert self._manager.provisioner is not None
        try:
            pid = getattr(self._manager.provisioner, "pid", None)
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError as error:
            raise CannotError("only Linux tells the memory of a process in this way") from error
        sizes = dict(re.findall(r"^(\w+): +(\d+) kB$", rollup, re.MULTILINE))
        return int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024

    def ask(self, code: str) -> str:
        """Run code; return what it printed."""
        return self.run(self._code(code)).text

    def _code(self, code: str) -> str:
        return self._commands.cell.format(code=code)

    def round_trip(self) -> float:
        """Run ``work.PRINT``."""
        answer = self.run(self._code(work.PRINT))
        # The echo kernel gives the cell itself back.
        if answer.text.strip() not in ("1", work.PRINT):
            raise BenchmarkError(f"{work.PRINT} printed {answer.text!r}.")
        return answer.seconds

    def output(self) -> float:
        """Run ``work.OUTPUT``."""
        answer = self.run(self._code(work.OUTPUT))
        if work.size(answer.text) != work.OUTPUT_SIZE:
            raise BenchmarkError(f"{work.size(answer.text)} of {work.OUTPUT_SIZE} bytes arrived.")
        return answer.seconds

    def interrupt(self) -> float:
        """Interrupt as Jupyter does, by message or by signal, and wait for the cell's reply."""
        answer = self.run(self._code(work.LOOP), interrupt_at=work.RUNNING)
        if answer.status == "ok":
            raise BenchmarkError("The interrupted loop ended as if it were complete.")
        return answer.reply

    def completion(self) -> float:
        """Complete ``work.DOTTED`` after a cell, so that no answer of before can be given again."""
        assert self._client is not None
        self.run(self._code(work.IMPORT))
        begin = time.perf_counter()
        request = self._client.complete(work.DOTTED, len(work.DOTTED))
        content = self._wait("complete_reply", request, begin + _CELL)["content"]
        seconds = time.perf_counter() - begin
        if not any(name.endswith(work.COMPLETED) for name in content["matches"]):
            raise BenchmarkError(f"{work.DOTTED} was completed to {content['matches']}.")
        return seconds

    def write_file(self, source: Path, name: str) -> float:
        """Run the cell that writes it."""
        command = self._commands.write
        try:
            content = source.read_text(encoding="utf-8") if "{content}" in command else ""
        except UnicodeDecodeError as error:
            raise CannotError("it sends cells, which are text") from error
        return self._transfer(command, path=source, name=name, content=content).seconds

    def read_file(self, name: str, target: Path) -> float:
        """Run the cell that saves it; where it becomes the next cell, that is saved without its first line."""
        answer = self._transfer(self._commands.read, path=target, name=name)
        if "{path}" not in self._commands.read:
            target.write_text(answer.loaded.partition("\n")[2], encoding="utf-8")
        return answer.seconds

    def write_folder(self, source: Path, name: str) -> float:
        """Run the cell that writes it."""
        return self._transfer(self._commands.write_folder, path=source, name=name).seconds

    def read_folder(self, name: str, target: Path) -> float:
        """Run the cell that saves it."""
        return self._transfer(self._commands.read_folder, path=target, name=name).seconds

    def sync(self, source: Path, name: str) -> float:
        """Run the cell that makes them alike."""
        return self._transfer(self._commands.sync, path=source, name=name).seconds

    def _transfer(self, command: str, **places: object) -> Answer:
        if not command:
            raise CannotError("it has no command for that")
        answer = self.run(command.format(**places), patience=_TRANSFER)
        if answer.status != "ok":
            raise CannotError(f"{command.partition(' ')[0]}: {answer.error}")
        return answer

    def run(self, code: str, interrupt_at: str = "", patience: float = _CELL) -> Answer:
        """Run a cell to its end; where its output contains ``interrupt_at``, interrupt it, and count from then on.

        Raises:
            LateError: it did not end in time.
        """
        assert self._client is not None
        begin = time.perf_counter()
        deadline = begin + patience
        request = self._client.execute(code, allow_stdin=False)
        text: list[str] = []
        status, error, loaded, replied, idle = "", "", "", 0.0, 0.0
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
                error = f"{content.get('ename', '')}: {content.get('evalue', '')}".partition("\n")[0]
                texts = [item.get("text", "") for item in content.get("payload", []) if isinstance(item, dict)]
                loaded = "".join(text for text in texts if isinstance(text, str))
            elif kind == "status" and content["execution_state"] == "idle":
                idle = time.perf_counter()
            if replied and idle:
                break
        return Answer(status, "".join(text), error, loaded, max(replied, idle) - begin, replied - begin)

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
