"""A folder as an image of MicroPython's read-only file system, ROMFS.

The format is that of docs/reference/romfs.rst and extmod/vfs_rom.c: an image is a record, and so is each file and each
folder in it. A record is its kind, the length of its content, and the content; numbers have seven bits in each byte,
the highest first, with the top bit set in all but the last. The images are those of mpremote's ``romfs build``, byte by
byte, where no file is compiled.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..errors import MicroPythonError
from ..host import mpy_compiler
from ..host.paths import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAGIC = b"\xd2\xcd\x31"
"""How an image begins: its kind, a number as all others, chosen so that no other flash content begins so."""

SUFFIXES = (".romfs", ".img")
"""How a file's name ends that holds an image."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of an image at most; no board has a partition of that size."""

MAX_DEPTH = 32
"""Folders within folders at most."""

_DATA, _FOLDER, _FILE = 2, 4, 5
_PADDING = b"\x80"  # a byte of a number that counts nothing

_MAX_NUMBER = 10  # bytes of one number that are read


class ImageError(MicroPythonError):
    """A folder cannot become an image, or a file is none."""


@dataclass(frozen=True)
class Image:
    """An image.

    Attributes:
        data: its bytes.
        files: how many files are in it.
        compiled: how many of them were compiled here.
    """

    data: bytes
    files: int
    compiled: int


def build(
    folder: Path,
    *,
    compile_file: Callable[[Path], bytes] | None = None,
    told: Callable[[str], object] | None = None,
) -> Image:
    """Return a folder as an image.

    Args:
        folder: all that lies in it, and in its folders, is in the image.
        compile_file: makes of a .py file the .mpy file that takes its place; None for no compiling. A file beside which
            its .mpy file lies stays as it is.
        told: called with the path of each file, below the folder.

    Raises:
        ImageError: there is no such folder, something in it is neither file nor folder, or it is too large.
        HostFileProblem: a file cannot be read.
        CompileError: a file cannot be compiled.
    """
    if not folder.is_dir():
        raise ImageError(f"There is no folder {folder} on this computer: name the one whose files go to the board.")
    builder = _Builder(compile_file, told or (lambda _: None))
    content = builder.folder(folder, "", ())
    length = _number(len(content))
    if (len(MAGIC) + len(length) + len(content)) % 2:
        length = _PADDING + length  # an image has an even number of bytes: flash is written in words
    return Image(MAGIC + length + content, builder.files, builder.compiled)


class _Builder:
    def __init__(self, compile_file: Callable[[Path], bytes] | None, told: Callable[[str], object]) -> None:
        self._compile = compile_file
        self._told = told
        self._size = 0
        self.files = self.compiled = 0

    def folder(self, folder: Path, below: str, around: tuple[tuple[int, int], ...]) -> bytes:
        """Return the records of what is in a folder.

        Args:
            folder: on this computer.
            below: its path in the image, with a slash behind; ``""`` for the whole.
            around: the numbers of the folders that it lies in, because a link may lead into one of them.
        """
        try:
            status = folder.stat()
            names = sorted(os.listdir(folder))  # noqa: PTH208 - names, in the order of names
        except OSError as error:
            raise host_files.problem(folder, error) from error
        number = (status.st_dev, status.st_ino)
        if (number in around and status.st_ino) or len(around) >= MAX_DEPTH:
            raise ImageError(
                f"{folder} lies in itself, through a link, or more than {MAX_DEPTH} folders deep: nothing was built."
            )
        content = bytearray()
        for name in names:
            path = folder / name
            try:
                kind = path.stat().st_mode
            except OSError as error:
                raise host_files.problem(path, error) from error
            if stat.S_ISDIR(kind):
                inside = self.folder(path, f"{below}{name}/", (*around, number))
                content += _record(_FOLDER, _named(name, path) + inside)
            elif stat.S_ISREG(kind):
                content += self._file(path, below)
            else:
                raise ImageError(f"{path} is neither a file nor a folder: nothing was built. Move it elsewhere.")
        return bytes(content)

    def _file(self, path: Path, below: str) -> bytes:
        name = path.name
        if self._compile and name.endswith(".py") and not path.with_suffix(mpy_compiler.SUFFIX).is_file():
            name = name.removesuffix(".py") + mpy_compiler.SUFFIX
            data = self._compile(path)
            self.compiled += 1
        else:
            data = host_files.read(path)
        self.files += 1
        self._size += len(data)
        if self._size > MAX_SIZE:
            raise ImageError(
                f"The files up to {path} have more than {MAX_SIZE} bytes, which no board has room for: nothing was "
                "built."
            )
        self._told(shown(below + name))
        return _record(_FILE, _named(name, path) + _record(_DATA, data))


def check(data: bytes, name: str) -> None:
    """See whether some bytes are an image, and a whole one.

    Args:
        data: the content of a file.
        name: of the file, for the error.

    Raises:
        ImageError: they are none, or the end is missing.
    """
    if not data.startswith(MAGIC):
        raise ImageError(
            f"{name} is no ROMFS image: it does not begin with d2 cd 31. %romfs build FOLDER -o FILE makes one."
        )
    size = image_size(data)
    if size is None or size > len(data):
        raise ImageError(f"{name} is only the beginning of a ROMFS image: {len(data)} bytes of {size or 'more'}.")


def image_size(beginning: bytes) -> int | None:
    """Return the bytes of the image that begins so; None where there is none, or its length is not told whole."""
    if not beginning.startswith(MAGIC):
        return None
    length = 0
    for at, byte in enumerate(beginning[len(MAGIC) : len(MAGIC) + _MAX_NUMBER], len(MAGIC) + 1):
        length = length << 7 | byte & 0x7F
        if not byte & 0x80:
            return at + length
    return None


def _record(kind: int, content: bytes) -> bytes:
    return _number(kind) + _number(len(content)) + content


def _named(name: str, path: Path) -> bytes:
    """Return a name as it stands at the beginning of a file's or folder's record.

    Raises:
        ImageError: the name is no text.
    """
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise ImageError(f"{shown(str(path))} has a name that is no text: nothing was built. Rename it.") from None
    return _number(len(encoded)) + encoded


def _number(value: int) -> bytes:
    encoded = bytes([value & 0x7F])
    while value := value >> 7:
        encoded = bytes([0x80 | value & 0x7F]) + encoded
    return encoded
