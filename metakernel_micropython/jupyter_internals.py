"""A MetaKernel with what this kernel needs of Jupyter's messages: output at a front end's pace, questions, data.

What MetaKernel and ipykernel do not offer publicly is used here and nowhere else: what a new version of theirs may take
away. A test names what is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import comm
from ipykernel import kernel_protocol_version  # type: ignore[attr-defined]
from ipykernel.iostream import OutStream
from metakernel import MetaKernel
from metakernel.magic import _parse_args
from traitlets import Float

from .cell.foreign_code import ForeignCode
from .cell.iopub import MESSAGE_LIMIT, BoundedOutput, IOPubThrottle
from .cell.masking import masked
from .display.wrapping import wrapped
from .front_end import thread_output
from .interrupts import interrupt_main_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping

    from ipykernel.kernelbase import Kernel


class JupyterMessages(MetaKernel):
    """The messages of one kernel; implements ``front_end.Messages``."""

    allow_html = False  # whether what a board gives to show may run in the browser
    stop_needs_ticks = False  # Stop arrives in another thread than the one that waits

    # ipykernel sleeps half a millisecond before every reply, for front ends that do not wait for "idle"; they all do.
    _execute_sleep = Float(0.0)

    def __init__(self, **kwargs: Any) -> None:
        self._ending = False
        self._taken: list[QuietOutStream] = []
        self._output_parent: Any = {}
        self.shown_error: Any = None  # what the cell that runs has shown: a second one would belong to nothing
        self._input = InputRequest(self)
        self._foreign_code = ForeignCode()
        super().__init__(**kwargs)
        self.iopub = IOPubThrottle.around(self.iopub_socket)
        if self.iopub is not None:
            self.iopub_socket = self.iopub
        self.output = BoundedOutput(self.iopub, self._show_output, self.Error)
        self.hist_file = ""  # MetaKernel's, which the kernel that ends last overwrites

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What the kernel tells about itself.

        Subshells are for widgets: what is pressed on %panel arrives while a cell runs. What would need the board is
        refused there (``request_replies``).

        ipykernel's own would import debugpy to know whether it is there: a quarter of the kernel's start and 12 MB, for
        code that does not run in this process.
        """
        return {
            "protocol_version": kernel_protocol_version,
            "implementation": self.implementation,
            "implementation_version": self.implementation_version,
            "language_info": self.language_info,
            "banner": self.banner,
            "help_links": self.help_links,
            "supported_features": ["debugger", *(["kernel subshells"] if self._supports_kernel_subshells else [])],
        }

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Run a cell. What a front end sends for itself, in CPython, is answered with nothing and has no number."""
        if not self._foreign_code.is_in(parent["content"]):
            await super().execute_request(stream, ident, parent)  # type: ignore[no-untyped-call]
            return
        content = {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}
        assert self.session is not None
        self.session.send(stream, "execute_reply", content, parent, ident=ident)

    # -- what is shown -------------------------------------------------------------------------------------------

    def send_response(self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **options: Any) -> Any:
        """Send a message to the front end; what belongs to one of several boards goes to whoever names that board."""
        take = thread_output.get()
        if take is None:
            if msg_or_type == "error":
                self.shown_error = content
            return super().send_response(stream, msg_or_type, content, *args, **options)
        if msg_or_type == "stream":
            take(content["name"], content["text"])
        elif "data" in (content or {}):
            take("stdout", content["data"].get("text/plain", "").rstrip("\n") + "\n")
        return None

    def Error(self, *objects: Any, **options: Any) -> None:  # noqa: N802 - MetaKernel's name
        """Show text on stderr, with the arguments of ``print``.

        Without an ``end`` it is a message of ours, in short lines; with one it is what a board or a program said.

        MetaKernel's makes it red, which is hard to read on the background that JupyterLab gives stderr.
        """
        printed = io.StringIO()
        print(*objects, file=printed, **options)
        text = printed.getvalue() if "end" in options else wrapped(printed.getvalue())
        self.send_response(self.iopub_socket, "stream", {"name": "stderr", "text": text})

    def _show_output(self, text: str) -> None:
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})

    def show_data(self, data: Mapping[str, Any]) -> None:
        """Show data by MIME types; ``text/plain`` is always there.

        Raises:
            ValueError: it holds what no message can hold, as half a surrogate pair.
        """
        content = {"data": dict(data), "metadata": {}, "transient": {}}
        self.send_response(self.iopub_socket, "display_data", content)

    # -- Python in this process ----------------------------------------------------------------------------------

    def take_output(self) -> None:
        """Have what Python prints in this process shown in the cell that runs, or that ran last, from now on."""
        if self._taken:
            return
        self._taken = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, QuietOutStream)]
        for stream in self._taken:
            vars(stream).pop("write", None)  # MetaKernel's, which sends a message for each piece
            stream.send_through(self.iopub)
        self._take_parent(self.get_parent("shell"))  # type: ignore[no-untyped-call]

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """Note whose request is answered. What Python prints belongs to cells and widgets, to no other request."""
        super().set_parent(ident, parent, channel)  # type: ignore[no-untyped-call]
        if channel == "shell" and parent and parent["header"]["msg_type"] in ("execute_request", "comm_msg"):
            self._take_parent(parent)

    def _take_parent(self, parent: Any) -> None:
        self._output_parent = parent
        for stream in self._taken:
            stream.set_parent(parent)  # type: ignore[no-untyped-call]

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message (type and content) to the cell that runs, or that ran last; any thread may call it."""
        if self.session is None:  # in an engine of a cluster (%px)
            self.send_response(None, kind, content)
        else:
            self.session.send(self.iopub_socket, kind, dict(content), parent=self._output_parent)

    @contextlib.contextmanager
    def current_shell(self, shell: Any) -> Iterator[None]:
        """Have ``get_ipython()`` give this shell, and ``__main__`` be its module.

        In an engine of a cluster another shell was there before, and is again afterwards.
        """
        from IPython.core.interactiveshell import InteractiveShell

        before, main = InteractiveShell._instance, sys.modules["__main__"]
        InteractiveShell._instance, sys.modules["__main__"] = shell, shell.user_module
        try:
            yield
        finally:
            if before is not None:
                InteractiveShell._instance, sys.modules["__main__"] = before, main

    def present(self, text: str, html: str) -> None:
        """Show something that has a form for notebooks and one for consoles.

        Args:
            text: for consoles.
            html: for notebooks; what a board said is escaped in it.
        """
        self.show_data({"text/plain": text, "text/html": html})

    def interrupt_host(self) -> None:
        """Raise KeyboardInterrupt in the main thread."""
        interrupt_main_thread()

    def between_cells(self, action: Callable[[], None]) -> None:
        """Have something done that needs the board: at once on the main thread, from others when no cell runs."""
        if threading.current_thread() is threading.main_thread():
            action()
        else:
            self.io_loop.add_callback(action)

    def sender(self) -> Callable[[str, Mapping[str, Any]], None]:
        """Return what sends messages (type and content) to the cell that runs now; any thread may call it."""
        parent = self.get_parent("shell")  # type: ignore[no-untyped-call]

        def send(kind: str, content: Mapping[str, Any]) -> None:
            if self.session is None:  # in an engine of a cluster (%px)
                self.send_response(None, kind, content)
            else:
                self.session.send(self.iopub_socket, kind, dict(content), parent=parent)

        return send

    @property
    def connection_file(self) -> str:
        """The path of the file with the kernel's ports; ``""`` in an engine of a cluster."""
        return str(getattr(self.parent, "abs_connection_file", "")) if self.session is not None else ""

    def answer_control(self, kind: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Answer requests on the control channel, also while a cell runs.

        Args:
            kind: what the messages are called, with ``_request`` or ``_reply`` behind it.
            answer: gets the content of a request and returns that of the reply; runs in the thread of the channel.
        """
        answer_control(self, kind, answer)

    def answer_later(self, kind: str, answer: Callable[[dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]) -> None:
        """Answer requests on the control channel that take their time: others, such as Stop, are handled meanwhile.

        Args:
            kind: as for ``answer_control``.
            answer: gets the content of a request and returns that of the reply; runs in the loop of the channel.
        """
        tasks = set()  # the loop itself keeps no hold of them

        def handle(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
            async def reply() -> None:
                assert self.session is not None
                try:
                    content = await answer(parent["content"])
                    self.session.send(stream, f"{kind}_reply", content, parent, ident=ident)
                except Exception as error:  # it cannot be sent, as half of a surrogate pair: a front end would wait
                    content = {"status": "error", "ename": type(error).__name__, "evalue": ascii(str(error))}
                    self.session.send(stream, f"{kind}_reply", content, parent, ident=ident)

            task = asyncio.ensure_future(reply())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        self.control_handlers[f"{kind}_request"] = handle

    @property
    def in_console(self) -> bool:
        """Whether a console started this kernel: it shows a picture's text, and does not put a new one in its place.

        Consoles are no notebooks' servers: they name the file with the kernel's ports after their process. An engine of
        a cluster shows text, too.
        """
        if not self.connection_file:
            return True
        found = re.fullmatch(r"kernel-(\d+)\.json", Path(self.connection_file).name)
        return found is not None and int(found[1]) == os.getppid()

    def ends_console(self, code: str) -> bool:
        """Whether a line ends a console, as in IPython."""
        return code.strip() in ("exit", "quit", "exit()", "quit()") and self.in_console

    @property
    def farewell(self) -> dict[str, Any]:
        """The reply that has a console end, and its kernel."""
        leave = {"source": "ask_exit", "keepkernel": False}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [leave], "user_expressions": {}}

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        # Other front ends show what was typed here.
        super()._publish_execute_input(masked(code), parent, execution_count)  # type: ignore[no-untyped-call]

    def _publish_status_and_flush(self, status: str, channel: str, stream: Any, parent: Any = None) -> None:
        # After the shutdown ipykernel says "idle" through a thread that its main thread takes away meanwhile: now and
        # then that never returns, and the front end kills the kernel after seconds.
        if not self._ending:
            super()._publish_status_and_flush(status, channel, stream, parent)  # type: ignore[no-untyped-call]

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End; nothing is said after the reply."""
        await super().do_shutdown(False)
        self._ending = True
        return {"status": "ok", "restart": restart}

    # -- what is asked -------------------------------------------------------------------------------------------

    @property
    def can_ask(self) -> bool:
        """Whether the front end of the cell that runs can ask a person for a line."""
        return bool(self._allow_stdin)

    def ask(self, prompt: str, *, secret: bool) -> None:
        """Open the input box; what is still said about an earlier question is thrown away."""
        self._input.open(prompt, secret=secret)

    def answer(self) -> str | None:
        r"""Return what was typed into the input box, ``"\x04"`` for the end of input; None while nothing was."""
        return self._input.answer()


def answer_control(kernel: Kernel, kind: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have a kernel answer requests on its control channel (see ``JupyterMessages.answer_control``)."""

    def handle(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        assert kernel.session is not None
        kernel.session.send(stream, f"{kind}_reply", answer(parent["content"]), parent, ident=ident)

    kernel.control_handlers[f"{kind}_request"] = handle


class InputRequest:
    """The front end's input box.

    Args:
        kernel: the kernel whose front end it is; IPython's own is one, too.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._request = ""
        self._ident: Any = None

    def open(self, prompt: str, *, secret: bool) -> None:
        """Have the front end ask; what it still says about an earlier question is thrown away."""
        kernel = self._kernel
        while self._receive() is not None:
            pass
        self._ident = kernel._get_shell_context_var(kernel._shell_parent_ident)
        parent = kernel.get_parent("shell")  # type: ignore[no-untyped-call]
        content = {"prompt": prompt, "password": secret}
        assert kernel.session is not None
        sent = kernel.session.send(kernel.stdin_socket, "input_request", content, parent, ident=self._ident)
        self._request = sent["header"]["msg_id"] if sent else ""

    def answer(self) -> str | None:
        """Return the answer when there is one: text, or the character 0x04 for the end of input."""
        while (reply := self._receive()) is not None:
            # Consoles name no request; a notebook that answers an earlier one does.
            if reply["parent_header"].get("msg_id", self._request) == self._request:
                return str(reply["content"].get("value", ""))
        return None

    def _receive(self) -> dict[str, Any] | None:
        kernel = self._kernel
        assert kernel.session is not None
        while True:
            try:
                idents, reply = kernel.session.recv(kernel.stdin_socket)
            except ValueError as error:  # a signature that is wrong, or seen before
                kernel.log.warning("A message on the stdin channel was thrown away: %s", error)
                continue
            if reply is None:
                return None
            theirs = self._ident is None or not idents or idents[0] in _as_list(self._ident)
            if theirs and reply["header"]["msg_type"] == "input_reply":
                return dict(reply)


def asks(kernel: Kernel) -> bool:
    """Whether the front end of the cell that a kernel runs can ask a person for a line."""
    return bool(kernel._allow_stdin)


@contextlib.contextmanager
def without_traces() -> Iterator[None]:
    """Put back what MetaKernel's constructor changes of the process: it may be another kernel's, or a program's.

    That is where ``sys.stdout`` writes to, and whose widgets are made.
    """
    stdout, create_comm, first = sys.stdout, comm.create_comm, MetaKernel.meta_kernel
    write = vars(stdout).get("write") if hasattr(stdout, "__dict__") else None
    try:
        yield
    finally:
        comm.create_comm, MetaKernel.meta_kernel = create_comm, first
        if write is not None:
            vars(stdout)["write"] = write
        elif hasattr(stdout, "__dict__"):
            vars(stdout).pop("write", None)


def _as_list(ident: Any) -> list[bytes]:
    return ident if isinstance(ident, list) else [ident]


class QuietOutStream(OutStream):
    """The host's stdout and stderr.

    They wait for ipykernel's IO thread only when they hold something.

    ipykernel flushes both of them twice for each cell, and once more while it shuts down and takes that thread away:
    then now and again the wait never ends, and the front end kills the kernel after seconds. What the board prints does
    not go through them.
    """

    _throttle: IOPubThrottle | None = None
    _held = 0  # characters written since somebody had to wait

    def send_through(self, throttle: IOPubThrottle | None) -> None:
        """Send what is written behind all else that is published, no faster than the front ends read it."""
        if throttle is not None and self._throttle is None:
            self._throttle = throttle
            self.pub_thread = _Throttled(self.pub_thread, throttle)

    def write(self, string: str) -> int:
        """Write text, and return its length; a flood of it waits for the front ends."""
        if isinstance(string, str) and not string.isascii():  # half a surrogate pair would take the rest along
            string = string.encode("utf-8", "backslashreplace").decode("utf-8")
        super().write(string)
        if self._throttle is not None:
            self._held += len(string)
            if self._held >= MESSAGE_LIMIT and threading.current_thread() is not self.pub_thread.thread:
                self._held = 0
                self.flush()
                self._throttle.wait_for_room()
        return len(string)

    def flush(self) -> None:
        """Send what was written, if anything was."""
        if self._buffers:
            super().flush()  # type: ignore[no-untyped-call]


class _Throttled:
    """ipykernel's IO thread, whose messages wait in the throttle."""

    def __init__(self, thread: Any, throttle: IOPubThrottle) -> None:
        self._thread = thread
        self.send_multipart = throttle.send_multipart

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thread, name)


def parse_magic_arguments(method: Callable[..., Any], text: str, usage: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the values and the options on a magic's line, as MetaKernel reads them for its own magics.

    Args:
        method: the magic's method, with the options that MetaKernel's decorator gave it.
        text: what stands behind the magic's name.
        usage: the help, for what cannot be read.
    """
    return _parse_args(method, text, usage=usage)
