"""IPython in this process, for %%python cells: its values, pictures and errors go to the kernel's front end.

It is a plain shell of IPython's and no kernel. It reads no configuration, keeps no history, writes no file and leaves
the folders that modules are looked for in as they are.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipykernel.jsonutil import encode_images, json_clean
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets import Type
from traitlets.config import Config

from ..errors import MicroPythonError
from . import shell as commands
from .await_loop import AwaitLoop
from .outcome import Failed, Outcome

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from ..front_end import HostFrontEnd

PACKAGE = str(Path(__file__).parent.parent)

INLINE = "module://matplotlib_inline.backend_inline"

RESULT = "retval"
"""A cell may give this name its value, as with MetaKernel."""

_QUIET = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})

EXITED = "exit() ends the cell; the kernel goes on. Jupyter's own menu ends it."


class CellDisplayHook(DisplayHook):
    """Keeps the values that a cell shows; the shell gives them to the front end."""

    shell: HostShell

    def __call__(self, result: Any = None) -> None:
        """Show a value, or what the cell has named as its value."""
        found = self.shell.user_ns.get(RESULT)
        super().__call__(result if found is None else found)  # type: ignore[no-untyped-call]

    def quiet(self) -> bool:
        """Tell whether ``;`` hides the value."""
        try:
            return bool(self.semicolon_at_end_of_expression(self.shell.cell))  # type: ignore[no-untyped-call]
        except Exception:  # what cannot be read as Python's words
            return False

    def write_output_prompt(self) -> None:
        """The front end has one."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Take a value by its MIME types."""
        self.shell.take_value(_for_messages(format_dict), _for_messages(md_dict or {}))

    def log_output(self, format_dict: dict[str, Any]) -> None:
        """Keep no copies of what was shown."""

    def finish_displayhook(self) -> None:
        """Nothing is to be ended."""


class CellDisplayPublisher(DisplayPublisher):
    """What ``display()`` shows, behind what was printed before."""

    shell: HostShell

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Show data by MIME types, or put it in the place of what was shown before."""
        content = {"data": _for_messages(data), "metadata": _for_messages(metadata or {}), "transient": transient or {}}
        self.shell.publish("update_display_data" if update else "display_data", content)

    def clear_output(self, wait: bool = False) -> None:
        """Take away what the cell has shown so far."""
        self.shell.publish("clear_output", {"wait": wait})


class HostShell(InteractiveShell):
    """IPython's shell for one kernel.

    Args:
        front_end: where what is shown goes.
        module: what cells run in.
        given: names that cells find, also after ``%reset``.

    Attributes:
        cell: the code that runs.
    """

    displayhook_class = Type(CellDisplayHook)
    display_pub_class = Type(CellDisplayPublisher)
    colors_force = True

    def __init__(self, front_end: HostFrontEnd, module: ModuleType, given: dict[str, object]) -> None:
        self.cell = ""
        self.kernel = front_end  # ipywidgets asks for it
        self._above = 0
        self._outcome = Outcome()
        self._shows_values = False
        self._failures: list[Failed] = []
        self._given = given
        self._settings: dict[str, Any] = {}
        self.awaits = AwaitLoop()
        with tempfile.TemporaryDirectory() if _wants_profile() else contextlib.nullcontext() as folder:
            profile = ProfileDir(location=folder) if folder is not None else None
            super().__init__(  # type: ignore[no-untyped-call]
                ipython_dir="", profile_dir=profile, user_module=module, config=_QUIET, loop_runner=self.awaits.run
            )
        self.profile_dir = None
        self.display_page = True
        atexit.unregister(self.atexit_operations)
        # What IPython says of SystemExit is not true here.
        warnings.filterwarnings("ignore", message="To exit: use 'exit'", module="IPython")
        _show_pictures_inline()

    # -- what the start leaves alone -----------------------------------------------------------------------------

    def init_ipython_dir(self, ipython_dir: str | None) -> None:
        """Make no folder."""

    def init_profile_dir(self, profile_dir: ProfileDir | None) -> None:
        """Read no settings; IPython's earlier versions want a folder."""
        self.profile_dir = profile_dir

    def init_instance_attrs(self) -> None:
        """Begin also where the kernel's folder is not there any more."""
        try:
            super().init_instance_attrs()  # type: ignore[no-untyped-call]
        except OSError:  # the last but one step, and the last is not needed
            self.starting_dir = ""
            self.indent_current_nsp = 0

    @property
    def db(self) -> dict[str, Any]:
        """What ``%cd`` and ``%bookmark`` remember: as long as the kernel lasts."""
        return self._settings

    @db.setter
    def db(self, _: object) -> None:
        pass

    def init_virtualenv(self) -> None:
        """Leave ``sys.path`` as it is."""

    def init_sys_modules(self) -> None:
        """``__main__`` is set for the cells."""

    def init_prompts(self) -> None:
        """There are none."""

    def init_user_ns(self) -> None:
        """Fill the cells' names at the start, and after ``%reset``."""
        super().init_user_ns()  # type: ignore[no-untyped-call]
        for name, value in self._given.items():
            self.user_ns.setdefault(name, value)
        self.user_ns_hidden.update(self._given)

    # -- cells ---------------------------------------------------------------------------------------------------

    def run(self, code: str, number: int, above: int, *, show: bool) -> Outcome:
        """Run a cell.

        Args:
            code: what it is made of.
            number: the notebook's number for it.
            above: the lines of the notebook's cell that stand above the code.
            show: send its value to the front end.
        """
        blank = len(code) - len(code.lstrip())
        self.cell, self._above, self._shows_values = code, above + code[:blank].count("\n"), show
        self._outcome, self._failures = Outcome(), []
        self._number_cell(number)
        self.user_ns.pop(RESULT, None)
        try:
            result = self.run_cell(code, store_history=True)  # type: ignore[no-untyped-call]
            found = self.user_ns.get(RESULT)
            if found is not None and not self._outcome.shown and result is not None and result.success:
                self.displayhook(found)
        finally:
            self.user_ns.pop(RESULT, None)
            self.user_ns["In"][number:] = [code]
        outcome, failures = self._outcome, self._failures
        self._outcome, self._failures = Outcome(), []
        if result is None:
            return outcome
        outcome.value = result.result if found is None else found
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            # A callback at the cell's end may have failed after it.
            outcome.failed = next((one for one in failures if one.error is error), None)
            if outcome.failed is None:
                outcome.failed = failures.pop(0) if failures else Failed(error, traceback.format_exception(error))
        for one in failures:
            if one is not outcome.failed:
                self.say("\n".join(one.lines))
        return outcome

    def _number_cell(self, number: int) -> None:
        """Count as the notebook does, also in ``In``: cells of the board stand between."""
        self.execution_count = number
        history: Any = self.history_manager
        for kept in (history.input_hist_parsed, history.input_hist_raw):
            del kept[number:]
            kept += [""] * (number - len(kept))

    def transform_cell(self, raw_cell: str) -> str:
        """Return the code as Python, on the lines that it has in the notebook's cell."""
        code: str = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
        if raw_cell is not self.cell:
            return code
        return "\n" * self._above + code

    def take_value(self, shown: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Keep a value; one before it is shown where it stood."""
        if self._shows_values:
            content = {"execution_count": self.displayhook.prompt_count, "data": shown, "metadata": metadata}
            self.publish("execute_result", content)
        elif self._outcome.shown:
            content = {"data": self._outcome.shown, "metadata": self._outcome.metadata, "transient": {}}
            self.publish("display_data", content)
        self._outcome.shown, self._outcome.metadata = shown, metadata

    def publish(self, kind: str, content: dict[str, Any]) -> None:
        """Send a message behind what was printed before it."""
        self.flush()
        self.kernel.publish(kind, content)

    @staticmethod
    def flush() -> None:
        """Have shown what was printed."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()

    @staticmethod
    def say(text: str) -> None:
        """Print on stderr."""
        print(text, file=sys.stderr)

    # -- errors --------------------------------------------------------------------------------------------------

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: str | None = None,
        tb_offset: int | None = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
    ) -> None:
        """Keep an exception with its traceback; the cell's own becomes the reply's."""
        kind, error, frames = exc_tuple if exc_tuple is not None else sys.exc_info()
        if error is None:
            kind, error, frames = (getattr(sys, f"last_{name}", None) for name in ("type", "value", "traceback"))
        if error is None:
            self.say("There is no traceback to show.")
            return
        sys.last_type, sys.last_value, sys.last_traceback = kind, error, frames
        if isinstance(error, SyntaxError):
            self.showsyntaxerror(filename, running_compiled_code)
            return
        if isinstance(error, UsageError):
            self.show_usage_error(error)
            return
        shown = error
        if self.awaits.stopped and kind is not None and kind.__name__ == "CancelledError":
            self.awaits.stopped = False
            shown = KeyboardInterrupt().with_traceback(frames)
        if isinstance(shown, (MicroPythonError, KeyboardInterrupt)):
            _cut_own_end(frames, inner=isinstance(shown, MicroPythonError))
        try:
            lines = self._told(shown, frames, tb_offset, exception_only)
        except Exception:  # an exception's own text may fail, or its source be no text
            lines = traceback.format_exception_only(type(shown), None)
        self._failures.append(Failed(shown, lines))

    def _told(
        self, error: BaseException, frames: TracebackType | None, tb_offset: int | None, exception_only: bool
    ) -> list[str]:
        table = self.InteractiveTB
        if exception_only:
            told = table.get_exception_only(type(error), error)  # type: ignore[no-untyped-call]
            return [str(line).rstrip("\n") for line in told]
        if (render := getattr(error, "_render_traceback_", None)) is not None:  # IPython's word for it
            return [str(line) for line in render()]
        if _has_group(error):
            told = traceback.format_exception(type(error), error, _without_ipython(frames))
            return [line.rstrip("\n") for line in told]
        return [str(line) for line in table.structured_traceback(type(error), error, frames, tb_offset=tb_offset)]

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Keep what Python says of the code."""
        _, error, frames = sys.exc_info()
        error = error or sys.last_value
        assert error is not None
        entries: Any = traceback.extract_tb(frames) if running_compiled_code else []
        lines = self.SyntaxTB.structured_traceback(type(error), error, entries)
        self._failures.append(Failed(error, list(lines)))

    def show_usage_error(self, exc: BaseException) -> None:
        """Keep what a command of IPython's says of its line."""
        self._failures.append(Failed(exc, [f"UsageError: {exc}"]))

    # -- commands ------------------------------------------------------------------------------------------------

    def system(self, cmd: str) -> None:
        """Run a command of this computer's shell, as ``!`` does on top of a cell; its exit status is ``_exit_code``."""
        show = {"stdout": sys.stdout, "stderr": sys.stderr}
        try:
            commands.run(self.var_expand(cmd, depth=1), lambda name, text: show[name].write(text))  # type: ignore[no-untyped-call]
        except commands.CommandFailed as failed:
            self.user_ns["_exit_code"] = failed.status
            self.say(str(failed))
        else:
            self.user_ns["_exit_code"] = 0

    def ask_exit(self) -> None:
        """End the cell, for ``exit`` and ``quit``.

        Raises:
            SystemExit: always.
        """
        raise SystemExit(EXITED)

    def enable_gui(self, gui: str | None = None) -> None:
        """Refuse windows: a notebook has pictures.

        Raises:
            NotImplementedError: a window was asked for.
        """
        if gui:
            raise NotImplementedError(f"The kernel opens no windows ({gui}): %matplotlib inline shows pictures.")


def _show_pictures_inline() -> None:
    """Have matplotlib give its pictures to the shell, unless somebody has chosen another way."""
    if os.environ.setdefault("MPLBACKEND", INLINE) == INLINE and "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use(INLINE)  # it has looked at the environment already


def _for_messages(data: dict[str, Any]) -> dict[str, Any]:
    """Return data by MIME types as JSON can hold it: pictures are text there."""
    cleaned: dict[str, Any] = json_clean(encode_images(data))  # type: ignore[no-untyped-call]
    return cleaned


def _wants_profile() -> bool:
    """Whether this IPython makes a database in a profile's folder at its start, as it did until 9.16."""
    return "db" not in vars(InteractiveShell)


def _has_group(error: BaseException | None) -> bool:
    """Whether an exception is a group, or came while one was handled: IPython has no way of its own to show them."""
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            return True
        error = error.__context__
    return False


def _without_ipython(frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames above the cell's own."""
    while frames is not None and "IPython" in Path(frames.tb_frame.f_code.co_filename).parts:
        frames = frames.tb_next
    return frames


def _cut_own_end(frames: TracebackType | None, *, inner: bool) -> None:
    """Cut off the frames of this package at a traceback's end, with which the person at the cell can do nothing.

    Args:
        frames: from the shell's own on.
        inner: the cell's own functions may have been called by the package, and are shown.
    """
    outside, at = None, frames
    while at is not None:
        if not at.tb_frame.f_code.co_filename.startswith(PACKAGE):
            outside = at
        elif not inner:
            break
        at = at.tb_next
    if outside is not None and outside is not frames:
        outside.tb_next = None
