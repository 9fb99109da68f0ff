"""The file system of a board.

A file is written under another name first, read back by the board itself, and takes the place of the old one only when
its digest is right: whatever happens on the line, the board has the old file or the new one. What a board lacks
(SHA-256, Base64, renaming, folders) is found out once per connection; each lack has its own way around.
"""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from posixpath import normpath
from typing import TYPE_CHECKING, Protocol

from ...errors import Advice, FileProblem, LineLost, MicroPythonError, NoSpace, NoSuchFile, TransferFailed
from .. import snippets
from ..protocol.executor import Executor
from ..protocol.text import decode
from . import comparison, text_transfer
from .binary_transfer import Service
from .entries import UNCHANGED, WALK, Entry, Space, Written, check_name, check_text
from .helper_programs import UNFINISHED, Helpers, parse_literal, parse_tuple
from .transmission import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ..protocol.capabilities import FileSupport
    from .comparison import Comparison, Fingerprint
    from .transmission import Progress

ASKED_FROM, MOST_WITHOUT_COUNT = 64 * 1024, 16 * 1024 * 1024
"""Bytes of a file from which on its room is asked for before they are read; most on a board without ``os.statvfs``."""


class ExecutorWithFiles(Executor, Protocol):
    """A board that has a file system."""

    @property
    def files(self) -> Files:
        """Its files."""


class Files:
    """The files of a connected board.

    Every method raises ``FileProblem`` or one of its kinds when the board refuses, ``LineLost`` when the line is cut,
    and ``KeyboardInterrupt`` when somebody stops it.
    """

    def __init__(self, board: Executor) -> None:
        self._board = board
        self._helpers = Helpers(board)
        self._service = Service(self._helpers)
        self._together = 0  # groups of transfers that are open, one in the other

    @contextlib.contextmanager
    def together(self) -> Iterator[Files]:
        """Have the files that are written and read in this context share one program on the board, where it can.

        Each of them would start and end one by itself otherwise. Everything else of the board waits until the end.
        """
        self._together += 1
        try:
            yield self
        except BaseException:
            if self._together == 1:
                self._service.abort()
            raise
        finally:
            self._together -= 1
            if not self._together:
                self._service.end()

    @property
    def _support(self) -> FileSupport:
        return self._helpers.support

    def _served(self) -> bool:
        """Whether the program that serves files answers what is asked now."""
        return self._together > 0 and self._service.begin()

    def _request(self, kind: str, *fields: str, work: int = 0) -> bytes | None:
        """Return the answer of the program that serves files; None where there is none.

        Args:
            kind: see ``Service.ask``.
            fields: likewise.
            work: likewise.
        """
        if self._served():
            with contextlib.suppress(TransferFailed):
                return self._service.ask(kind, *fields, work=work)
        return None

    def _ask(self, source: str, path: str, size: int = 0, step: str = "") -> str:
        """Run a helper on the board and return what it printed; see ``Helpers.ask``."""
        self._service.end()
        return self._helpers.ask(source, path, size, step)

    def _run(self, source: str, path: str, take: Callable[[str], object]) -> None:
        """Run a helper on the board; see ``Helpers.run``."""
        self._service.end()
        self._helpers.run(source, path, take)

    @property
    def flat(self) -> bool:
        """Whether this board has files and no folders."""
        return not self._support.folders

    # -- looking -------------------------------------------------------------------------------------------------

    def stat(self, path: str) -> Entry | None:
        """Return what is there; None for nothing."""
        return self._look(path)[0]

    def space(self, path: str = "/") -> Space | None:
        """Return the room of the file system that holds ``path``; None where the board cannot tell."""
        return self._look(path)[1]

    def _look(self, path: str) -> tuple[Entry | None, Space | None]:
        check_text(path)
        name = path.rstrip("/") or path[:1]
        answer = self._request("s", name)
        if answer is None:
            reply = self._ask(snippets.ask("files_flat_stat" if self.flat else "files_stat", name), path)
        else:
            reply = decode(answer)
        kind, size, free, total = parse_tuple(reply, (int, int, int, int))
        return Entry(path, size, kind == 2) if kind else None, Space(total, free) if free >= 0 else None

    def list(self, folder: str = "", *, recurse: bool = False) -> list[Entry]:
        """Return what is in a folder, sorted, each folder before its contents."""
        found = self.stat(folder)
        if found is None:
            raise NoSuchFile(f"There is no folder {folder} on the board on {self._address}.")
        if not found.folder:
            return [found]
        walked = snippets.serve("files_list", WALK, folder, recurse)
        source = snippets.call("files_flat_list") if self.flat else walked
        entries = []
        for line in self._ask(source, folder).splitlines():
            path, is_folder, size = parse_tuple(line, (str, bool, int))
            entries.append(Entry(path, size, is_folder))
        return sorted(entries, key=lambda entry: entry.path.split("/"))

    def compare(
        self,
        folder: str,
        wanted: Mapping[str, bytes | Fingerprint | None],
        unwanted: Collection[str] = (),
        *,
        others: bool = False,
    ) -> Comparison:
        """Compare what a folder holds with what it should, in one execution where the board's memory has room for it.

        Args:
            folder: on the board; it may be missing.
            wanted: contents by their paths below the folder; None for a folder, and ``""`` is the folder itself.
            unwanted: paths below the folder that should not be there.
            others: tell also what lies in the folder besides these.
        """
        for name in (folder, *wanted, *unwanted):
            check_text(name)
        return comparison.compare(self._ask, self._support, folder, wanted, unwanted, others=others, listing=self.list)

    def remove_all(self, paths: Sequence[str], done: Callable[[int], object] | None = None) -> None:
        """Remove files and empty folders, many in one execution; the first that fails ends it.

        Args:
            paths: in the order in which they go.
            done: called with the number of those that are gone.
        """
        for path in paths:
            check_name(path.rstrip("/"))
        comparison.remove(self._run, self.remove, paths, self._support.memory, done or (lambda _: None))

    # -- reading -------------------------------------------------------------------------------------------------

    def read(self, path: str, progress: Progress | None = None) -> bytes:
        """Return the content of a file.

        Raises:
            NoSuchFile: there is none of that name.
            TransferFailed: it arrived damaged each time.
        """
        with self.together():
            found = self._look(path)[0]
            if found is None:
                raise NoSuchFile(f"There is no file {path} on the board on {self._address}.")
            if found.folder:
                raise FileProblem(f"{path} on the board on {self._address} is a folder.")
            if self._served():
                with contextlib.suppress(TransferFailed):
                    return self._service.fetch(path, found.size, progress)
            self._service.end()
            for _ in range(ATTEMPTS):
                data = text_transfer.fetch(self._helpers, path, found.size, progress)
                if data is not None and self._holds(path, data):
                    return data
        raise TransferFailed(
            f"{path} arrived damaged {ATTEMPTS} times from the board on {self._address}: something else prints "
            "meanwhile (a timer, a thread), or the line loses bytes."
        )

    # -- writing -------------------------------------------------------------------------------------------------

    def write(
        self, path: str, data: bytes, *, append: bool = False, parents: bool = False, progress: Progress | None = None
    ) -> Written:
        """Write a file, in place of the one that has its name.

        Args:
            path: where on the board.
            data: the content, as it is.
            append: keep what the file holds already and write behind it.
            parents: make the folders that are missing.
            progress: called after every piece.

        Raises:
            NoSpace: there is no room for it beside the old file, which stays until the new one is whole.
            NoSuchFile: the folder is missing.
            BadName: no file can be called that.
            TransferFailed: what the board has read back was something else, each time.
        """
        check_name(path)
        with self.together():
            return self._write(path, data, append, parents, progress)

    def _write(self, path: str, data: bytes, append: bool, parents: bool, progress: Progress | None) -> Written:
        found, space = self._look(path)
        if append and found is None:
            found = self._look(path)[0]  # a question or an answer that a line has damaged would cost the old content
        if found is not None and found.folder:
            raise FileProblem(f"{path} on the board on {self._address} is a folder: a file cannot take its place.")
        if found is not None and not append and found.size == len(data) and self._holds(path, data):
            return Written(len(data), self._method, UNCHANGED)
        old = found.size if found is not None and append else 0
        self._check_space(path, len(data) + old, space)
        if parents and "/" in path.strip("/") and not self.flat:
            self.mkdir(path.rpartition("/")[0], parents=True)
        unfinished = path + UNFINISHED
        try:
            for _ in range(ATTEMPTS):
                self._send(unfinished, path, old, data, progress)
                if self._is_whole(unfinished, path, old, data):
                    return Written(len(data), self._method, self._replace(unfinished, path, old + len(data)))
        except LineLost as error:
            raise LineLost(
                f"{error} {path} was being written: the board has the old file or the new one, and maybe an unfinished "
                f"{unfinished}."
            ) from error
        except BaseException:
            self._clean_up(unfinished)
            raise
        self._clean_up(unfinished)
        raise TransferFailed(
            f"{path} arrived damaged {ATTEMPTS} times at the board on {self._address}: the line loses bytes. The board "
            "has what it had before."
        )

    def check_room(self, path: str, size: int, *, append: bool = False) -> None:
        """See whether ``size`` bytes would have room in a file, before so many that it may matter are read.

        Raises:
            NoSpace: they would not. An old file of the same size may be the same, which needs no room.
        """
        if size < ASKED_FROM:
            return
        found, space = self._look(path)
        old = found.size if found is not None and not found.folder else -1
        if append or old != size:
            self._check_space(path, size + (max(old, 0) if append else 0), space)

    def _check_space(self, path: str, size: int, space: Space | None) -> None:
        if space is not None and size > space.free:
            raise NoSpace(
                f"{path} needs {size} bytes, and the board on {self._address} has {space.free} free; an old "
                "file stays until the new one is whole.",
                Advice.MAKE_ROOM,
                address=self._address,
                path=path,
                size=size,
                free=space.free,
            )
        if space is None and size > MOST_WITHOUT_COUNT:
            raise NoSpace(
                f"{path} needs {size} bytes: no board such as the one on {self._address}, which cannot tell its room, "
                f"has more than {MOST_WITHOUT_COUNT}."
            )

    def _send(self, unfinished: str, path: str, old: int, data: bytes, progress: Progress | None) -> None:
        """Write ``data`` into an unfinished file, behind the first ``old`` bytes of another."""
        if self._served():
            with contextlib.suppress(TransferFailed):
                if old:
                    self._ask(snippets.call("files_copy", path, unfinished, 512), path, old, "copied")
                    self._service.begin()
                self._service.send(unfinished, old, data, progress)
                return
        self._service.end()
        text_transfer.send(self._helpers, unfinished, path if old else "", data, progress)

    def _is_whole(self, unfinished: str, path: str, old: int, data: bytes) -> bool:
        if not self._holds(unfinished, data, old):
            return False
        return not old or self._board_digest(unfinished, 0, old) == self._board_digest(path, 0, old)

    def _replace(self, unfinished: str, path: str, size: int) -> str:
        """Put the new file in the place of the old one; return what this board could not do."""
        if self._support.rename:
            self._rename(unfinished, path)
            return ""
        self._ask(snippets.call("files_copy", unfinished, path, 64), path, size, "copied")
        if self._board_digest(path, 0, size) != self._board_digest(unfinished, 0, size):
            raise TransferFailed(
                f"{path} on the board on {self._address} is damaged: the board could not copy {unfinished}, which "
                "holds it, in its place."
            )
        self._ask(snippets.guarded("files_remove", unfinished, False), path)
        return "this board cannot rename: the finished file was copied into its place"

    def _rename(self, source: str, target: str) -> None:
        if self._served():
            with contextlib.suppress(TransferFailed):
                self._service.rename(source, target)
                return
        self._ask(snippets.guarded("files_rename", source, target), target, step="renamed")

    def _clean_up(self, unfinished: str) -> None:
        # Whatever went wrong may go wrong again: the error that led here is the one to be seen.
        with contextlib.suppress(MicroPythonError, KeyboardInterrupt):
            self._ask(snippets.let_go(), unfinished)
        # The second is for a board without the memory for the first.
        for source in (snippets.guarded("files_remove", unfinished, False), f"__import__('os').remove({unfinished!r})"):
            with contextlib.suppress(MicroPythonError, KeyboardInterrupt):
                self._ask(source, unfinished)
                return

    # -- changing ------------------------------------------------------------------------------------------------

    def remove(self, path: str, *, recurse: bool = False) -> int:
        """Remove a file or an empty folder, with ``recurse`` also a folder and what is in it; return how many."""
        found = self.stat(path)
        if found is None:
            raise NoSuchFile(f"There is no {path} on the board on {self._address}.")
        name = path.rstrip("/")
        if not name or (found.folder and not recurse and self.list(path)):
            what = "everything on it" if not name else f"{path}, which is not empty"
            raise FileProblem(f"The board on {self._address} keeps {what}.")
        removed = parse_literal(self._ask(snippets.guarded("files_remove", name, recurse), path, step="removed"))
        return removed if isinstance(removed, int) else 0

    def mkdir(self, path: str, *, parents: bool = False) -> None:
        """Make a folder; with ``parents`` also those above it, and one that is there is left as it is."""
        check_name(path.rstrip("/"))
        if self.flat:
            raise FileProblem(f"The board on {self._address} has no folders.")
        if not (parents and self._make_folders(path.rstrip("/"))):
            self._ask(snippets.call("files_mkdir", path.rstrip("/"), parents), path, step="made")

    def _make_folders(self, path: str) -> bool:
        """Have the program that serves files make a folder and those above it; return whether it is there then."""
        at = 0
        answer: bytes | None = b""
        while at >= 0 and answer is not None:
            at = path.find("/", at + 1)
            answer = self._request("m", path if at < 0 else path[:at])
        return answer is not None and bool(parse_tuple(decode(answer), (int, int, int, int))[0] == 2)

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another name; a file of that name is replaced."""
        check_name(target)
        found = self.stat(source)
        if found is None:
            raise NoSuchFile(f"There is no {source} on the board on {self._address}.")
        if normpath(source) == normpath(target):  # some file systems remove a file that is renamed to itself
            return
        if self._support.rename:
            self._rename(source.rstrip("/"), target.rstrip("/"))
        else:
            self.copy(source, target)
            self.remove(source)

    def copy(self, source: str, target: str) -> None:
        """Copy a file on the board, in place of a file of that name."""
        check_name(target)
        found = self.stat(source)
        if found is None or found.folder:
            what = "is a folder" if found else "is not there"
            raise (FileProblem if found else NoSuchFile)(f"{source} on the board on {self._address} {what}.")
        if normpath(source) == normpath(target):
            return
        unfinished = target + UNFINISHED
        try:
            self._ask(
                snippets.call("files_copy", source, unfinished, 64 if self.flat else 512), target, found.size, "copied"
            )
            if self._board_digest(source, 0, -1) != self._board_digest(unfinished, 0, -1):
                raise TransferFailed(f"The board on {self._address} could not copy {source}: the copy differs.")
            self._replace(unfinished, target, found.size)
        except LineLost:
            raise
        except BaseException:
            self._clean_up(unfinished)
            raise

    # -- the board's side ----------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return self._board.address

    @property
    def _method(self) -> str:
        return "SHA-256 verified" if self._support.sha256 else "Adler-32 verified"

    def _holds(self, path: str, data: bytes, start: int = 0) -> bool:
        """Whether a file on the board holds ``data`` behind its first ``start`` bytes, and nothing else."""
        total = zlib.adler32(data)
        expected: object = hashlib.sha256(data).digest() if self._support.sha256 else (total & 0xFFFF, total >> 16)
        return self._board_digest(path, start, -1, len(data)) == expected

    def sha256(self, path: str) -> bytes:
        """Return the SHA-256 of a file, 32 bytes. It raises what ``read`` raises."""
        digest = self._board_digest(path, 0, -1) if self._support.sha256 else None
        return digest if isinstance(digest, bytes) else hashlib.sha256(self.read(path)).digest()

    def _board_digest(self, path: str, start: int, size: int, work: int = 0) -> object:
        """Return the board's digest of ``size`` bytes of a file, -1 for the rest.

        Args:
            path: the file.
            start: bytes before them.
            size: their number.
            work: what that is about, for the deadline.
        """
        work = max(work, start + size)
        if size < 0 and (answer := self._request("d", path, str(start), "rb", work=work)) is not None:
            return answer
        module = self._support.sha256
        if module:
            reply = self._ask(snippets.ask("files_digest", path, start, size, module), path, work)
        else:
            reply = self._ask(snippets.ask("files_flat_digest", path, start, size), path, work)
        return parse_literal(reply)
