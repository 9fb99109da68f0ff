"""What the classes of ``machine`` have on this computer's side: time that comes due, levels, the clock, the watchdog.

Nothing of it costs anything until a program uses ``machine``. Interrupts come in as Ctrl-C does, through the
interpreter's state (see ``state.State.schedule``): at a program's next jump, in its sleep, and at the prompt.
"""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.profiles import POWER_ON
from metakernel_micropython.virtual.wiring.calls import Calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.circuit import Circuit
    from metakernel_micropython.virtual.profiles import Profile
    from metakernel_micropython.virtual.state import State
    from metakernel_micropython.virtual.wasi_poll import Sleep

_REMIND = 0.001  # seconds between two attempts to have the handler run
_MOST_EDGES = 64  # that wait for the program; those that follow are lost, as on a board


@dataclass
class Lasting:
    """What outlives a reset.

    Attributes:
        profile: which board it is.
        circuit: what is connected to the pins.
        unique_id: the chip's number.
        cause: of the last one.
        frequency: of the chip, in hertz; nothing is faster or slower for it.
        clock_offset: seconds that the board's clock is ahead of this computer's.
    """

    profile: Profile
    unique_id: bytes
    circuit: Circuit
    cause: int = POWER_ON
    frequency: int = 125_000_000
    clock_offset: int = 0

    def note_reset(self, kind: str) -> None:
        """The board is reset in this way: one of those of ``Profile.causes``."""
        self.cause = self.profile.causes.get(kind, self.cause)


@dataclass(order=True)
class _Alarm:
    at: float
    name: str = field(compare=False)
    period: float = field(compare=False)
    periodic: bool = field(compare=False)


class Hardware:
    """The hardware of one life of the interpreter.

    Args:
        state: the interpreter's.
        lasting: what outlives it.
        poke: has the handler run (on any thread): calls the state's ``schedule`` while the interpreter is alive, and
            ends its waits.
        sleep: the program's.

    Attributes:
        calls: what the firmware calls by a name.
    """

    def __init__(self, state: State, lasting: Lasting, poke: Callable[[], None], sleep: Sleep) -> None:
        self._state = state
        self._lasting = lasting
        self._poke = poke
        self._sleep = sleep
        self._changed = threading.Condition()  # guards all below
        self._alarms: list[_Alarm] = []
        self._events: list[str] = []
        self._masked = self._closed = False
        self._watchdog_at: float | None = None
        self._thread: threading.Thread | None = None
        self.calls: dict[str, Callable[[str], bytes]] = {
            "hardware": self._call_hardware,
            "event": self._call_event,
            "timer": self._call_timer,
            "irq": self._call_irq,
            "id": lambda _: self._lasting.unique_id.hex().encode(),
            "frequency": self._call_frequency,
            "profile": lambda name: str(getattr(self._lasting.profile, name)).encode(),
            "board": lambda _: f"{self._lasting.profile.name} {self._lasting.profile.pinout.pins}".encode(),
            "cause": lambda _: str(self._lasting.cause).encode(),
            "clock": self._call_clock,
            "watchdog": self._call_watchdog,
        }
        self._wiring = Calls(lasting.circuit, state.memory, self._post)
        self.calls |= self._wiring.calls

    def close(self) -> None:
        """The life has ended."""
        self._wiring.end()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- the firmware's calls ------------------------------------------------------------------------------------

    def _call_hardware(self, text: str) -> bytes:
        cells, pins, handler, argument = (int(part) for part in text.split())
        self._state.handle_with(handler, argument)
        self._wiring.begin(cells, pins)
        return b""

    def _post(self, event: str) -> None:
        """Has the firmware handle an event; may be called on any thread.

        Edges come one after the other, as they were; of what else waits already there is one call.
        """
        with self._changed:
            if event.startswith("pin "):
                if sum(one.startswith("pin ") for one in self._events) >= _MOST_EDGES:
                    return
            elif event in self._events:
                return
            self._events.append(event)
            self._run()

    def _call_event(self, _: str) -> bytes:
        with self._changed:
            self._sleep.handling = bool(self._events) and not self._masked
            return self._events.pop(0).encode() if self._sleep.handling else b""

    def _call_timer(self, text: str) -> bytes:
        name, period, mode = text.split()
        event = f"timer {name}"
        with self._changed:
            self._alarms = [alarm for alarm in self._alarms if alarm.name != name]
            heapq.heapify(self._alarms)
            self._events = [one for one in self._events if one != event]
            if seconds := float(period) / 1000:
                heapq.heappush(self._alarms, _Alarm(time.monotonic() + seconds, name, seconds, mode == "1"))
                self._run()
        return b""

    def _call_irq(self, text: str) -> bytes:
        with self._changed:
            before, self._masked = self._masked, text == "0"
            self._changed.notify_all()
        return b"0" if before else b"1"

    def _call_frequency(self, text: str) -> bytes:
        if text:
            if refused := self._lasting.profile.refuses_frequency(int(text)):
                return refused.encode()
            self._lasting.frequency = int(text)
        return str(self._lasting.frequency).encode()

    def _call_clock(self, text: str) -> bytes:
        now = int(time.time())
        local = now + time.localtime(now).tm_gmtoff
        if text:
            self._lasting.clock_offset = int(text) - local
        return str(local + self._lasting.clock_offset).encode()

    def _call_watchdog(self, text: str) -> bytes:
        with self._changed:
            self._watchdog_at = time.monotonic() + int(text) / 1000
            self._run()
        return b""

    # -- time ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Have the thread look at what is new; the lock is held."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_time, name="hardware", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _keep_time(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                while self._alarms and self._alarms[0].at <= now:
                    self._ring(heapq.heappop(self._alarms), now)
                if self._watchdog_at is not None and now >= self._watchdog_at:
                    self._watchdog_at = None
                    self._masked = False
                    self._events.insert(0, "reset")
                waits = [alarm.at for alarm in self._alarms[:1]]
                if self._watchdog_at is not None:
                    waits.append(self._watchdog_at)
                if self._events and not self._masked:
                    self._changed.release()
                    try:
                        self._poke()
                    finally:
                        self._changed.acquire()
                    waits.append(now + _REMIND)
                self._changed.wait(max(0.0, min(waits) - time.monotonic()) if waits else None)

    def _ring(self, alarm: _Alarm, now: float) -> None:
        event = f"timer {alarm.name}"
        if event not in self._events:  # a program that is late gets one call for all that it has missed
            self._events.append(event)
        if alarm.periodic:
            alarm.at = max(alarm.at + alarm.period, now)
            heapq.heappush(self._alarms, alarm)
