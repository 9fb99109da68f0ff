"""What a board has of the files that it should have: asked in one execution, however many they are.

The paths go to the board as one text, because MicroPython keeps short literals for ever. A file of another size is not
read; the digests of the others come back only when one of them is not as expected.
"""

from __future__ import annotations

import binascii
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import DeviceError, FileProblem, TransferFailed
from .. import snippets
from ..protocol.literal import literal
from .entries import WALK, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ..protocol.capabilities import FileSupport

MAX_TEXT = 8 * 1024
"""Characters of paths in one execution at most."""

MIN_TEXT = 48
"""Characters in one execution at least: a path has to fit."""

MEMORY_SHARE = 24
"""The paths take their share of the free memory: as source, as text, as lines, in a memory that is fragmented."""

_LONGEST_LINE = 4096  # characters of one answer


@dataclass(frozen=True)
class Fingerprint:
    """What tells a content from another one.

    Attributes:
        size: bytes.
        sha256: the digest.
        adler32: the checksum, for boards without SHA-256.
    """

    size: int
    sha256: bytes
    adler32: int

    @classmethod
    def of(cls, content: bytes) -> Fingerprint:
        """Return that of a content."""
        return cls(len(content), hashlib.sha256(content).digest(), zlib.adler32(content))

    def matches(self, answer: object, base64: str) -> bool:
        """Whether it is the one that a board told, in whichever form it did."""
        if isinstance(answer, tuple):
            return answer == (self.adler32 & 0xFFFF, self.adler32 >> 16)
        return answer == (binascii.b2a_base64(self.sha256, newline=False) if base64 else self.sha256)


@dataclass
class Comparison:
    """What a board has of what it should have; all paths are below the folder that was compared.

    Attributes:
        same: files that are as they should be, and folders that are there.
        missing: files and folders that are not there.
        different: files whose content is another.
        wrong: files in the place of folders, and folders in the place of files.
        unwanted: what is there and should not be.
        others: what else lies in the folder, each folder before its contents.
        listed: what the folder's listing has of what it should have: a file system may find one under another name.
        foreign: folders where another file system begins, an SD card for example; what is in them is not told.
    """

    same: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    unwanted: set[str] = field(default_factory=set)
    others: list[Entry] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)


def compare(
    ask: Callable[[str, str, int], str],
    support: FileSupport,
    folder: str,
    wanted: Mapping[str, bytes | Fingerprint | None],
    unwanted: Collection[str],
    *,
    others: bool,
    listing: Callable[[str], list[Entry]],
) -> Comparison:
    """Compare; see ``Files.compare``.

    Args:
        ask: runs a helper on the board, for a path and a number of bytes to work on.
        support: what the board has for files.
        folder: on the board.
        wanted: contents, or what tells them, by their paths below the folder; None for a folder.
        unwanted: paths below the folder that should not be there.
        others: whether what lies in the folder besides these is wanted.
        listing: returns what is in a folder of a board without folders.

    Raises:
        TransferFailed: the board's answer is none.
    """
    result = Comparison()
    prints = {name: Fingerprint.of(what) if isinstance(what, bytes) else what for name, what in wanted.items()}
    sizes = {name: what.size if what else 0 for name, what in prints.items()}
    listed: list[str] = []
    size = _room(support.memory)
    left = [*prints, *unwanted]
    first = True
    others_too = others and support.folders
    while left or (others_too and first):
        told = [f"{sizes.get(name, 0)} {name}" for name in left]
        names = left[: len(_fitting(told, size - len(folder)))]
        text = _text(folder, told[: len(names)])
        work = sum(sizes.get(name, 0) for name in names)
        list_too = others_too and len(names) == len(left)  # below the last answers
        if not names:
            source = ""
        elif support.sha256:
            expected = hashlib.sha256(b"".join(_expected(prints, name) for name in names)).digest()
            source = snippets.call("files_compare", text, expected, support.sha256, support.base64)
        else:
            source = snippets.call("files_flat_compare", text)
        source += snippets.serve("files_others", WALK, folder) if list_too else ""
        try:
            lines = ask(source, folder, work).splitlines()
        except DeviceError as error:
            if error.name != "MemoryError" or size <= MIN_TEXT or len(names) < 2:
                raise
            size = max(min(size, len(text)) // 2, MIN_TEXT)
            continue
        first = False
        left = left[len(names) :]
        if names and lines[:1] == ["="]:
            result.same.update(names)
            listed += lines[1:]
            continue
        for name, line in zip(names, lines, strict=False):
            _sort_in(result, name, prints, _literal(line), support.base64)
        if len(lines) < len(names):
            raise TransferFailed(f"The board told of {len(lines)} of {len(names)} files; something else may print.")
        listed += lines[len(names) :]
    result.same.difference_update(unwanted)
    if others:
        found = ((e.path, e.folder, e.size) for e in listing(folder)) if not support.folders else _listed(listed)
        _add_others(result, folder, found, prints)
    return result


def remove(
    run: Callable[[str, str, Callable[[str], object]], object],
    remove_one: Callable[[str], object],
    paths: Sequence[str],
    memory: int,
    done: Callable[[int], object],
) -> None:
    """Remove; see ``Files.remove_all``.

    Args:
        run: runs a helper on the board, for a path, with what takes its output.
        remove_one: removes one file or empty folder.
        paths: in the order in which they go.
        memory: bytes that are free on the board.
        done: called with the number of those that are gone.
    """
    gone = 0

    def take(text: str) -> None:
        nonlocal gone
        gone += text.count("+")
        done(gone)

    while gone < len(paths):
        start = gone
        batch = _fitting(paths[start:], _room(memory))
        try:
            run(snippets.call("files_remove_all", _text("", batch)), "", take)
        except FileProblem:
            for path in paths[gone : start + len(batch)]:
                remove_one(path)  # which says what is wrong, and with which
                take("+")
        if gone < start + len(batch):
            raise TransferFailed(f"The board told of {gone - start} of {len(batch)} removals; something may print.")


def _room(memory: int) -> int:
    return min(max(memory // MEMORY_SHARE, MIN_TEXT), MAX_TEXT)


def _text(folder: str, lines: Sequence[str]) -> str:
    # Never so short that the board would keep it for ever.
    return "\n".join((folder, *lines)).ljust(12, "\n")


def _fitting(lines: Sequence[str], size: int) -> Sequence[str]:
    """Return the first lines that have room in a text, at least one."""
    for count, line in enumerate(lines):
        size -= len(line) + 1
        if size < 0 and count:
            return lines[:count]
    return lines


def _expected(wanted: Mapping[str, Fingerprint | None], name: str) -> bytes:
    """Return the answer for a file or folder that is as it should be."""
    content = wanted.get(name)
    if content is not None:
        return content.sha256
    return b"d" if name in wanted else b"-"


def _sort_in(
    result: Comparison, name: str, wanted: Mapping[str, Fingerprint | None], answer: object, base64: str
) -> None:
    """Note the answer for one file or folder."""
    content = wanted.get(name)
    folder = answer in (b"d", "d")
    if name not in wanted:
        if answer not in (b"-", "-"):
            result.unwanted.add(name)
    elif answer in (b"-", "-"):
        result.missing.add(name)
    elif folder is not (content is None):
        result.wrong.add(name)
    elif content is None or content.matches(answer, base64):
        result.same.add(name)
    else:
        result.different.add(name)


def _listed(lines: Sequence[str]) -> Iterator[tuple[str, bool, int]]:
    for line in lines:
        match _literal(line):
            case (str(path), bool(folder), int(size)):
                yield path, folder, size
            case other:
                raise TransferFailed(f"The board said {other!r:.200}, which is no file; something else may print.")


def _add_others(
    result: Comparison, folder: str, found: Iterator[tuple[str, bool, int]], wanted: Mapping[str, Fingerprint | None]
) -> None:
    start = folder and folder.rstrip("/") + "/"
    for path, is_folder, size in found:
        name = path.removeprefix(start)
        if not path.startswith(start) or {"", ".", ".."} & set(name.split("/")):
            raise TransferFailed(f"The board said {path!r:.200} lies in {folder or 'its current folder'}.")
        if size is True:
            result.foreign.add(name)
        if name in wanted:
            result.listed.add(name)
        else:
            result.others.append(Entry(name, int(size), is_folder))
    result.others.sort(key=lambda entry: entry.path.split("/"))


def _literal(line: str) -> object:
    r"""Read an answer as data; ``-``, ``d`` and ``f`` may come without quotes."""
    text = line.strip()
    if text in ("-", "d", "f"):
        return text
    if len(text) > _LONGEST_LINE:
        return text[:200]
    try:
        return literal(text, _LONGEST_LINE)
    except ValueError:
        raise TransferFailed(f"The board said {text[:200]!r}, which is no answer about files.") from None
