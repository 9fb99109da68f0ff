"""MicroPython, compiled for this computer, and how it may end."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

from wasmtime import Config, Engine, Module

from metakernel_micropython.virtual import cache, switch

NATIVE_STACK = 2 * 1024 * 1024
"""Bytes of stack for WebAssembly, the most that wasmtime allows; its thread needs more."""


class Crash(Exception):
    """The interpreter has ended in a way that the firmware of a board does not: the board has to start again."""


class Stopped(Crash):
    """Ctrl-C could only be had by stopping the interpreter."""


class NotInterruptible(Crash):
    """The firmware has found out that Ctrl-C does not reach this build of MicroPython."""


class Machine:
    """MicroPython, compiled, ready to be started any number of times.

    Args:
        wasm: the distributed WebAssembly module.
        stoppable: whether running code can be stopped from outside without its cooperation. That makes it slower and is
            needed only if Ctrl-C cannot be delivered in the way of a board.
        cache_folder: where the compiled module is kept; by default in the user's cache folder.
    """

    def __init__(self, wasm: bytes, *, stoppable: bool = False, cache_folder: Path | None = None) -> None:
        config = Config()
        config.wasm_exceptions = True
        config.max_wasm_stack = NATIVE_STACK
        config.epoch_interruption = stoppable
        self.stoppable = stoppable
        self.engine = Engine(config)
        self.firmware = firmware_source().encode()
        self.module = cache.load(self.engine, wasm, f"stoppable={stoppable}", cache_folder)
        self.front = Module(self.engine, switch.FRONT)
        self.back = Module(self.engine, switch.BACK)


def firmware_source() -> str:
    """The boot script without its comments and blank lines, which would cost heap."""
    text = Path(__file__).with_name("boot_script.py").read_text("utf-8")
    lines = text.splitlines()
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())
