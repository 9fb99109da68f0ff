"""Kernels that are forked from a process which has imported all of one already: that saves most of a start's time.

The tests start many hundred kernels. What depends on how Python itself starts is started as Jupyter does: kernels with
other arguments, or with other variables for Python. How a kernel starts is tested apart, without this.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.launcher import launch_kernel
from jupyter_client.provisioning import local_provisioner

import metakernel_micropython
from metakernel_micropython.transports import virtual

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WANTED = "TESTS_PRELOADED"
"""The variable in a kernel's environment that asks for this."""

MODULE = "metakernel_micropython"
_OF_ITS_OWN = (f"{MODULE}.__main__", f"{MODULE}.virtual", f"{MODULE}.papermill_plugin")
REQUEST_SIZE = 1024 * 1024
_AT_START = ("PYTHON", "LC_", "LANG", "MALLOC")  # variables that Python reads as it starts


class Forked:
    """A kernel's process, with what Jupyter uses of ``Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int) -> None:
        self._server = server
        self.pid = pid

    @property
    def returncode(self) -> int | None:
        return self._server.ended.get(self.pid)

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        with self._server.news:
            if not self._server.news.wait_for(lambda: self.returncode is not None, timeout):
                raise subprocess.TimeoutExpired(MODULE, timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Server:
    """The process that is forked, as the tests see it."""

    def __init__(self) -> None:
        self.ended: dict[int, int] = {}  # how each process ended
        self.news = threading.Condition()
        self._started: list[int] = []
        self._starting = threading.Lock()
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # With -P, as kernels are started: IPython looks for modules in the current folder without it.
        command = [sys.executable, "-P", __file__, str(other.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(self._end)
        other.close()
        self.environment = _at_start(os.environ)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], folder: str) -> Forked:
        request = {"arguments": list(arguments), "environment": dict(environment), "folder": folder}
        with self._starting:
            socket.send_fds(self._line, [json.dumps(request).encode()], [1, 2])
            with self.news:
                assert self.news.wait_for(lambda: self._started, 30)
                return Forked(self, self._started.pop())

    def _end(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._process.wait(10)
        self._listener.join(10)
        self._line.close()

    def _listen(self) -> None:
        while message := self._line.recv(REQUEST_SIZE):
            told = json.loads(message)
            with self.news:
                if "status" in told:
                    self.ended[told["pid"]] = os.waitstatus_to_exitcode(told["status"])
                else:
                    self.ended.pop(told["pid"], None)
                    self._started.append(told["pid"])
                self.news.notify_all()


_server: Server | None = None


def launch(command: list[str], **options: Any) -> Any:
    """Start a kernel, as Jupyter's ``launch_kernel`` does."""
    global _server
    environment = dict(options.get("env") or {})
    wanted = environment.pop(WANTED, None) is not None and sys.platform == "linux"  # others lack such sockets
    if wanted and command[1:4] == ["-P", "-m", MODULE]:
        _server = _server or Server()
        if _at_start(environment) == _server.environment:
            return _server.start(command[4:], environment, options["cwd"])
    return launch_kernel(command, **{**options, "env": environment})


local_provisioner.launch_kernel = launch


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


# -- in the process that is forked -----------------------------------------------------------------------------------


def serve(line: socket.socket) -> None:
    """Fork kernels, and tell how they end, until the tests have ended."""
    for found in pkgutil.walk_packages(metakernel_micropython.__path__, f"{MODULE}."):
        if not found.name.startswith(_OF_ITS_OWN):
            importlib.import_module(found.name)
    boards = runpy.run_path(str(Path(__file__).with_name("preloaded_boards.py")))
    virtual._spawn = boards["spawn"]
    awake, wake = boards["be_forked"]()
    while True:
        ready, _, _ = select.select([line, awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _tell_ended(line)
        if line in ready:
            message, descriptors, _, _ = socket.recv_fds(line, REQUEST_SIZE, 2)
            if not message:
                return
            parent = os.getpid()
            if os.fork() == 0:
                for end in (awake, wake):
                    os.close(end)
                os.setsid()
                line.send(json.dumps({"pid": os.getpid()}).encode())  # a group of its own: now it can be ended
                line.close()
                _become(json.loads(message), descriptors, parent)
                return
            for descriptor in descriptors:
                os.close(descriptor)


def _tell_ended(line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        line.send(json.dumps({"pid": pid, "status": status}).encode())


def _become(request: dict[str, Any], descriptors: list[int], parent: int) -> None:
    """Be the kernel."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
    for descriptor, place in zip(descriptors, (1, 2), strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"], JPY_PARENT_PID=str(parent))
    random.seed()
    # The variable that says this is read when ipykernel is imported.
    sys.argv = [MODULE, *request["arguments"], f"--IPKernelApp.parent_handle={parent}"]
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
