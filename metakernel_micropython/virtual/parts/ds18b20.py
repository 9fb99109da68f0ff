"""The thermometer DS18B20 on a 1-Wire bus.

Source: Maxim Integrated, DS18B20 data sheet, 19-7487 revision 6. It has its own power supply and no alarm search.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Part, Slider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metakernel_micropython.virtual.parts.part import Shape, Value

FAMILY = 0x28
CONVERT, READ_SCRATCHPAD, WRITE_SCRATCHPAD, COPY_SCRATCHPAD, RECALL, READ_POWER = 0x44, 0xBE, 0x4E, 0x48, 0xB8, 0xB4
POWER_ON = 85.0
"""Degrees that it tells before it has measured."""

LONGEST = 0.75
"""Seconds that it measures with 12 bits; half of it with each bit less."""

_ALARMS = bytes((0x4B, 0x46))  # TH and TL, as they are delivered


def crc8(data: bytes) -> int:
    """Return the check sum of 1-Wire devices: x^8 + x^5 + x^4 + 1, the lowest bit first."""
    check = 0
    for byte in data:
        check ^= byte
        for _ in range(8):
            check = check >> 1 ^ (0x8C if check & 1 else 0)
    return check


class Ds18b20(Part):
    """Measures temperature in °C, from a command to measure on, in its own time."""

    kind = "ds18b20"
    summary = "a thermometer on a 1-Wire bus (DS18B20)"
    terminals = ("data",)
    usual = (22,)
    options = {"bits": Option(12, "resolution at power on, 9 to 12", ("9", "10", "11", "12"))}
    settings = {"temperature": Slider(-55, 125, 21, 0.25, "°C")}

    def attach(self) -> None:
        """Power on, and put it on the bus. Its number is the same each time, and differs from name to name."""
        number = bytes([FAMILY]) + hashlib.sha256(self.name.encode()).digest()[:6]
        self.rom = number + bytes([crc8(number)])
        self._kept = _ALARMS + bytes([self._configuration(int(self.chosen["bits"]))])  # what is in its EEPROM
        self._told = POWER_ON
        self._ready_at: float | None = None  # when the measurement is done; None: none goes on
        self._command: int | None = None
        self._written = bytearray()
        self._answer = b""
        self._recall()
        self.keep(self.circuit.connect_onewire(self.pins["data"], self))

    @staticmethod
    def _configuration(bits: int) -> int:
        return (bits - 9) << 5 | 0x1F

    def _recall(self) -> None:
        self._alarms, self._bits = self._kept[:2], (self._kept[2] >> 5 & 3) + 9

    def scratchpad(self) -> bytes:
        """Return its 9 bytes: temperature, alarms, configuration, three that are reserved, check sum."""
        self._finish()
        step = 1 << (12 - self._bits)
        sixteenths = round(self._told * 16) // step * step  # the bits below the resolution are 0
        data = sixteenths.to_bytes(2, "little", signed=True) + self._alarms
        data += bytes((self._configuration(self._bits), 0xFF, 0x0C, 0x10))
        return data + bytes([crc8(data)])

    def _finish(self) -> None:
        if self._ready_at is not None and time.monotonic() >= self._ready_at:
            self._ready_at = None
            self._told = float(self.values["temperature"])

    # -- what the bus calls --------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget the command that was not ended."""
        self._command, self._answer = None, b""
        self._written.clear()

    def write(self, byte: int) -> None:
        """Take a command, or a byte of what is written into the scratchpad."""
        if self._command == WRITE_SCRATCHPAD:
            self._written.append(byte)
            if len(self._written) == 3:
                self._alarms, self._bits = bytes(self._written[:2]), (byte >> 5 & 3) + 9
                self._command = None
            return
        self._command = byte
        if byte == CONVERT:
            self._ready_at = time.monotonic() + LONGEST / (1 << (12 - self._bits))
            self.circuit.note()
        elif byte == READ_SCRATCHPAD:
            self._answer = self.scratchpad()
        elif byte == COPY_SCRATCHPAD:
            self._kept = self._alarms + bytes([self._configuration(self._bits)])
        elif byte == RECALL:
            self._recall()

    def read(self) -> int:
        """Give a byte of the scratchpad; while it measures 0 says that it is not done."""
        if self._command == CONVERT:
            self._finish()
            return 0x00 if self._ready_at is not None else 0xFF
        if self._command == READ_SCRATCHPAD and self._answer:
            byte, self._answer = self._answer[0], self._answer[1:]
            return byte
        return 0xFF  # also as the answer to READ_POWER: it has a supply of its own

    def state(self) -> Mapping[str, Value]:
        """Return the temperature, and the resolution in bits."""
        return {**self.values, "bits": self._bits}

    def picture(self) -> Sequence[Shape]:
        """Return what it measures."""
        return [{"shape": "text", "text": f"{self.values['temperature']:g} °C"}]
