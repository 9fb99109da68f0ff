"""The base of every magic: each is called once, in a run of its own, and a failed magic is a failed cell.

A magic is a class with methods ``line_NAME`` for ``%NAME`` and ``cell_NAME`` for ``%%NAME``:

    class HelloMagic(BoardMagic):
        @arguments(argument("name", help="who is greeted"))
        def line_hello(self, args: Namespace) -> None:
            \"\"\"%hello NAME - greet from the board.\"\"\"
            self.kernel.Print(self.board.execute(f"print('hello', {args.name!r})"), end="")

    def register_magics(kernel):
        kernel.register_magics(HelloMagic)

A kernel has one instance of each class, so what a magic keeps in ``self`` lasts from cell to cell (``%fleet`` keeps its
cluster there). What belongs to one call (``self.code``, ``self.evaluate``, an error) is kept in a ``MagicRun``, because
a cell on several boards calls a magic in several threads at the same time.
"""

from __future__ import annotations

import inspect
from argparse import Namespace
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from metakernel import ExceptionWrapper, Magic

from . import magic_arguments
from .cell.failure import failure
from .cell.masking import masked_message
from .cell.parser import leading_lines
from .errors import MagicError
from .front_end import one_of_several
from .jupyter_internals import parse_magic_arguments
from .magic_arguments import HelpRequested, argument, arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .board import Board
    from .cell.output import SeveralFollower
    from .front_end import FrontEnd, OneOfSeveral

__all__ = [
    "BoardMagic",
    "ExceptionWrapper",
    "MagicError",
    "MagicRun",
    "Namespace",
    "StrictMagic",
    "argument",
    "arguments",
    "failure",
]

_RUNS: ContextVar[tuple[MagicRun, ...]] = ContextVar("runs of magics", default=())
"""The runs that this thread is in, the innermost last. A context variable, as for a web server's current request: a
magic's methods have no parameter for it, and the magics of other people read ``self.code``."""


class MagicRun(Magic):
    """One call of a magic, from its line to the end of its cell.

    ``call_magic`` returns it. To MetaKernel it is a magic: it has what is left of the cell, whether that is evaluated,
    and what becomes of the cell's value.

    Attributes:
        magic: what was called.
        kernel: the kernel whose cell it is.
        mtype: ``line`` or ``cell``.
        name: the name that it was called by.
        typed: what stood behind the name.
        code: the cell below it; what the magic leaves of it is evaluated.
        evaluate: whether it is evaluated.
        failure: the error that ended it; None where it did not fail.
    """

    def __init__(self, magic: StrictMagic, mtype: str = "", name: str = "", typed: str = "", code: str = "") -> None:
        super().__init__(magic.kernel)  # type: ignore[arg-type]  # it is a MetaKernel as well
        self.magic = magic
        self.mtype = mtype
        self.name = name
        self.typed = typed
        self.code = code
        self.failure: ExceptionWrapper | None = None
        self._at_end: list[Callable[[], object]] = []

    def call(self) -> None:
        """Call the magic's method; what it raises becomes the cell's error."""
        with self._entered():
            try:
                self.magic.run(self.mtype, self.name, self.typed)
            except HelpRequested as text:
                self.kernel.Print(str(text), end="")
                self.evaluate = False
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                self.fail(failure(error))

    def fail(self, failure: ExceptionWrapper) -> None:
        """End the cell with an error: its other magics and its code do not run."""
        self.failure = failure
        self.evaluate = False

    def at_end(self, step: Callable[[], object]) -> None:
        """Have a function called at the end of the cell, also of one that failed."""
        self._at_end.append(step)

    def get_code(self) -> str:
        """Return what is left of the cell."""
        with self._entered():
            return self.magic.get_code()

    def post_process(self, retval: Any) -> Any:
        """End the run; return what the magic makes of the cell's value or error."""
        with self._entered():
            for step in reversed(self._at_end):
                try:
                    step()
                except (Exception, KeyboardInterrupt, SystemExit) as error:
                    if self.failure is None and not isinstance(retval, ExceptionWrapper):
                        self.fail(failure(error))
            return self.magic.post_process(retval)

    @contextmanager
    def _entered(self) -> Iterator[None]:
        token = _RUNS.set((*_RUNS.get(), self))
        try:
            yield
        finally:
            _RUNS.reset(token)


TAKE_TEXT = frozenset(("html", "javascript", "latex"))
"""MetaKernel's magics that take the rest of their line as it is, a comment too."""

NEED_NOTHING = frozenset(("help", "macro", "magic", "html", "javascript", "latex"))
"""MetaKernel's magics that ask for an argument which they can do without."""


class StrictMagic(Magic):
    """A MetaKernel magic whose errors fail the cell, and that is called once whatever happens.

    MetaKernel's own base calls a magic a second time after a TypeError, prints errors into a cell that then counts as
    succeeded, and never resets ``evaluate``.
    """

    kernel: FrontEnd  # type: ignore[assignment]  # it is a MetaKernel as well

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self._outside = MagicRun(self)
        super().__init__(kernel)

    @property
    def this_run(self) -> MagicRun:
        """The call of this magic that the thread is in; outside of one, a run that nothing follows."""
        return next((run for run in reversed(_RUNS.get()) if run.magic is self), self._outside)

    @property
    def code(self) -> str:
        """The cell below the magic; what is assigned takes its place."""
        return self.this_run.code

    @code.setter
    def code(self, code: str) -> None:
        self.this_run.code = code

    @property
    def evaluate(self) -> bool:
        """Whether ``code`` goes on to the next magic and to the board."""
        return self.this_run.evaluate

    @evaluate.setter
    def evaluate(self, evaluate: bool) -> None:
        self.this_run.evaluate = evaluate

    def call_magic(self, mtype: str, name: str, code: str, args: Any) -> MagicRun:
        """Run the magic; what it raises becomes the cell's error."""
        run = MagicRun(self, mtype.replace("sticky", "cell"), name, args, code)
        run.call()
        return run

    def get_code(self) -> str:
        """Return what is left of the cell, beginning with the next magic where only comments stand above it."""
        return self.code[len(leading_lines(self.code)) :]

    def fail(self, failure: ExceptionWrapper) -> None:
        """End the cell with an error: its other magics and its code do not run."""
        self.this_run.fail(failure)

    def at_end(self, step: Callable[[], object]) -> None:
        """Have a function called at the end of the cell, also of one that failed.

        What it raises fails the cell, unless that has failed already.
        """
        self.this_run.at_end(step)

    def run(self, mtype: str, name: str, args: str) -> None:
        """Call the method that the magic's name stands for, the way MetaKernel's magics are written."""
        method = getattr(self, f"{mtype}_{name}")
        signature = inspect.getfullargspec(method)
        if signature.varargs and method.__module__.startswith("metakernel.magics."):
            method(args)  # !command and %python: parsing them would take quotes away and make numbers of words
            return
        args = args if name in TAKE_TEXT else magic_arguments.without_comment(args)
        values, options = parse_magic_arguments(method, args, self.get_help(mtype, name))
        names = [parameter for parameter in signature.args[1:] if parameter not in options]
        if len(values) > len(names) and not signature.varargs and names:
            values = [*values[: len(names) - 1], " ".join(str(value) for value in values[len(names) - 1 :])]
        if len(values) < len(names) - len(signature.defaults or ()):
            if name not in NEED_NOTHING:
                raise MagicError(f"%{name}: it needs {names[len(values)]}\n{self.get_help(mtype, name).strip()}")
            values = [*values, *[""] * (len(names) - len(values))]
        method(*values, **options)

    def post_process(self, retval: Any) -> Any:
        """Return the error where there was one; else what MetaKernel's magic makes of the cell's value."""
        failed = self.this_run.failure
        return failed if failed is not None else super().post_process(retval)


class BoardMagic(StrictMagic):
    """A magic that works with the board. See the module's docstring for how to write one.

    Attributes:
        group: the heading that ``%lsmagic`` lists it under.
        on_several: whether it may stand in a cell that runs on several boards (``%%on``). It is called in a thread for
            each board then; ``self.board`` is that board, and what it prints gets its name. One that is about the
            kernel or the cell sets it to False.
        not_on_fleet: why it may not stand in a cell on boards of other computers (``%%fleet``), and what to do
            instead; ``""`` where it may. It is called there: arguments that complete with ``host_paths`` name files of
            the notebook's computer, which are sent.
        alone: of one that says False: why, and what to do instead, as the end of a sentence.
        wraps_cell: whether the cell below ``%%NAME`` runs as any other, so that more magics may stand below it.
        same_as: the commands that do the same as some of its names: ``{"%serialconnect": "%connect PORT"}``.
    """

    group = ""
    on_several = True
    not_on_fleet: ClassVar[str] = ""
    alone: ClassVar[str] = ""
    wraps_cell: ClassVar[bool] = False
    same_as: ClassVar[Mapping[str, str]] = {}

    @property
    def board(self) -> Board:
        """The connected board.

        Raises:
            MicroPythonError: there is none; the message says how to get one.
        """
        return self.kernel.require_board()

    @property
    def part(self) -> OneOfSeveral | None:
        """The part of the cell that this thread runs on one of several boards; None where a cell runs on one board."""
        return one_of_several.get()

    def run(self, mtype: str, name: str, args: str) -> None:
        """Parse the arguments and call the method."""
        getattr(self, f"{mtype}_{name}")(self.parsed(mtype, name, args))

    def parsed(self, mtype: str, name: str, args: str) -> Namespace:
        """Return the arguments of a call.

        Raises:
            MagicError: they are none.
            HelpRequested: the help was asked for.
        """
        try:
            return magic_arguments.parse(getattr(self, f"{mtype}_{name}"), _typed(mtype, name), self.split(args))
        except MagicError as error:
            raise MagicError(masked_message(str(error), args, connecting="connect" in name)) from None

    # -- in a cell on several boards -----------------------------------------------------------------------------

    def refusal(self, _mtype: str, _name: str, _args: str) -> str:
        """Say why a call cannot stand in a cell on several boards, and what to do instead; ``""`` where it can."""
        if self.on_several:
            return ""
        return self.alone or (
            "it is not about boards, or about one at a time (%use NAME chooses it). Those that send, list or ask work "
            "there, as %upload, %sync, %ls and %info."
        )

    def follow_several(self, _args: Namespace, _boards: Sequence[str]) -> SeveralFollower | None:
        """Return what the boards' output goes through on its way to the notebook; called once, before they run."""
        return None

    def sum_up(self, _args: Namespace, _found: Mapping[str, list[Any]]) -> None:
        """Show what the magic came to on all boards; called once, at the end.

        Args:
            _args: its arguments.
            _found: by the boards' names what it has told there (``self.part.report``): plain data. The boards that
                have told nothing are left out.
        """

    def takes_text(self, _name: str, _args: str) -> bool:
        """Whether ``%name args`` takes the lines below it as text, so that a console has to wait for them."""
        return False

    def split(self, text: str) -> list[str]:
        """Split the text behind the magic's name into words, as a shell does it (see ``magic_arguments.split``)."""
        return magic_arguments.split(text)

    def get_help(self, mtype: str, name: str, level: int = 0) -> str:
        """Return the first line of the docstring, the arguments and the rest of the docstring."""
        method = getattr(self, f"{mtype}_{name}", None)
        if level or method is None:
            return super().get_help(mtype, name, level)
        return magic_arguments.help_text(method, _typed(mtype, name))

    def complete_arguments(self, mtype: str, name: str, before: str) -> list[str]:
        """Return the words that can stand at the cursor.

        Args:
            mtype: ``line`` or ``cell``.
            name: the magic's name.
            before: what stands between the magic's name and the cursor.
        """
        return magic_arguments.completions(getattr(self, f"{mtype}_{name}", None), self.kernel, before)


def _typed(mtype: str, name: str) -> str:
    return ("%" if mtype == "line" else "%%") + name
