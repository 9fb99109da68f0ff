"""The files of the notebook's computer that a cell's magics name: sent to the boards' hosts, and brought from there.

A magic's description says which of its arguments name files here (``host.paths.names_host_files``). What a person typed
is the key on both sides: the engine's ``host_path`` finds the copy under it (see ``board.files.host_files.placed``), so
the magics know nothing of it. Contents go to each host once, by their SHA-256 digest.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..board.files import host_files
from ..board.files.folder_sync import Excludes
from ..board.files.host_rules import RUNNING
from ..board.files.host_tree import walk
from ..errors import HostFileProblem, MagicError, MicroPythonError
from ..host.board_places import NAME, named
from ..host.paths import human
from ..magic_arguments import host_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..host.package_cache import PackageCache
    from ..magic import BoardMagic

MAX_SENT = 48 * 1024 * 1024
"""Bytes of the files that a cell's magics may name: the hosts keep 64 MiB."""

MAX_BROUGHT = 64 * 1024 * 1024
"""Bytes that the magics of a cell may write on one host."""


@dataclass
class Sent:
    """A file or a folder that a magic names.

    Attributes:
        folder: whether it is one.
        files: digests by the path below it, with slashes; ``""`` is the file itself.
        folders: the folders below it.
    """

    folder: bool = False
    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


# -- at the notebook -------------------------------------------------------------------------------------------------


@dataclass
class CellFiles:
    """What the magics of a cell name on this computer.

    Attributes:
        sent: by what was typed.
        contents: where each content lies, by its digest.
    """

    sent: dict[str, Sent] = field(default_factory=dict)
    contents: dict[str, Path | bytes] = field(default_factory=dict)
    _size: int = 0

    def add(self, magic: BoardMagic, mtype: str, name: str, text: str, boards: Sequence[str] = ()) -> None:
        """Add what a magic's arguments name.

        Args:
            magic: which.
            mtype: ``line`` or ``cell``.
            name: the magic's name.
            text: what stands behind it.
            boards: the boards' names, each of which ``{name}`` stands for.

        Raises:
            HostFileProblem: something cannot be read.
            MagicError: it is too much.
        """
        args, typed = host_arguments(getattr(magic, f"{mtype}_{name}"), f"%{name}", magic.split(text))
        each = [word for text in typed for word in ([named(text, one) for one in boards] if NAME in text else [text])]
        for word in each:
            path = host_files.host_path(word)
            if word in self.sent or not word or not path.exists():
                continue
            self.sent[word] = self._read(path, follow_links=bool(getattr(args, "follow_links", False)))

    def keep(self, data: bytes) -> str:
        """Add a content that no file has; return its digest."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.contents:
            self.contents[digest] = data
            self._count(len(data), "What the cell needs")
        return digest

    def content(self, digest: str) -> bytes:
        """Return a content by its digest.

        Raises:
            HostFileProblem: it has changed meanwhile, or cannot be read.
        """
        found = self.contents[digest]
        if isinstance(found, bytes):
            return found
        data = host_files.read(found)
        if hashlib.sha256(data).hexdigest() != digest:
            raise HostFileProblem(f"{found} on this computer changed while it was sent to the boards' hosts.")
        return data

    def plain(self) -> dict[str, dict[str, Any]]:
        """Return what was typed as plain data, for the engines."""
        return {typed: asdict(sent) for typed, sent in self.sent.items()}

    def _read(self, path: Path, *, follow_links: bool) -> Sent:
        if not path.is_dir():
            return Sent(files={"": self._digest(path)})
        tree = walk(path, Excludes(), follow_links=follow_links)
        return Sent(True, {file.name: self._digest(file.path) for file in tree.files}, list(tree.folders))

    def _digest(self, path: Path) -> str:
        data = host_files.read(path)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.contents:
            self.contents[digest] = path
            self._count(len(data), str(path))
        return digest

    def _count(self, size: int, what: str) -> None:
        self._size += size
        if self._size > MAX_SENT:
            raise MagicError(
                f"{what} makes the files of this cell more than the {human(MAX_SENT)} that go to a fleet's hosts: name "
                "a smaller folder."
            )


def save(brought: Mapping[str, Mapping[str, bytes]]) -> list[Path]:
    """Write what the magics of a cell have written on one host to where they were told to.

    Args:
        brought: contents, by what was typed and by the path below it.

    Returns:
        What was written.

    Raises:
        HostFileProblem: something cannot be written.
    """
    written = []
    for typed, files in brought.items():
        for name, data in files.items():
            parts = PurePosixPath(name).parts
            if ".." in parts or name.startswith("/") or any(map(RUNNING.unfit, parts)):
                raise HostFileProblem(f"{name} from a fleet's host cannot have its name on this computer.")
            path = host_files.host_path(typed).joinpath(*parts)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise host_files.problem(path.parent, error) from error
            host_files.replace(path, data)
            written.append(path)
    return written


# -- at an engine ----------------------------------------------------------------------------------------------------


class Copies:
    """The files of another computer that a cell's magics name, below a folder of their own.

    Args:
        sent: what was typed there, as ``CellFiles.plain`` gives it.
        store: has the contents.

    Raises:
        MicroPythonError: it lacks one, or there is no room for the copies.
    """

    def __init__(self, sent: Mapping[str, Mapping[str, Any]], store: PackageCache) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="micropython-fleet-"))
        self._lock = threading.Lock()
        self._paths: dict[str, Path] = {}
        self._known: dict[Path, str] = {}  # digests of what was copied
        try:
            for typed, plain in sent.items():
                self._copy(self.path(typed), Sent(**plain), store)
        except OSError as error:
            self.remove()
            raise MicroPythonError(f"The host has no room for the files of the cell: {error.strerror}.") from error
        except MicroPythonError:
            self.remove()
            raise

    def path(self, typed: str) -> Path:
        """Return where it lies here, or would; any thread may ask."""
        with self._lock:
            if typed not in self._paths:
                inside = self._folder / str(len(self._paths))
                inside.mkdir()
                name = re.split(r"[\\/]", typed.rstrip("\\/"))[-1]
                whole = name in ("", ".", "..", "~")
                if not whole and RUNNING.unfit(name):  # the notebook's computer has other rules
                    name = f"file{PurePosixPath(name).suffix}"
                self._paths[typed] = inside if whole else inside / name
            return self._paths[typed]

    def shown(self, text: str) -> str:
        """Return a text with what was typed in place of where it lies here."""
        if str(self._folder) not in text:
            return text
        with self._lock:
            known = sorted(self._paths.items(), key=lambda item: len(str(item[1])), reverse=True)
        for typed, path in known:
            text = text.replace(str(path), typed.rstrip("/") or ".")
        return text

    def brought(self) -> dict[str, dict[str, bytes]]:
        """Return what magics have written, by what was typed and by the path below it.

        Raises:
            MicroPythonError: it is too much, or cannot be read.
        """
        found: dict[str, dict[str, bytes]] = {}
        size = 0
        for typed, top in self._paths.items():
            for path in sorted(top.rglob("*")) if top.is_dir() else [top] if top.exists() else []:
                if not path.is_file():
                    continue
                data = host_files.read(path)
                if self._known.get(path) == hashlib.sha256(data).hexdigest():
                    continue
                size += len(data)
                if size > MAX_BROUGHT:
                    raise MicroPythonError(
                        f"The boards of one host brought more than {human(MAX_BROUGHT)}: ask fewer boards at a time."
                    )
                name = "" if path == top else path.relative_to(top).as_posix()
                found.setdefault(typed, {})[name] = data
        return found

    def remove(self) -> None:
        """Remove the copies."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self, path: Path, sent: Sent, store: PackageCache) -> None:
        if sent.folder:
            path.mkdir(exist_ok=True)
        for folder in sent.folders:
            (path / folder).mkdir(parents=True, exist_ok=True)
        for name, digest in sent.files.items():
            data = store.content(digest)
            if data is None:
                raise MicroPythonError("The host does not have a file of the cell any more: run the cell again.")
            target = path / name if name else path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            self._known[target] = digest


def missing(digests: Iterable[str], store: PackageCache) -> list[str]:
    """Return the digests whose contents a host does not have."""
    return [digest for digest in digests if store.content(digest) is None]
