"""What the firmware calls of the circuit: each call is a text of words, answered by a text.

Buffers go by address and size: their bytes are read and written where they lie in the interpreter's memory.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.wiring.i2c import Read, Write
from metakernel_micropython.virtual.wiring.pinout import NoSuchBus
from metakernel_micropython.virtual.wiring.pins import Cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from metakernel_micropython.virtual.circuit import Circuit
    from metakernel_micropython.virtual.wiring.pins import Bytes

_FLOATING = range(400, 1600)  # what an ADC reads of 65535 where nothing is connected
_CORE = 30  # the "pin" of RP2's ADC channel 4, its temperature sensor
_CORE_VOLTS = 0.706  # at 27 °C (RP2040 data sheet, 4.9.5)
_FULL = 3.3  # volts that an ADC reads as 65535


class Calls:
    """The calls of one life of the interpreter.

    Args:
        circuit: the board's.
        memory: the interpreter's.
        post: gives the firmware an event.

    Attributes:
        calls: by name.
    """

    def __init__(self, circuit: Circuit, memory: Bytes, post: Callable[[str], None]) -> None:
        self._circuit = circuit
        self._memory = memory
        self._post = post
        calls: dict[str, Callable[[list[str]], object]] = {
            "pin": self._pin,
            "pwm": self._pwm,
            "adc": self._adc,
            "route": self._route,
            "i2c": self._i2c,
            "i2c step": self._i2c_step,
            "i2c scan": self._i2c_scan,
            "spi": self._spi,
            "uart": self._uart,
            "onewire": self._onewire,
            "bitstream": self._bitstream,
            "dht": self._dht,
        }
        self.calls = {name: self._locked(function) for name, function in calls.items()}

    def begin(self, address: int, count: int) -> None:
        """The firmware has cells for so many pins at an address."""
        self._circuit.begin_life(Cells(self._memory, address, count), self._post)

    def end(self) -> None:
        """The life has ended."""
        self._circuit.end_life()

    def _locked(self, function: Callable[[list[str]], object]) -> Callable[[str], bytes]:
        def call(text: str) -> bytes:
            with self._circuit.lock:
                answer = function(text.split())
            return b"" if answer is None else str(answer).encode()

        return call

    # -- pins ------------------------------------------------------------------------------------------------------

    def _pin(self, words: list[str]) -> None:
        pin = int(words[0])
        self._circuit.pins.use(pin)
        self._circuit.pins.refresh(pin)

    def _pwm(self, words: list[str]) -> None:
        pin, frequency, duty = (int(word) for word in words)
        self._pin(words)
        self._circuit.pins.set_pwm(pin, frequency, duty / 65535)

    def _adc(self, words: list[str]) -> int:
        pin = int(words[0])
        volts = self._circuit.measure_voltage(pin)
        if pin != _CORE:
            self._circuit.pins.use(pin)
        elif volts is None:
            volts = _CORE_VOLTS * random.uniform(0.998, 1.002)  # noqa: S311 - noise
        if volts is None:
            return random.choice(_FLOATING)  # noqa: S311 - noise
        return round(min(max(volts, 0.0), _FULL) / _FULL * 65535)

    def _bitstream(self, words: list[str]) -> None:
        pin, address, size = (int(word) for word in words)
        self._circuit.send_bitstream(pin, self._memory.read(address, size))

    def _dht(self, words: list[str]) -> int:
        pin, address = (int(word) for word in words)
        data = self._circuit.measure_dht(pin)
        self._memory.write(address, data)
        return len(data)

    # -- buses -----------------------------------------------------------------------------------------------------

    def _route(self, words: list[str]) -> str:
        """Answer with the number of the bus (-1 for none) and its pins, or with "!" and an error.

        The words are the kind, the number ("soft" for one that the program makes itself), the pins (-1 for defaults).
        """
        kind, bus = words[:2]
        pins = [int(word) for word in words[2:]]
        pinout = self._circuit.pinout
        try:
            route = pinout.soft_route(kind, pins) if bus == "soft" else pinout.route(kind, int(bus), pins)
        except NoSuchBus as error:
            return f"!{error}"
        return " ".join(str(number) for number in (-1 if route.bus is None else route.bus, *route.pins))

    def _steps(self, words: Sequence[str]) -> Iterator[Read | Write]:
        """Give what the words "w ADDRESS SIZE" and "r ADDRESS SIZE" mean."""
        for direction, at, size in zip(words[::3], words[1::3], words[2::3], strict=True):
            address = int(at)
            if direction == "r":
                yield Read(int(size), partial(self._memory.write, address))
            else:
                yield Write(self._memory.read(address, int(size)))

    def _i2c(self, words: list[str]) -> int:
        """A transfer: bus, address, whether it stops, its steps. Answer with how many bytes were acknowledged.

        -1: nobody acknowledged the address.
        """
        bus, address, stop = (int(word) for word in words[:3])
        count = self._circuit.i2c(bus).transfer(address, self._steps(words[3:]), stop=bool(stop))
        return -1 if count is None else count

    def _i2c_step(self, words: list[str]) -> int | None:
        """A part of a transfer: bus, "start" or "stop" or a step."""
        bus = self._circuit.i2c(int(words[0]))
        if words[1] == "start":
            bus.start()
        elif words[1] == "stop":
            bus.stop()
        else:
            for step in self._steps(words[1:]):
                if isinstance(step, Write):
                    return bus.write(step.data)
                step.take(bus.read(step.size))
        return None

    def _i2c_scan(self, words: list[str]) -> int:
        """Bus, and where the addresses go."""
        bus, address = (int(word) for word in words)
        found = self._circuit.i2c(bus).scan()
        self._memory.write(address, found)
        return len(found)

    def _spi(self, words: list[str]) -> None:
        """Bus, address of what is sent (0: as many of the last word), address for what is received (0: none), size."""
        bus, sent, received, size, filler = (int(word) for word in words)
        data = self._memory.read(sent, size) if sent else bytes((filler & 0xFF,)) * size
        answer = self._circuit.spi(bus).transfer(data)
        if received:
            self._memory.write(received, answer)

    def _uart(self, words: list[str]) -> int | None:
        number, what, *rest = words
        values = [int(word) for word in rest]
        uart = self._circuit.uart(int(number))
        if what == "open":
            uart.open(values[0])
        elif what == "irq":
            uart.arrived = (lambda: self._post(f"uart {number}")) if values[0] else None
        elif what == "close":
            uart.close()
        elif what == "any":
            return uart.waiting
        elif what == "read":
            address, size = values
            data = uart.take(size)
            self._memory.write(address, data)
            return len(data)
        elif what == "write":
            baud, address, size = values
            uart.send(self._memory.read(address, size), baud)
        return None

    def _onewire(self, words: list[str]) -> int | None:
        bus = self._circuit.onewire(int(words[0]))
        what, values = words[1], [int(word) for word in words[2:]]
        if what == "reset":
            return int(bus.reset())
        if what == "bit":
            if not values:
                return bus.read_bit()
            bus.write_bit(values[0])
        elif what == "read":
            address, size = values
            self._memory.write(address, bus.read(size))
        elif what == "write":
            address, size = values
            bus.write(self._memory.read(address, size))
        return None
