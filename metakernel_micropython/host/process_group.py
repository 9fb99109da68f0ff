"""Programs of this computer in a process group of their own: output as it comes, an end for all of them.

A shell starts others, and Stop must reach those too. The signals that are meant for the kernel do not reach them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIECE = 65536
"""Bytes that are read at once."""

PATIENCE = 0.3
"""Seconds that a group has to end when it is told to, before it is killed."""


def apart() -> dict[str, Any]:
    """Return the options of ``Popen`` that put a program into a group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class ProcessGroup:
    """A program that runs, with all that it starts and that does not leave its group.

    Its input is empty. What is in a hurry to stop it may call ``kill`` from any thread.

    Args:
        arguments: its command line.
        environment: its environment.

    Raises:
        OSError: it could not be started.
        ValueError: the command line holds a character that none can hold.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            **apart(),
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self.output: Output = ThreadedOutput(streams) if sys.platform == "win32" else SelectedOutput(streams)

    @property
    def status(self) -> int | None:
        """The exit status of the first program; negative: the signal that ended it; None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float) -> None:
        """Wait for the first program's end, at most so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def interrupt(self) -> None:
        """Tell the programs that somebody pressed Ctrl-C. Windows knows no such thing for a group without a console."""
        if sys.platform != "win32":
            self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the programs without asking them."""
        if sys.platform == "win32":
            if self._process.poll() is None:
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    subprocess.run(  # the only tool of Windows that ends what a program has started, too
                        ["taskkill", "/T", "/F", "/PID", str(self._process.pid)],  # noqa: S607
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        timeout=5,
                        check=False,
                    )
        else:
            self._signal(signal.SIGKILL)

    def close(self) -> bool:
        """End what still runs and free what was needed; return whether something still ran."""
        left = self._end()
        self.kill()
        self.wait(PATIENCE)
        self.output.close()
        return left

    def _end(self) -> bool:
        if sys.platform == "win32":
            return self._process.poll() is None
        if not self._signal(signal.SIGTERM):
            return False
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self._process.poll()  # what has ended and was not waited for still counts
            if not self._signal(0):
                break
            time.sleep(0.01)
        return True

    def _signal(self, number: int) -> bool:
        """Send a signal to all programs; return whether there are any."""
        # The group has the number of its first process, which no new one gets while the group has members.
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):  # the second: macOS, for what has just ended
                os.killpg(self._process.pid, number)
                return True
        return False


class Output(Protocol):
    """What programs write to their stdout and stderr."""

    @property
    def open(self) -> bool:
        """Whether something still may come."""
        ...

    def read(self, timeout: float) -> list[tuple[str, bytes]]:
        """Return what has come, with the stream's name; wait for it, at most so many seconds."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class SelectedOutput:
    """Output where the system can wait for several pipes."""

    def __init__(self, streams: Mapping[str, IO[bytes]]) -> None:
        self._streams = dict(streams)
        self._selector = selectors.DefaultSelector()
        for name, stream in self._streams.items():
            self._selector.register(stream, selectors.EVENT_READ, name)

    @property
    def open(self) -> bool:
        """Whether something still may come."""
        return bool(self._selector.get_map())

    def read(self, timeout: float) -> list[tuple[str, bytes]]:
        """Return what has come, with the stream's name; wait for it, at most so many seconds."""
        found = []
        for key, _ in self._selector.select(timeout) if self.open else []:
            if data := os.read(key.fd, PIECE):
                found.append((str(key.data), data))
            else:
                self._selector.unregister(key.fileobj)
        return found

    def close(self) -> None:
        """Read no more."""
        self._selector.close()
        for stream in self._streams.values():
            stream.close()


class ThreadedOutput:
    """Output where the system can wait for sockets only, as on Windows: a thread for each pipe."""

    def __init__(self, streams: Mapping[str, IO[bytes]]) -> None:
        self._pieces: queue.Queue[tuple[str, bytes]] = queue.Queue(4)
        self._open = set(streams)
        self._closed = threading.Event()
        for name, stream in streams.items():
            threading.Thread(target=self._copy, args=(name, stream), name=f"{name} of !", daemon=True).start()

    @property
    def open(self) -> bool:
        """Whether something still may come."""
        return bool(self._open)

    def read(self, timeout: float) -> list[tuple[str, bytes]]:
        """Return what has come, with the stream's name; wait for it, at most so many seconds."""
        try:
            name, data = self._pieces.get(timeout=timeout)
        except queue.Empty:
            return []
        if data:
            return [(name, data)]
        self._open.discard(name)
        return []

    def close(self) -> None:
        """Read no more: the threads end as soon as nobody holds the pipes."""
        self._closed.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._pieces.get_nowait()

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            data = b"?"
            while data and not self._closed.is_set():
                data = os.read(stream.fileno(), PIECE)
                while not self._closed.is_set():
                    with contextlib.suppress(queue.Full):
                        self._pieces.put((name, data), timeout=0.2)
                        break
