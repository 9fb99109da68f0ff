"""MicroPython, compiled for this computer, and how it may end."""

from __future__ import annotations

import re
from pathlib import Path

from wasmtime import Config, Engine, Module

from metakernel_micropython.virtual import cache, errno_numbers, switch

NATIVE_STACK = 2 * 1024 * 1024
"""Bytes of stack for WebAssembly, the most that wasmtime allows; its thread needs more."""


FIRMWARE = "firmware"
"""The name of the file that is each part of the boot script in turn."""

BOOT = f"""\
def boot(names):
 import gc
 def below(levels):
  if levels:
   return below(levels-1)
  execfile('{FIRMWARE}',names)
 while 1:
  below(names['levels'])
  gc.collect()
boot({{'__name__':'{FIRMWARE}','user':globals(),'levels':12}})"""
"""What the interpreter is started with. The last part does not end.

The others are executed some levels down: what they leave on the stack, and the garbage collector finds there, does not
come to lie between the frames of the last one, which stay (see ``stack``).
"""


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

    Attributes:
        firmware: the parts of the boot script.
        os_error: the address of the class OSError, whose numbers are firmware's; 0 where they are WASI's.
    """

    def __init__(self, wasm: bytes, *, stoppable: bool = False, cache_folder: Path | None = None) -> None:
        config = Config()
        config.wasm_exceptions = True
        config.max_wasm_stack = NATIVE_STACK
        config.epoch_interruption = stoppable
        self.stoppable = stoppable
        self.engine = Engine(config)
        self.os_error = errno_numbers.os_error_type(wasm)
        self.firmware = tuple(part.encode() for part in firmware_parts())
        self.module = cache.load(self.engine, wasm, f"stoppable={stoppable}", cache_folder)
        self.front = Module(self.engine, switch.FRONT)
        self.back = Module(self.engine, switch.BACK)


def firmware_parts() -> list[str]:
    """The parts of the boot script without comments and blank lines, which would cost heap."""
    text = Path(__file__).with_name("boot_script.py").read_text("utf-8")
    return [_bare(part) for part in re.split(r"^# %%.*$", text, flags=re.MULTILINE)]


def _bare(text: str) -> str:
    # As the formatter writes them: alone on a line, or behind two blanks. Python's tokenizer would take 10 ms.
    lines = [line.partition("  # ")[0].rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))
