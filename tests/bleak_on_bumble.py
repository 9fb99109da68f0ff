"""A backend for bleak that speaks to the radio of ``tests/bluetooth_radio.py`` in place of the system's Bluetooth.

Everything else of bleak is its own. ``install`` has bleak take the backend, in this process; a kernel's process gets it
from a ``%%python`` cell.
"""

from __future__ import annotations

import asyncio
import functools
import random
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import bleak
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble.att import ATT_Error
from bumble.core import AdvertisingData, CommandTimeoutError, InvalidStateError
from bumble.device import Device, Peer
from bumble.gatt import Characteristic
from bumble.hci import Address
from bumble.transport import open_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.descriptor import BleakGATTDescriptor

_NAMES = {
    Characteristic.Properties.READ: "read",
    Characteristic.Properties.WRITE: "write",
    Characteristic.Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
    Characteristic.Properties.NOTIFY: "notify",
    Characteristic.Properties.INDICATE: "indicate",
}

_radio = ""


def install(radio: str, replace: Callable[[Any, str, Any], object] = setattr) -> None:
    """Have bleak speak to a radio from now on.

    Args:
        radio: HOST:PORT of it.
        replace: takes the place of ``setattr``.
    """
    global _radio
    _radio = radio
    replace(bleak, "BleakClient", functools.partial(bleak.BleakClient, backend=Client))
    replace(bleak, "BleakScanner", functools.partial(bleak.BleakScanner, backend=Scanner))


class _Central:
    """A host with a controller of the radio."""

    def __init__(self) -> None:
        self.device: Any = None
        self._hci: Any = None

    async def open(self) -> Any:
        try:
            return await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> Any:
        opening = asyncio.ensure_future(open_transport(f"tcp-client:{_radio}"))
        try:
            self._hci = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._hci = await opening  # a socket that nobody has would stay open
            raise
        # A radio keeps nothing for a host that is slow, nor does this line.
        self._hci.sink.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        address = Address(f"F0:{random.randbytes(5).hex(':')}")
        self.device = Device.with_hci("central", address, self._hci.source, self._hci.sink)
        await self.device.power_on()
        return self.device

    async def close(self) -> None:
        hci, self._hci = self._hci, None
        if hci is not None:
            await hci.close()
            await hci.source.terminated  # the socket closes in the loop's next round, and this may be its last


class Scanner(BaseBleakScanner):
    """Listens for advertisements."""

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_options: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._central = _Central()

    async def start(self) -> None:
        self.seen_devices = {}
        device = await self._central.open()
        device.on("advertisement", self._on_advertisement)
        await device.start_scanning(filter_duplicates=False)

    async def stop(self) -> None:
        await self._central.close()

    def _on_advertisement(self, heard: Any) -> None:
        name = heard.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        services = heard.data.get(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS) or []
        address = heard.address.to_string(with_type_qualifier=False)
        data = AdvertisementData(
            local_name=name,
            manufacturer_data={},
            service_data={},
            service_uuids=[str(uuid).lower() for uuid in services],
            tx_power=None,
            rssi=heard.rssi,
            platform_data=(heard,),
        )
        self.call_detection_callbacks(self.create_or_update_device(address, address, name, heard, data), data)


class Client(BaseBleakClient):
    """A connection to one peripheral."""

    def __init__(self, device: Any, services: Any = None, **options: Any) -> None:
        super().__init__(
            device, disconnected_callback=options.get("disconnected_callback"), timeout=options.get("timeout", 10)
        )
        self._central = _Central()
        self._connection: Any = None
        self._peer: Any = None
        self._proxies: dict[int, Any] = {}

    @property
    def name(self) -> str:
        return self.address

    @property
    def mtu_size(self) -> int:
        return int(self._peer.gatt_client.mtu)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_options: Any) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                device = await self._central.open()
                self._connection = await device.connect(Address(self.address), timeout=self._timeout)
                self._connection.on("disconnection", self._on_disconnection)
                self._peer = Peer(self._connection)
                await self._peer.request_mtu(517)
                await self._discover()
        except BaseException as error:
            self._connection = None
            await self._central.close()
            if isinstance(error, CommandTimeoutError):
                raise BleakDeviceNotFoundError(self.address) from error
            raise

    async def _discover(self) -> None:
        await self._peer.discover_services()
        self.services = BleakGATTServiceCollection()
        for service in self._peer.services:
            await self._peer.discover_characteristics(service=service)
            mine = BleakGATTService(service, service.handle, _uuid(service.uuid))
            self.services.add_service(mine)
            for proxy in service.characteristics:
                properties: Any = [name for flag, name in _NAMES.items() if proxy.properties & flag]
                one = BleakGATTCharacteristic(
                    proxy, proxy.handle, _uuid(proxy.uuid), properties, lambda: self.mtu_size - 3, mine
                )
                self._proxies[proxy.handle] = proxy
                self.services.add_characteristic(one)

    def _on_disconnection(self, _reason: int) -> None:
        self._connection = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                await self._connection.disconnect()
        self._connection = None
        await self._central.close()

    async def pair(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        raise NotImplementedError

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        if self._connection is None:
            raise BleakError("Not connected")
        assert response or len(data) <= self.mtu_size - 3, "a system refuses what is longer, or cuts it off"
        try:
            await self._peer.gatt_client.write_value(
                self._proxies[characteristic.handle], bytes(data), with_response=response
            )
        except ATT_Error as error:
            raise BleakGATTProtocolError(int(error.error_code)) from error
        except (InvalidStateError, TimeoutError, asyncio.CancelledError) as error:
            if self._connection is not None or isinstance(error, TimeoutError):
                raise
            raise BleakError("disconnected") from error

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **_: Any
    ) -> None:
        await self._peer.gatt_client.subscribe(
            self._proxies[characteristic.handle], lambda value: callback(bytearray(value)), prefer_notify=True
        )

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._peer.gatt_client.unsubscribe(self._proxies[characteristic.handle])


def _uuid(uuid: Any) -> str:
    return normalize_uuid_str(str(uuid.to_hex_str("-")) if len(uuid.to_bytes()) == 16 else uuid.to_hex_str())
