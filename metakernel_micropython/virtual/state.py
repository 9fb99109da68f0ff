"""The interpreter's state in its memory, first of all its pending exception: that is how Ctrl-C gets in.

A board's interrupt handler sets the pending exception while the interpreter runs; here that is done from outside.
Reference: ``mp_sched_keyboard_interrupt`` in MicroPython's ``py/scheduler.c``, ``mp_state_ctx_t`` in ``py/mpstate.h``.
The addresses are found by their contents at every start, and the firmware proves them.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmtime import Memory as LinearMemory
    from wasmtime import Store

_IDLE, _PENDING, _LOCKED = 1, 0, 0xFFFF  # sched_state
_REACH = 4096  # bytes: mp_state_ctx without the qstr pools and the like is much smaller
_STACK_LIMIT = 160 * 1024  # bytes of the C stack that Python code may use; the rest is for code that does not check


def address_of(memory: LinearMemory, store: Store) -> int:
    """Return where a memory of WebAssembly lies in this process."""
    return ctypes.addressof(memory.data_ptr(store).contents)


class Memory:
    """The interpreter's linear memory, by address.

    Args:
        base: where it lies in this process; it stays there, for wasmtime reserves the addresses that it may grow to.
        size: bytes.
    """

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size

    def word(self, address: int) -> ctypes.c_uint32:
        """The 32-bit word at an address."""
        self._check(address, 4)
        return ctypes.c_uint32.from_address(self.base + address)

    def half(self, address: int) -> ctypes.c_uint16:
        """The 16-bit word at an address."""
        self._check(address, 2)
        return ctypes.c_uint16.from_address(self.base + address)

    def read(self, address: int, size: int) -> bytes:
        """A copy of `size` bytes."""
        self._check(address, size)
        return ctypes.string_at(self.base + address, size)

    def write(self, address: int, data: bytes) -> None:
        """Puts the bytes there."""
        self._check(address, len(data))
        ctypes.memmove(self.base + address, data, len(data))

    def view(self, address: int, size: int) -> memoryview:
        """The `size` bytes themselves, for as long as the memory is there."""
        self._check(address, size)
        return memoryview((ctypes.c_uint8 * size).from_address(self.base + address)).cast("B")

    def _check(self, address: int, size: int) -> None:
        if not 0 <= address <= self.size - size:
            raise IndexError(f"address {address:#x} is outside the memory")


@dataclass
class Places:
    """Addresses in the interpreter's state.

    Attributes:
        pending: ``mp_pending_exception``.
        exception: ``mp_kbd_exception``, the object.
        scheduler: ``sched_state``, followed by ``sched_len`` and ``sched_idx`` (a byte each).
        queue: ``sched_queue``: a function and its argument each.
        file_system: ``vfs_cur``, followed by ``vfs_mount_table``; 0 if they were not found.
    """

    pending: int
    exception: int
    scheduler: int
    queue: int
    file_system: int


class State:
    """Finds the places, puts Ctrl-C into them, and reads what the host wants to know.

    Attributes:
        places: None until they have been found.
        memory: the interpreter's.
    """

    def __init__(self, memory: Memory) -> None:
        self.places: Places | None = None
        self.memory = memory
        self._pending = 0
        self._exception = 0
        self._file_system = 0
        self._candidates: list[int] = []
        self._queue = 0
        self._handler = (0, 0)  # what hardware has run, and its argument

    def locate(self, main: int, keyboard_interrupt: int, static_end: int) -> None:
        """Finds the state by its contents.

        Args:
            main: the address of the main module's globals, which are the current locals and globals now.
            keyboard_interrupt: the address of the class.
            static_end: where the interpreter's static data end.
        """
        words = memoryview(self.memory.read(0, static_end & ~3)).cast("I")
        for index in range(len(words) - 8):
            if words[index] == main and words[index + 1] == main:
                # {stack_top, stack_limit, gc_lock_depth, dict_locals, dict_globals, nlr_top, jump callback, pending}
                pending = index + 4
                break
        else:
            return
        if words[pending] != 0:
            return
        self.memory.word(4 * (index - 2)).value = _STACK_LIMIT
        for index in range(pending + 1, min(len(words), pending + _REACH // 4)):
            if words[index] == keyboard_interrupt:
                self._exception = 4 * index
                break
        else:
            return
        for index in range(pending + 1, min(len(words), pending + _REACH // 4) - 1):
            if words[index] == words[index + 1] and self._is_root(words[index]):
                self._file_system = 4 * index
                break
        self._pending = 4 * pending
        halves = memoryview(self.memory.read(self._pending, _REACH)).cast("H")
        self._candidates = [self._pending + 2 * i for i, half in enumerate(halves) if half == _IDLE]

    def _is_root(self, mount: int) -> bool:
        """Whether that is the address of the mount of "/": {its path, the path's length, the file system, next}."""
        if not 0 < mount <= self.memory.size - 16:
            return False
        path, length = self.memory.word(mount).value, self.memory.word(mount + 4).value
        return length == 1 and 0 < path < self.memory.size and self.memory.read(path, 1) == b"/"

    def at_root(self) -> bool:
        """Whether the current directory is on the board's own file system, rather than on one that was mounted."""
        if not self.places or not self.places.file_system:
            return True
        return self._is_root(self.memory.word(self.places.file_system).value)

    def locked(self, callback: int) -> None:
        """The first scheduled callback runs: the scheduler is locked now, and only now.

        Args:
            callback: the address of what runs; it still stands at the beginning of the queue.
        """
        self._candidates = [at for at in self._candidates if self.memory.half(at).value == _LOCKED]
        words = memoryview(self.memory.read(self._pending, _REACH)).cast("I")
        places = [self._pending + 4 * index for index, word in enumerate(words) if word == callback]
        self._queue = places[0] if len(places) == 1 else 0

    def unlocked(self) -> None:
        """The callback has ended."""
        self._candidates = [at for at in self._candidates if self.memory.half(at).value == _IDLE]
        if len(self._candidates) == 1:
            scheduler = self._candidates[0]
            # One callback was taken out of the queue: it is empty, and begins at its second place.
            known = self._queue and self.memory.read(scheduler + 2, 2) == b"\0\1"
            queue = self._queue if known else 0
            self.places = Places(self._pending, self._exception, scheduler, queue, self._file_system)

    def handle_with(self, function: int, argument: int) -> None:
        """Notes what hardware has run, at these addresses: nothing that the garbage collector may move or free."""
        self._handler = function, argument

    def schedule(self) -> bool:
        """Has the handler run at the next jump, as a board's interrupt does with ``mp_sched_schedule``.

        May be called on any thread. Where something is scheduled already it is not, and has to be tried again.

        Returns:
            Whether it was scheduled.
        """
        if not self.places or not self.places.queue or not self._handler[0]:
            return False
        memory, at = self.memory, self.places.scheduler
        if memory.half(at).value != _IDLE or memory.read(at + 2, 1) != b"\0":
            return False
        slot = self.places.queue + 8 * memory.read(at + 3, 1)[0]
        memory.word(slot).value, memory.word(slot + 4).value = self._handler
        memory.write(at + 2, b"\1")
        memory.half(at).value = _PENDING
        return True

    def interrupt(self) -> None:
        """Makes the interpreter raise KeyboardInterrupt at the next jump, and keep everything that it has."""
        if not self.places:
            return
        memory = self.memory
        memory.word(self.places.exception + 8).value = 0  # no traceback yet
        memory.word(self.places.exception + 4).value = 0
        memory.word(self.places.pending).value = self.places.exception
        self.remind()

    def remind(self) -> None:
        """Makes the interpreter look, unless it runs a scheduled callback, after which it looks by itself."""
        if not self.places or not self.memory.word(self.places.pending).value:
            return
        state = self.memory.half(self.places.scheduler)
        if state.value == _IDLE:
            state.value = _PENDING

    def take_back(self) -> bool:
        """Takes an interrupt back that has not been raised yet; returns whether there was one."""
        if not self.places:
            return False
        pending = self.memory.word(self.places.pending)
        was, pending.value = pending.value, 0
        return was == self.places.exception
