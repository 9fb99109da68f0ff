"""USB ids of boards and bridges, as data: which serial port is probably a MicroPython board.

An id names what a maker had on the table when the firmware was built, and bridges are used by everybody, so this orders
guesses and decides nothing. Sources, by the letter in each row:

M  micropython/micropython: ports/stm32/usb.h, ports/rp2/mpconfigport.h, ports/samd/mpconfigport.h, shared/tinyusb,
   ports/esp32 (TinyUSB's defaults), and the mpconfigboard.h of the board named
P  https://github.com/raspberrypi/usb-pid
E  https://github.com/espressif/usb-pids and the USB Serial/JTAG controller of the ESP32-C3, -C6, -H2 and -S3
D  https://github.com/ARMmbed/DAPLink (0d28:0204, on every micro:bit and many others)
L  http://www.linux-usb.org/usb.ids and Linux: drivers/usb/serial/{cp210x,ch341,ftdi_sio,pl2303}.c
W  https://github.com/WCHSoftGroup/ch343ser_linux
"""

from __future__ import annotations

from enum import IntEnum


class Likelihood(IntEnum):
    """How likely MicroPython answers on a port; more is likelier."""

    NOT_USB = 0
    OTHER_USB = 1
    BRIDGE = 2
    MAY_RUN_IT = 3
    MICROPYTHON = 4


# vendor, product (None: any other of this vendor), likelihood, name, source
USB_IDS: tuple[tuple[int, int | None, Likelihood, str, str], ...] = (
    # MicroPython's own ids
    (0xF055, 0x9800, Likelihood.MICROPYTHON, "pyboard or STM32 board (MicroPython)", "M"),
    (0xF055, 0x9801, Likelihood.MICROPYTHON, "pyboard or STM32 board (MicroPython, with HID)", "M"),
    (0xF055, 0x9802, Likelihood.MICROPYTHON, "MicroPython board", "M"),
    (0xF055, None, Likelihood.MICROPYTHON, "MicroPython board", "M"),
    (0x2E8A, 0x0005, Likelihood.MICROPYTHON, "Raspberry Pi Pico (MicroPython)", "M"),
    (0x303A, 0x4001, Likelihood.MICROPYTHON, "ESP32-S2/S3 (MicroPython)", "M"),
    (0x37C5, 0x1206, Likelihood.MICROPYTHON, "OpenMV Cam", "M"),
    (0x37C5, None, Likelihood.MICROPYTHON, "OpenMV board", "M"),
    (0x2341, 0x056B, Likelihood.MICROPYTHON, "Arduino Nano ESP32 (MicroPython)", "M"),
    (0x1B4F, 0x0038, Likelihood.MICROPYTHON, "SparkFun Thing Plus RP2350 (MicroPython)", "M"),
    (0x1B9F, 0xF100, Likelihood.MICROPYTHON, "GHI SITCore (MicroPython)", "M"),
    (0x0D28, 0x0204, Likelihood.MICROPYTHON, "BBC micro:bit or other board with DAPLink", "D"),
    # boards that run MicroPython among other things
    (0x2E8A, 0x000A, Likelihood.MAY_RUN_IT, "Raspberry Pi Pico (C program)", "P"),
    (0x2E8A, 0x000C, Likelihood.BRIDGE, "Raspberry Pi Debug Probe", "P"),
    (0x2E8A, None, Likelihood.MAY_RUN_IT, "board with RP2040 or RP2350", "P"),
    (0x303A, 0x1001, Likelihood.MAY_RUN_IT, "ESP32 USB-JTAG", "E"),
    (0x303A, None, Likelihood.MAY_RUN_IT, "board with ESP32", "E"),
    (0x239A, None, Likelihood.MAY_RUN_IT, "Adafruit board", "L"),
    (0x2341, None, Likelihood.MAY_RUN_IT, "Arduino board", "L"),
    (0x1B4F, None, Likelihood.MAY_RUN_IT, "SparkFun board", "L"),
    (0x2886, None, Likelihood.MAY_RUN_IT, "Seeed board", "L"),
    (0x16C0, 0x0483, Likelihood.MAY_RUN_IT, "Teensy", "L"),
    (0x1209, 0xABD1, Likelihood.MAY_RUN_IT, "OpenMV Cam", "M"),
    (0x0483, 0x374B, Likelihood.BRIDGE, "ST-LINK/V2.1 (Nucleo or Discovery board)", "L"),
    (0x0483, 0x374E, Likelihood.BRIDGE, "ST-LINK/V3", "L"),
    (0x0483, 0x5740, Likelihood.MAY_RUN_IT, "STM32 virtual COM port", "L"),
    # bridges, with anything behind them
    (0x10C4, 0xEA60, Likelihood.BRIDGE, "CP210x USB bridge", "L"),
    (0x10C4, 0xEA70, Likelihood.BRIDGE, "CP2105 USB bridge", "L"),
    (0x10C4, 0xEA71, Likelihood.BRIDGE, "CP2108 USB bridge", "L"),
    (0x1A86, 0x7523, Likelihood.BRIDGE, "CH340 USB bridge", "L"),
    (0x1A86, 0x5523, Likelihood.BRIDGE, "CH341 USB bridge", "L"),
    (0x1A86, 0x55D3, Likelihood.BRIDGE, "CH343 USB bridge", "W"),
    (0x1A86, 0x55D4, Likelihood.BRIDGE, "CH9102 USB bridge", "W"),
    (0x1A86, None, Likelihood.BRIDGE, "WCH USB bridge", "W"),
    (0x0403, 0x6001, Likelihood.BRIDGE, "FT232R USB bridge", "L"),
    (0x0403, 0x6010, Likelihood.BRIDGE, "FT2232 USB bridge", "L"),
    (0x0403, 0x6011, Likelihood.BRIDGE, "FT4232 USB bridge", "L"),
    (0x0403, 0x6014, Likelihood.BRIDGE, "FT232H USB bridge", "L"),
    (0x0403, 0x6015, Likelihood.BRIDGE, "FT-X USB bridge", "L"),
    (0x067B, 0x2303, Likelihood.BRIDGE, "PL2303 USB bridge", "L"),
    (0x067B, None, Likelihood.BRIDGE, "Prolific USB bridge", "L"),
    (0x1366, None, Likelihood.BRIDGE, "SEGGER J-Link", "L"),
)

_BY_ID = {(vid, pid): (likelihood, name) for vid, pid, likelihood, name, _ in USB_IDS}

# What firmware says of itself counts more than an id that a maker may have chosen freely: TinyUSB ports name
# MicroPython as their manufacturer (shared/tinyusb/tusb_config.h), pyboards their product (ports/stm32/usbd_desc.c).
_SELF_NAMED = (("micropython", "MicroPython board"), ("pyboard", "pyboard"), ("circuitpython", "CircuitPython board"))


def classify(vid: int | None, pid: int | None, description: str = "") -> tuple[Likelihood, str]:
    """How likely a port leads to MicroPython, and a name for what it probably is.

    Args:
        vid: USB vendor id; None for a port that is not on USB.
        pid: USB product id.
        description: what the device says of itself: manufacturer and product.
    """
    if vid is None:
        return Likelihood.NOT_USB, "serial port"
    unknown = (Likelihood.OTHER_USB, "USB serial device")
    likelihood, name = _BY_ID.get((vid, pid)) or _BY_ID.get((vid, None)) or unknown
    if likelihood < Likelihood.MICROPYTHON:
        for word, own_name in _SELF_NAMED:
            if word in description.lower():
                return Likelihood.MICROPYTHON, own_name
    return likelihood, name
