"""A board on Bluetooth LE: ``ble:NAME`` or ``ble:ADDRESS``, the Nordic UART service, through the library bleak.

What boards offer there, and what it asks of a client:

- MicroPython's examples ``ble_uart_repl.py`` and ``ble_uart_peripheral.py`` (examples/bluetooth in its repository) put
  ``os.dupterm`` on the service. One write has room for 100 bytes, and what is longer loses its end without a word
  (extmod/nimble/modbluetooth_nimble.c, ``characteristic_access_cb``). ``os.dupterm_notify`` moves the bytes into the
  buffer of the prompt, of some 260 bytes, which drops what it has no room for.
- The BBC micro:bit's service has the names of the two characteristics the other way round, and indicates in place of
  notifying (https://lancaster-university.github.io/microbit-docs/ble/uart-service/). So what a characteristic can do
  decides which of them is read, and not its UUID.
- A write without response is gone when the system has taken it; a full queue drops it on some systems. A write with
  response is answered by the board, behind all that was written before it.
- A soft reset switches Bluetooth off (ports/esp32/main.c, before "soft reboot" is printed); boot.py may offer the
  service again.

bleak is asyncio's: each line has a thread with an event loop, which ends with the line.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING

from ..errors import ConnectError, LineBusy, LineLost
from ..interrupts import Condition, HeldInterrupts
from . import ble_scan
from .base import WRITE_TIMEOUT, Transport
from .ble_errors import bluetooth_error, gone_text, require_bleak
from .fdline import READ_LIMIT
from .loop_thread import LoopThread, notice_cancel

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.characteristic import BleakGATTCharacteristic

    from .address import Address
    from .options import ConnectionOptions

RX = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
"""The characteristic that Nordic's service is written to."""

TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
"""The characteristic that Nordic's service notifies of."""

CONNECT_TIMEOUT = 15.0
"""Seconds for a connection to a device that was seen, with the list of its services."""

RETURN_TIMEOUT = 20.0
"""Seconds that a board has after its restart to offer the service again."""

LONGEST_PIECE = 100
"""Bytes of one write, where the connection has room for more: what MicroPython's example has room for."""

BURST = 256
"""Bytes that go out at once; raw-paste has no more on its way (two windows of 128)."""

BURST_PAUSE = 0.1
"""Seconds before more of one write goes out: the time that a board is given to take what fills its buffer."""

_BUFFER_LIMIT = 16 * 1024 * 1024  # bytes; a reader that never comes must not eat the memory
_DISCONNECT_TIMEOUT = 5.0  # seconds
_RETURN_INTERVAL = 0.5  # seconds between two attempts to reach a board that restarts
_READS, _WRITES = {"notify", "indicate"}, {"write", "write-without-response"}


def connect(address: Address, _options: ConnectionOptions) -> BleLine:
    """Find the device and open its Nordic UART service.

    Raises:
        ConnectError: Bluetooth cannot be used, no device or several have the name, or it has no such service.
    """
    require_bleak()
    return _opened(address)


def _opened(place: Address, known: str = "") -> BleLine:
    line: BleLine | None = None
    try:
        with HeldInterrupts():  # Stop comes when somebody has the line who can close it
            line = BleLine(place, known)
        line.wait_until_open()
    except BaseException:
        if line is not None:
            line.close()
        raise
    return line


class BleLine(Transport):
    """A line over the Nordic UART service."""

    def __init__(self, place: Address, known: str = "") -> None:
        """Begin to open the line.

        Args:
            place: of the scheme ``ble``.
            known: the address that the device had before; ``""`` where it is not known.
        """
        self.address = self.name = place.text
        self._place = place
        self._device = known
        self._news = Condition()  # guards those below
        self._arrived = bytearray()
        self._open = False
        self._failed: ConnectError | None = None  # why it could not be opened
        self._lost: str | None = None
        self._closed = False
        self._write_lock = threading.Lock()
        self._outgoing: asyncio.Queue[_Parcel] = asyncio.Queue()  # used in the loop's thread alone
        self._thread = LoopThread(f"Bluetooth {self.name}", self._live, self._on_ended)

    def wait_until_open(self) -> None:
        """Wait until bytes can go both ways.

        Raises:
            ConnectError: it did not come to that.
        """
        longest = 2 * (ble_scan.FIND_TIMEOUT + CONNECT_TIMEOUT + _DISCONNECT_TIMEOUT)  # each step has its own deadline
        with self._news:
            self._news.wait_for(lambda: self._open or self._failed or self._lost or self._closed, longest)
            if self._open and not self._lost:
                return
            raise self._failed or ConnectError(self._lost or f"Bluetooth did not answer within {longest:g} s.")

    # -- in the loop's thread ------------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Open the line, carry what is written, and disconnect."""
        from bleak import BleakClient

        device = await ble_scan.find(self._place.target, self._device)
        self._device = device.address
        notice_cancel()
        client = BleakClient(device, disconnected_callback=self._on_disconnected, timeout=CONNECT_TIMEOUT)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await client.connect()
                from_board, to_board = self._characteristics(client)
                notice_cancel()
                await client.start_notify(from_board, self._on_bytes)
            notice_cancel()
            with self._news:
                self._open = True
                self._news.notify_all()
            await self._carry(client, to_board)
        except Exception as error:
            self._fail(error)
            raise
        finally:
            self._thread.leaving()
            with contextlib.suppress(Exception):  # whatever the system says: nobody needs the connection any more
                async with asyncio.timeout(_DISCONNECT_TIMEOUT):
                    await client.disconnect()

    def _characteristics(self, client: BleakClient) -> tuple[BleakGATTCharacteristic, BleakGATTCharacteristic]:
        """Return what the board speaks through, and what it listens to."""
        service = client.services.get_service(ble_scan.UART_SERVICE)
        if service is None:
            raise ConnectError(
                f"{self.name} is there, but does not have the Nordic UART service. A program on the board has to offer "
                "MicroPython's prompt through it."
            )
        offered = [one for one in service.characteristics if one.uuid.lower() in (RX, TX)]
        # Where both can do the same, the names are Nordic's.
        reads = sorted((one for one in offered if _READS & set(one.properties)), key=lambda one: one.uuid.lower() != TX)
        writes = sorted(
            (one for one in offered if _WRITES & set(one.properties)), key=lambda one: one.uuid.lower() != RX
        )
        if not reads or not writes:
            raise ConnectError(
                f"The Nordic UART service of {self.name} has nothing to {'read' if not reads else 'write'}: its "
                "program needs one characteristic that notifies or indicates, and one that can be written."
            )
        return reads[0], writes[0]

    async def _carry(self, client: BleakClient, to_board: BleakGATTCharacteristic) -> None:
        while True:
            parcel = await self._outgoing.get()
            try:
                await self._send(client, to_board, parcel)
            except Exception as error:
                parcel.given = False
                self._lose(gone_text(self.name, error))
                raise

    async def _send(self, client: BleakClient, to_board: BleakGATTCharacteristic, parcel: _Parcel) -> None:
        answered, unanswered = "write" in to_board.properties, "write-without-response" in to_board.properties
        rest = parcel.data
        burst = 0
        while rest and not parcel.late:
            if burst == BURST:
                await asyncio.sleep(BURST_PAUSE)
                burst = 0
            # The connection may learn only after a while how much it has room for.
            size = max(1, min(to_board.max_write_without_response_size, LONGEST_PIECE, BURST - burst))
            piece, rest = rest[:size], rest[size:]
            burst += len(piece)
            parcel.given = not rest
            response = answered and (burst == BURST or not unanswered)
            await client.write_gatt_char(to_board, piece, response=response)
            notice_cancel()
        with self._news:
            parcel.done = not rest
            self._news.notify_all()

    def _on_bytes(self, _characteristic: BleakGATTCharacteristic, data: bytearray) -> None:
        with self._news:
            if self._lost:
                return  # nothing may follow a gap
            if len(self._arrived) + len(data) <= _BUFFER_LIMIT:
                self._arrived += data
                self._news.notify_all()
                return
        self._end(f"The line to {self.name} is gone: it sent more than {_BUFFER_LIMIT >> 20} MiB that nobody read.")

    def _on_disconnected(self, _client: BleakClient) -> None:
        self._end(f"The line to {self.name} is gone: the board was switched off, restarted, or is out of reach.")

    def _end(self, why: str) -> None:
        self._lose(why)
        self._thread.cancel()

    def _lose(self, why: str) -> None:
        with self._news:
            self._lost = self._lost or why
            self._news.notify_all()

    def _fail(self, error: Exception) -> None:
        """Note why the line cannot be opened; one that was open already was lost."""
        with self._news:
            if not self._open:
                self._failed = self._failed or bluetooth_error(self.name, error)
                if self._failed is not error:
                    self._failed.__cause__ = error
                self._news.notify_all()

    def _on_ended(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            self._fail(error)
        self._lose(f"The line to {self.name} is gone: its connection was given up.")

    # -- in any thread -------------------------------------------------------------------------------------------

    def read(self, timeout: float | None = None) -> bytes:
        """Return the bytes that have arrived; see ``Transport.read``."""
        with self._news:
            self._news.wait_for(lambda: self._arrived or self._lost or self._closed, timeout)
            if self._arrived and not self._closed:
                data = bytes(self._arrived[:READ_LIMIT])
                del self._arrived[:READ_LIMIT]
                return data
            self._refuse_lost()
            return b""

    def write(self, data: bytes, timeout: float = WRITE_TIMEOUT) -> None:
        """Write all of ``data`` within ``timeout`` seconds; see ``Transport.write``.

        After LineBusy a part of the bytes may have reached the board.
        """
        deadline = time.monotonic() + timeout
        if not self._write_lock.acquire(timeout=max(timeout, 0.0)):
            raise LineBusy(f"{self.name} did not take what was written before within {timeout:g} s.")
        parcel = _Parcel(data)
        try:
            self._thread.call(self._outgoing.put_nowait, parcel)
            with self._news:
                self._news.wait_for(
                    lambda: parcel.done or self._lost or self._closed, max(deadline - time.monotonic(), 0.0)
                )
                # A board that restarts may be gone before it has answered to the last bytes: the reader tells.
                if not (parcel.done or (parcel.given and self._lost and not self._closed)):
                    self._refuse_lost()
                    raise LineBusy(f"{self.name} did not take {len(data)} bytes in {timeout:g} s.")
        finally:
            parcel.late = True  # nothing more of it goes out, also after Stop
            self._write_lock.release()

    def _refuse_lost(self) -> None:
        if self._closed:
            raise LineLost(f"The line to {self.name} is closed.")
        if self._lost:
            raise LineLost(self._lost)

    def close(self) -> None:
        """Disconnect; see ``Transport.close``. Stop comes when that is done: nobody would do the rest."""
        with HeldInterrupts():
            with self._news:
                if self._closed:
                    return
                self._closed = True
                self._news.notify_all()
            self._thread.cancel()
            # A device that is still connected does not show itself to whoever looks for it next.
            self._thread.join(_DISCONNECT_TIMEOUT + 1)

    def reopen(self, timeout: float = RETURN_TIMEOUT) -> BleLine:
        """Open the line again that a restart of the board has ended.

        Raises:
            ConnectError: it could not be opened within ``timeout`` seconds.
            LineLost: somebody closed this line meanwhile.
        """
        deadline = time.monotonic() + timeout
        while True:
            if self._closed:
                self._refuse_lost()
            try:
                return _opened(self._place, self._device)
            except ConnectError as error:
                if type(error) is not ConnectError:
                    raise
                if time.monotonic() + _RETURN_INTERVAL >= deadline:
                    raise ConnectError(
                        f"{self.name} did not come back within {timeout:g} s of the board's restart. Its boot.py has "
                        f"to offer the prompt on Bluetooth again. The last attempt: {error}"
                    ) from error
            time.sleep(_RETURN_INTERVAL)


class _Parcel:
    """Bytes on their way to the board.

    Attributes:
        data: the bytes.
        given: whether the system has the last of them.
        done: whether it has taken them.
        late: whether nobody waits for that any more.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.given = self.done = self.late = False
