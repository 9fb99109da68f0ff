"""The display controller SSD1306: its commands, its memory, and the picture that comes of them.

Source: Solomon Systech, SSD1306 data sheet, revision 1.1 (DS). What the panel is wired to shows in a picture as on the
usual modules: they hang upside down, so that drivers turn both directions round (A1h and C8h). Scrolling, fading and
the analogue settings are taken and have no effect.
"""

from __future__ import annotations

COLUMNS, PAGES = 128, 8
"""Of the memory, DS 8.7; a page is 8 rows high, a byte has a column of it, the lowest bit on top."""

_ROWS = 8 * PAGES
_HORIZONTAL, _VERTICAL, _PAGE = 0, 1, 2  # addressing modes, DS 10.1.3

_DIGITS = [bytes(ord("1") if byte >> bit & 1 else ord("0") for byte in range(256)) for bit in range(8)]
"""For each bit of a byte, the digit that it is."""

_ARGUMENTS = {
    0x20: 1,  # addressing mode
    0x21: 2,  # columns
    0x22: 2,  # pages
    0x26: 6,  # scroll to the right
    0x27: 6,  # to the left
    0x29: 5,  # up and to the right
    0x2A: 5,  # up and to the left
    0x81: 1,  # contrast
    0x8D: 1,  # charge pump
    0xA3: 2,  # scrolled area
    0xA8: 1,  # multiplex ratio
    0xAD: 1,  # reference current (SSD1306B)
    0xD3: 1,  # display offset
    0xD5: 1,  # clock
    0xD9: 1,  # precharge
    0xDA: 1,  # COM pins
    0xDB: 1,  # deselect level
}
"""How many bytes follow a command, DS 9 (table 9-1)."""


class Controller:
    """The controller.

    Attributes:
        lit: whether it is switched on.
        pump: whether its charge pump is, without which nothing shines.
        inverted: whether dark is bright.
        full: whether all shines, whatever the memory holds.
        contrast: 0 to 255.
    """

    def __init__(self) -> None:
        self.memory = bytearray(COLUMNS * PAGES)  # by segment, a page after the other
        self.lit = self.pump = self.inverted = self.full = False
        self.contrast = 0x7F
        self._mode = _PAGE
        self._columns, self._pages = (0, COLUMNS - 1), (0, PAGES - 1)
        self._column = self._page = 0
        self._start_line = self._offset = 0
        self._ratio = _ROWS
        self._turned = self._upwards = False  # A1h, C8h
        self._command: list[int] = []
        self._wanted = 0

    # -- what comes ----------------------------------------------------------------------------------------------

    def command(self, byte: int) -> None:
        """Take a byte of a command."""
        self._command.append(byte)
        if len(self._command) == 1:
            self._wanted = 1 + _ARGUMENTS.get(byte, 0)
        if len(self._command) == self._wanted:
            command, self._command = self._command, []
            self._execute(*command)

    def data(self, data: bytes) -> None:
        """Take bytes for the memory (DS 10.1.3)."""
        for byte in data:
            segment = COLUMNS - 1 - self._column if self._turned else self._column
            self.memory[self._page * COLUMNS + segment] = byte
            self._advance()

    def _advance(self) -> None:
        if self._mode == _PAGE:
            # Only the column goes on; the page stays.
            self._column = (self._column + 1) % COLUMNS
            return
        column_ends, page_ends = self._column == self._columns[1], self._page == self._pages[1]
        if self._mode == _HORIZONTAL:
            self._column = self._columns[0] if column_ends else (self._column + 1) % COLUMNS
            if column_ends:
                self._page = self._pages[0] if page_ends else (self._page + 1) % PAGES
        else:
            self._page = self._pages[0] if page_ends else (self._page + 1) % PAGES
            if page_ends:
                self._column = self._columns[0] if column_ends else (self._column + 1) % COLUMNS

    def _execute(self, code: int, *arguments: int) -> None:
        if code < 0x10:  # page addressing: the lower half of the column
            self._column = self._column & 0xF0 | code
        elif code < 0x20:
            self._column = (self._column & 0x0F | (code & 0x0F) << 4) % COLUMNS
        elif 0x40 <= code < 0x80:
            self._start_line = code & 0x3F
        elif 0xB0 <= code < 0xB8:
            self._page = code & 7
        elif code in (0xA4, 0xA5):
            self.full = bool(code & 1)
        elif code in (0xA6, 0xA7):
            self.inverted = bool(code & 1)
        elif code in (0xAE, 0xAF):
            self.lit = bool(code & 1)
        elif code in (0xA0, 0xA1):
            self._turned = bool(code & 1)  # DS 10.1.8: for what is written from now on
        elif 0xC0 <= code < 0xD0:
            self._upwards = bool(code & 8)  # DS 10.1.14: at once
        elif arguments:
            self._set(code, arguments)

    def _set(self, code: int, arguments: tuple[int, ...]) -> None:
        value = arguments[0]
        if code == 0x20 and value & 3 != 3:
            self._mode = value & 3
        elif code == 0x21:
            first, last = (argument % COLUMNS for argument in arguments)
            self._columns, self._column = (first, last), first
        elif code == 0x22:
            first, last = (argument % PAGES for argument in arguments)
            self._pages, self._page = (first, last), first
        elif code == 0x81:
            self.contrast = value
        elif code == 0x8D:
            self.pump = bool(value & 4)
        elif code == 0xA8 and value & 0x3F >= 15:  # DS 10.1.11: 0 to 14 are invalid
            self._ratio = (value & 0x3F) + 1
        elif code == 0xD3:
            self._offset = value & 0x3F

    # -- what it shows -------------------------------------------------------------------------------------------

    @property
    def shines(self) -> bool:
        """Whether it shows anything."""
        return self.lit and self.pump

    def status(self) -> int:
        """Return the status byte: bit 6 says that the display is off (DS 8.1.5)."""
        return 0 if self.lit else 0x40

    def rows(self, width: int, height: int) -> list[bytes]:
        """Return the pixels that shine, from top to bottom, as rows of whole bytes, the highest bit on the left.

        Args:
            width: of the panel in pixels; a narrow one is on the segments in the middle.
            height: in pixels.
        """
        size = (width + 7) // 8
        all_of_it = (1 << width) - 1
        return [
            (self._row(y, width, height, all_of_it) << size * 8 - width).to_bytes(size, "big") for y in range(height)
        ]

    def _row(self, y: int, width: int, height: int, all_of_it: int) -> int:
        # The panel's top is its last COM. Those beyond the ratio are not driven.
        line = y if self._upwards else height - 1 - y
        if line >= self._ratio:
            return 0
        if self.full:
            return all_of_it
        at = (line + self._start_line + self._offset) % _ROWS
        page = self.memory[at // 8 * COLUMNS : (at // 8 + 1) * COLUMNS]
        left = (COLUMNS - width) // 2
        page.reverse()  # the last segment is on the left
        bits = int(page[left : left + width].translate(_DIGITS[at % 8]), 2)
        return bits ^ all_of_it if self.inverted else bits
