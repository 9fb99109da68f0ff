"""The sensors of temperature and humidity DHT22 (AM2302) and DHT11."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part, Slider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metakernel_micropython.virtual.parts.part import Shape


class _Dht(Part):
    terminals = ("data",)

    def attach(self) -> None:
        """Answer when the board measures."""
        self.keep(self.circuit.connect_dht(self.pins["data"], self.measure))

    def measure(self) -> bytes:
        """Return the 5 bytes that the sensor sends: 4 and their sum."""
        data = self._data()
        return data + bytes([sum(data) & 0xFF])

    def _data(self) -> bytes:
        raise NotImplementedError

    def picture(self) -> Sequence[Shape]:
        """Return what it measures."""
        return [{"shape": "text", "text": f"{self.values['temperature']:g} °C, {self.values['humidity']:g} %"}]


class Dht22(_Dht):
    """Tells tenths.

    Data sheet of the AM2302, "single-bus to send the data definition": humidity, then temperature, 16 bits each, the
    high byte first, in tenths; the highest bit of the temperature is its sign.
    """

    kind = "dht22"
    summary = "a sensor of temperature and humidity, to a tenth (DHT22, AM2302)"
    usual = (12,)
    settings = {
        "temperature": Slider(-40, 80, 21, 0.1, "°C"),
        "humidity": Slider(0, 100, 50, 0.1, "%"),
    }

    def _data(self) -> bytes:
        temperature = round(self.values["temperature"] * 10)
        sign = 0x8000 if temperature < 0 else 0
        return round(self.values["humidity"] * 10).to_bytes(2, "big") + (abs(temperature) | sign).to_bytes(2, "big")


class Dht11(_Dht):
    """Tells whole numbers.

    Data sheet of the DHT11, "Communication Process": whole and decimal part of the humidity, then of the temperature;
    the decimal parts are 0.
    """

    kind = "dht11"
    summary = "a sensor of temperature and humidity, to whole numbers (DHT11)"
    usual = (21,)
    settings = {
        "temperature": Slider(0, 50, 21, 1, "°C"),
        "humidity": Slider(20, 90, 50, 1, "%"),
    }

    def _data(self) -> bytes:
        return bytes([round(self.values["humidity"]), 0, round(self.values["temperature"]), 0])
