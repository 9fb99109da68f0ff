"""Files between this computer and the board, and what they show: a bar, one line, or nothing."""

from __future__ import annotations

import re
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..board.files.entries import UNCHANGED
from ..board.files.folders import Tally, fetch_folder, join, root, send_folder
from ..board.files.host_rules import RUNNING
from ..board.loaded_modules import drop, loaded_from
from ..display.error_text import error_text
from ..display.progress import Bar
from ..errors import FileProblem, HostFileProblem, MagicError, MicroPythonError
from ..magic_arguments import argument
from .paths import board_target, counted, shown

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..board.files.entries import Written
    from ..board.files.host_rules import HostRules
    from ..front_end import FrontEnd

QUIET = (
    argument("-q", "--quiet", action="store_true", help="only one line at the end"),
    argument("-Q", "--QUIET", action="store_true", help="nothing at all, but errors"),
)
"""The options of every magic that sends or fetches."""

FOLLOW_LINKS = argument(
    "--follow-links", action="store_true", help="take also what links outside of the folder lead to"
)
"""The option of magics that send or fetch folders."""

RELOAD = argument("--reload", action="store_true", help="have the next import of what changed run the new files")
"""The option of magics that send many files."""

EMPTY = argument("--empty", action="store_true", help="empty a file that is there, where nothing stands below")
"""The option of magics that write what stands below them."""

_BLANK_LINE = re.compile(r"\A[ \t\r]*\n")


def cell_content(code: str, *, final_newline: bool = True) -> bytes:
    """Return what a cell writes to a file.

    Args:
        code: what stands below the magic. One blank line below it belongs to neither.
        final_newline: end it with a newline, which the end of a cell has lost on its way.
    """
    text = without_blank_line(code)
    if final_newline and text and not text.endswith("\n"):
        text += "\n"
    return text.encode("utf-8", "surrogatepass")


def nothing_for(path: Path | str, where: str) -> str:
    """Return the error for a file that would be emptied because nothing stands below a magic."""
    return (
        f"Nothing stands below the magic, and {shown(str(path))} on {where} has content, which stays. Write the "
        "content below, or empty the file with --empty."
    )


def without_blank_line(code: str) -> str:
    """Return what stands below a magic without one blank line on top."""
    return _BLANK_LINE.sub("", code, count=1)


class Transfer:
    """Sends and fetches for one magic.

    Args:
        front_end: where the lines go, and whose board it is.
        args: the magic's arguments; ``quiet`` and ``QUIET`` count.
    """

    def __init__(self, front_end: FrontEnd, args: Namespace) -> None:
        self._front_end = front_end
        board = front_end.require_board()
        self._address = board.address
        self._files = board.files
        self._follow_links = getattr(args, "follow_links", False)
        self._reload = getattr(args, "reload", False)
        self._bars = not (args.quiet or args.QUIET)
        self._lines = not args.QUIET

    # -- to the board --------------------------------------------------------------------------------------------

    def send(self, path: str, data: bytes, *, append: bool = False, parents: bool = False) -> None:
        """Write a file on the board, and say so where it has imported the old one."""
        path = board_target(path)
        if self._send(path, data, append=append, parents=parents):
            self.tell_stale([path])

    def _send(self, path: str, data: bytes, *, append: bool, parents: bool) -> bool:
        """Write a file on the board; return whether that has changed it."""
        with self.bar(path) as bar:
            written = self._files.write(path, data, append=append, parents=parents, progress=bar)
        verb = "Appended to" if append else "Sent"
        self.say(f"{verb} {shown(path)}: {counted(len(data), 'byte')}, {self.how(written)}")
        return written.note != UNCHANGED

    def send_cell(self, path: str, data: bytes, *, empty: bool, append: bool = False, parents: bool = False) -> None:
        """Write what stands below a magic into a file on the board.

        Raises:
            MagicError: that is nothing, and the file has content; with ``empty`` it is emptied.
        """
        path = board_target(path)
        if not data and not append and not empty:
            found = self._files.stat(path)
            if found is not None and found.size:
                raise MagicError(nothing_for(path, f"the board on {self._address}"))
        self.send(path, data, append=append, parents=parents)

    def send_path(self, source: Path, target: str, *, append: bool = False, parents: bool = False) -> None:
        """Send a file or a folder of this computer.

        Args:
            source: the file or folder.
            target: a file's name on the board or the folder that it goes into; for a folder the one that its contents
                go into. ``""`` is the current folder.
            append: write behind what the board's files hold already.
            parents: make the folders that are missing above a file.

        Raises:
            HostFileProblem: there is no such file or folder.
            FileProblem: the board refuses it.
            MagicError: the target is no path on a board.
        """
        target = board_target(target)
        try:
            mode, size = (found := source.stat()).st_mode, found.st_size
        except FileNotFoundError:
            raise HostFileProblem(f"{source} on this computer is not there.") from None
        except OSError as error:
            raise host_files.problem(source, error) from error
        if stat.S_ISDIR(mode):
            self._send_folder(source, target, append)
            return
        if not stat.S_ISREG(mode):
            raise HostFileProblem(f"{source} on this computer is no regular file.")
        with self._files.together():
            target = root(self._files, target)
            if target.endswith("/") or target in ("", ".", "..") or self._is_folder(target):
                target = join(target, source.name)
            self._files.check_room(target, size, append=append)
            changed = self._send(target, host_files.read(source), append=append, parents=parents)
        if changed:
            self.tell_stale([target])

    def _is_folder(self, path: str) -> bool:
        found = self._files.stat(path)
        return found is not None and found.folder

    def _send_folder(self, source: Path, target: str, append: bool) -> None:
        tally = Tally()
        with self._counted(tally, "sent"), self.bar(f"{source}") as bar:
            options = {"append": append, "follow_links": self._follow_links}
            send_folder(self._files, source, target, **options, progress=named(bar), tally=tally)
        self.tell_left_out(tally.skipped, tally.remarks)
        how = f", {self.how(tally.written)}" if tally.written else ""
        where = target or "the current folder"
        self.say(f"Sent {counted(tally.files, 'file')} from {source} to {where}: {counted(tally.size, 'byte')}{how}")
        self.tell_stale(tally.changed)

    def tell_left_out(self, skipped: Iterable[tuple[str, str]], remarks: Iterable[tuple[str, str]]) -> None:
        """Say what was left out and why, and which names are not the same everywhere."""
        for name, reason in skipped:
            self.say(f"Skipped {shown(name)}: {shown(reason)}")
        for name, remark in remarks:
            self.say(f"Note on {shown(name)}: {shown(remark)}")

    def how(self, written: Written) -> str:
        """Return how a file was written, in words."""
        return written.method + (f" ({written.note})" if written.note and self._bars else "")

    def tell_stale(self, paths: Iterable[str]) -> None:
        """Say which modules the board has imported from files that have changed, or have it import those anew.

        Args:
            paths: the files on the board.
        """
        board = self._front_end.require_board()
        if self._files.flat:  # such a board does not tell what it has imported
            return
        try:
            names = loaded_from(board, paths)
            if not names:
                return
            if self._reload or self._front_end.reload:
                dropped = drop(board, names)
                self._front_end.Error(f"[the next import of {', '.join(map(shown, dropped))} runs the new files]")
                return
        except MicroPythonError as error:
            self._front_end.Error(f"[which modules the board has imported is not known: {error_text(error)}]")
            return
        listed = " ".join(map(shown, names))
        self._front_end.Error(f"[the board still has the old {listed.replace(' ', ', ')} imported: %reload {listed}]")

    # -- from the board ------------------------------------------------------------------------------------------

    def fetch(self, path: str) -> bytes:
        """Return the content of a file on the board."""
        with self.bar(path) as bar:
            return self._files.read(path, progress=bar)

    def fetch_to(self, path: str, target: Path) -> bytes:
        """Save a file of the board on this computer and return its content."""
        host_files.check_target(target)
        data = self.fetch(path)
        host_files.replace(target, data)
        self.say(f"Fetched {shown(path)}: {counted(len(data), 'byte')}, verified, saved as {target}")
        return data

    def fetch_folder(self, path: str, target: Path) -> None:
        """Save a folder's files below a folder on this computer.

        Raises:
            FileProblem: some could not be saved; the message lists them. The others were.
        """
        tally = Tally()
        with self._counted(tally, "fetched"), self.bar(path) as bar:
            fetch_folder(self._files, path, target, follow_links=self._follow_links, progress=named(bar), tally=tally)
        self.tell_left_out((), tally.remarks)
        self.say(
            f"Fetched {counted(tally.files, 'file')} from {shown(path) or 'the current folder'} to {target}: "
            f"{counted(tally.size, 'byte')}, verified"
        )
        if tally.failed:
            lines = "".join(f"\n  {shown(name)}: {shown(reason)}" for name, reason in tally.failed)
            raise FileProblem(f"Not everything was fetched from the board:{lines}")

    # -- what is seen --------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Print a line, unless nothing is wanted."""
        if self._lines:
            self._front_end.Print(line)

    @contextmanager
    def bar(self, name: str) -> Iterator[Bar | None]:
        """Show a bar meanwhile, where it is wanted."""
        if not self._bars:
            yield None
            return
        with Bar(lambda text: self._front_end.Print(text, end=""), shown(name)) as bar:
            yield bar

    @contextmanager
    def _counted(self, tally: Tally, done: str) -> Iterator[None]:
        """Where a folder's transfer fails or is stopped, say how far it came."""
        try:
            yield
        except BaseException:
            if tally.total:
                self._front_end.Error(f"{tally.files} of {counted(tally.total, 'file')} were {done} before that.")
            raise


def base_name(path: str) -> str:
    """Return the last name of a path on the board; ``""`` for a root."""
    return path.rstrip("/").rpartition("/")[2]


def host_target(path: str, typed: str, rules: HostRules = RUNNING) -> Path:
    """Return where a file of the board is saved.

    Args:
        path: the file on the board.
        typed: what a person named: nothing, a folder, or the file's name on this computer.
        rules: of this computer's system.

    Raises:
        HostFileProblem: the file cannot have its name here.
    """
    target = host_files.host_path(typed, rules)
    if typed and not rules.slashed(typed).endswith("/") and not target.is_dir():
        return target
    name = base_name(path)
    if reason := rules.unfit(name):
        raise HostFileProblem(
            f"{shown(path)} cannot keep its name on this computer: {reason}. Name a file to save it as."
        )
    return target / name


def named(bar: Bar | None) -> Callable[[str, int, int], None] | None:
    """Return the progress of a folder, which names the file in work."""
    if bar is None:
        return None

    def progress(name: str, done: int, total: int) -> None:
        bar.name = shown(name)
        bar(done, total)

    return progress
