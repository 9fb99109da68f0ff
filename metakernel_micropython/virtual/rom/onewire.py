# 1-Wire buses. The host has the bus, bit by bit.

from _machine.bus import size, writable
from host import call
from uctypes import addressof


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self.pin = pin
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP)
        self._number = pin._number

    def _call(self, text):
        return call("onewire", "%d %s" % (self._number, text))

    def reset(self, required=False):
        there = self._call("reset") == "1"
        if required and not there:
            raise OneWireError
        return there

    def readbit(self):
        return int(self._call("bit"))

    def readbyte(self):
        return self._read(1)[0]

    def _read(self, count):
        data = bytearray(count)
        self.readinto(data)
        return data

    def readinto(self, buf):
        length = size(writable(buf))
        if length:
            self._call("read %d %d" % (addressof(buf), length))

    def writebit(self, value):
        self._call("bit %d" % (1 if value else 0))

    def writebyte(self, value):
        self.write(bytes((value & 255,)))

    def write(self, buf):
        length = size(buf)
        if length:
            self._call("write %d %d" % (addressof(buf), length))

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def scan(self):
        # Where two devices differ, one branch is followed at once and the other one later: how many bits of it are
        # known, and which.
        found = []
        branches = [(0, 0)]
        while branches:
            rom = self._follow(*branches.pop(), branches)
            if rom is not None:
                found.append(bytearray(rom.to_bytes(8, "little")))
        return found

    def _follow(self, known, rom, branches):
        if not self.reset():
            return None
        self.writebyte(self.SEARCH_ROM)
        for place in range(64):
            ones = self.readbit()  # all that are left have a 1 there
            zeros = self.readbit()
            if ones and zeros:
                return None  # none is left
            if place < known:
                bit = rom >> place & 1
            else:
                bit = ones
                if not ones and not zeros:
                    branches.append((place + 1, rom | 1 << place))
            self.writebit(bit)
            rom |= bit << place
        return rom

    def crc8(self, data):
        crc = 0
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
        return crc
