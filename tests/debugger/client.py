"""What JupyterLab's debugger is to the kernel: requests on the control channel, events and cells' output."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from queue import Empty
from typing import TYPE_CHECKING, Any

from ..front_end import REPLY_TIMEOUT, Jupyter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Failed(Exception):
    """The debugger did not do it; the text is its message."""


@dataclass
class Value:
    """A variable as the panel shows it.

    Attributes:
        reference: opens it; 0 where there is nothing in it.
    """

    value: str
    type: str
    reference: int


@dataclass
class Happened:
    """What came of a cell until it paused or ended.

    Attributes:
        status: ``stopped`` for a pause, else that of the reply.
        reason: of the pause.
        text: what was printed and shown, in its order.
        content: of the reply, or of the event.
    """

    status: str
    reason: str = ""
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The text in one line: where lines end does not matter."""
        return " ".join(self.text.split())


class DebugClient:
    """A kernel and a front end whose debugger is on."""

    def __init__(self, cwd: Path, address: str = "virtual", env: dict[str, str | None] | None = None) -> None:
        self.kernel = Jupyter(cwd, env)
        self._sequence = 0
        self._cell = ""
        self._runs = False
        if address:
            self.kernel.do(f"%connect {address}")

    # -- requests ------------------------------------------------------------------------------------------------

    def send(self, command: str, **arguments: Any) -> str:
        """Send a request; return its id."""
        self._sequence += 1
        content = {"type": "request", "seq": self._sequence, "command": command, "arguments": arguments}
        message = self.kernel.client.session.msg("debug_request", content)
        self.kernel.client.control_channel.send(message)
        return str(message["header"]["msg_id"])

    def reply(self, request: str) -> dict[str, Any]:
        """Wait for the reply to a request."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        while True:
            message = self.kernel.client.get_control_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == request:
                assert message["header"]["msg_type"] == "debug_reply"
                return dict(message["content"])

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request that has to succeed; return the body of its reply."""
        reply = self.reply(self.send(command, **arguments))
        assert reply["type"] == "response"
        assert reply["command"] == command
        if not reply["success"]:
            raise Failed(reply["message"])
        return dict(reply["body"])

    def refused(self, command: str, **arguments: Any) -> str:
        """Send a request that has to fail; return why."""
        try:
            body = self.ask(command, **arguments)
        except Failed as error:
            return str(error)
        raise AssertionError(f"{command} did not fail: {body}")

    # -- on and off ----------------------------------------------------------------------------------------------

    def turn_on(self) -> None:
        assert not self.ask("debugInfo")["isStarted"]
        self.ask("initialize")
        self.ask("attach")
        self.ask("configurationDone")
        assert self.ask("debugInfo")["isStarted"]

    def turn_off(self) -> None:
        self.ask("disconnect", restart=False)
        assert not self.ask("debugInfo")["isStarted"]

    def path(self, code: str) -> str:
        return str(self.ask("dumpCell", code=code)["sourcePath"])

    def settle(self) -> None:
        """After a test that has failed: nothing runs, and the debugger is off."""
        if self._runs:
            self.stop()
        self.ask("disconnect")

    def break_at(self, code: str, *lines: int, **more: str) -> list[dict[str, Any]]:
        """Set the breakpoints of a cell; return what the debugger makes of them."""
        wanted = [{"line": line, **more} for line in lines]
        return list(self.ask("setBreakpoints", source={"path": self.path(code)}, breakpoints=wanted)["breakpoints"])

    # -- cells ---------------------------------------------------------------------------------------------------

    def run(self, code: str, **options: Any) -> Happened:
        """Run a cell until it pauses or ends."""
        self.start(code, **options)
        return self.wait()

    def start(self, code: str, **options: Any) -> None:
        """Run a cell, and do not wait."""
        self._runs = True
        self._cell = self.kernel.client.execute(code, **{"allow_stdin": False, **options})

    def wait(self, timeout: float = REPLY_TIMEOUT, until: str = "") -> Happened:
        """Wait until the cell pauses or ends.

        Args:
            timeout: seconds until the test fails.
            until: or until this was printed.
        """
        found = Happened("")
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                message = self.kernel.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != self._cell:
                continue  # of an earlier cell
            if kind == "debug_event" and content["event"] == "stopped":
                found.status, found.reason, found.content = "stopped", content["body"]["reason"], content["body"]
                return found
            if kind == "stream":
                found.text += content["text"]
                if until and until in found.text:
                    return found
            elif kind in ("execute_result", "display_data"):
                found.text += content["data"]["text/plain"] + "\n"
            elif kind == "status" and content["execution_state"] == "idle":
                found.content = self._reply()
                found.status = found.content["status"]
                self._runs = False
                return found
        raise AssertionError(f"the cell neither paused nor ended within {timeout} s; so far: {found.text!r}")

    def _reply(self) -> dict[str, Any]:
        while True:
            message = self.kernel.client.get_shell_msg(timeout=REPLY_TIMEOUT)
            if message["parent_header"].get("msg_id") == self._cell:
                return dict(message["content"])

    def go(self, command: str = "continue") -> Happened:
        """Have the program go on until it pauses again or ends."""
        self.ask(command, threadId=1)
        return self.wait()

    def stop(self) -> Happened:
        """Press Stop, and wait until the cell has ended."""
        self.kernel.manager.interrupt_kernel()
        return self.wait()

    # -- while it is paused --------------------------------------------------------------------------------------

    @property
    def frames(self) -> list[tuple[str, int]]:
        """The frames, the innermost first: function and line."""
        return [(one["name"], one["line"]) for one in self.ask("stackTrace", threadId=1)["stackFrames"]]

    def frame(self, place: int = 0) -> int:
        """The number of a frame, counted from the innermost."""
        return int(self.ask("stackTrace", threadId=1)["stackFrames"][place]["id"])

    def scopes(self, place: int = 0) -> dict[str, int]:
        found = self.ask("scopes", frameId=self.frame(place))["scopes"]
        return {one["name"]: one["variablesReference"] for one in found}

    def open(self, reference: int, **more: int) -> dict[str, Value]:
        return values(self.ask("variables", variablesReference=reference, **more)["variables"])

    def names(self, scope: str = "Locals", place: int = 0) -> dict[str, Value]:
        return self.open(self.scopes(place)[scope])

    def plain(self, place: int = 0) -> dict[str, str]:
        """The local names and the texts of their values."""
        return {name: one.value for name, one in self.names("Locals", place).items()}

    def evaluate(self, text: str, place: int = 0) -> str:
        return str(self.ask("evaluate", expression=text, frameId=self.frame(place))["result"])

    def evaluate_idle(self, text: str) -> str:
        """Evaluate an expression while no cell runs."""
        return str(self.ask("evaluate", expression=text)["result"])

    def panel(self) -> dict[str, Value]:
        """What the variables panel shows between cells."""
        return values(self.ask("inspectVariables")["variables"])


def values(variables: Sequence[dict[str, Any]]) -> dict[str, Value]:
    return {one["name"]: Value(one["value"], one["type"], one["variablesReference"]) for one in variables}
