"""The C stack of the interpreter, which its garbage collector searches for pointers.

What a program has left there below the stack pointer is found again where the next one's frames do not write at once:
a stale pointer, which keeps an object alive, perhaps most of the heap. So it is cleared between programs.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.spill import STACK_PAGES

if TYPE_CHECKING:
    from wasmtime import Global, Store

    from metakernel_micropython.virtual.state import Memory

_PAGE = 65536  # bytes


class Stack:
    """The stack of one life, at the end of the memory that the interpreter begins with.

    Args:
        pointer: the stack pointer; it grows down.
        store: what it belongs to.
        memory: the interpreter's, before it has grown.
    """

    def __init__(self, pointer: Global, store: Store, memory: Memory) -> None:
        self._pointer = pointer
        self._store = store
        self._memory = memory
        self._bottom = memory.size - STACK_PAGES * _PAGE

    def clear(self) -> None:
        """Clears what no function uses any more; only while the interpreter waits for its host."""
        used = int(self._pointer.value(self._store)) & 0xFFFFFFFF
        if self._bottom < used <= self._bottom + STACK_PAGES * _PAGE:
            ctypes.memset(self._memory.base + self._bottom, 0, used - self._bottom)
