"""The kernel: Jupyter's requests, answered by the rooms around it.

A cell goes to ``cell.runner``, the boards are in ``sessions``, what front ends ask while a person types is answered by
``assist``, and the magics come from ``discovery``.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .cell.failure import failure
from .cell.interrupt_state import InterruptState
from .cell.iopub import PATIENCE as FRONT_END_PATIENCE
from .cell.lexical import BOM
from .cell.masking import masked
from .cell.parser import CellParser, leading_lines
from .cell.runner import CellRunner
from .cell.wire_trace import CellTrace
from .debugger.jupyter import Debugging
from .display.error_text import error_text
from .errors import MicroPythonError
from .host import shell
from .jupyter_internals import JupyterMessages
from .magic_tables import LazyMagics
from .request_replies import answer_always
from .sessions.connector import Connector
from .sessions.registry import SessionRegistry
from .sessions.take_over import REQUEST as RELEASE
from .settings import KernelSettings

if TYPE_CHECKING:
    from metakernel import ExceptionWrapper

    from .assist.inspection import Assistant
    from .board import Board
    from .cell.history import History
    from .sessions.session import BoardSession
    from .transports import ConnectionOptions


class MicroPythonKernel(LazyMagics, JupyterMessages, KernelSettings):
    """MicroPython on a board, for Jupyter."""

    app_name = "micropython"
    implementation = "metakernel_micropython"
    implementation_version = __version__
    language = "micropython"
    language_version = "3.4"
    language_info = {  # noqa: RUF012 - MetaKernel's way to say it
        # Tools choose by these how they show and translate cells; docs/front-ends.md says which one reads what.
        "name": "python",
        "version": "3.4",
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "python", "version": 3},
        "pygments_lexer": "ipython3",
        "file_extension": ".py",
    }
    banner = f"MicroPython kernel {__version__}. %connect finds your board, %lsmagic lists the commands, ?name helps."
    help_links = [  # noqa: RUF012
        {"text": "MicroPython", "url": "https://docs.micropython.org/en/latest/"},
        {"text": "MetaKernel Magics", "url": "https://metakernel.readthedocs.io/en/latest/source/README.html"},
    ]

    def __init__(self, **kwargs: Any) -> None:
        # MetaKernel's constructor loads the magics and sets variables, so these come first. No port is opened here.
        self.connections = SessionRegistry(self.Error)
        self.boards = Connector(self)
        self.interrupts = InterruptState(self.interrupt_host)
        self.trace = CellTrace(self)
        super().__init__(**kwargs)
        answer_always(self)
        self.runner = CellRunner(self, self.output, self.interrupts, lambda: self.assistant)
        self.answer_control(RELEASE, self.boards.release)
        self.debugging = Debugging(self)
        self.runner.pauses = self.debugging.pauses
        self.parser = CellParser(self.identifier_regex, self.func_call_regex, self.magic_prefixes, self.help_suffix)

    @property
    def kernel_json(self) -> dict[str, Any]:
        """The kernelspec, as the wheel installs it."""
        return dict(json.loads(files(__package__).joinpath("kernelspec", "kernel.json").read_text(encoding="utf-8")))

    # -- the board -----------------------------------------------------------------------------------------------

    @property
    def connection_options(self) -> ConnectionOptions:
        """How boards are connected unless somebody chooses something else: change it with ``dataclasses.replace``."""
        from .transports import ConnectionOptions

        return ConnectionOptions(baud=self.baud, password=self._ask_password)

    def connect(
        self,
        address: str,
        options: ConnectionOptions | None = None,
        *,
        name: str | None = None,
        wait: float | None = None,
        take: bool = False,
    ) -> Board:
        """Connect to a board; cells run on it from now on. See ``Connector.connect``.

        Raises:
            MicroPythonError: it did not work.
        """
        options = options or self.connection_options
        return self.boards.connect(address, options, name=name, wait=wait, take=take)

    def _ask_password(self, address: str) -> str | None:
        return self.getpass(f"Password of the WebREPL at {address}: ") if self.can_ask else None

    @property
    def connection(self) -> BoardSession | None:
        """The board that cells run on, also while its line is lost; None where none is connected."""
        return self.connections.current

    @property
    def device(self) -> Board | None:
        """The board, which may be lost already without anybody having noticed; None where none is connected."""
        return self.connection.board if self.connection is not None else None

    def disconnect(self, name: str = "", *, exit_raw_repl: bool = True) -> str:
        """Free a board's line; return its address, ``""`` when none was connected.

        Args:
            name: the board; ``""`` for the one that cells run on.
            exit_raw_repl: as for ``Board.close``.
        """
        name = name or self.connections.current_name
        address = self.connections.close(name, exit_raw_repl=exit_raw_repl) if name else ""
        self.boards.disconnected()
        return address

    def require_board(self) -> Board:
        """Return the board that cells run on, connected now where it is not. See ``Connector.ready``.

        Raises:
            MicroPythonError: there is none, or it was lost and is not there again; the message says what to do.
        """
        return self.boards.ready()

    # -- cells ---------------------------------------------------------------------------------------------------

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Handle a cell. Front ends hear of it before ``do_execute`` begins: Stop counts from here on."""
        self.interrupts.request_begins()
        try:
            await super().execute_request(stream, ident, parent)
        finally:
            self.interrupts.request_ends()

    async def do_execute(
        self,
        code: str,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell. Whatever happens, a reply is sent: without one the front end would wait for ever."""
        code = code.removeprefix(BOM)
        if self.ends_console(code):
            return self.farewell
        self.runner.begin_cell(code, self.execution_count)
        self.boards.may_choose, self.shown_error = not silent, None
        if self.iopub is not None:
            self.iopub.take_time()
        try:
            self.interrupts.cell_begins()
            self.runner.executed.note_tags(self.runner.number, (cell_meta or {}).get("tags"), cell_id)
            if not silent:
                self._tell_problems()
                self.trace.start(self.execution_count)
                if not _leaves_notes(code):
                    self.runner.show_unsolicited()
            if store_history and not silent:
                self.history.add(self.execution_count, masked(code))
            reply: dict[str, Any] = await super().do_execute(
                code[len(leading_lines(code)) :],
                silent,
                False,  # it keeps passwords
                user_expressions,
                allow_stdin,
                cell_meta=cell_meta,
                cell_id=cell_id,
            )
            if reply.get("status") == "error" and not silent:
                self.runner.tell_hints(self.line_magics, reply["ename"])
            return reply
        except BaseException as error:
            self.interrupts.cell_ends()
            return self._failed(failure(error), silent)
        finally:
            self.interrupts.cell_ends()
            self.runner.end_cell()
            if self.iopub is not None and self.iopub.take_missed() and not silent:
                self.Error(f"[a front end has not read for {FRONT_END_PATIENCE:g} s: it may have missed messages]")
            self.trace.stop()
            self.connections.check_logs()

    def _tell_problems(self) -> None:
        if problem := self.history.problem():
            self.Error(problem)
        for where, problem in self.new_load_problems():
            self.Error(f"The magics in {where} could not be loaded: {problem}")

    @property
    def cell(self) -> str:
        """The cell that runs, as it was typed."""
        return self.runner.text

    def _failed(self, wrapped: ExceptionWrapper, silent: bool) -> dict[str, Any]:
        content = {"ename": wrapped.ename, "evalue": wrapped.evalue, "traceback": wrapped.traceback}
        if self.shown_error is not None:  # Stop came when the cell had failed already
            content = self.shown_error
        elif not silent:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, "payload": [], **content}

    def do_execute_direct(self, code: str, silent: bool = False) -> dict[str, str] | ExceptionWrapper | None:
        """Run code on the board; return its last value as ``text/plain``, or the error that ended it."""
        return self.runner.run_code(code)

    def set_variable(self, name: str, value: Any) -> None:
        """Give a name on the board a value, as %put does.

        MetaKernel sets half a dozen variables of its own after every cell, and a board has little room: names that
        begin with ``_`` are left out, and everything while no board is connected.
        """
        if self.device is not None and not name.startswith("_"):
            self.device.values.put(name, value)

    def get_variable(self, name: str) -> Any:
        """Return the value of a name on the board, as %get does."""
        return self.require_board().values.get(name)

    @property
    def host_variables(self) -> dict[str, Any]:
        """The names that ``%%python`` cells have made and use."""
        env: dict[str, Any] = getattr(self.line_magics["python"], "env")  # noqa: B009 - magics lie above the kernel
        return env

    # -- interrupt and shutdown ----------------------------------------------------------------------------------

    async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Stop the cell. This runs on the control thread while the main thread waits for the board."""
        content: dict[str, Any] = {"status": "ok"}
        try:
            self.interrupt()
        except MicroPythonError as error:
            content = {"status": "error", "ename": type(error).__name__, "evalue": error_text(error), "traceback": []}
        assert self.session is not None
        self.session.send(stream, "interrupt_reply", content, parent, ident=ident)

    def interrupt(self) -> None:
        """Send Ctrl-C to the board when it runs a cell; otherwise stop the magic that runs on the host."""
        self.interrupts.stop(self.device, self.iopub.hurry if self.iopub is not None else lambda: None)

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Free the boards' lines and end this computer's commands at once; the boards keep their state."""
        shell.kill_all()
        self.boards.end(restart=restart)
        self.connections.close_all()
        if "history" in vars(self):
            self.history.close()
        return await super().do_shutdown(restart)

    # -- help, completion, history -------------------------------------------------------------------------------

    @cached_property
    def assistant(self) -> Assistant:
        """What answers while a person types."""
        from .assist.inspection import Assistant

        return Assistant(self, self.runner.executed.code_here)

    async def do_is_complete(self, code: str) -> dict[str, str]:
        """Say whether Enter runs the cell, and how the next line is indented."""
        from .cell.parser import is_complete

        return is_complete(code, self.takes_text)

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """Complete magics and their arguments, and names that the board knows."""
        return self.assistant.complete(code, cursor_pos)

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """Show what the stubs and the board tell of the name at the cursor, or a magic's help."""
        text = self.assistant.inspect(code, cursor_pos, detail_level)
        data = {"text/plain": text} if text else {}
        return {"status": "ok", "found": bool(text), "data": data, "metadata": {}}

    def magic_help(self, line: str, detail_level: int) -> str | None:
        """Return the help for the magic on a line; None for one that is not known."""
        wanted = self.parse_code(line)["magic"]
        if not wanted or self.unknown_magic(wanted):
            return None
        kind, name = ("line" if wanted["type"] == "line" else "cell"), wanted["name"]
        # Of the magic alone: what stands behind it may be a command.
        magic = (self.line_magics if kind == "line" else self.cell_magics)[name]
        return str(magic.get_help(kind, name, detail_level))

    def get_kernel_help_on(self, info: dict[str, Any], level: int = 0, none_on_fail: bool = False) -> str | None:
        """Return what the stubs and the board know of a name."""
        name = info["help_obj"]
        told = self.assistant.describe(name, level) if name else None
        if told is not None or none_on_fail:
            return told
        return NO_BOARD if self.device is None or not self.device.idle else f"The board knows no {name}."

    def get_usage(self) -> str:
        """Return the help that a lone ``?`` shows."""
        return (
            "Cells are MicroPython and run on the board. %connect connects to one, %boards lists what is plugged in,\n"
            "%lsmagic lists the commands, %NAME? explains one, NAME? asks the board about a name."
        )

    @cached_property
    def history(self) -> History:
        """The cells that were run, also by earlier kernels and by those beside this one."""
        from .cell.history import History, default_path

        if self.history_file.lower() == "off":
            return History(None)
        return History(Path(self.history_file).expanduser() if self.history_file else default_path())

    async def do_history(self, *request: Any, **named: Any) -> dict[str, Any]:
        """Return earlier cells, the oldest first."""
        from .cell.history import reply

        return reply(self.history, *request, **named)


NO_BOARD = "No board answers: %connect ADDRESS connects to one, %boards lists what is plugged in."


def _leaves_notes(code: str) -> bool:
    """Whether notes on what the board printed wait for another cell: %readbytes shows that itself, graders mind it."""
    return re.match(r"%(?:readbytes|%checkpoint)\b", code[len(leading_lines(code)) :]) is not None
