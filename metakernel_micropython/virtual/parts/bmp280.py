"""The sensor of pressure and temperature BMP280, at register level.

Source: Bosch Sensortec, BMP280 data sheet, BST-BMP280-DS001 revision 1.14 (DS). Drivers read raw numbers and compute
temperature and pressure with the chip's calibration; this chip has the calibration of the data sheet's example
(DS 3.12) and looks for the raw numbers from which they compute what its sliders say. It measures in no time.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Slider
from metakernel_micropython.virtual.parts.registers import RegisterPart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metakernel_micropython.virtual.parts.part import Shape

CALIBRATION, ID, RESET, STATUS, CTRL_MEAS, CONFIG, PRESSURE, TEMPERATURE = (
    *(0x88, 0xD0, 0xE0, 0xF3, 0xF4, 0xF5, 0xF7, 0xFA),
)
CHIP_ID = 0x58
RESET_WORD = 0xB6

_T1, _T2, _T3 = 27504, 26435, -1000
_P1, _P2, _P3, _P4, _P5, _P6, _P7, _P8, _P9 = 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000
_WORDS = struct.pack("<HhhHhhhhhhhh", _T1, _T2, _T3, _P1, _P2, _P3, _P4, _P5, _P6, _P7, _P8, _P9)  # DS 3.11.2
_SKIPPED = 0x80000  # DS 4.3.6 and 4.3.7: what the registers hold where nothing was measured
_BITS = 20
_SLEEP, _NORMAL = 0, 3  # modes, DS 3.6; 1 and 2 are forced


def fine_temperature(raw: int) -> float:
    """Return ``t_fine`` (DS 8.1): 5120 for each degree."""
    first = (raw / 16384 - _T1 / 1024) * _T2
    second = (raw / 131072 - _T1 / 8192) ** 2 * _T3
    return first + second


def pressure(raw: int, fine: float) -> float:
    """Return the pressure in pascal (DS 8.1)."""
    first = fine / 2 - 64000
    second = first * first * _P6 / 32768
    second += first * _P5 * 2
    second = second / 4 + _P4 * 65536
    first = (_P3 * first * first / 524288 + _P2 * first) / 524288
    first = (1 + first / 32768) * _P1
    found = (1048576 - raw - second / 4096) * 6250 / first
    first = _P9 * found * found / 2147483648
    second = found * _P8 / 32768
    return found + (first + second + _P7) / 16


def raw_number(tell: Callable[[int], float], wanted: float, *, falls: bool) -> int:
    """Return the raw number of 20 bits for which a compensation tells what is wanted, as near as there is one.

    Args:
        tell: the compensation, which rises or falls all the way.
        wanted: what it is to tell.
        falls: whether it falls.
    """
    low, high = 0, (1 << _BITS) - 1
    while low < high:
        middle = (low + high) // 2
        if (tell(middle) > wanted) if falls else (tell(middle) < wanted):
            low = middle + 1
        else:
            high = middle
    return min((low, max(low - 1, 0)), key=lambda raw: abs(tell(raw) - wanted))


class Bmp280(RegisterPart):
    """Measures temperature in °C and pressure in hPa."""

    kind = "bmp280"
    summary = "a sensor of temperature and pressure on I2C (BMP280)"
    options = {
        "i2c": Option(0, "number of the bus"),
        "address": Option(0x76, "0x76, or 0x77 with SDO high"),
    }
    settings = {
        "temperature": Slider(-40, 85, 21, 0.1, "°C"),
        "pressure": Slider(300, 1100, 1013.25, 0.25, "hPa"),
    }
    reset_values = {
        ID: CHIP_ID,
        PRESSURE: _SKIPPED >> 12,
        TEMPERATURE: _SKIPPED >> 12,
        **dict(enumerate(_WORDS, CALIBRATION)),
    }

    def written(self, register: int, value: int) -> None:
        """Take a register's value; a forced mode measures once and sleeps then (DS 3.6.2)."""
        if register == RESET and value == RESET_WORD:
            self.reset()
        elif register == CONFIG:
            self.registers[CONFIG] = value
        elif register == CTRL_MEAS:
            self.registers[CTRL_MEAS] = value
            if value & 3 not in (_SLEEP, _NORMAL):
                self._take()
                self.registers[CTRL_MEAS] &= ~3

    def write(self, data: bytes) -> int:
        """Take pairs of a register's number and its value: writing does not go on with the next one (DS 5.2.1)."""
        for byte in data:
            if self._named:
                self.written(self._pointer, byte)
            else:
                self._pointer = byte
            self._named = not self._named
        return len(data)

    def measure(self) -> None:
        """Measure where it does so all the time."""
        if self.registers[CTRL_MEAS] & 3 == _NORMAL:
            self._take()

    def _take(self) -> None:
        control = self.registers[CTRL_MEAS]
        fine_wanted = self.values["temperature"] * 5120
        temperature = raw_number(fine_temperature, fine_wanted, falls=False)
        temperature = self._resolved(temperature, control >> 5)
        # Drivers compensate the pressure with the temperature that they have read.
        fine = fine_temperature(temperature) if control >> 5 else fine_wanted
        raw = raw_number(lambda number: pressure(number, fine), self.values["pressure"] * 100, falls=True)
        self._put(PRESSURE, self._resolved(raw, control >> 2 & 7))
        self._put(TEMPERATURE, temperature)

    def _resolved(self, raw: int, oversampling: int) -> int:
        """Return a number with as many bits as were asked for (DS 3.3.1 and 3.3.2): 16 to 20, all with the filter."""
        if not oversampling:
            return _SKIPPED
        unused = 0 if self.registers[CONFIG] >> 2 & 7 else max(0, 5 - oversampling)
        return raw >> unused << unused

    def _put(self, register: int, raw: int) -> None:
        self.registers[register : register + 3] = (raw << 4).to_bytes(3, "big")

    def picture(self) -> Sequence[Shape]:
        """Return what it measures."""
        return [{"shape": "text", "text": f"{self.values['temperature']:g} °C, {self.values['pressure']:g} hPa"}]
