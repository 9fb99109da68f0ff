"""Type stubs for MicroPython: which packages are installed, and which one describes a board.

The packages of the project micropython-stubs (https://github.com/Josverl/micropython-stubs) put a file for each module
next to each other into site-packages, where jedi prefers CPython's own description of ``os`` or ``time``. Here they are
laid out as ``os-stubs/__init__.pyi`` and so on (PEP 561), which it reads first, in a folder of the user's cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import logging
import os
import re
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = "esp32"
"""The port whose stubs the extra ``stubs`` brings: the one with the most modules."""

PORTS = ("alif", "esp32", "esp8266", "mimxrt", "nrf", "rp2", "samd", "stm32", "unix", "webassembly", "windows")
"""Ports that have a package of their own."""

# What boards call themselves in sys.platform, and what ports are called.
_PLATFORMS = {
    "pyboard": "stm32",
    "linux": "unix",
    "darwin": "unix",
    "win32": "windows",
    "WiPy": "",
    "microbit": "",
}

# jedi reads its own description of what Python's type system is made of.
_JEDIS_OWN = {"__future__", "_typeshed", "abc", "builtins", "types", "typing", "typing_extensions", "_ast", "_codecs"}

_UNFINISHED = "micropython-stubs-unfinished-"
_LEFT_BEHIND = 3600.0  # seconds after which nobody works on such a folder any more

_PACKAGE = re.compile(r"micropython[-_](?P<port>\w+?)[-_]stubs")


@dataclass(frozen=True)
class Stubs:
    """The stubs that describe a board best, of those that are installed.

    Attributes:
        folder: where jedi finds them.
        port: whose they are, for example ``esp32``; ``""`` for what all ports have alone.
        version: of MicroPython, for example ``1.29.0``.
        wanted: the package that would describe this board, where that is not installed; ``""`` otherwise.
    """

    folder: Path
    port: str
    version: str
    wanted: str

    def remark(self) -> str:
        """Return what people should know about the text: whose it is, and what to install for their board."""
        whose = f"the {self.port} port" if self.port else "all ports"
        text = f"From the stubs of {whose}, MicroPython {self.version}."
        return f"{text} For this board: pip install {self.wanted}" if self.wanted else text


def port_of(platform: str) -> str:
    """Return the port of a board whose ``sys.platform`` is known; ``""`` for one without stubs."""
    return _PLATFORMS.get(platform, platform if platform in PORTS else "")


def package(port: str) -> str:
    """Return the name of the package with a port's stubs."""
    return f"micropython-{port}-stubs"


def find(platform: str) -> Stubs | None:
    """Return the stubs for a board; None where no stubs are installed, or nothing has room for them.

    Args:
        platform: the board's ``sys.platform``, or the name of a port; ``""`` where nothing is known.
    """
    installed = _installed()
    port = port_of(platform)
    used = port if port in installed else DEFAULT_PORT if DEFAULT_PORT in installed else ""
    used = used or next((name for name in sorted(installed) if name != "stdlib"), "")
    parts = [installed[name] for name in (used, "stdlib") if name in installed]
    if not parts:
        return None
    try:
        folder = _laid_out(parts)
    except OSError as error:
        logging.getLogger(__name__).warning("The type stubs cannot be laid out: %s", error)
        return None
    version = re.match(r"\d+\.\d+(?:\.\d+)?", parts[0].version)
    wanted = package(port) if port and used != port else ""
    return Stubs(folder, used, version[0] if version else parts[0].version, wanted)


def _installed() -> dict[str, importlib.metadata.Distribution]:
    found: dict[str, importlib.metadata.Distribution] = {}
    for distribution in importlib.metadata.distributions():
        name = _PACKAGE.fullmatch(distribution.metadata["Name"] or "")
        if name:
            found.setdefault(name["port"].lower(), distribution)
    return found


def _laid_out(parts: list[importlib.metadata.Distribution]) -> Path:
    """Return the folder with the modules of the packages, the first one's where several have one; make it first.

    Raises:
        OSError: it cannot be made, for example because the disk is full.
    """
    from platformdirs import user_cache_path

    cache = user_cache_path("metakernel-micropython", appauthor=False) / "stubs"
    described = "\n".join(f"{part.metadata['Name']} {part.version} {part.locate_file('')}" for part in parts)
    digest = hashlib.sha256(f"1\n{described}".encode()).hexdigest()[:16]
    folder = cache / digest
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _remove_left_behind(cache)
        made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=cache))
    except OSError:  # no home that can be written
        shared = Path(tempfile.gettempdir())
        prefix = f"micropython-stubs-{digest}-"
        if (ours := next(filter(_is_ours, shared.glob(prefix + "*")), None)) is not None:
            return ours
        made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=shared))
        folder = shared / (prefix + made.name.removeprefix(_UNFINISHED))
    try:
        for part in parts:
            for source, target in _files(part):
                if not (made / target).exists() and source.is_file():
                    (made / target).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, made / target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    try:
        made.rename(folder)
    except OSError:  # another kernel was quicker
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _is_ours(folder: Path) -> bool:
    """Whether nobody else can have put anything into a folder, in a place where everybody makes some."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022 and found.st_uid == getattr(os, "getuid", int)()


def _remove_left_behind(cache: Path) -> None:
    """Remove folders that a kernel which was killed has left half-made."""
    for folder in cache.glob(_UNFINISHED + "*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(folder, ignore_errors=True)


def _files(part: importlib.metadata.Distribution) -> Iterator[tuple[Path, Path]]:
    """Give each stub of a package, and where it lies in the folder that jedi reads."""
    for file in part.files or ():
        if file.suffix != ".pyi" or ".." in file.parts:
            continue
        names = file.parts[1:] if file.parts[0] in ("stdlib", "stubs") else file.parts
        top = names[0].removesuffix(".pyi") if names else ""
        if not top or top in _JEDIS_OWN or top == "__builtins__":
            continue
        source = Path(str(part.locate_file(file)))
        yield source, Path(f"{top}-stubs", *(names[1:] or ("__init__.pyi",)))
        if top == "_mpy_shed":
            yield source, Path(*names)
