"""Bluetooth LE without hardware: a room full of air, with boards in it that offer the Nordic UART service.

The stack is Google's bumble: link layer, controllers and hosts in software. Each board is a peripheral with a GATT
server, and its bytes go to and come from a line, as a board's own program puts them on ``os.dupterm``. Whoever listens
or connects (``tests/bleak_on_bumble.py``, in this process or in a kernel's) gets a controller of its own, over HCI on a
TCP port of this machine.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink, StreamPacketSink, StreamPacketSource

from metakernel_micropython.errors import LineLost

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from metakernel_micropython.transports import Transport

UART = "6E400001-B5A3-F393-E0A9-E50E24DCCA9E"
UART_RX = "6E400002-B5A3-F393-E0A9-E50E24DCCA9E"
UART_TX = "6E400003-B5A3-F393-E0A9-E50E24DCCA9E"

REBOOT = b"soft reboot\r\n"
SUPERVISION_TIMEOUT = 0x08  # the reason when a device is out of reach
WAIT = 20

P = Characteristic.Properties


@dataclass
class Quirks:
    """How a board serves.

    Attributes:
        name: what it calls itself; empty for nothing.
        tells_uart: whether the advertisement has the service (MicroPython's example leaves it out).
        writes: what the characteristic that it reads from can do; the example's is P.WRITE alone.
        says: what the other one can do.
        swapped: the two have each other's UUID, as on the micro:bit.
        service: UUID of the service.
        mtu: the largest ATT packet that it takes.
        buffer: bytes that one write has room for (``gatts_set_buffer``); what is longer is cut off silently.
        ends_with_reset: a soft reset ends the connection, and Bluetooth is off.
        away: seconds until boot.py serves again; None: it does not.
        refuses: writes get this ATT error.
    """

    name: str = "mpy-repl"
    tells_uart: bool = False
    writes: P = P.WRITE | P.WRITE_WITHOUT_RESPONSE
    says: P = P.NOTIFY
    swapped: bool = False
    service: str = UART
    mtu: int = 256
    buffer: int = 100
    ends_with_reset: bool = True
    away: float | None = 0.3
    refuses: int = 0


@dataclass
class Peripheral:
    """A board in the air. What it is asked to do is done in the radio's thread.

    Attributes:
        address: its Bluetooth address.
        written: sizes of the writes that came, each with whether it wants a response.
    """

    radio: Radio
    quirks: Quirks
    address: str
    take: Callable[[bytes], object]
    written: list[tuple[int, bool]] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    on: bool = True
    _device: Any = None
    _says: Any = None
    _tail: bytes = b""
    _outgoing: Any = None
    _controller: Any = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _speaking: Any = None

    async def start(self) -> None:
        self._controller = Controller(self.address, link=self.radio.link, public_address=self.address)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        self._device = Device(name=self.quirks.name, address=Address(self.address), host=host)
        self._device.gatt_server.max_mtu = self.quirks.mtu
        rx, tx = (UART_TX, UART_RX) if self.quirks.swapped else (UART_RX, UART_TX)
        self._says = Characteristic(tx, self.quirks.says, Characteristic.Permissions(0))
        reads = Characteristic(
            rx, self.quirks.writes, Characteristic.Permissions.WRITEABLE, CharacteristicValue(write=self._on_write)
        )
        self._device.add_service(Service(self.quirks.service, [self._says, reads]))
        # Which kind of write it was shows only in the ATT packet.
        server = self._device.gatt_server
        server.on_att_write_command = self._noted(reads, False, server.on_att_write_command)
        server.on_att_write_request = self._noted(reads, True, server.on_att_write_request)
        await self._device.power_on()
        self._outgoing = asyncio.Queue(1)
        self._speaking = self.radio.keep(self._speak())
        await self._advertise()

    def _noted(self, reads: Any, response: bool, handler: Callable[..., Any]) -> Callable[..., Any]:
        def note(connection: Any, request: Any) -> Any:
            if request.attribute_handle == reads.handle:  # and not the switch of notifications
                self.written.append((len(request.attribute_value), response))
            return handler(connection, request)

        return note

    async def _advertise(self) -> None:
        parts: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, b"\x06")]
        if self.quirks.name:
            parts.append((AdvertisingData.COMPLETE_LOCAL_NAME, self.quirks.name.encode()))
        if self.quirks.tells_uart:
            parts.append((AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, UUID(UART).to_bytes()))
        await self._device.start_advertising(
            advertising_data=bytes(AdvertisingData(parts)),
            advertising_interval_min=20,
            advertising_interval_max=20,
            auto_restart=True,
        )

    def _on_write(self, _connection: Any, value: bytes) -> None:
        if self.quirks.refuses:
            from bumble.att import ATT_Error, ErrorCode

            raise ATT_Error(error_code=ErrorCode(self.quirks.refuses))
        data = bytes(value[: self.quirks.buffer])
        self.heard += data
        asyncio.get_running_loop().call_soon(self.take, data)  # the answer goes out first

    async def _speak(self) -> None:
        while True:
            data = await self._outgoing.get()
            reset = self.quirks.ends_with_reset and REBOOT in self._tail + data
            if reset:
                data = data[: (self._tail + data).index(REBOOT) + len(REBOOT) - len(self._tail)]
            await self._tell(data)
            self._tail = b"" if reset else (self._tail + data)[-len(REBOOT) + 1 :]
            if reset:
                await self._vanish()
                if self.quirks.away is not None:
                    await asyncio.sleep(self.quirks.away)
                    await self._appear()

    async def _tell(self, data: bytes) -> None:
        tell = self._device.notify_subscriber if self.quirks.says & P.NOTIFY else self._device.indicate_subscriber
        for connection in list(self._device.connections.values()):
            size = connection.att_mtu - 3
            with suppress(Exception):  # the connection is gone
                for at in range(0, len(data), size):
                    await tell(connection, self._says, data[at : at + size])
                    await connection.drain()
                    await self.radio.room()

    async def _vanish(self) -> None:
        self.on = False
        await self._device.stop_advertising()
        for connection in list(self._device.connections.values()):
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await connection.disconnect(SUPERVISION_TIMEOUT)
        await self._device.stop_advertising()  # which a disconnection may have started again

    async def _end(self) -> None:
        self._ended.set()
        self._speaking.cancel()
        await self._vanish()
        self.radio.link.remove_controller(self._controller)

    async def _appear(self) -> None:
        self.on = True
        await self._advertise()

    # -- called by tests -----------------------------------------------------------------------------------------

    def say(self, data: bytes) -> None:
        """Say something to whoever is connected; to nobody, it is gone."""
        saying = asyncio.run_coroutine_threadsafe(self._outgoing.put(data), self.radio.loop)
        while not self._ended.is_set():  # a board waits until its words are on their way
            with suppress(TimeoutError):
                return saying.result(0.1)
        saying.cancel()
        return None

    def vanish(self) -> None:
        """Be switched off, or out of reach."""
        self.radio.do(self._vanish())

    def appear(self) -> None:
        """Be there again."""
        self.radio.do(self._appear())

    @property
    def connections(self) -> int:
        return len(self._device.connections)


class Radio:
    """The air, in a thread of its own."""

    def __init__(self) -> None:
        self.link: LocalLink = None  # type: ignore[assignment]
        self.address = ""
        self.loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]
        self._boards: list[Peripheral] = []
        self._lines: list[tuple[Transport, threading.Thread]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = itertools.count(1)
        self.centrals: set[_Central] = set()
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(WAIT)

    async def _run(self, ready: threading.Event) -> None:
        self.loop, self.link, self._over = asyncio.get_running_loop(), LocalLink(), asyncio.Event()
        server = await self.loop.create_server(lambda: _Central(self), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        ready.set()
        await self._over.wait()
        server.close()
        for central in list(self.centrals):
            central.end()
        for task in self._tasks:
            task.cancel()

    def soon(self, function: Callable[..., object], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the test is over
            self.loop.call_soon_threadsafe(function, *arguments)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT)

    def keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def room(self) -> None:
        """Wait until those who listen have taken what was sent: the air holds nothing."""
        while any(central.behind for central in self.centrals):
            await asyncio.sleep(0.001)

    def new_address(self, first: int) -> str:
        return f"{first:02X}:00:00:00:00:{next(self._numbers):02X}"

    def add(self, line: Transport | None = None, **quirks: Any) -> Peripheral:
        """Put a board into the air; without a line it listens and says what it is told to."""
        take = line.write if line is not None else lambda _: None
        board = Peripheral(self, Quirks(**quirks), self.new_address(0xC0), take)
        self.do(board.start())
        self._boards.append(board)
        if line is not None:
            thread = threading.Thread(target=self._read, args=(line, board), daemon=True)
            thread.start()
            self._lines.append((line, thread))
        return board

    def clear(self) -> None:
        """Take all boards out of the air."""
        for board in self._boards:
            self.do(board._end())
        self._boards.clear()
        for line, thread in self._lines:
            line.close()
            thread.join(WAIT)
        self._lines.clear()

    def _read(self, line: Transport, board: Peripheral) -> None:
        with suppress(LineLost):
            while True:
                board.say(line.read())

    def close(self) -> None:
        self.clear()
        self.soon(self._over.set)
        self._thread.join(WAIT)


class _Central(StreamPacketSource):
    """One who listens or connects: a controller on the other end of a TCP connection."""

    BUFFER = 16 * 1024

    @property
    def behind(self) -> bool:
        return bool(self._transport.get_write_buffer_size() > self.BUFFER)

    def __init__(self, radio: Radio) -> None:
        super().__init__()
        self._radio = radio
        self._controller: Controller | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.BUFFER)
        self._radio.centrals.add(self)
        self._controller = Controller(
            "central", self, StreamPacketSink(transport), self._radio.link, self._radio.new_address(0xA0)
        )

    def connection_lost(self, _error: Exception | None) -> None:
        self._radio.centrals.discard(self)
        assert self._controller is not None
        self._radio.link.remove_controller(self._controller)
        self._leave()
        self._radio.loop.call_later(0.05, self._leave)  # from whoever was just connecting

    def _leave(self) -> None:
        """Be gone as a controller that lost its power: its peers notice."""
        assert self._controller is not None
        for controller in self._radio.link.controllers:
            for connection in list(controller.le_connections.values()):
                if connection.peer_address == self._controller.random_address:
                    controller.on_le_disconnected(connection, SUPERVISION_TIMEOUT)

    def end(self) -> None:
        self._transport.close()
