# The thermometers DS18S20, DS1822 and DS18B20 on a 1-Wire bus.

from onewire import OneWire

_FAMILIES = (0x10, 0x22, 0x28)
_CONVERT, _WRITE_SCRATCHPAD, _READ_SCRATCHPAD = 0x44, 0x4E, 0xBE


class DS18X20:
    def __init__(self, onewire):
        self.ow = onewire
        self.buf = bytearray(9)

    def powermode(self, powerpin=None):
        self.ow.reset(True)
        self.ow.writebyte(OneWire.SKIP_ROM)
        self.ow.writebyte(0xB4)  # READ POWER SUPPLY: those that live on the data line pull it down
        return self.ow.readbit()

    def scan(self):
        return [rom for rom in self.ow.scan() if rom[0] in _FAMILIES]

    def convert_temp(self):
        self.ow.reset(True)
        self.ow.writebyte(OneWire.SKIP_ROM)
        self.ow.writebyte(_CONVERT)

    def read_scratch(self, rom):
        self.ow.reset(True)
        self.ow.select_rom(rom)
        self.ow.writebyte(_READ_SCRATCHPAD)
        self.ow.readinto(self.buf)
        if self.ow.crc8(self.buf):
            raise Exception("CRC error")
        return self.buf

    def write_scratch(self, rom, buf):
        self.ow.reset(True)
        self.ow.select_rom(rom)
        self.ow.writebyte(_WRITE_SCRATCHPAD)
        self.ow.write(buf)

    def resolution(self, rom, bits=None):
        # DS18B20 only: bits 5 and 6 of its configuration.
        data = self.read_scratch(rom)
        if bits is None:
            return 9 + (data[4] >> 5 & 3)
        if not 9 <= bits <= 12:
            raise ValueError("resolution must be 9 to 12 bits")
        self.write_scratch(rom, bytes((data[2], data[3], (bits - 9) << 5 | 0x1F)))

    def read_temp(self, rom):
        data = self.read_scratch(rom)
        raw = data[1] << 8 | data[0]
        if raw & 0x8000:
            raw -= 0x10000
        if rom[0] == 0x10:
            # DS18S20: half degrees; what was left to count to the next degree has the rest.
            left, per_degree = data[6], data[7]
            return (raw >> 1) - 0.25 + (per_degree - left) / per_degree if per_degree else raw / 2
        return raw / 16
