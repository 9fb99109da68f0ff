"""The partitions of a board that hold images of the read-only file system ROMFS: what is there, and writing one.

Sources: extmod/vfs.h (the numbers of ``vfs.rom_ioctl``), docs/reference/romfs.rst, and mpremote's commands.py for how
firmware of different releases is asked. ESP32 gives a block device, which is erased by ``ioctl(6, block)``; the others
give memory, which is erased and written by ``rom_ioctl`` 3 and 4. Since 1.29 operation 6 tells the size of what is
erased at a time; before, a partition is erased for a whole image.
"""

from __future__ import annotations

import binascii
import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BoardTimeout, DeviceError, MicroPythonError
from . import snippets
from .files.helper_programs import parse_tuple
from .protocol.literal import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .protocol.executor import Executor

TIMEOUT = 10.0
"""Seconds that the board has for a question, and for writing one piece."""

ERASE_TIMEOUT = 120.0
"""Seconds that it has for erasing; the sectors of some chips have 128 KiB and take two seconds each."""

DIGEST_SPEED = 20_000
"""Bytes per second of which the slowest board with a ROMFS computes the digest."""

ERASED_AT_ONCE = 32 * 1024
"""Bytes that are erased in one execution where the firmware tells the size of a block, so that Stop is heard."""

PIECE = 4096
"""Bytes of an image that are written at a time, where the flash does not ask for another size."""

MAX_PARTITIONS = 16
"""Partitions of one board; a number above it is no answer."""

_WINDOW = -10  # of the deflated pieces: raw, 1 KiB; the snippet has the same number
_LONGEST_LINE = 400


class RomFsError(MicroPythonError):
    """A board's ROMFS cannot be asked or written."""


@dataclass(frozen=True)
class Partition:
    """One partition for an image.

    Attributes:
        number: as ``vfs.rom_ioctl`` counts.
        size: bytes; 0 where it is not there.
        block: bytes that are erased at a time; 0 where the firmware does not tell.
        is_device: whether it is a block device.
        beginning: its first bytes.
    """

    number: int
    size: int
    block: int
    is_device: bool = False
    beginning: bytes = b""


def partitions(board: Executor) -> list[Partition] | None:
    """Return a board's partitions for ROMFS; None where its firmware has none of it.

    Raises:
        MicroPythonError: the board did not answer as it should.
    """
    said = board.execute(snippets.call("romfs_query"), timeout=TIMEOUT)
    found: list[Partition] = []
    known = False
    for line in said.splitlines():
        try:
            value = literal(line, _LONGEST_LINE)
        except ValueError:
            continue  # what a timer printed
        match value:
            case (-1, int(number)):
                known = number <= MAX_PARTITIONS
            case (int(number), int()) if number == len(found):
                found.append(Partition(number, 0, 0))
            case (int(number), int(size), int(block), bool(is_device), bytes(beginning)) if number == len(found):
                found.append(Partition(number, max(0, size), max(0, block), is_device, beginning))
    return found[:MAX_PARTITIONS] if known else None


def write(
    board: Executor, partition: Partition, image: bytes, progress: Callable[[int, int], object] | None = None
) -> None:
    """Write an image into a partition, and see that it is there.

    The first piece is written last: as long as it is missing the partition holds no image, and an image that is not
    whole is never mounted.

    Args:
        board: its ``/rom`` is unmounted where something is mounted there.
        partition: where to.
        image: not larger than the partition.
        progress: called with the bytes that are written and all bytes.

    Raises:
        RomFsError: the image has no room, or the partition holds something else after it.
        MicroPythonError: the board or its line fails; the partition holds no whole image then.
    """
    if len(image) > partition.size:
        raise RomFsError(
            f"The image has {len(image)} bytes, and the ROMFS partition {partition.number} of the board on "
            f"{board.address} has {partition.size}. Nothing was written."
        )
    inflates, memory = _abilities(board)
    least = _erase(board, partition, len(image))
    size = _piece(partition, least, memory)
    starts = [*range(size, len(image), size), 0]
    done = 0
    for start in starts:
        piece = image[start : start + size]
        # What is behind the image in its last unit of writing is no part of it.
        padded = piece + bytes(-len(piece) % (max(least, 1) if not partition.is_device else size))
        _write_piece(board, partition, start, padded[: max(partition.size - start, 0)], deflate=inflates)
        done += len(piece)
        if progress is not None:
            progress(done, len(image))
    digest = _finish(board, partition, len(image))
    if digest != hashlib.sha256(image).digest():
        raise RomFsError(
            f"The ROMFS partition {partition.number} of the board on {board.address} does not hold what was written "
            "(another SHA-256). Write it again; where that does not help, the flash is worn."
        )


def _abilities(board: Executor) -> tuple[bool, int]:
    said = _stoppable(board, snippets.call("romfs_abilities"), TIMEOUT)
    _, inflates, memory = parse_tuple(said, (int, bool, int))
    return inflates, memory


def _piece(partition: Partition, least: int, memory: int) -> int:
    """Return how many bytes are written at a time: whole units of the flash, and what the board has memory for."""
    if partition.is_device:
        return min(PIECE, partition.block)
    size = max(PIECE, least)
    # A piece is there as source, as Base64, as bytes and inflated.
    while size > max(least, 256) and size * 6 > memory:
        size //= 2
    return -(-size // least) * least if least > 1 else size


def _erase(board: Executor, partition: Partition, size: int) -> int:
    """Erase what an image needs; return how many bytes are written at least at a time."""
    whole = not partition.block or (not partition.is_device and partition.block >= partition.size)
    block = 0 if whole else partition.block
    step = size if whole else max(1, ERASED_AT_ONCE // block) * block
    least = 1
    for offset in range(0, size, step):
        part = min(step, size - offset)
        if not whole:
            part = -(-part // block) * block
        source = snippets.call("romfs_prepare", partition.number, offset, part, block)
        least = _number(board, source, ERASE_TIMEOUT, "erase", partition)
    return max(1, least)


def _write_piece(board: Executor, partition: Partition, offset: int, piece: bytes, *, deflate: bool) -> None:
    data = piece
    if deflate:
        packer = zlib.compressobj(wbits=_WINDOW)
        data = packer.compress(piece) + packer.flush()
        deflate = len(data) < len(piece)
    text = binascii.b2a_base64(data if deflate else piece, newline=False)
    source = snippets.call("romfs_write", partition.number, offset, text, max(1, partition.block), int(deflate))
    written = _number(board, source, TIMEOUT, "write", partition)
    if written < len(piece):
        raise _refused(board, partition, "write", written)


def _finish(board: Executor, partition: Partition, size: int) -> bytes:
    said = _execute(
        board, snippets.call("romfs_finish", partition.number, size), TIMEOUT + size / DIGEST_SPEED, "read", partition
    )
    digest = parse_tuple(said, (int, bytes))[1]
    assert isinstance(digest, bytes)
    return digest


def _number(board: Executor, source: str, timeout: float, what: str, partition: Partition) -> int:
    number = parse_tuple(_execute(board, source, timeout, what, partition), (int, int))[1]
    assert isinstance(number, int)
    if number < 0:
        raise _refused(board, partition, what, number)
    return number


def _execute(board: Executor, source: str, timeout: float, what: str, partition: Partition) -> str:
    try:
        return _stoppable(board, source, timeout)
    except DeviceError as error:
        raise RomFsError(
            f"The board on {board.address} did not {what} its ROMFS partition {partition.number}: {error}. The "
            "partition holds no whole image now."
        ) from error
    except BoardTimeout as error:
        raise BoardTimeout(
            f"The board on {board.address} did not {what} its ROMFS partition {partition.number} within {timeout:g} s. "
            "The partition holds no whole image now."
        ) from error


def _stoppable(board: Executor, source: str, timeout: float) -> str:
    """Run a helper; what the board raises where somebody stops it is raised here."""
    try:
        return board.execute(source, timeout=timeout)
    except DeviceError as error:
        if error.name == "KeyboardInterrupt":
            raise KeyboardInterrupt from None
        raise


def _refused(board: Executor, partition: Partition, what: str, number: int) -> RomFsError:
    return RomFsError(
        f"The firmware of the board on {board.address} did not {what} the ROMFS partition {partition.number} (error "
        f"{-number}). The partition holds no whole image now."
    )
