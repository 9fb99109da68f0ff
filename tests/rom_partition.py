"""A stand-in for ``vfs.rom_ioctl``, which the virtual board lacks: a partition in its memory that behaves as flash.

It is a module in the place of ``vfs``. Bits go from 1 to 0 only until they are erased; memory is written in whole
units, a block device in whole blocks or parts of one. ``VfsRom`` is the firmware's own: what was deployed can be
mounted.
"""

from __future__ import annotations

SIZE, BLOCK, UNIT = 64 * 1024, 4096, 8

_BOARD_SIDE = """
def _make():
    import sys, vfs
    from builtins import bytearray, len, range

    class Flash(bytearray):
        def erase(self, start, size):
            for at in range(start, start + size):
                self[at] = 255

        def program(self, start, data):
            for at in range(len(data)):
                self[start + at] &= data[at]

    class Device(Flash):
        def ioctl(self, operation, argument):
            if operation == 4:
                return len(self) // BLOCK
            if operation == 5:
                return BLOCK
            if operation == 6:
                self.erase(argument * BLOCK, BLOCK)
                return 0

        def writeblocks(self, block, data, offset=0):
            assert len(data) + offset <= BLOCK
            self.program(block * BLOCK + offset, data)

    class Module:
        def __init__(self):
            self.flash = (Device if DEVICE else Flash)(b"\\xff" * SIZE)
            self.finished = 0
            self.refuse = 0
            self.mounted = []

        def umount(self, place):
            vfs.umount(place)

        def mount(self, *arguments):
            vfs.mount(*arguments)

        def rom_ioctl(self, operation, number=0, *arguments):
            if operation == 1:
                return PARTITIONS
            if operation == 2:
                return self.flash if number == 0 else -19
            if operation == self.refuse:
                return -5
            if operation == 3:
                if len(arguments) == 2:
                    if not TELLS_BLOCK:
                        return -22
                    start, size = arguments
                    assert start % BLOCK == size % BLOCK == 0, arguments
                else:
                    start, size = 0, len(self.flash)
                self.flash.erase(start, size)
                return UNIT
            if operation == 4:
                start, data = arguments
                assert start % UNIT == len(data) % UNIT == 0, (start, len(data))
                self.flash.program(start, data)
                return 0
            if operation == 5:
                self.finished += 1
                return 0
            if operation == 6:
                return BLOCK if TELLS_BLOCK else -22
            return -22

    made = Module()
    made.VfsRom = vfs.VfsRom
    sys.modules["vfs"] = made
    return made

rom = _make()
del _make
"""


def source(kind: str = "memory", partitions: int = 1) -> str:
    """Return what is run on the board to have a partition there; the module is called ``rom`` then.

    Args:
        kind: ``memory``, ``old`` (memory, of firmware that does not tell the size of a block), or ``device``.
        partitions: how many ``rom_ioctl(1)`` tells; all but the first are missing.
    """
    values = {
        "DEVICE": kind == "device",
        "TELLS_BLOCK": kind == "memory",
        "PARTITIONS": partitions,
        "SIZE": SIZE,
        "BLOCK": BLOCK,
        "UNIT": UNIT,
    }
    text = _BOARD_SIDE
    for name, value in values.items():
        text = text.replace(name, repr(value))
    return text
