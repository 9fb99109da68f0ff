"""The board as a whole: power on, and then one interpreter after the other for ever."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING

from metakernel_micropython.virtual.circuit import Circuit
from metakernel_micropython.virtual.hardware import Lasting
from metakernel_micropython.virtual.interpreter import Interpreter
from metakernel_micropython.virtual.machine import NATIVE_STACK, Crash, Machine, NotInterruptible, Stopped
from metakernel_micropython.virtual.profiles import DEFAULT
from metakernel_micropython.virtual.pyexec import Prompt, Reset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metakernel_micropython.virtual.line import Line
    from metakernel_micropython.virtual.parts.bench import Bench
    from metakernel_micropython.virtual.profiles import Profile

_PAUSE_AFTER_CRASH = 0.5  # seconds, so that a boot.py that crashes the board does not keep the computer busy


class Board:
    """A virtual board.

    Args:
        line: its serial line.
        wasm: MicroPython as a WebAssembly module.
        folder: its root directory.
        heap: bytes.
        cache_folder: where the compiled module is kept; by default in the user's cache folder.
        profile: which board it is.

    Attributes:
        circuit: what is connected to its pins; it stays through resets.
    """

    def __init__(
        self,
        line: Line,
        wasm: bytes,
        folder: Path,
        heap: int,
        cache_folder: Path | None = None,
        profile: Profile = DEFAULT,
    ) -> None:
        self._line = line
        self._wasm = wasm
        self._machine = Machine(wasm, cache_folder=cache_folder)
        self._folder = folder
        self._heap = heap
        self._cache_folder = cache_folder
        self._profile = profile
        self.prompt = Prompt(line, heap)
        # Two boards have two numbers, and one that keeps its files is the same board again.
        unique_id = hashlib.sha256(os.fsencode(folder)).digest()[: profile.id_size]
        self.circuit = Circuit(profile.pinout)
        self._lasting = Lasting(profile, unique_id, self.circuit, frequency=profile.frequency)

    @cached_property
    def bench(self) -> Bench:
        """The parts on its circuit; loaded when somebody asks for them."""
        from metakernel_micropython.virtual.parts.bench import Bench
        from metakernel_micropython.virtual.parts.pin_names import names_of

        return Bench(self.circuit, names_of(self._profile.name))

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Runs the board on a thread of its own.

        Args:
            failed: called on that thread with the error if this program, not the board, cannot go on.
        """

        def target() -> None:
            try:
                self.run()
            except BaseException as error:
                failed(error)

        # WebAssembly's stack is the thread's, and the thread needs some of it for itself.
        default = threading.stack_size(NATIVE_STACK + 4 * 1024 * 1024)
        thread = threading.Thread(target=target, name="board", daemon=True)
        thread.start()
        threading.stack_size(default)

    def run(self) -> None:
        """Runs the board on this thread; does not return."""
        machine = self._machine
        while True:
            try:
                Interpreter(machine, self._line, self.prompt, self._folder, self._heap, self._lasting).run()
            except Reset as reset:
                if reset.hard:
                    self.prompt.raw = False
                else:
                    self._lasting.note_reset("soft")
                    self._line.write(b"MPY: soft reboot\r\n")
            except NotInterruptible:
                self._line.write(b"\r\nCtrl-C cannot interrupt this MicroPython; it will restart the board.\r\n")
                machine = Machine(self._wasm, stoppable=True, cache_folder=self._cache_folder)
            except Stopped:
                self._line.write(b"\r\nInterrupted by a restart of the board: its variables are lost.\r\n")
                self.prompt.raw = False
            except Crash as crash:
                message = f"\r\nThe board has crashed ({crash}) and restarts: its variables are lost.\r\n"
                self._line.write(message.encode())
                self.prompt.raw = False
                time.sleep(_PAUSE_AFTER_CRASH)
