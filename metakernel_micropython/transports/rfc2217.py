"""A serial port on another machine: ``rfc2217://host:port``, spoken by pyserial.

Options after a question mark are pyserial's: ``ign_set_control``, ``poll_modem``, ``timeout=SECONDS`` and
``logging=LEVEL`` (https://pyserial.readthedocs.io/en/latest/url_handlers.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConnectError
from .open_errors import errno_of, network_error_text
from .pump import PumpedLine

if TYPE_CHECKING:
    from .address import Address
    from .options import ConnectionOptions


def connect(address: Address, options: ConnectionOptions) -> PumpedLine:
    """Open a serial port behind an RFC 2217 server.

    DTR and RTS are raised, for the reasons given in ``serial``. Lowering them happens once the port is open and RTS
    goes first, because DTR=0 with RTS=1 resets an ESP board.

    Raises:
        ConnectError: the host cannot be reached within 5 s, does not speak RFC 2217, or refuses the settings.
    """
    import serial

    port = serial.serial_for_url(address.target, do_not_open=True, baudrate=options.baud, timeout=None)
    try:
        port.open()
        if options.rts is False:
            port.rts = False
        if options.dtr is False:
            port.dtr = False
        return PumpedLine(address.text, port)
    except (OSError, ValueError) as error:  # SerialException is an OSError
        port.close()
        if errno_of(error) is None and isinstance(error, serial.SerialException) and error.__context__ is None:
            raise ConnectError(
                f"{address.text} answers, but not as an RFC 2217 server that takes {options.baud} baud; "
                "a plain TCP port is socket://host:port."
            ) from error
        raise ConnectError(network_error_text(address.text, error)) from error
    except BaseException:
        port.close()
        raise
