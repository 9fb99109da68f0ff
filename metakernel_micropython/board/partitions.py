"""The partitions of an ESP32's flash, as its firmware's module ``esp32`` tells of them.

NVS, the store of settings, cannot be listed by ``esp32.NVS``, which needs the names; its partition holds all of it.
(MicroPython's docs, module esp32: Partition.find, Partition.info, Partition.readblocks.)
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import DeviceError, FileProblem, TransferFailed
from . import snippets
from .protocol.literal import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .protocol.executor import Executor

DATA = 1
"""The type of partitions that hold data."""

NVS = 2
"""The sub-type of those with NVS (esp_partition.h)."""

BLOCK = 4096
"""Bytes that are erased together, and so of what ``readblocks`` reads."""

_AT_ONCE = 4 * BLOCK  # bytes in one execution
_TIMEOUT = 60.0  # seconds that it has
_ATTEMPTS = 3
_MOST = 64 * 1024 * 1024  # bytes of a partition
_LONGEST_LINE = 500  # characters
_MOST_PARTITIONS = 95  # that a partition table has room for


@dataclass(frozen=True)
class Partition:
    """One partition.

    Attributes:
        kind: 0 for programs, 1 for data.
        subtype: see esp_partition.h.
        address: where it begins in the flash, in bytes.
        size: bytes.
        label: its name.
        encrypted: whether the flash holds it encrypted; what is read is not.
    """

    kind: int
    subtype: int
    address: int
    size: int
    label: str
    encrypted: bool

    @property
    def holds_nvs(self) -> bool:
        """Whether it is the store of settings."""
        return (self.kind, self.subtype) == (DATA, NVS)


def partitions(board: Executor) -> list[Partition]:
    """Return a board's partitions, in the order of their addresses.

    Raises:
        FileProblem: it is no ESP32, or its firmware does not tell.
        MicroPythonError: it did not answer.
    """
    try:
        said = board.execute(snippets.call("partition_list"), timeout=_TIMEOUT)
    except DeviceError as error:
        if error.name in ("ImportError", "AttributeError"):
            raise FileProblem(
                f"The board on {board.address} has no module esp32 with partitions: only chips of the ESP32 family "
                "have NVS and partitions."
            ) from error
        raise
    found = []
    for line in said.splitlines()[:_MOST_PARTITIONS]:
        try:
            match literal(line, _LONGEST_LINE):
                case (int(kind), int(subtype), int(address), int(size), str(label), bool(encrypted)) if (
                    0 < size <= _MOST and size % BLOCK == 0 and address >= 0 and len(label) <= 16
                ):
                    found.append(Partition(kind, subtype, address, size, label, encrypted))
                    continue
        except ValueError:
            pass
        raise TransferFailed(f"The board on {board.address} said {line[:100]!r}, which is no partition.")
    return sorted(found, key=lambda part: part.address)


def read(board: Executor, part: Partition, progress: Callable[[int, int], object] | None = None) -> bytes:
    """Return what a partition holds; the board's digest of each stretch is compared.

    Args:
        board: the board.
        part: which.
        progress: called with the bytes that came, and with all.

    Raises:
        TransferFailed: a stretch arrived damaged each time.
        MicroPythonError: it did not answer.
    """
    data = b""
    while len(data) < part.size:
        size = min(_AT_ONCE, part.size - len(data))
        source = snippets.call("partition_read", part.kind, part.subtype, part.label, len(data), size)
        for _ in range(_ATTEMPTS):
            piece = _decoded(board.execute(source, timeout=_TIMEOUT), size)
            if piece is not None:
                break
        else:
            raise TransferFailed(
                f"The partition {part.label} arrived damaged {_ATTEMPTS} times from the board on {board.address}: "
                "something else prints meanwhile, or the line loses bytes."
            )
        data += piece
        if progress is not None:
            progress(len(data), part.size)
    return data


def _decoded(said: str, size: int) -> bytes | None:
    """Return what the board's lines hold, where its digest fits."""
    *lines, last = said.split() or [""]
    try:
        data, digest = b"".join(base64.b64decode(line, validate=True) for line in lines), base64.b64decode(last)
    except ValueError:
        return None
    return data if len(data) == size and hashlib.sha256(data).digest() == digest else None
