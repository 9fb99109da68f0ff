"""The kernel: cells go to the board, what the board says comes back while it runs.

It talks to Jupyter and to one ``Board``; the protocol, the lines and the magics are elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipykernel import kernel_protocol_version  # type: ignore[attr-defined]
from metakernel import ExceptionWrapper, MetaKernel
from metakernel.config import get_local_magics_dir
from traitlets import Float, Int, Unicode

from . import __version__
from .cell.iopub import PATIENCE as FRONT_END_PATIENCE
from .cell.iopub import IOPubThrottle, Output
from .cell.masking import masked
from .cell.parser import CellParser, leading_lines, misplaced_magic
from .cell.program import Program, ValueFilter, prepare
from .cell.tracebacks import CellSources, render
from .cell.wire_trace import CellTrace
from .discovery import MagicTable, load_magics, strict
from .errors import DeviceError, LineLost, MicroPythonError, NotConnected
from .interrupts import interrupt_main_thread
from .magic import MagicError, StrictMagic, failure
from .sessions.registry import SessionRegistry, saying

if TYPE_CHECKING:
    from metakernel import Magic

    from .assist.inspection import Assistant
    from .board import Board, Execution
    from .cell.capture_file import Capture
    from .cell.history import History
    from .cell.stdin import ProgramInput, StdinBridge
    from .cell.timing import Stopwatch
    from .display.board_display import BoardDisplay
    from .plotting.figure import Options
    from .plotting.live_plot import Plot
    from .sessions.broadcast import Broadcast
    from .sessions.session import BoardSession

OUTPUT_INTERVAL = 0.05
"""Seconds between two messages of output: a front end shows no more, and messages cost more than bytes."""

LINE_INTERVAL = 0.005
"""Seconds that a line which has begun may take to be shown in one piece."""

PATIENCE = 1.0
"""Seconds after Ctrl-C before the cell says what it waits for."""

NOT_CONNECTED = (
    "No board is connected. Plug one in and run %connect, name it as in %connect /dev/ttyUSB0 (%boards lists what is "
    "plugged in), or use %connect virtual for a board without hardware."
)

MEANT = {
    "writetofile": "%%writefile",
    "serialdisconnect": "%disconnect",
    "sendbytes": "%writebytes",
    "savetofile": "%sendtofile",
    "savefile": "%sendtofile",
    "sendfile": "%sendtofile",
    "readfile": "%fetchfile",
    "fetchfromfile": "%fetchfile",
}
"""Names that people try, and what they mean, where the nearest spelling would be another magic."""


class MicroPythonKernel(MetaKernel):
    """MicroPython on a board, for Jupyter."""

    app_name = "micropython"
    implementation = "metakernel_micropython"
    implementation_version = __version__
    language = "micropython"
    language_version = "3.4"
    language_info = {  # noqa: RUF012 - MetaKernel's way to say it
        "name": "micropython",
        "version": "3.4",
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "python", "version": 3},
        "pygments_lexer": "python3",
        "file_extension": ".py",
    }
    banner = f"MicroPython kernel {__version__}. %connect finds your board, %lsmagic lists the commands, ?name helps."
    help_links = [  # noqa: RUF012
        {"text": "MicroPython", "url": "https://docs.micropython.org/en/latest/"},
        {"text": "MetaKernel Magics", "url": "https://metakernel.readthedocs.io/en/latest/source/README.html"},
    ]

    board = Unicode(
        os.environ.get("MICROPYTHON_BOARD", ""),
        help="Address of the board to connect to at the first cell, for example auto or /dev/ttyACM0; empty: none.",
    ).tag(config=True)
    history_file = Unicode(
        os.environ.get("MICROPYTHON_HISTORY", ""),
        help="File that keeps the history of cells; empty: one in the user's data folder; off: none.",
    ).tag(config=True)
    port = Unicode(
        os.environ.get("MICROPYTHON_PORT", ""),
        help="Port of MicroPython whose documentation is shown, for example rp2; empty: that of the board.",
    ).tag(config=True)
    baud = Int(115200, help="Baud rate of serial lines.").tag(config=True)

    # ipykernel sleeps half a millisecond before every reply, for front ends that do not wait for "idle"; they all do.
    _execute_sleep = Float(0.0)

    def __init__(self, **kwargs: Any) -> None:
        # MetaKernel's constructor loads the magics and sets variables, so these come first. No port is opened here.
        self.connections = SessionRegistry(self.Error)
        self.together: Broadcast | None = None  # a cell that runs on several boards
        self._on_host = False  # a cell runs, and what it does now happens on the host
        self._tagged: dict[str, tuple[int, list[str]]] = {}  # by the front end's id: number and tags of a cell
        self._begun = False  # a cell was asked for
        self._stopped = False  # Stop came before anything of it ran
        self._stopping = threading.Lock()  # guards the three above, which Stop reads on another thread
        self._cell = ""
        self._sources = CellSources()
        self._problems_told = 0
        self._ending = False
        self.trace = CellTrace(self)
        self._capture: Capture | None = None
        self._stopwatch: Stopwatch | None = None
        self.plotting: Options | None = None  # how every cell's readings are drawn
        self._plotting: Options | None = None  # how this cell's are
        self._plot: Plot | None = None
        self.displaying: BoardDisplay | None = None
        self.allow_html = False  # whether what a board gives to show may run in the browser
        self._device_error: DeviceError | None = None  # what ended the cell
        self._only_type = False  # the cell's code is typed to the board, which is not told to run it
        super().__init__(**kwargs)
        self._iopub = IOPubThrottle.around(self.iopub_socket)
        if self._iopub is not None:
            self.iopub_socket = self._iopub
        self._output = Output(self._iopub, self._show_output, self.Error)
        self.hist_file = ""  # MetaKernel's, which the kernel that ends last overwrites
        self.parser = CellParser(self.identifier_regex, self.func_call_regex, self.magic_prefixes, self.help_suffix)

    @property
    def kernel_json(self) -> dict[str, Any]:
        """The kernelspec, as the wheel installs it."""
        spec: dict[str, Any] = json.loads(
            files(__package__).joinpath("kernelspec", "kernel.json").read_text(encoding="utf-8")
        )
        return spec

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What the kernel tells about itself: no subshells, because they would share the board's line.

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
            "supported_features": [],
        }

    async def create_subshell_request(self, socket: Any, ident: Any, parent: Any) -> None:
        """Refuse a subshell: the board has one prompt."""
        content = {"status": "error", "ename": "NotSupported", "evalue": "A board runs one thing at a time."}
        assert self.session is not None
        self.session.send(socket, "create_subshell_reply", {**content, "traceback": []}, parent, ident=ident)

    # -- the board -----------------------------------------------------------------------------------------------

    def connect(self, address: str, **options: Any) -> Board:
        """Connect to a board; cells run on it from now on. Options as for ``SessionRegistry.open``.

        Raises:
            MicroPythonError: it did not work; the board whose place it takes is disconnected then.
        """
        options.setdefault("baud", self.baud)
        if options.get("password") is None:
            options["password"] = self._ask_password
        return self.connections.open(address, **options)

    def _ask_password(self, address: str) -> str | None:
        """Have the front end ask for a password, without an echo; None where it cannot."""
        if not self._allow_stdin:
            return None
        return self.getpass(f"Password of the WebREPL at {address}: ")

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
        return self.connections.close(name, exit_raw_repl=exit_raw_repl) if name else ""

    def require_board(self) -> Board:
        """Return the connected board; connect first where it was lost, or where a setting names one.

        Raises:
            MicroPythonError: there is none, or it was lost and is not there again; the message says what to do.
        """
        if self.connection is not None:
            return self.connection.ready(self.Error)
        if self.connections:
            raise NotConnected(f"Cells run on no board now. {self.connections.listed()}")
        if not self.board:
            raise NotConnected(NOT_CONNECTED)
        from .sessions.session import describe_connection

        device = self.connect(self.board)
        self.Print(describe_connection(device))
        return device

    # -- cells ---------------------------------------------------------------------------------------------------

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Handle a cell. Front ends hear of it before ``do_execute`` begins: Stop counts from here on."""
        self._begun, self._stopped = True, False
        try:
            await super().execute_request(stream, ident, parent)  # type: ignore[no-untyped-call]
        finally:
            self._begun = False

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
        self._cell = code
        self._device_error = None
        if self._iopub is not None:
            self._iopub.take_time()
        try:
            with self._stopping:
                self._on_host = True
            if self._stopped:
                raise KeyboardInterrupt
            if tags := (cell_meta or {}).get("tags") or cell_id in self._tagged:
                self._tagged[cell_id or str(self.execution_count)] = self.execution_count, _texts(tags)
            if not silent:
                self._tell_problems()
                self.trace.start()
                if not _asks_for_bytes(code):
                    self._show_unsolicited()
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
                self._teach()
            return reply
        except BaseException as error:
            self._off_host()
            return self._failed(failure(error), silent)
        finally:
            self._off_host()
            self._only_type = False
            self._plotting = None
            self._stopwatch = None
            self.end_capture()
            self._output.catch_up()
            if self._iopub is not None and self._iopub.take_missed() and not silent:
                self.Error(f"[a front end has not read for {FRONT_END_PATIENCE:g} s: it may have missed messages]")
            self.trace.stop()
            self.connections.check_logs()

    def _off_host(self) -> None:
        """From here on Stop raises nothing."""
        # With the lock, and for the last Stop: it must not hit what comes next, which would get no reply.
        with contextlib.suppress(KeyboardInterrupt), self._stopping:
            self._on_host = False
        self._on_host = False

    def _publish_execute_input(self, code: str, parent: Any, execution_count: int) -> None:
        # Other front ends show what was typed here.
        super()._publish_execute_input(masked(code), parent, execution_count)  # type: ignore[no-untyped-call]

    @property
    def cell(self) -> str:
        """The cell that runs, as it was typed."""
        return self._cell

    def _failed(self, wrapped: ExceptionWrapper, silent: bool) -> dict[str, Any]:
        content = {"ename": wrapped.ename, "evalue": wrapped.evalue, "traceback": wrapped.traceback}
        if not silent:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, "payload": [], **content}

    def do_execute_direct(self, code: str, silent: bool = False) -> dict[str, str] | ExceptionWrapper | None:
        """Run code on the board; return its last value as ``text/plain``, or the error that ended it."""
        try:
            board = self.require_board()
            if misplaced := misplaced_magic(code):
                raise MagicError(misplaced)
            if self._only_type:
                self._show_unsolicited()
                board.type_source(code)
                return None
            return self._run(board, code, self.program(code), self.execution_count)
        except (MicroPythonError, KeyboardInterrupt) as error:
            return failure(error)

    def executed_cells(self, tag: str = "") -> list[tuple[int, str]]:
        """Return the code of the cells that went to the board, each with its number, in the order of their first run.

        Args:
            tag: only those with this tag in the notebook, which not every front end tells.
        """
        codes = dict(self._sources.codes())
        if not tag:
            return list(codes.items())
        return [(number, codes[number]) for number, tags in self._tagged.values() if tag in tags and number in codes]

    def run_file(self, name: str, code: str) -> ExceptionWrapper | None:
        """Run a file of this computer on the board, as a cell runs; return the error that ended it.

        Args:
            name: what errors call it.
            code: its content.

        Raises:
            MicroPythonError: as for ``require_board``, and what ends a program from outside.
        """
        program = Program(re.sub("\r\n?", "\n", code), "")
        self.assistant.note_cell(code)
        result = self._run(self.require_board(), code, program, self._sources.add_file(name, program.source))
        return result if isinstance(result, ExceptionWrapper) else None

    def program(self, code: str) -> Program:
        """Return the code of this cell as a program for a board, and remember it for tracebacks and completion."""
        return prepare(code, self.note_code(code))

    def note_code(self, code: str) -> int:
        """Remember the code of this cell for tracebacks and completion; return the number of lines above it."""
        # Where the code is the end of the cell, the lines above it are magics.
        body = self._cell.rstrip()
        above = body[: -len(code.rstrip())].count("\n") if body.endswith(code.rstrip()) else 0
        self._sources.add(self.execution_count, self._cell if above else code, "\n" * above + code)
        self.assistant.note_cell(code)
        return above

    def _run(self, board: Board, code: str, program: Program, number: int) -> dict[str, str] | ExceptionWrapper | None:
        values = ValueFilter(program.mark)
        dialogue = None
        try:
            if self.displaying is not None and not board.raw:
                self.displaying.begin(board)
            begin = self._asking.prepare(board, code)
            source = program.source
            if self._stopwatch is not None:
                source = self._stopwatch.around(source)
                self._stopwatch.start()
            self._begin_plot()
            with board.start(source) as execution:
                self._on_host = False
                dialogue = begin(execution)
                self._show(execution, values, dialogue)
                execution.check()
            if dialogue.refused:
                raise dialogue.refused
        except DeviceError as error:
            if dialogue is not None and dialogue.refused:
                raise dialogue.refused from None
            return self.board_failure(error, while_showing=values.cut, number=number)
        except LineLost as error:
            if self.connection is None or self.connection.board is not board:  # the kernel was shut down meanwhile
                raise
            raise self.connection.lose(error) from error
        finally:
            if self.displaying is not None:
                self.displaying.end()
            self._end_plot()
            self._on_host = True  # for what follows in this cell
        return None if values.value is None else {"text/plain": values.value}

    def board_failure(
        self, error: DeviceError, *, while_showing: bool = False, own: bool = True, number: int | None = None
    ) -> ExceptionWrapper:
        """Return an exception of the board as the error of this cell, with the cells that its frames lie in.

        Args:
            error: the exception.
            while_showing: it came while the value of the last expression was printed.
            own: it is that of the board that cells run on, so that hints may be asked of it.
            number: the cell that ran, where that is not the one that runs now.
        """
        if own:
            self._device_error = error
        current = self.execution_count if number is None else number
        lines = render(error.traceback, self._sources, current, while_showing=while_showing)
        return ExceptionWrapper(error.name, error.message, lines)

    def remember_cell(self) -> None:
        """Have errors tell lines of this cell although it does not go to the board as it is."""
        self._sources.add(self.execution_count, self._cell, self._cell)

    def _teach(self) -> None:
        """Say what helps with the board's error, which the front end has by now."""
        error, self._device_error = self._device_error, None
        if error is None or self.device is None or self.device.raw:
            return
        from .cell.hints import hints

        try:
            known = self.assistant.completer.modules
            said = "\n".join(hints(error, self.device, self.line_magics, known))
        except (MicroPythonError, KeyboardInterrupt):
            return  # the error is told; nothing that follows may take its place
        if said:
            self.Error(said)

    def _show(self, execution: Execution, values: ValueFilter, dialogue: ProgramInput) -> None:
        """Send a program's output as it comes: the first bytes at once, then a message per interval."""
        told = 0  # interrupts that the cell has said something about
        done = False
        while not done:
            done, interrupts, asking = execution.done, execution.interrupts, dialogue.open
            text = execution.read(dialogue.patience(PATIENCE if interrupts > told else None))
            if text and not done and not text.endswith("\n"):
                # A print comes in pieces; the rest of its line, and often the end, are there in an instant.
                execution.wait(LINE_INTERVAL)
                text += execution.read(0)
            for piece in dialogue.feed(text, done=done):
                self._write(values.feed(piece))
            if done:
                self._write(values.flush())
                self._output.catch_up()
            elif text:
                execution.wait(0 if dialogue.open else OUTPUT_INTERVAL)
            elif execution.interrupts > max(interrupts, 1):
                self.Error("Ctrl-C was sent again; the cell ends within a second.")
            elif interrupts > told and not execution.done and not asking:
                self.Error("Ctrl-C was sent; the board's program has not ended yet. Stop again to wait no longer.")
                told = interrupts

    @cached_property
    def _asking(self) -> StdinBridge:
        from .cell.stdin import StdinBridge

        return StdinBridge(self)

    @property
    def can_ask(self) -> bool:
        """Whether the front end of the cell that runs can ask a person for a line."""
        return bool(self._allow_stdin)

    def only_type(self) -> None:
        """Have the code of this cell typed to the board, which is not told to run it."""
        self._only_type = True

    def capture(self, capture: Capture) -> None:
        """Give what the board prints in this cell to a file; the cell shows what the capture makes of it.

        Raises:
            MagicError: the cell has a capture.
        """
        if self._capture is not None:
            capture.close()
            raise MagicError(f"This cell's output goes to {self._capture.path} already.")
        self._capture = capture

    def end_capture(self) -> str:
        """Close the capture of this cell, if it has one; return why it does not hold everything, ``""`` if it does."""
        capture, self._capture = self._capture, None
        if capture is None:
            return ""
        self._write(capture.close())
        return f"{capture.path} does not hold all of the output: {capture.problem}." if capture.problem else ""

    def time(self, stopwatch: Stopwatch) -> None:
        """Take the time of the programs that go to the board, until ``end_time``."""
        self._stopwatch = stopwatch

    def end_time(self) -> None:
        """Take no more times."""
        stopwatch, self._stopwatch = self._stopwatch, None
        if stopwatch is not None:
            self._write(stopwatch.stop())

    def plot(self, options: Options) -> None:
        """Have the readings among what the board prints in this cell drawn."""
        self._plotting = options

    @property
    def watching(self) -> str:
        """The magic above that follows this cell on the board that cells run on; ``""`` where there is none."""
        if self._plotting is not None:
            return "%%plot"
        return "%%time" if self._stopwatch is not None else ""

    def _begin_plot(self) -> None:
        options = self._plotting or self.plotting
        if options is not None:
            from .plotting.cell_plot import begin

            self._plot = begin(self, options)

    def _end_plot(self) -> None:
        plot, self._plot = self._plot, None
        if plot is not None:
            from .plotting.cell_plot import end

            end(self, plot)

    def _write(self, text: str) -> None:
        if self._stopwatch is not None:
            text = self._stopwatch.feed(text)
        if self.displaying is not None:
            self.displaying.feed(text)
        else:
            self.write_text(text)

    def write_text(self, text: str) -> None:
        """Show what the board printed, as far as it does not go elsewhere."""
        if self._capture is not None:
            text = self._capture.feed(text)
        if self._plot is not None:
            text = self._plot.feed(text)
        self._output.write(text)

    def _show_output(self, text: str) -> None:
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})

    def send_response(self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **options: Any) -> Any:
        """Send a message to the front end; what belongs to one of several boards goes to whoever names that board."""
        say = saying.get()
        if say is None:
            return super().send_response(stream, msg_or_type, content, *args, **options)
        if msg_or_type == "stream":
            say(content["name"], content["text"])
        elif "data" in (content or {}):
            say("stdout", content["data"].get("text/plain", "").rstrip("\n") + "\n")
        return None

    def present(self, text: str, html: str) -> None:
        """Show something that has a form for notebooks and one for consoles.

        Args:
            text: for consoles.
            html: for notebooks; what a board said is escaped in it.
        """
        content = {"data": {"text/plain": text, "text/html": html}, "metadata": {}, "transient": {}}
        self.send_response(self.iopub_socket, "display_data", content)

    def _show_unsolicited(self) -> None:
        """Show what the board printed since the last cell, marked as such and apart from this cell's output."""
        if self.device is None or self.device.raw:
            return
        unsolicited = self.device.take_unsolicited()
        if unsolicited.restarted:
            self.Error("[the board restarted since the last cell: its variables are gone]")
        if unsolicited.dropped:
            self.Error(f"[{unsolicited.dropped} older bytes that the board printed between cells had no room]")
        if unsolicited.text.strip():
            self.Error("[printed between cells]\n" + unsolicited.text.strip("\n"))

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
        env: dict[str, Any] = getattr(self.line_magics["python"], "env")  # noqa: B009 - MetaKernel's own magic has it
        return env

    # -- interrupt and shutdown ----------------------------------------------------------------------------------

    async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Stop the cell. This runs on the control thread while the main thread waits for the board."""
        content: dict[str, Any] = {"status": "ok"}
        try:
            self.interrupt()
        except MicroPythonError as error:
            content = {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}
        assert self.session is not None
        self.session.send(stream, "interrupt_reply", content, parent, ident=ident)

    def run_together(self, together: Broadcast | None) -> None:
        """Have Stop go to a run of a cell on several boards; None: no more."""
        with self._stopping:
            self.together = together

    def interrupt(self) -> None:
        """Send Ctrl-C to the board when it runs a cell; otherwise stop the magic that runs on the host."""
        device = self.device
        with self._stopping:
            together = self.together
            if together is None:
                if self._iopub is not None:
                    self._iopub.hurry()
                if device is not None and device.interrupt():
                    return
                if self._on_host:
                    interrupt_main_thread()
                elif self._begun:
                    self._stopped = True
        if together is not None:
            together.stop()

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Free the boards' lines at once; the boards keep their state."""
        self.connections.close_all()
        if "history" in vars(self):
            self.history.close()
        await super().do_shutdown(False)
        self._ending = True
        return {"status": "ok", "restart": restart}

    def _publish_status_and_flush(self, status: str, channel: str, stream: Any, parent: Any = None) -> None:
        # After the shutdown ipykernel says "idle" through a thread that its main thread takes away meanwhile: now and
        # then that never returns, and the front end kills the kernel after seconds.
        if not self._ending:
            super()._publish_status_and_flush(status, channel, stream, parent)  # type: ignore[no-untyped-call]

    # -- magics --------------------------------------------------------------------------------------------------

    def reload_magics(self) -> None:
        """Have all magics loaded anew when one is wanted (see ``discovery``): not while the kernel starts."""
        self._line_magics = MagicTable()
        self._cell_magics = MagicTable()
        self._magics_loaded = False
        self.magic_load_errors = []
        self.magic_search_paths = [self.get_local_magics_dir()]
        self._problems_told = 0

    @property
    def line_magics(self) -> MagicTable:  # type: ignore[override]
        """The magics for one line, by name."""
        self._load_magics()
        return self._line_magics

    @property
    def cell_magics(self) -> MagicTable:  # type: ignore[override]
        """The magics for a cell, by name."""
        self._load_magics()
        return self._cell_magics

    def _load_magics(self) -> None:
        if not self._magics_loaded:
            self._magics_loaded = True  # first: loading one asks for the tables
            self.magic_load_errors = load_magics(self)

    def get_local_magics_dir(self) -> str:
        """Return the user's folder for magics, ``~/.ipython/metakernel/magics``."""
        return get_local_magics_dir()

    def register_magics(self, magic_klass: type[Magic]) -> None:
        """Add a magic, also one that was written for MetaKernel: what it raises fails the cell."""
        super().register_magics(strict(magic_klass))

    def _tell_problems(self) -> None:
        if problem := self.history.problem():
            self.Error(problem)
        self._load_magics()
        for where, problem in self.magic_load_errors[self._problems_told :]:
            self.Error(f"The magics in {where} could not be loaded: {problem}")
        self._problems_told = len(self.magic_load_errors)

    def get_magic(self, text: str) -> Magic:
        """Run the magic on the first line of ``text``; an unknown one fails the cell."""
        wanted = self.parse_code(text)["magic"]
        problem = self.unknown_magic(wanted)
        if problem:
            refused = StrictMagic(self)
            refused.fail(failure(MagicError(problem)))
            return refused
        return super().get_magic(text)

    def unknown_magic(self, wanted: dict[str, Any]) -> str:
        """Say what is wrong with a magic's name; ``""`` when it is known."""
        from difflib import get_close_matches

        name = wanted.get("name", "")
        line = wanted.get("type") == "line"
        table, other = (self.line_magics, self.cell_magics) if line else (self.cell_magics, self.line_magics)
        if name in table:
            return ""
        typed = wanted.get("prefix", "%") + name
        if name in other:
            right = ("%%" if line else "%") + name
            return f"{typed} is written {right}."
        if name in MEANT:
            return f"There is no magic {typed}. Did you mean {MEANT[name]}?"
        prefix = "%" if line else "%%"
        near = get_close_matches(name, table, n=1, cutoff=0.5)
        meant = f" Did you mean {prefix}{near[0]}?" if near else ""
        return f"There is no magic {typed}.{meant} %lsmagic lists them."

    # -- help and completion -------------------------------------------------------------------------------------

    @cached_property
    def assistant(self) -> Assistant:
        """What answers while a person types."""
        from .assist.inspection import Assistant

        return Assistant(self)

    async def do_is_complete(self, code: str) -> dict[str, str]:
        """Say whether Enter runs the cell, and how the next line is indented."""
        from IPython.core.inputtransformer2 import TransformerManager

        manager = TransformerManager()  # type: ignore[no-untyped-call]
        status, indent = manager.check_complete(code)
        reply = {"status": status}
        if status == "incomplete":
            reply["indent"] = " " * (indent or 0)
        return reply

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
        if self.unknown_magic(self.parse_code(line)["magic"]):
            return None
        text: str | None = self.get_help_on(line.split()[0], detail_level, none_on_fail=True)
        return text

    def get_kernel_help_on(self, info: dict[str, Any], level: int = 0, none_on_fail: bool = False) -> str | None:
        """Return what the stubs and the board know of a name."""
        name = info["help_obj"]
        told = self.assistant.describe(name, max(level, 1)) if name else None
        if told is not None or none_on_fail:
            return told
        if self.device is None or not self.device.idle:
            return NOT_CONNECTED
        return f"The board knows no {name}."

    def get_usage(self) -> str:
        """Return the help that a lone ``?`` shows."""
        return (
            "Cells are MicroPython and run on the board. %connect connects to one, %boards lists what is plugged in,\n"
            "%lsmagic lists the commands, %NAME? explains one, NAME? asks the board about a name."
        )

    # -- history -------------------------------------------------------------------------------------------------

    @cached_property
    def history(self) -> History:
        """The cells that were run, also by earlier kernels and by those beside this one."""
        from .cell.history import History, default_path

        if self.history_file.lower() == "off":
            return History(None)
        return History(Path(self.history_file).expanduser() if self.history_file else default_path())

    async def do_history(  # type: ignore[override]
        self,
        hist_access_type: str | None,
        output: bool | None,
        raw: bool | None,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,
    ) -> dict[str, Any]:
        """Return earlier cells, the oldest first. What they printed is not kept, and ``raw`` makes no difference."""
        if hist_access_type == "range":
            cells = self.history.range(session or 0, 1 if start is None else start, stop)
        elif hist_access_type == "search":
            cells = self.history.search(pattern or "*", n, unique=unique)
        else:
            cells = self.history.tail(n)
        entries = [(cell.session, cell.line, (cell.source, None) if output else cell.source) for cell in cells]
        return {"status": "ok", "history": entries}


def _asks_for_bytes(code: str) -> bool:
    """Whether a cell starts with ``%readbytes``, which shows what the board printed in its own way."""
    return re.match(r"%readbytes\b", code[len(leading_lines(code)) :]) is not None


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
