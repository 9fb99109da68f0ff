"""The numbers of errors as firmware has them: ``ENOENT`` is 2, where WebAssembly's C library has 44.

The C code of the interpreter compares and raises the numbers that it was compiled with. Those that reach a program are
put right in two places. `translate_errors` has the one function that makes an ``OSError`` of a number translate it
first: ``mp_raise_OSError`` in MicroPython's ``py/runtime.c``, which is known by what it does. `renumber` changes the
table of the module ``errno``, and that by which an error is given its name when it is printed.

An error that a program makes itself, such as ``OSError(28)``, goes neither way, and stays what it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.wasm_format import Reader, signed_leb, unsigned_leb

if TYPE_CHECKING:
    from metakernel_micropython.virtual.state import Memory

# https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno, from 1 on, and what MicroPython's
# py/mperrno.h has for each of them, which are Linux's numbers. The last, ENOTCAPABLE, no other system has: a path that
# leads out of the board's folder is not permitted.
_FIRMWARE = (
    *(7, 13, 98, 99, 97, 11, 114, 9, 74, 16, 125, 10, 103, 111, 104, 35, 89, 33, 122, 17),  # E2BIG to EEXIST
    *(14, 27, 113, 43, 84, 115, 4, 22, 5, 106, 21, 40, 24, 31, 90, 72, 36, 100, 102, 101),  # EFAULT to ENETUNREACH
    *(23, 105, 19, 2, 8, 37, 67, 12, 42, 92, 28, 38, 107, 20, 39, 131, 88, 95, 25, 6),  # ENFILE to ENXIO
    *(75, 130, 1, 32, 71, 93, 91, 34, 30, 29, 3, 116, 110, 26, 18, 1),  # EOVERFLOW to ENOTCAPABLE
)
NUMBERS = dict(enumerate(_FIRMWARE, 1))
"""The number of firmware for each of WASI."""

# No locals; (class, number << 1 | 1) to a function that does not return. A number in LEB128 has the form of _NUMBER.
_NUMBER = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_RAISES = re.compile(
    rb"\x00\x41(?P<type>" + _NUMBER + rb")\x20\x00\x41\x01\x74\x41\x01\x72\x10" + _NUMBER + rb"\x00\x0b", re.DOTALL
)
_CODE = 10  # the section of the functions' bodies


def translate_errors(wasm: bytes) -> bytes:
    """Return the module with errors translated where they are raised; as it is where that place is not known.

    Args:
        wasm: a WebAssembly module made from MicroPython by clang.
    """
    if not os_error_type(wasm):
        return wasm
    out = bytearray(wasm[:8])
    reader = Reader(wasm, 8)
    while reader.at < len(wasm):
        number, content = reader.byte(), reader.name()
        if number == _CODE:
            bodies = Reader(content)
            count = bodies.number()
            content = unsigned_leb(count) + b"".join(_sized(_translating(bodies.name())) for _ in range(count))
        out += bytes([number]) + _sized(content)
    return bytes(out)


def os_error_type(wasm: bytes) -> int:
    """Return the address of the class that the function raises; 0 where there is not exactly one such function."""
    found = [match for match in _RAISES.finditer(wasm) if wasm[match.start() - 1] == len(match[0])]
    return Reader(found[0]["type"]).number() if len(found) == 1 else 0


def correct(memory: Memory, os_error: int, text: str) -> None:
    """Put the module ``errno`` right.

    Args:
        memory: the interpreter's.
        os_error: the address of the class whose errors `translate_errors` has translated; 0 for none.
        text: the addresses of OSError, of the module's dictionary, and of ``errno.errorcode``.
    """
    found, module, codes = (int(part) for part in text.split())
    if found == os_error:
        renumber(memory, module, keys=False)
        renumber(memory, codes, keys=True)


def renumber(memory: Memory, dictionary: int, *, keys: bool) -> None:
    """Change the numbers in a dictionary of the interpreter's that is constant.

    Args:
        memory: the interpreter's.
        dictionary: its address; an ``mp_obj_dict_t``: {type, {flags, alloc, table}}, a key and a value for each entry.
        keys: whether they are the keys, rather than the values.
    """
    count, table = memory.word(dictionary + 8).value, memory.word(dictionary + 12).value
    for entry in range(table, table + 8 * count, 8):
        word = memory.word(entry + (0 if keys else 4))
        if word.value & 1:  # a small integer
            number = word.value >> 1
            word.value = NUMBERS.get(number, number) << 1 | 1


def _translating(body: bytes) -> bytes:
    """Return the body of a function, which translates its argument where it is the one that raises errors."""
    if not _RAISES.fullmatch(body):
        return body
    # number = 18 if number == 75 else 110 if number == 73 else ... number
    chosen = b"\x20\x00"
    for wasi, firmware in NUMBERS.items():
        equal = b"\x20\x00\x41" + signed_leb(wasi) + b"\x46"
        chosen = b"\x41" + signed_leb(firmware) + chosen + equal + b"\x1b"
    return body[:1] + chosen + b"\x21\x00" + body[1:]


def _sized(content: bytes) -> bytes:
    return unsigned_leb(len(content)) + content
