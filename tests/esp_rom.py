"""A stand-in for an ESP chip on a pseudo-terminal: the loader in its ROM, esptool's stub, and a flash kept in memory.

A fake, because the tests have no chip. It answers the real esptool as Espressif documents the protocol, and is strict:
checksums, sequence numbers and sizes are checked, and bits of the flash go from 1 to 0 only until they are erased. It
does not run what is uploaded: after a whole stub it behaves as esptool's stub does. A pseudo-terminal has no DTR and
RTS, so two things differ from hardware: the chip enters its loader when it hears the SYNC packet, and restarts when
nobody has the line open any more. Where its flash then holds an image at the right offset, MicroPython answers on the
line: the virtual board.

Protocol: https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/serial-protocol.html
"""

from __future__ import annotations

import hashlib
import os
import random
import struct
import threading
import time
import zlib
from collections import Counter
from contextlib import suppress
from typing import Any

from metakernel_micropython.errors import LineLost
from metakernel_micropython.host.firmware import CHIPS
from metakernel_micropython.transports import ConnectionOptions, Transport, open_transport

SECTOR = 0x1000
SYNC = b"\x07\x07\x12\x20" + 32 * b"\x55"
SYNC_PACKET = b"\xc0\x00\x08\x24\x00"
WINBOND = 0x0040EF  # and the size, as the power of two, above it
UNKNOWN_COMMAND = b"\x01\x05"

NAMES = {
    0x02: "FLASH_BEGIN",
    0x03: "FLASH_DATA",
    0x04: "FLASH_END",
    0x05: "MEM_BEGIN",
    0x06: "MEM_END",
    0x07: "MEM_DATA",
    0x08: "SYNC",
    0x09: "WRITE_REG",
    0x0A: "READ_REG",
    0x0B: "SPI_SET_PARAMS",
    0x0D: "SPI_ATTACH",
    0x0F: "CHANGE_BAUDRATE",
    0x10: "FLASH_DEFL_BEGIN",
    0x11: "FLASH_DEFL_DATA",
    0x12: "FLASH_DEFL_END",
    0x13: "SPI_FLASH_MD5",
    0x14: "GET_SECURITY_INFO",
    0xD0: "ERASE_FLASH",
    0xD1: "ERASE_REGION",
    0xD2: "READ_FLASH",
}


def image(chip: str, size: int = 100_000, seed: int = 1) -> bytes:
    """A file like those of the download page: an image that the chip's loader accepts, and what lies behind it."""
    from esptool.loader import ESPLoader

    body = bytes(range(256)) * 8
    if chip == "esp8266":
        header = struct.pack("<4BI", 0xE9, 1, 0, 0x40, 0x40100000) + struct.pack("<2I", 0x40100000, len(body))
    else:
        header = struct.pack("<4BI", 0xE9, 1, 2, 0x20, 0x40080000)
        header += struct.pack("<4BHBHH4xB", 0xEE, 0, 0, 0, CHIPS[chip].image_id, 0, 0, 65535, 0)
        header += struct.pack("<2I", 0x3FFF0030, len(body))
    whole = header + body
    whole += bytes(15 - len(whole) % 16) + bytes([ESPLoader.checksum(body)])
    # Half of it compresses, as firmware does.
    return whole + random.Random(seed).randbytes(size - len(whole)).hex().encode()[: size - len(whole)]


class EspChip:
    """One chip.

    Attributes:
        address: path of the serial port.
        flash: what the flash holds.
        said: how often each command came.
        refused: what was wrong with commands.
        worn: address of a byte that is 0 whatever is written.
        misread: whether what is read has another digest than what lies there.
        paused: is set when the block came that ``pause_at`` names.
        restarted: is set when the port was closed after the loader had run.
    """

    def __init__(
        self,
        chip: str = "esp32",
        *,
        size: int = 4 * 1024 * 1024,
        firmware: bytes = b"",
        board: str | None = None,
    ) -> None:
        import pty
        import tty

        from esptool.targets import CHIP_DEFS

        self.chip = CHIP_DEFS[chip]
        self._board = board  # which one the virtual board is
        self._flash_id = WINBOND | (size.bit_length() - 1) << 16
        self.flash = bytearray(b"\xff" * size)
        self.flash[self.offset : self.offset + len(firmware)] = firmware
        self.said: Counter[str] = Counter()
        self.refused: list[str] = []
        self.worn: int | None = None
        self.misread = False
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.address = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._closed = False
        self._pause_at = self._cut_at = 0
        self.paused = threading.Event()
        self.restarted = threading.Event()
        self._restart()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def offset(self) -> int:
        """Where this chip looks for an image."""
        return int(self.chip.BOOTLOADER_FLASH_OFFSET)

    def pause_at(self, block: int) -> None:
        """Never answer that block of a write; ``paused`` is set when it came."""
        self._pause_at = block

    def cut_at(self, block: int) -> None:
        """Have the cable pulled when that block of a write comes."""
        self._cut_at = block

    def close(self) -> None:
        self._closed = True
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._stop_program()
        os.close(self._master)

    # -- the line ------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        heard = b""
        while not self._closed:
            try:
                data = os.read(self._master, 65536)
            except BlockingIOError:
                data = b""
            except OSError:  # EIO: nobody has the line open
                if self._in_loader:
                    self._restart()
                    self.restarted.set()
                heard, data = b"", b""
            if not data:
                time.sleep(0.002)
                continue
            if not self._in_loader:
                if SYNC_PACKET in heard[-8:] + data:
                    self._enter_loader()
                    data = SYNC_PACKET + (heard[-8:] + data).split(SYNC_PACKET, 1)[1]
                    heard = b""
                elif self._program is not None:
                    heard = data[-8:]
                    with suppress(LineLost):
                        self._program.write(data)
                    continue
            for packet in self._packets(data):
                self._answer(packet)

    def _packets(self, data: bytes) -> list[bytes]:
        """The SLIP packets that are complete."""
        *whole, self._rest = (self._rest + data).split(b"\xc0")
        return [part.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb") for part in whole if part]

    def _send(self, packet: bytes) -> None:
        self._write(b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")

    def _write(self, data: bytes) -> None:
        while data and not self._closed:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                return

    def _reply(self, command: int, value: int = 0, data: bytes = b"", status: bytes = b"\0\0") -> None:
        if not self._stub and self.chip.CHIP_NAME != "ESP8266":
            status += b"\0\0"
        self._send(struct.pack("<BBHI", 1, command, len(data + status), value) + data + status)

    # -- states --------------------------------------------------------------------------------------------------

    _program: Transport | None = None

    def _restart(self) -> None:
        """What a reset does: the program in the flash runs, or the loader waits."""
        self._stop_program()
        self._in_loader = self._stub = False
        if self.flash[self.offset] == 0xE9:
            program = self._program = open_transport("virtual", ConnectionOptions(heap=64 * 1024, board=self._board))
            threading.Thread(target=self._speak, args=(program,), daemon=True).start()

    def _speak(self, program: Transport) -> None:
        with suppress(LineLost):
            while True:
                self._write(program.read())

    def _stop_program(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            program.close()

    def _enter_loader(self) -> None:
        self._stop_program()
        self._in_loader, self._stub, self._rest = True, False, b""
        self._memory: dict[int, bytes] = {}
        self._registers = {
            0x40001000: self.chip.MAGIC_VALUE or 0,
            getattr(self.chip, "UART_CLKDIV_REG", 0): 451 if self.chip.CHIP_NAME == "ESP8266" else 347,
            getattr(self.chip, "RTCCALICFG1", 1): 1024 << 7,  # with the next: a crystal of 40 MHz
            getattr(self.chip, "EFUSE_RD_REG_BASE", 0) + 16: 100,
        }

    # -- commands ------------------------------------------------------------------------------------------------

    def _answer(self, packet: bytes) -> None:
        if self._reading and len(packet) == 4:
            self._send_flash(struct.unpack("<I", packet)[0])
            return
        direction, command, length, checksum = struct.unpack("<BBHI", packet[:8])
        data = packet[8:]
        name = NAMES.get(command, hex(command))
        self.said[name] += 1
        handler: Any = getattr(self, f"_do_{name.lower()}", None)
        if direction != 0 or length != len(data):
            self._refuse(command, f"{name}: {len(data)} bytes came, {length} were announced")
        elif name.endswith("_DATA") and checksum != self.chip.checksum(data[16:]):
            self._refuse(command, f"{name}: the checksum is wrong")
        elif handler is None or (command >= 0xD0 and not self._stub):
            for _ in range(8):
                self._reply(0, status=UNKNOWN_COMMAND)
        else:
            handler(command, data)

    def _refuse(self, command: int, why: str) -> None:
        self.refused.append(why)
        self._reply(command, status=b"\x01\x07")

    def _do_sync(self, command: int, data: bytes) -> None:
        if data != SYNC:
            return
        for _ in range(8):
            self._reply(command, 0 if self._stub else 0x20120707)

    def _do_read_reg(self, command: int, data: bytes) -> None:
        self._reply(command, self._registers.get(struct.unpack("<I", data)[0], 0))

    def _do_write_reg(self, command: int, data: bytes) -> None:
        address, value, mask, _delay = struct.unpack("<4I", data[:16])
        self._registers[address] = self._registers.get(address, 0) & ~mask | value & mask
        if address == self.chip.SPI_REG_BASE:
            self._ask_flash(value)
        self._reply(command)

    def _ask_flash(self, started: int) -> None:
        """What the SPI controller does with a command for the flash chip: its ids and nothing else."""
        base = self.chip.SPI_REG_BASE
        asked = self._registers.get(base + self.chip.SPI_USR2_OFFS, 0) & 0xFFFF
        if started:
            self._registers[base + self.chip.SPI_W0_OFFS] = {0x9F: self._flash_id, 0x5A: 0x50444653}.get(asked, 0)
            self._registers[base] = 0

    def _do_get_security_info(self, command: int, _data: bytes) -> None:
        if self.chip.USES_MAGIC_VALUE:
            for _ in range(8):
                self._reply(0, status=UNKNOWN_COMMAND)
        else:
            self._reply(command, data=struct.pack("<I8BII", 0, *bytes(8), self.chip.IMAGE_CHIP_ID, 0))

    def _do_mem_begin(self, command: int, data: bytes) -> None:
        self._segment = struct.unpack("<4I", data)
        self._memory[self._segment[3]] = b""
        self._reply(command)

    def _do_mem_data(self, command: int, data: bytes) -> None:
        self._memory[self._segment[3]] += data[16:]
        self._reply(command)

    def _do_mem_end(self, command: int, data: bytes) -> None:
        _stay, entry = struct.unpack("<2I", data)
        if len(self._memory[self._segment[3]]) != self._segment[0]:
            self._refuse(command, "the stub was not uploaded whole")
        elif not any(start <= entry < start + len(code) for start, code in self._memory.items()):
            self._refuse(command, f"no code was uploaded to {entry:#x}")
        else:
            self._reply(command)
            self._stub = True
            self._send(b"OHAI")

    def _do_spi_attach(self, command: int, _data: bytes) -> None:
        self._reply(command)

    _do_spi_set_params = _do_change_baudrate = _do_flash_end = _do_spi_attach

    def _do_flash_begin(self, command: int, data: bytes) -> None:
        size, _blocks, self._block_size, self._at = struct.unpack("<4I", data[:16])
        self._begin(command, size)

    def _begin(self, command: int, size: int) -> None:
        self._next, self._end = 0, self._at + size
        self._erase(self._at // SECTOR * SECTOR, -(-self._end // SECTOR) * SECTOR)
        self._reply(command)

    def _do_flash_data(self, command: int, data: bytes) -> None:
        self._block(command, data, lambda block: block)

    def _do_flash_defl_begin(self, command: int, data: bytes) -> None:
        self._inflate = zlib.decompressobj()
        self._do_flash_begin(command, data)

    def _do_flash_defl_data(self, command: int, data: bytes) -> None:
        self._block(command, data, self._inflate.decompress)

    def _block(self, command: int, data: bytes, decode: Any) -> None:
        size, number = struct.unpack("<2I", data[:8])
        if self._cut_at and number == self._cut_at:
            self._unplug()
        if self._pause_at and number == self._pause_at:
            self.paused.set()
            return
        if size != len(data) - 16 or number != self._next:
            self._refuse(command, f"block {number} of {size} bytes came in place of block {self._next}")
            return
        self._next += 1
        for byte in decode(data[16:])[: self._end - self._at]:
            self.flash[self._at] &= byte
            self._at += 1
        if self.worn is not None:
            self.flash[self.worn] = 0
        self._reply(command)

    def _unplug(self) -> None:
        """Hang the line up: a new pseudo-terminal takes the place of the old one, which nobody finds."""
        import pty

        master, slave = pty.openpty()
        os.close(slave)
        os.dup2(master, self._master)
        os.close(master)
        os.set_blocking(self._master, False)

    def _do_flash_defl_end(self, command: int, _data: bytes) -> None:
        if self._at != self._end:
            self._refuse(command, f"{self._end - self._at} bytes are missing")
        else:
            self._reply(command)

    def _do_spi_flash_md5(self, command: int, data: bytes) -> None:
        start, size = struct.unpack("<2I", data[:8])
        digest = hashlib.md5(self.flash[start : start + size])
        self._reply(command, data=digest.digest() if self._stub else digest.hexdigest().encode())

    _reading: tuple[int, int, int] | None = None  # where it began, where it ends, what was sent up to

    def _do_read_flash(self, command: int, data: bytes) -> None:
        start, size, _block, _in_flight = struct.unpack("<4I", data)
        self._reply(command)
        self._reading = start, start + size, start
        for _ in range(4):
            self._send_flash(0)

    def _send_flash(self, confirmed: int) -> None:
        """Send the next sector; at the end, once all is confirmed, the digest."""
        assert self._reading is not None
        start, end, at = self._reading
        if at < end:
            self._reading = start, end, min(at + SECTOR, end)
            self._send(bytes(self.flash[at : min(at + SECTOR, end)]))
        elif confirmed == end - start:
            self._reading = None
            content = bytes(self.flash[start:end])
            digest = hashlib.md5(content).digest()
            self._send(digest if not self.misread else bytes(16))

    def _do_erase_flash(self, command: int, _data: bytes) -> None:
        self._erase(0, len(self.flash))
        self._reply(command)

    def _do_erase_region(self, command: int, data: bytes) -> None:
        start, size = struct.unpack("<2I", data)
        self._erase(start, start + size)
        self._reply(command)

    def _erase(self, start: int, end: int) -> None:
        self.flash[start:end] = b"\xff" * (end - start)
