"""Reading a line with echo and simple editing, after the firmware's ``shared/readline/readline.c``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from metakernel_micropython.virtual.line import Line

CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E = 1, 2, 3, 4, 5
_HISTORY = 50

# What follows an escape character, and the key that it means.
_KEYS = {
    b"[A": "up", b"[B": "down", b"[C": "right", b"[D": "left", b"[H": "home", b"[F": "end", b"OH": "home", b"OF": "end",
    b"[1~": "home", b"[7~": "home", b"[4~": "end", b"[8~": "end", b"[3~": "delete",
}  # fmt: skip


class Readline:
    """The line editor with its history, which a soft reset does not clear."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._history: list[bytes] = []

    def read(self, prompt: bytes, indent: bytes = b"") -> Generator[None, None, tuple[int, bytes]]:
        """Shows the prompt and reads a line; gives None each time that the wait for it was ended (`Line.wake`).

        Args:
            prompt: what to show first.
            indent: what the line begins with, as if it had been typed.

        Returns:
            0 and the line without its end; or the control character that ended it: Ctrl-C always, the others up to
            Ctrl-E only on an empty line.
        """
        self._line.write(prompt + indent)
        text = bytearray(indent)
        position = len(text)
        recalled = 0
        typed = b""
        while True:
            character = yield from self._line.next_byte()
            if indent and text == indent and character in (0x09, 0x20):
                # Pasted code brings its own indentation: the one that was offered goes.
                self._line.write(_back(indent) + b"\x1b[K")
                text.clear()
                position = 0
                indent = b""
            if character == CTRL_C or (CTRL_A <= character <= CTRL_E and text == indent):
                return character, bytes(text)
            if character == 0x0D:
                self._line.write(b"\r\n")
                if text.strip() and self._history[:1] != [bytes(text)]:
                    self._history.insert(0, bytes(text))
                    del self._history[_HISTORY:]
                return 0, bytes(text)
            key = ""
            if character == 0x1B:
                key = yield from self._escape()
            elif character == CTRL_A:
                key = "home"
            elif character == CTRL_E:
                key = "end"
            elif character == CTRL_D:
                key = "delete"
            old, before = bytes(text), position
            if character in (0x08, 0x7F):
                if position:
                    # Blanks of an indentation go four at a time.
                    blanks = not text[:position].strip(b" ") and position % 4 == 0
                    start = position - 4 if blanks else _previous(text, position)
                    del text[start:position]
                    position = start
            elif key == "left" and position:
                position = _previous(text, position)
            elif key == "right" and position < len(text):
                position = _next(text, position)
            elif key == "home":
                position = 0
            elif key == "end":
                position = len(text)
            elif key == "delete" and position < len(text):
                del text[position : _next(text, position)]
            elif key in ("up", "down"):
                wanted = recalled + (1 if key == "up" else -1)
                if 0 <= wanted <= len(self._history):
                    if recalled == 0:
                        typed = bytes(text)
                    recalled = wanted
                    text[:] = self._history[wanted - 1] if wanted else typed
                    position = len(text)
            elif character == 0x09 and not text[:position].strip():
                text[position:position] = b"    "
                position += 4
            elif character >= 0x20 and character != 0x7F:
                text[position:position] = bytes([character])
                position += 1
            self._show(old, before, bytes(text), position)

    def _escape(self) -> Generator[None, None, str]:
        sequence = bytes([(yield from self._line.next_byte())])
        if sequence in (b"[", b"O"):
            while len(sequence) < 8:
                character = yield from self._line.next_byte()
                sequence += bytes([character])
                if 0x40 <= character <= 0x7E:
                    break
        return _KEYS.get(sequence, "")

    def _show(self, old: bytes, before: int, new: bytes, position: int) -> None:
        """Makes the terminal, which shows `old` with the cursor at `before`, show `new` with it at `position`."""
        if old[:before] == new[:before] and new[before:position] and new[position:] == old[before:] == b"":
            self._line.write(new[before:position])  # typed at the end: a plain echo
            return
        same = 0
        while same < min(len(old), len(new)) and old[same] == new[same]:
            same += 1
        if old == new:
            same = min(before, position)
        # A character of several bytes is one column: the cursor moves by characters.
        out = _back(old[same:before]) if same <= before else old[before:same]
        if old != new:
            out += new[same:] + (b"\x1b[K" if len(new) < len(old) or new[: len(old)] != old else b"")
            out += _back(new[position:])
        elif position > same:
            out += new[same:position]
        self._line.write(out)


def _back(text: bytes) -> bytes:
    """Moves the cursor back over the text."""
    columns = sum(byte & 0xC0 != 0x80 for byte in text)
    return b"\b" * columns if columns <= 4 else b"\x1b[%dD" % columns


def _previous(text: bytes | bytearray, position: int) -> int:
    position -= 1
    while position > 0 and text[position] & 0xC0 == 0x80:
        position -= 1
    return position


def _next(text: bytes | bytearray, position: int) -> int:
    position += 1
    while position < len(text) and text[position] & 0xC0 == 0x80:
        position += 1
    return position
