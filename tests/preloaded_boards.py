"""Virtual boards that are forked from a process which has imported all of one already.

The tests start about two thousand of them, and most of a start's time is Python's own. How a virtual board starts, ends
and is cleaned up is tested apart, without this (see ``conftest.py``).
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from metakernel_micropython.transports import virtual

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "TESTS_PRELOADED_BOARDS"
"""The variable with the socket of the process that is forked; without it each board starts as people's do."""

_MODULE = "metakernel_micropython.virtual"
_REQUEST_SIZE = 256 * 1024
_spawn = virtual._spawn


class _Forked:
    """A board's process, with what is used of ``Popen``.

    Args:
        line: gives the process's number, and at its end its status.
    """

    def __init__(self, line: socket.socket) -> None:
        self.returncode: int | None = None
        self.pid = int(line.recv(32))
        self._ended = threading.Event()
        threading.Thread(target=self._listen, args=(line,), name="end of a virtual board", daemon=True).start()

    def _listen(self, line: socket.socket) -> None:
        with line:
            self.returncode = int(line.recv(32) or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(_MODULE, timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def spawn(command: list[str], log: IO[bytes], environment: dict[str, str]) -> Any:
    """Start a virtual board, as the transport's ``_spawn`` does."""
    place = os.environ.get(VARIABLE)
    if not place or command[1:4] != ["-P", "-m", _MODULE]:
        return _spawn(command, log, environment)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(place)
    request = {"arguments": command[4:], "environment": environment, "folder": str(Path.cwd()), "parent": os.getpid()}
    socket.send_fds(line, [json.dumps(request).encode()], [log.fileno()])
    return _Forked(line)


def start(set_variable: Callable[[str, str], object]) -> None:
    """Have the boards of this process, and of kernels that are forked, come from such a process.

    Args:
        set_variable: sets a variable of the environment.
    """
    if sys.platform != "linux":  # others lack such sockets
        return
    place = Path(tempfile.mkdtemp(prefix="boards-"), "socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(place))
    listener.listen(64)
    command = [sys.executable, "-P", __file__, str(listener.fileno())]
    process = subprocess.Popen(command, pass_fds=[listener.fileno()], stdin=subprocess.PIPE)
    listener.close()
    set_variable(VARIABLE, str(place))
    virtual._spawn = spawn

    def end() -> None:
        process.communicate()  # it ends with its input
        place.unlink()
        place.parent.rmdir()

    atexit.register(end)


# -- in the process that is forked -----------------------------------------------------------------------------------


def serve(listener: socket.socket) -> None:
    """Fork boards, and tell how they end, until the tests have ended."""
    with suppress(ImportError):  # the extra is not installed: the boards say so
        import metakernel_micropython.virtual.virtual_board
    import metakernel_micropython.virtual.cli  # noqa: F401

    awake, wake = be_forked()
    lines: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([listener, awake, 0], [], [])
        if 0 in ready:
            return
        if awake in ready:
            os.read(awake, 4096)
            _tell_ended(lines)
        if listener in ready:
            line, _ = listener.accept()
            pid = os.fork()
            if pid == 0:
                for descriptor in (awake, wake, listener.detach(), *(one.detach() for one in lines.values())):
                    os.close(descriptor)
                _become(line)
                return
            lines[pid] = line


def be_forked() -> tuple[int, int]:
    """Prepare to fork: return a descriptor that can be read when a child has ended, and its other end."""
    gc.freeze()
    awake, wake = os.pipe()
    for end in (awake, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests end this
    return awake, wake


def _tell_ended(lines: dict[int, socket.socket]) -> None:
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with lines.pop(pid) as line, suppress(OSError):  # nobody wants to know
            line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(line: socket.socket) -> None:
    """Be a board."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    message, (log,), _, _ = socket.recv_fds(line, _REQUEST_SIZE, 1)
    line.send(str(os.getpid()).encode())
    line.close()
    request = json.loads(message)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, place)
    os.close(nothing)
    os.close(log)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.getppid = partial(_parent, request["parent"])
    sys.argv = [_MODULE, *request["arguments"]]
    runpy.run_module(_MODULE, run_name="__main__", alter_sys=True)


def _parent(pid: int) -> int:
    """Return the number of the process that asked for the board, as long as there is one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return 1
    return pid


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
