"""What went wrong with Bluetooth LE, in a sentence that says what to do next.

The errors are bleak's (https://bleak.readthedocs.io/en/latest/api/exc.html), and on Linux those of D-Bus, through which
bleak speaks to BlueZ.
"""

from __future__ import annotations

import sys

from ..errors import ConnectError

PACKAGE = 'pip install "metakernel-micropython[ble]"'

_TURN_ON = "Bluetooth is switched off on this computer. Switch it on and try again."
_NO_ADAPTER = "This computer has no Bluetooth adapter that is known to the system. Plug one in and try again."
_NO_LE = "The Bluetooth adapter of this computer does not do Bluetooth LE as a central. Take another one."
_DENIED = (
    "This program may not use Bluetooth. Allow it in the system's privacy settings (macOS, Windows), or ask who runs "
    "this machine (Linux: the policy of D-Bus), and start Jupyter again."
)
_NO_DBUS = (
    "Bluetooth cannot be reached: the system's D-Bus, through which it goes on Linux, does not run here. Containers, "
    "WSL and remote machines have none unless it is passed in: run Jupyter on the machine that has the adapter."
)
_NO_BLUEZ = (
    "Bluetooth cannot be reached: BlueZ, Linux's Bluetooth service, does not run here. Install it (the package bluez) "
    'and start it ("sudo systemctl start bluetooth").'
)

# bleak.exc.BleakBluetoothNotAvailableReason, by name.
_REASONS = {
    "NO_BLUETOOTH": _NO_ADAPTER,
    "NO_BLE_CENTRAL_ROLE": _NO_LE,
    "POWERED_OFF": _TURN_ON,
    "DENIED_BY_USER": _DENIED,
    "DENIED_BY_SYSTEM": _DENIED,
    "DENIED_BY_UNKNOWN": _DENIED,
}

# Names of D-Bus errors: https://dbus.freedesktop.org/doc/dbus-specification.html and BlueZ's doc/org.bluez.Adapter.rst.
_DBUS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_BLUEZ,
    "org.freedesktop.DBus.Error.AccessDenied": _DENIED,
    "org.freedesktop.DBus.Error.AuthFailed": _DENIED,
    "org.bluez.Error.NotAuthorized": _DENIED,
    "org.bluez.Error.NotReady": _TURN_ON,
}

# https://www.bluetooth.com/specifications/specs/core-specification-6-0/, volume 3, part F, table 3.4: insufficient
# authentication, authorization, encryption key size, encryption.
_WANTS_PAIRING = (0x05, 0x08, 0x0C, 0x0F)


class NoBluetooth(ConnectError):
    """This computer has no Bluetooth LE that can be used now; trying again does not help."""


def require_bleak() -> None:
    """Import the library that speaks to the system's Bluetooth.

    Raises:
        NoBluetooth: it is not installed, or does not know this system.
    """
    try:
        import bleak  # noqa: F401
    except ImportError as error:
        raise NoBluetooth(
            f"Bluetooth LE needs the package bleak, which is not installed here: {PACKAGE} in the environment of the "
            "kernel."
        ) from error


def bluetooth_error(name: str, error: BaseException) -> ConnectError:
    """Return the error for what bleak raised when a device was looked for or connected.

    Args:
        name: what messages call the device; ``""`` where none is meant.
        error: what was raised.
    """
    from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakDeviceNotFoundError

    if isinstance(error, ConnectError):
        return error
    found: str | None = None
    if isinstance(error, BleakBluetoothNotAvailableError):
        found = _REASONS.get(error.reason.name)
    elif isinstance(error, BleakDBusError):
        found = _DBUS.get(error.dbus_error)
    elif isinstance(error, PermissionError):
        found = _DENIED
    elif sys.platform.startswith("linux") and isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        found = _NO_DBUS
    if found is not None:
        return NoBluetooth(found)
    if not name:
        return ConnectError(f"Bluetooth did not work: {_plain(error)}. Try again, or switch Bluetooth off and on.")
    if wants_pairing(error):
        return ConnectError(f"{name} wants to be paired: pair it in the system's Bluetooth settings, then try again.")
    if isinstance(error, TimeoutError):
        return ConnectError(
            f"{name} was seen, but did not answer in time. Bring it nearer, or reset it, and try again."
        )
    if isinstance(error, BleakDeviceNotFoundError):
        return ConnectError(f"{name} was seen, and is gone again. Bring it nearer and try again.")
    return ConnectError(f"{name} could not be connected: {_plain(error)}. Try again, or reset the board.")


def wants_pairing(error: BaseException) -> bool:
    """Whether a device refused something to those who are not paired with it."""
    from bleak.exc import BleakGATTProtocolError

    return isinstance(error, BleakGATTProtocolError) and error.code in _WANTS_PAIRING


def gone_text(name: str, error: BaseException) -> str:
    """The sentence for a line that a failed write has ended."""
    if wants_pairing(error):
        return f"The line to {name} is gone: it takes bytes only from paired devices. Pair it in the system's settings."
    return f"The line to {name} is gone: {_plain(error)}."


def _plain(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:200].rstrip(".")
