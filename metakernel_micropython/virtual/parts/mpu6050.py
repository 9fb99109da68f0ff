"""The accelerometer and gyroscope MPU-6050, at register level.

Sources: MPU-6000 and MPU-6050 Register Map and Descriptions, revision 4.2 (RM) and Product Specification 3.4 (PS).
There is no FIFO, no motion detection and no DMP; their registers take and give back what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Option, Slider
from metakernel_micropython.virtual.parts.registers import RegisterPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metakernel_micropython.virtual.parts.part import Shape

GYRO_CONFIG, ACCEL_CONFIG, INT_STATUS = 0x1B, 0x1C, 0x3A
ACCEL_OUT, TEMP_OUT, GYRO_OUT = 0x3B, 0x41, 0x43
PWR_MGMT_1, PWR_MGMT_2, WHO_AM_I = 0x6B, 0x6C, 0x75

_DEVICE_RESET, _SLEEP, _TEMP_DIS = 0x80, 0x40, 0x08  # bits of PWR_MGMT_1, RM 4.28
_READ_ONLY = {INT_STATUS, *range(ACCEL_OUT, 0x61), 0x72, 0x73, WHO_AM_I}
_ACCELERATION = Slider(-16, 16, 0, 0.05, "g")
_TURNING = Slider(-2000, 2000, 0, 1, "°/s")


class Mpu6050(RegisterPart):
    """Measures acceleration in g and turning in degrees a second."""

    kind = "mpu6050"
    summary = "an accelerometer and gyroscope on I2C (MPU-6050)"
    options = {
        "i2c": Option(0, "number of the bus"),
        "address": Option(0x68, "0x68, or 0x69 with AD0 high"),
    }
    settings = {
        "ax": _ACCELERATION,
        "ay": _ACCELERATION,
        "az": Slider(-16, 16, 1, 0.05, "g"),  # it lies flat
        "gx": _TURNING,
        "gy": _TURNING,
        "gz": _TURNING,
        "temperature": Slider(-40, 85, 25, 0.5, "°C"),
    }
    reset_values = {PWR_MGMT_1: _SLEEP, WHO_AM_I: 0x68}  # RM 3; the lowest bit of the address is not in WHO_AM_I

    def written(self, register: int, value: int) -> None:
        """Take a register's value."""
        if register == PWR_MGMT_1 and value & _DEVICE_RESET:
            self.reset()
        elif register not in _READ_ONLY:
            self.registers[register] = value
            self.circuit.note()

    def measure(self) -> None:
        """Measure, unless it sleeps: then the registers keep what they hold."""
        power, standby = self.registers[PWR_MGMT_1], self.registers[PWR_MGMT_2]
        if power & _SLEEP:
            return
        # RM 4.4 and 4.5: 131 LSB for a degree a second and 16384 LSB for a g in the smallest range, half of it for the
        # next, and so on. RM 4.29: the bits of PWR_MGMT_2 from 0x20 down put ax, ay, az, gx, gy, gz on standby.
        gyro = 131.072 / (1 << (self.registers[GYRO_CONFIG] >> 3 & 3))
        acceleration = 16384 / (1 << (self.registers[ACCEL_CONFIG] >> 3 & 3))
        for place, axis in enumerate(("ax", "ay", "az")):
            if not standby & (0x20 >> place):
                self._put(ACCEL_OUT + 2 * place, self.values[axis] * acceleration)
        for place, axis in enumerate(("gx", "gy", "gz")):
            if not standby & (0x04 >> place):
                self._put(GYRO_OUT + 2 * place, self.values[axis] * gyro)
        if not power & _TEMP_DIS:
            self._put(TEMP_OUT, (self.values["temperature"] - 36.53) * 340)  # RM 4.18
        self.registers[INT_STATUS] = 0x01  # RM 4.16: data are ready

    def _put(self, register: int, value: float) -> None:
        """Put a number into two registers, the high byte first, as much of it as they hold."""
        number = min(max(round(value), -0x8000), 0x7FFF)
        self.registers[register : register + 2] = number.to_bytes(2, "big", signed=True)

    def picture(self) -> Sequence[Shape]:
        """Return what it measures."""
        values = self.values
        return [
            {"shape": "text", "text": f"{values['ax']:g} {values['ay']:g} {values['az']:g} g"},
            {"shape": "text", "text": f"{values['gx']:g} {values['gy']:g} {values['gz']:g} °/s"},
        ]
