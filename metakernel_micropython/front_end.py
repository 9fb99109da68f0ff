"""What the parts of the kernel need of it: where text goes, who is asked, which board is meant.

The kernel implements these protocols; the parts below it (``cell``, ``sessions``, ``display``, ``host`` ...) know no
more of it, and a test gives them a class of a few lines. Start at ``FrontEnd``.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from .board import Board
    from .errors import LineLost
    from .transports.tap import Listener

thread_output: ContextVar[Callable[[str, str], object] | None] = ContextVar("thread_output", default=None)
"""What takes the output of a thread that works on one of several boards: ``stdout`` or ``stderr``, and the text; None
where it goes to the front end."""

T = TypeVar("T")


class OneOfSeveral(Protocol):
    """What a thread has that works on one of several boards (see ``sessions.board_part``)."""

    name: str
    """What the board is called."""

    stopwatch: Any
    """What takes the time of the code below the magics, a ``cell.timing.Stopwatch``; None for nothing."""

    @property
    def stopped(self) -> bool:
        """Whether Stop has come: what the host does for the board is to end."""
        ...

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, made once for all boards of this cell; the others wait for it.

        Raises:
            BaseException: what ``make`` has raised, for each board.
        """
        ...

    def run(self, code: str, program: Any, stopwatch: Any = None) -> str | None:
        """Run a program to its end, and show what it prints; return its last value, None without one.

        Args:
            code: the code, as a person wrote it.
            program: it as a ``cell.program.Program``.
            stopwatch: a ``cell.timing.Stopwatch`` that takes its time; None for none.

        Raises:
            MicroPythonError: what has ended it.
        """
        ...

    def flush(self) -> None:
        """Show what the magic that runs has said so far; by default that is shown when it has ended."""
        ...

    def report(self, data: Any) -> None:
        """Give the notebook a magic's result as plain data (numbers, texts, lists, dicts), to be summed up there."""
        ...


one_of_several: ContextVar[OneOfSeveral | None] = ContextVar("one_of_several", default=None)
"""The part of the cell that this thread runs on one of several boards; None where a cell runs on one board."""


def once_for_all(key: Hashable, make: Callable[[], T]) -> T:
    """Return what ``make`` gives; where a cell runs on several boards, it is made for one and is the others', too."""
    part = one_of_several.get()
    return make() if part is None else part.once(key, make)


class Session(Protocol):
    """A connected board, also while its line is lost (see ``sessions.session``)."""

    address: str
    board: Board | None

    def lose(self, error: LineLost) -> LineLost:
        """Free the line of a board that was lost while a cell ran; return the error for that cell."""
        ...

    def ready(self, tell: Callable[[str], None]) -> Board:
        """Return the board; one whose line was lost is looked for and connected again."""
        ...


class Sessions(Protocol):
    """The connected boards by name (see ``sessions.registry``)."""

    def __iter__(self) -> Iterator[tuple[str, Session]]:
        """Give each board with its name."""
        ...

    @property
    def current_name(self) -> str:
        """The name of the board that cells run on; ``""`` where there is none."""
        ...

    def listen(self, listener: Listener | None) -> None:
        """Have somebody hear what goes over the line of the board that cells run on; None for nobody."""
        ...

    def note_cell(self, number: int) -> None:
        """Tell those who hear the boards' lines that a cell begins."""
        ...


class Messages(Protocol):
    """The front end of the cell that runs: a notebook or a console."""

    @property
    def can_ask(self) -> bool:
        """Whether it can ask a person for a line."""
        ...

    @property
    def stop_needs_ticks(self) -> bool:
        """Whether Stop is seen only between two waits of the main thread, which must have an end then."""
        ...

    @property
    def in_console(self) -> bool:
        """Whether it is a console, which shows the text of a picture and cannot replace it by a new one."""
        ...

    @property
    def allow_html(self) -> bool:
        """Whether what a board gives to show may run in the browser."""
        ...

    # The names are MetaKernel's, which magics use.
    def Print(self, *objects: Any, **options: Any) -> None:  # noqa: N802
        """Show text on stdout, with the arguments of ``print``."""
        ...

    def Error(self, *objects: Any, **options: Any) -> None:  # noqa: N802
        """Show text on stderr, with the arguments of ``print``."""
        ...

    def Write(self, message: str) -> None:  # noqa: N802
        """Show text on stdout as it is."""
        ...

    def show_data(self, data: Mapping[str, Any]) -> None:
        """Show data by MIME types; ``text/plain`` is always there."""
        ...

    def sender(self) -> Callable[[str, Mapping[str, Any]], None]:
        """Return what sends messages (type and content) to the cell that runs now; any thread may call it."""
        ...

    def between_cells(self, action: Callable[[], None]) -> None:
        """Have something done that needs the board: at once on the main thread, from others when no cell runs."""
        ...

    def ask(self, prompt: str, *, secret: bool) -> None:
        """Open the input box; what is still said about an earlier question is thrown away."""
        ...

    def answer(self) -> str | None:
        r"""Return what was typed into the input box, ``"\x04"`` for the end of input; None while nothing was."""
        ...


class FrontEnd(Messages, Protocol):
    """The front end, and the boards that its cells run on."""

    reload: bool
    """Whether the next import of a module whose file was sent runs the new file."""

    port: str
    """Port of MicroPython whose documentation is shown, for example ``rp2``; ``""``: that of the board."""

    @property
    def device(self) -> Board | None:
        """The board that cells run on, as it is; None where none is connected."""
        ...

    @property
    def connection(self) -> Session | None:
        """The session of this board, also while its line is lost; None where none is connected."""
        ...

    @property
    def connections(self) -> Sessions:
        """All connected boards."""
        ...

    @property
    def host_variables(self) -> dict[str, Any]:
        """The names that ``%%python`` cells have made and use."""
        ...

    def require_board(self) -> Board:
        """Return the connected board; connect first where it was lost, or where a setting names one.

        Raises:
            MicroPythonError: there is none, or it was lost and is not there again; the message says what to do.
        """
        ...


class HostFrontEnd(FrontEnd, Protocol):
    """The front end for Python that runs in the kernel's own process (%%python)."""

    def take_output(self) -> None:
        """Have what Python prints in this process shown in the cell that runs, or that ran last, from now on."""
        ...

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message (type and content) to the cell that runs, or that ran last; any thread may call it."""
        ...

    def current_shell(self, shell: Any) -> AbstractContextManager[None]:
        """Have ``get_ipython()`` give this shell, from now on or, where another was there, as long as this lasts."""
        ...

    def raw_input(self, prompt: str = "") -> str:
        """Return a line that the person at the front end types."""
        ...

    def getpass(self, prompt: str = "") -> str:
        """Return a line that nobody sees while it is typed."""
        ...


class MagicsFrontEnd(FrontEnd, Protocol):
    """The front end with its magics, for what completes, explains or calls them."""

    @property
    def line_magics(self) -> Mapping[str, Any]:
        """The magics for one line, by name."""
        ...

    @property
    def cell_magics(self) -> Mapping[str, Any]:
        """The magics for a cell, by name."""
        ...

    def parse_code(self, code: str, cursor_start: int = 0, cursor_end: int = -1) -> dict[str, Any]:
        """Return what a cell is made of, as ``cell.parser`` tells it."""
        ...

    def unknown_magic(self, wanted: dict[str, Any]) -> str:
        """Say what is wrong with a magic's name; ``""`` when it is known."""
        ...

    def magic_help(self, line: str, detail_level: int) -> str | None:
        """Return the help for the magic on a line; None for one that is not known."""
        ...


class Registrar(Protocol):
    """What magics are registered with (see ``discovery``)."""

    @property
    def line_magics(self) -> dict[str, Any]:
        """The magics for one line, by name."""
        ...

    @property
    def cell_magics(self) -> dict[str, Any]:
        """The magics for a cell, by name."""
        ...

    def register_magics(self, magic_klass: Any) -> None:
        """Add a magic's class."""
        ...

    def get_local_magics_dir(self) -> str:
        """Return the user's folder for magics."""
        ...
