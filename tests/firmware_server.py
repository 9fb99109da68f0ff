"""Lists of firmware in Thonny's format, and the files in them, on 127.0.0.1; and files that are whole as those are."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from typing import Any

from .package_index import PackageIndex

RP2040, RP2350, SAMD51 = 0xE48BFF56, 0xE48BFF59, 0x55114460


def uf2(family: int = RP2040, blocks: int = 200, *, fill: int = 0x5A) -> bytes:
    """A UF2 file; ``family`` 0 for one that names no chip."""
    return b"".join(
        struct.pack(
            "<8I",
            *(0x0A324655, 0x9E5D5157, 0x2000 if family else 0),
            *(0x10000000 + 256 * number, 256, number, blocks, family),
        )
        + bytes([fill ^ number & 0xFF]) * 476
        + struct.pack("<I", 0x0AB16F30)
        for number in range(blocks)
    )


def intel_hex(lines: int = 50) -> bytes:
    """A .hex file."""

    def record(*content: int) -> bytes:
        whole = bytes(content)
        return b":" + (whole + bytes([-sum(whole) & 0xFF])).hex().upper().encode() + b"\r\n"

    data = b"".join(record(16, at >> 4 & 0xFF, (at << 4) & 0xFF, 0, *range(16)) for at in range(lines))
    return data + record(0, 0, 0, 1)


def dfuse(size: int = 5000) -> bytes:
    """A DfuSe file."""
    body = b"DfuSe\x01" + struct.pack("<IB", 11 + size, 1) + bytes(size)
    whole = body + struct.pack("<4H3sB", 0xFFFF, 0xDF11, 0x0483, 0x011A, b"UFD", 16)
    return whole + struct.pack("<I", 0xFFFFFFFF ^ zlib.crc32(whole))


class FirmwareServer(PackageIndex):
    """Serves lists and files.

    Attributes:
        lists: the boards of each list, by its kind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[dict[str, Any]]] = {}

    def board(
        self,
        name: str,
        content: bytes,
        *,
        kind: str = "uf2",
        ending: str = "uf2",
        version: str = "1.29.0",
        family: str = "rp2",
        vendor: str = "Raspberry Pi",
        model: str = "Pico",
        variant: str = "",
        checksum: bool = True,
        **more: object,
    ) -> str:
        """Publish a file for a board; return its path here."""
        stem = f"{name}-{variant}" if variant else name
        number = version.rpartition("-v")[2]
        file = f"{stem}-20260406-v{number}.{ending}"
        download: dict[str, object] = {"version": version, "url": f"{self.url}/files/{file}"}
        if checksum:
            download |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        download |= more
        page = f"https://micropython.org/download/{name}"
        boards = self.lists.setdefault(kind, [])
        known = next((board for board in boards if board["info_url"] == page), None)
        if known is None:
            known = {"vendor": vendor, "model": model, "family": family, "info_url": page, "downloads": []}
            boards.append(known)
        known["downloads"].append(download)
        self.pages[f"/files/{file}"] = content
        self.pages[f"/micropython-variants-{kind}.json"] = json.dumps(boards).encode()
        return f"/files/{file}"
