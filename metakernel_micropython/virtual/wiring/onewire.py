"""A 1-Wire bus, bit by bit: reset, and the ROM commands that choose devices.

Reference: DS18B20 data sheet, "ROM commands" and figure 13; Maxim application note 187, "1-Wire search algorithm".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.wiring.devices import OneWireDevice

SEARCH, ALARM_SEARCH, MATCH, SKIP, READ_ROM = 0xF0, 0xEC, 0x55, 0xCC, 0x33
"""ROM commands."""

_ROM_BITS = 64


def rom_code(family: int, serial: int) -> bytes:
    """Return the 8 bytes that a device is known by.

    Args:
        family: its kind, one byte.
        serial: 48 bits.
    """
    code = bytes((family,)) + serial.to_bytes(6, "little")
    return code + bytes((crc8(code),))


def crc8(data: bytes) -> int:
    """Return Maxim's check sum: the polynomial x^8 + x^5 + x^4 + 1, the lowest bit first (application note 27)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


class OneWireBus:
    """A bus and what is connected to it; the circuit's lock is held whenever it is called.

    All devices pull the line down at once: a bit is 1 where all of them say so.

    Args:
        ask: calls a method of a device, and returns a default where it fails.
    """

    def __init__(self, ask: Callable[..., object]) -> None:
        self._ask = ask
        self._devices: list[OneWireDevice] = []
        self._chosen: list[OneWireDevice] = []
        self._command: int | None = None  # the ROM command that goes on; 0 once it is over, None before it has come
        self._position = 0  # bits of the ROM that are dealt with
        self._step = 0  # of a search: the bit, its complement, the choice
        self._incoming: list[int] = []
        self._outgoing: list[int] = []

    def connect(self, device: OneWireDevice) -> Callable[[], None]:
        """Connect a device.

        Raises:
            ValueError: its ROM is none, or another one has it.
        """
        if len(device.rom) != 8 or crc8(device.rom):
            raise ValueError("the ROM of a 1-Wire device is 8 bytes, the last of which is the check sum")
        if any(other.rom == device.rom for other in self._devices):
            raise ValueError("there is a device with this ROM on this bus already")
        self._devices.append(device)

        def undo() -> None:
            for devices in (self._devices, self._chosen):
                if device in devices:
                    devices.remove(device)

        return undo

    def reset(self) -> bool:
        """Reset the bus; tell whether a device is there."""
        self._chosen = list(self._devices)
        self._command = None
        self._position = self._step = 0
        self._incoming.clear()
        self._outgoing.clear()
        for device in tuple(self._devices):
            self._ask(None, device.reset)
        return bool(self._devices)

    def write(self, data: bytes) -> None:
        """Write bytes, the lowest bit first."""
        for byte in data:
            for place in range(8):
                self.write_bit(byte >> place & 1)

    def read(self, size: int) -> bytes:
        """Read bytes."""
        return bytes(sum(self.read_bit() << place for place in range(8)) for _ in range(size))

    def write_bit(self, bit: int) -> None:
        """Write a bit."""
        if self._command in (SEARCH, ALARM_SEARCH):
            self._choose(bit)
            self._step = 0
            return
        if self._command == MATCH:
            self._choose(bit)
            return
        self._outgoing.clear()
        self._incoming.append(bit)
        if len(self._incoming) < 8:
            return
        byte = sum(one << place for place, one in enumerate(self._incoming))
        self._incoming.clear()
        if self._command is None:
            self._begin(byte)
        else:
            for device in tuple(self._chosen):
                self._ask(None, device.write, byte)

    def read_bit(self) -> int:
        """Read a bit: 1 where nobody pulls the line down."""
        if self._command in (SEARCH, ALARM_SEARCH):
            complement = self._step
            self._step = min(self._step + 1, 1)
            return int(all(self._rom_bit(device) != complement for device in self._chosen))
        if self._command == READ_ROM:
            bit = int(all(self._rom_bit(device) for device in self._chosen))
            self._advance()
            return bit
        if self._command != 0 or not self._chosen:
            return 1
        if not self._outgoing:
            byte = 0xFF
            for device in tuple(self._chosen):
                given = self._ask(0xFF, device.read)
                byte &= given if isinstance(given, int) else 0xFF
            self._outgoing = [byte >> place & 1 for place in range(8)]
        return self._outgoing.pop(0)

    def _begin(self, command: int) -> None:
        """A ROM command has come; what is none makes all devices wait for the next reset."""
        if command == ALARM_SEARCH:
            self._chosen = [device for device in self._chosen if getattr(device, "alarm", False)]
        elif command not in (SEARCH, MATCH, SKIP, READ_ROM):
            self._chosen = []
        self._command = command if command in (SEARCH, ALARM_SEARCH, MATCH, READ_ROM) else 0

    def _rom_bit(self, device: OneWireDevice) -> int:
        return device.rom[self._position // 8] >> self._position % 8 & 1

    def _choose(self, bit: int) -> None:
        self._chosen = [device for device in self._chosen if self._rom_bit(device) == bit]
        self._advance()

    def _advance(self) -> None:
        self._position += 1
        if self._position == _ROM_BITS:
            self._command = 0
