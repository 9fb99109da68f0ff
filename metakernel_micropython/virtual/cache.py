"""Compiled WebAssembly modules, kept between starts.

A compiled module is native code that this process will run. So it is kept in a folder that only the user can write, and
what lies in a folder or a file that others could have written is not loaded. Whatever goes wrong here costs only the
time to compile again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from metakernel_micropython.virtual import errno_numbers, spill, wasm_format

if TYPE_CHECKING:
    from collections.abc import Callable

    import wasmtime

_SUFFIX = ".cwasm"


def load(engine: wasmtime.Engine, wasm: bytes, variant: str, folder: Path | None = None) -> wasmtime.Module:
    """The module with its errors translated and its pointers spilled, compiled for the engine.

    Args:
        engine: what compiles it.
        wasm: MicroPython as it is distributed.
        variant: names the engine's settings that change the code.
        folder: where compiled modules are kept; by default in the user's cache folder.
    """
    from wasmtime import Module, WasmtimeError

    folder = folder or user_cache_path("metakernel-micropython") / "virtual"
    path = folder / (_key(wasm, variant) + _SUFFIX)
    try:
        return Module.deserialize(engine, bytearray(_read_own(path)))
    except (OSError, WasmtimeError):
        pass
    module = Module(engine, spill.spill_pointers(errno_numbers.translate_errors(wasm)))
    with contextlib.suppress(OSError):
        _write_own(path, bytes(module.serialize()))
    return module


def _key(wasm: bytes, variant: str) -> str:
    digest = hashlib.sha256(wasm)
    for path in (errno_numbers.__file__, spill.__file__, wasm_format.__file__):
        digest.update(Path(path).read_bytes())
    for part in (_version(), platform.system(), platform.machine(), platform.processor(), variant):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()


def _version() -> str:
    """Return what tells one installed wasmtime from another; ``importlib.metadata`` would take 25 ms of each start."""
    import wasmtime

    folders = Path(wasmtime.__file__).parents[1].glob("wasmtime-*.dist-info")
    return " ".join(sorted(folder.name for folder in folders))


def _read_own(path: Path) -> bytes:
    """The file's content, if nobody but the user can have written it.

    Raises:
        OSError: it cannot be read, or others can write it or its folder.
    """
    if os.name == "posix":
        _check_own(path.parent.lstat(), stat.S_ISDIR)
    with path.open("rb") as file:
        if os.name == "posix":
            _check_own(path.lstat(), stat.S_ISREG)
            _check_own(os.fstat(file.fileno()), stat.S_ISREG)
        return file.read()


def _check_own(status: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    if not is_kind(status.st_mode):
        raise PermissionError("not a plain file or folder")
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PermissionError("others could have written it")


def _write_own(path: Path, content: bytes) -> None:
    """Puts the file there as a whole, readable by the user alone, and removes older ones.

    Raises:
        OSError: it did not work.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        _check_own(path.parent.lstat(), stat.S_ISDIR)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
    others = sorted((old for old in path.parent.glob("*" + _SUFFIX)), key=lambda old: old.stat().st_mtime)
    for old in others[:-4]:  # a few installations may share the folder
        with contextlib.suppress(OSError):
            old.unlink()
