r"""%writebytes."""

from __future__ import annotations

import re

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

_OPTION = r"(?:-[bvh]+|--binary|--verbose|--help)(?=\s|$)"
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\\'\"abfnrtv])|(x|$))")
_SHORT = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class WriteBytesMagic(BoardMagic):
    """Writes bytes to the board as they are."""

    group = "Line"

    @arguments(
        argument("-b", "--binary", action="store_true", help="as before; what is written is always exact"),
        argument("-v", "--verbose", action="store_true", help="say how many bytes went where"),
        argument("string", help="the text, with Python's escapes for bytes, in quotes or without"),
    )
    def line_writebytes(self, args: Namespace) -> None:
        r"""%writebytes [-b] [-v] STRING - put bytes on the board's line, exactly as they are.

        Escapes are those of Python's bytes: \r \n \t \\ \x1f \033. Text goes as UTF-8. In quotes, spaces
        at the ends count too. What the board answers is shown by %readbytes; later cells work as usual.

        Examples:
          %writebytes \r\x03
          %writebytes -v b'\x02'
          %writebytes "print(1)\r\n"
        """
        data = unescape(args.string)
        board = self.board
        board.write_bytes(data)
        if args.verbose:
            self.kernel.Print(f"Wrote {len(data)} {'byte' if len(data) == 1 else 'bytes'} to {board.address}.")

    def split(self, text: str) -> list[str]:
        """Take the options at both ends; what stands between is one argument, without the quotes around it."""
        options: list[str] = []
        while found := re.match(rf"({_OPTION})\s*", text):
            options.append(found[1])
            text = text[found.end() :]
        if text.startswith("-- "):
            return [*options, "--", text[3:]]
        while found := re.search(rf"\s+({_OPTION})$", text):
            options.append(found[1])
            text = text[: found.start()]
        if text.startswith("-"):
            return [*options, *text.split()]  # an option that there is not
        quoted = re.fullmatch(r"[bB]?(['\"])(.*)\1", text, re.DOTALL)
        if quoted:
            text = quoted[2]
        return [*options, "--", text] if text or quoted else options


def unescape(text: str) -> bytes:
    r"""Return the bytes that a text with Python's escapes stands for; what is no escape stays, as in Python.

    Raises:
        MagicError: ``\x`` without two hexadecimal digits, an octal number above ``\377``, or a lone backslash at the
            end; the message points at it.
    """

    def byte(found: re.Match[bytes]) -> bytes:
        hexadecimal, octal, short, wrong = found.groups()
        if wrong is not None or (octal and int(octal, 8) > 0xFF):
            at = len(found.string[: found.start()].decode())
            raise MagicError(
                "This escape is no byte (\\x takes two hexadecimal digits, octal ends at \\377, a backslash is \\\\):\n"
                f"{text}\n{' ' * at}^"
            )
        if hexadecimal:
            return bytes([int(hexadecimal, 16)])
        if octal:
            return bytes([int(octal, 8)])
        return _SHORT.get(short, short)

    return _ESCAPE.sub(byte, text.encode())


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(WriteBytesMagic)
