"""What a notebook is to the kernel: a client that starts it, sends cells, and keeps everything that comes back."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from importlib.resources import files
from queue import Empty
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from . import preloaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_client.blocking.client import BlockingKernelClient

START_TIMEOUT = 30
REPLY_TIMEOUT = 20

_EMPTY = """
def empty(folder):
    import os
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            empty(path)
            os.rmdir(path)
        else:
            os.remove(path)
empty("")
del empty
"""


@dataclass(frozen=True)
class Error:
    name: str
    value: str
    traceback: list[str]

    @property
    def text(self) -> str:
        """The traceback without its colours."""
        import re

        return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(self.traceback))


@dataclass
class Reply:
    """What came back for one cell; times are in seconds since it was sent."""

    content: dict[str, Any] = field(default_factory=dict)
    messages: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    seconds: float = 0
    interrupted_at: list[float] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.content["status"])

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def number(self) -> int:
        return int(self.content["execution_count"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for _, what, content in self.messages if what == kind]

    def streams(self, name: str = "stdout") -> list[tuple[float, str]]:
        return [(at, c["text"]) for at, what, c in self.messages if what == "stream" and c["name"] == name]

    @property
    def stdout(self) -> str:
        return "".join(text for _, text in self.streams())

    @property
    def stderr(self) -> str:
        return "".join(text for _, text in self.streams("stderr"))

    @property
    def told(self) -> str:
        """What was said on stderr, in one line: where lines end does not matter."""
        return " ".join(self.stderr.split())

    @property
    def trace(self) -> str:
        """What ``%trace`` has shown."""
        return "".join(content["data"]["text/plain"] + "\n" for content in self.of("display_data"))

    @property
    def plain(self) -> str:
        """What a console shows: what was printed, and the text of what was displayed, each with a line end."""
        parts = []
        for _, kind, content in self.messages:
            if kind == "stream" and content["name"] == "stdout":
                parts.append(content["text"])
            elif kind == "display_data":
                parts.append(content["data"]["text/plain"] + "\n")
        return "".join(parts)

    @property
    def value(self) -> str | None:
        """The text behind ``Out[n]:``; None when there is none."""
        results = self.of("execute_result")
        assert len(results) < 2, results
        return results[0]["data"]["text/plain"] if results else None

    @property
    def error(self) -> Error:
        """The error of a cell that failed: the reply and the one message tell the same."""
        assert self.status == "error", self.content
        told = self.of("error")
        assert len(told) == 1, told
        for key in ("ename", "evalue", "traceback"):
            assert told[0][key] == self.content[key]
        assert told[0]["traceback"], "a console prints only the traceback"
        return Error(told[0]["ename"], told[0]["evalue"], told[0]["traceback"])

    @property
    def page(self) -> str:
        """The text of the pager."""
        pages = [payload["data"]["text/plain"] for payload in self.content["payload"] if payload["source"] == "page"]
        assert len(pages) == 1, self.content
        return str(pages[0])


class Jupyter:
    """A kernel and its one client. Every wait has a deadline."""

    def __init__(
        self, cwd: Path | str, env: dict[str, str | None] | None = None, arguments: tuple[str, ...] = ()
    ) -> None:
        spec = json.loads(files("metakernel_micropython").joinpath("kernelspec", "kernel.json").read_text())
        self._spec = KernelSpec(**{**spec, "argv": [sys.executable, *spec["argv"][1:], *arguments]})
        asked = {**os.environ, **({} if arguments else {preloaded.WANTED: "1"}), **(env or {})}
        environment = {key: value for key, value in asked.items() if value is not None}
        try:
            self._start(environment, str(cwd))
        except RuntimeError:
            # The ports are chosen before the kernel opens them: now and then somebody else has taken one meanwhile.
            self._start(environment, str(cwd))

    def _start(self, environment: dict[str, str], cwd: str) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = self._spec
        self.stuck = self.closed = False
        self.manager.start_kernel(env=environment, cwd=cwd)
        self.client = self._new_client()
        try:
            self._open()
        except BaseException:
            self.close(now=True)
            raise

    def _new_client(self) -> BlockingKernelClient:
        client = self.manager.client()
        # The manager, which sends Stop, gives its clients copies of its session, name included: both count their
        # messages from there, and sooner or later a Stop and a cell would have one id.
        client.session.session = uuid.uuid4().hex
        return client

    def _open(self) -> None:
        self.client.start_channels()
        self.client.wait_for_ready(START_TIMEOUT)

    def run(
        self,
        code: str,
        *,
        timeout: float = REPLY_TIMEOUT,
        stop_at: str | None = None,
        stop_after: float | list[float] | None = None,
        stop_at_start: float | None = None,
        once: tuple[str, Callable[[], object]] | None = None,
        **options: Any,
    ) -> Reply:
        """Run a cell to its reply.

        Args:
            code: the cell.
            timeout: seconds until the test fails.
            stop_at: press Stop when this was printed.
            stop_after: press Stop after so many seconds.
            stop_at_start: press Stop so many seconds after the kernel began with the cell.
            once: a text, and what to do when it was shown.
            options: as for ``KernelClient.execute``.
        """
        reply = Reply()
        start = time.monotonic()

        pressing = threading.Lock()

        def stop() -> None:
            with pressing:  # the manager's socket is for one thread at a time: two mix the parts of their messages
                reply.interrupted_at.append(time.monotonic() - start)
                self.manager.interrupt_kernel()

        def keep(message: dict[str, Any]) -> None:
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "execute_input" and stop_at_start is not None:
                threading.Timer(stop_at_start, stop).start()
            if kind not in ("status", "execute_input"):
                reply.messages.append((time.monotonic() - start, kind, content))
            if waiting and waiting[0][0] in reply.stdout + reply.stderr:
                waiting.pop()[1]()
            if stop_at is not None and not reply.interrupted_at and stop_at in reply.stdout:
                stop()

        waiting = [once] if once else []
        waits = [stop_after] if isinstance(stop_after, (int, float)) else stop_after or []
        timers = [threading.Timer(wait, stop) for wait in waits]
        for timer in timers:
            timer.start()
        try:
            answer = self.client.execute_interactive(
                code, output_hook=keep, timeout=timeout, **{"allow_stdin": False, **options}
            )
        except TimeoutError:
            self.stuck = True
            raise AssertionError(f"no reply to {code[:200]!r} within {timeout} s; so far: {reply.messages}") from None
        finally:
            for timer in timers:
                timer.cancel()
                timer.join()
            if reply.interrupted_at:
                # A press may have crossed the reply; it is over before the next cell begins.
                self.control("kernel_info_request", {})
        reply.content = answer["content"]
        reply.seconds = time.monotonic() - start
        return reply

    def do(self, code: str, **options: Any) -> Reply:
        """Run a cell that has to succeed."""
        reply = self.run(code, **options)
        assert reply.ok, reply.content
        return reply

    def connect_empty(self) -> None:
        """Connect to the virtual board, without files of an earlier test."""
        self.do("%connect virtual")
        self.do(_EMPTY)

    def fail(self, code: str, **options: Any) -> Error:
        """Run a cell that has to fail."""
        return self.run(code, **options).error

    def complete(self, code: str, position: int | None = None) -> list[str]:
        """The lines that the cell may become: what stands before the replaced text, and each match."""
        content = self._ask(self.client.complete(code, position), "complete_reply")
        assert content["status"] == "ok"
        return [code[: content["cursor_start"]] + match for match in content["matches"]]

    def inspect(self, code: str, position: int | None = None) -> str:
        """What the kernel tells about the name at the cursor; ``""`` when it was not found."""
        content = self._ask(self.client.inspect(code, position), "inspect_reply")
        assert content["status"] == "ok"
        assert content["found"] == bool(content["data"])
        return str(content["data"].get("text/plain", ""))

    def is_complete(self, code: str) -> tuple[str, str | None]:
        content = self._ask(self.client.is_complete(code), "is_complete_reply")
        return content["status"], content.get("indent")

    def kernel_info(self) -> dict[str, Any]:
        return self._ask(self.client.kernel_info(), "kernel_info_reply")

    def control(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send a request on the control channel and return the reply's content."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        deadline = time.monotonic() + REPLY_TIMEOUT
        while True:
            reply = self.client.get_control_msg(timeout=max(0.1, deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(reply["content"])

    def restart(self, *, now: bool = False) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel(now=now)
        self.stuck = False
        self.client = self._new_client()
        self._open()

    def close(self, *, now: bool = False) -> None:
        if self.closed:
            return
        self.closed = True
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=now)

    def _ask(self, request: str, kind: str) -> dict[str, Any]:
        deadline = time.monotonic() + REPLY_TIMEOUT
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"no {kind} within {REPLY_TIMEOUT} s") from None
            if reply["parent_header"].get("msg_id") == request:
                assert reply["header"]["msg_type"] == kind
                return dict(reply["content"])
