"""A board on a serial port: USB, a USB bridge, a UART, or the other end of a pseudo-terminal.

pyserial opens and configures the port. On POSIX the descriptor is then used directly, because pyserial reads until it
has the number of bytes asked for and cannot be woken from two sides.

DTR and RTS
===========
Both stay raised while the port is open, which is what every operating system does by itself:

- USB-CDC boards (TinyUSB, pyboard) take DTR=0 for "nobody is connected" and send nothing
  (https://github.com/hathach/tinyusb/issues/1548).
- ESP8266 and ESP32 boards with a bridge reset when DTR=0 and RTS=1, and pull GPIO0 low when DTR=1 and RTS=0; both equal
  is the idle state of that circuit (docs.espressif.com/projects/esptool, "Boot Mode Selection", automatic bootloader).
  The drivers of Linux and macOS raise and lower both in one step, at open and at the last close: nothing to add.
- On Windows the driver of the CP210x raises them one after the other when the port is first opened, and DTR falls
  before RTS at close, which is a reset each. So they are raised DTR first there, and lowered RTS first
  (https://github.com/micropython/micropython/pull/18001, https://github.com/micropython/micropython/issues/9659).
  For other chips DTR is not raised alone: the USB-JTAG port of an ESP32-S3 takes DTR=1, RTS=0 as "boot into download
  mode next time".

Who asks for other levels gets them: before the port is opened on Windows, right after it elsewhere, in one step again.
POSIX has no way to open a port without raising both.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConnectError, PortInUse
from .fdline import FdLine
from .open_errors import in_use, port_error_text

if TYPE_CHECKING:
    import serial

    from .address import Address
    from .base import Transport
    from .options import ConnectionOptions

_CP210X_VENDOR = 0x10C4
_ESP_USB_JTAG = (0x303A, 0x1001)

_DRAIN_PATIENCE = 0.2  # seconds that close() gives bytes to leave, and a driver that waits for them once more
_RESET_PULSE = 0.1  # seconds
_LOOK = 0.005  # seconds between two looks at bytes that are leaving


def connect(address: Address, options: ConnectionOptions) -> Transport:
    """Open a serial port for this program alone.

    Raises:
        PortInUse: another program has it.
        ConnectError: no such port, no permission, or the port refuses the settings.
    """
    device = str(Path(address.target).expanduser()) if address.target.startswith("~") else address.target
    name = address.text if address.text in (device, address.target) else f"{address.text} ({device})"
    if not options.baud > 0:
        raise ConnectError(f"A serial port cannot run at {options.baud} baud; 115200 is usual.")
    try:
        return _open(address, device, name, options)
    # pyserial raises SerialException (an OSError), termios.error for what the driver refuses, and ValueError and
    # OverflowError for numbers that no port takes.
    except (OSError, ValueError, OverflowError) as error:
        kind = PortInUse if in_use(error) else ConnectError
        raise kind(port_error_text(address.text, device, error)) from error
    except Exception as error:
        if type(error).__module__ != "termios":
            raise
        raise ConnectError(port_error_text(address.text, device, error)) from error


def _new_port(device: str, baud: int) -> serial.Serial:
    import serial

    port = serial.Serial(baudrate=baud, timeout=None, exclusive=True)
    port.port = device  # assigned, not passed: passing it would open the port at once
    return port


def _resets_by_lines(device: str) -> bool:
    """Whether a port is one whose modem lines reset the board: a bridge, or the USB-JTAG port of an ESP32."""
    from .port_scan import port_at
    from .usb_ids import Likelihood

    port = port_at(device)
    return port is not None and (port.likelihood is Likelihood.BRIDGE or (port.vid, port.pid) == _ESP_USB_JTAG)


if sys.platform != "win32":

    class SerialLine(FdLine):
        """A line over an open POSIX serial port."""

        def __init__(self, address: str, port: serial.Serial, name: str) -> None:
            super().__init__(address, port.fileno(), name)
            self._port = port

        def pulse_reset(self) -> bool:
            """Reset the board by the modem lines where a USB bridge's lead to its reset; return whether that was done.

            RTS alone holds the EN pin of boards with a chip of Espressif's low
            (docs.espressif.com/projects/esptool, "Boot Mode Selection", automatic bootloader).
            """
            if not _resets_by_lines(self._port.port or ""):
                return False
            _set_lines(self._fd, False, True)
            time.sleep(_RESET_PULSE)
            _set_lines(self._fd, True, True)
            return True

        def _why_lost(self, error: OSError | None) -> str:
            if error is None or error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF):
                return f"The line to {self.name} is gone: the board was unplugged, switched off or restarted."
            return super()._why_lost(error)

        def _free(self) -> None:
            """Close the port without waiting for a device that does not read.

            The last bytes written get a moment to leave. What a device does not take by then is thrown away, because
            the kernel lets close() wait for it, up to 30 s (closing_wait in struct tty_port). Drivers that cannot throw
            theirs away wait all the same: that close happens in a thread of its own, the lock given back before.
            """
            if not self._sent_within(_DRAIN_PATIENCE):
                import fcntl
                import termios

                with contextlib.suppress(OSError, termios.error):
                    termios.tcflush(self._fd, termios.TCOFLUSH)
                with contextlib.suppress(OSError):
                    fcntl.flock(self._fd, fcntl.LOCK_UN)
                if not self._sent_within(0):
                    closer = threading.Thread(target=self._port.close, name=f"close {self.name}", daemon=True)
                    closer.start()
                    closer.join(_DRAIN_PATIENCE)
                    return
            self._port.close()

        def _sent_within(self, patience: float) -> bool:
            """Whether the driver has passed on all bytes, or does within ``patience`` seconds."""
            deadline = time.monotonic() + patience
            try:
                while self._port.out_waiting > 0:
                    if time.monotonic() >= deadline:
                        return False
                    time.sleep(_LOOK)
            except OSError:  # the device is gone, or is of a kind that cannot be asked
                pass
            return True

    def _open(address: Address, device: str, name: str, options: ConnectionOptions) -> Transport:
        import termios

        port = _new_port(device, options.baud)
        port.open()
        try:
            _set_lines(port.fileno(), options.dtr, options.rts)
            # pyserial leaves VMIN at 0, where a read of nothing and the end of the line look the same. With 1, nothing
            # is EAGAIN, so that another program that steals bytes does not look like a board that was unplugged.
            settings = termios.tcgetattr(port.fileno())
            settings[6][termios.VMIN] = 1
            settings[6][termios.VTIME] = 0
            termios.tcsetattr(port.fileno(), termios.TCSANOW, settings)
            os.set_blocking(port.fileno(), False)
            return SerialLine(address.text, port, name)
        except BaseException:
            port.close()
            raise

    def _set_lines(fd: int, dtr: bool | None, rts: bool | None) -> None:
        """Set DTR and RTS in one step, so that no level in between resets the board. None leaves a line as it is."""
        import fcntl
        import termios

        up = (termios.TIOCM_DTR if dtr else 0) | (termios.TIOCM_RTS if rts else 0)
        down = (termios.TIOCM_DTR if dtr is False else 0) | (termios.TIOCM_RTS if rts is False else 0)
        if not up | down:
            return
        try:
            now = struct.unpack("I", fcntl.ioctl(fd, termios.TIOCMGET, struct.pack("I", 0)))[0]
            fcntl.ioctl(fd, termios.TIOCMSET, struct.pack("I", now & ~down | up))
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):  # a pseudo-terminal has no such lines
                raise

else:

    def _open(address: Address, device: str, name: str, options: ConnectionOptions) -> Transport:
        from .pump import PumpedLine

        port = _new_port(device, options.baud)
        dtr, rts = options.dtr is not False, options.rts is not False
        one_by_one = dtr and rts and _is_cp210x(device)
        port.dtr, port.rts = (False, False) if one_by_one else (dtr, rts)
        port.open()
        try:
            if one_by_one:
                port.dtr = True
                port.rts = True

            def lower() -> None:
                port.rts = False
                port.dtr = False

            def pulse() -> bool:
                if not _resets_by_lines(device):
                    return False
                port.dtr = False
                port.rts = True
                time.sleep(_RESET_PULSE)
                port.dtr = True
                return True

            return PumpedLine(address.text, port, name, before_close=lower, pulse_reset=pulse)
        except BaseException:
            port.close()
            raise

    def _is_cp210x(device: str) -> bool:
        from serial.tools.list_ports import comports

        return any(port.device.upper() == device.upper() and port.vid == _CP210X_VENDOR for port in comports())
