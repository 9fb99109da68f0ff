"""What the names of files can be on a computer, by its system: data, so that each system's rules can be tried on any.

Sources: https://learn.microsoft.com/windows/win32/fileio/naming-a-file and, for the length of a path,
https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

MAX_NAME = 255
"""Bytes of a name at most, on the file systems of every computer (NTFS and APFS count characters)."""

_LINKS = frozenset({".", ".."})


@dataclass(frozen=True)
class HostRules:
    r"""The rules of one system.

    Attributes:
        system: what people call it.
        forbidden: characters that no name has, besides ``/`` and NUL.
        devices: names that are devices in every folder, with any ending, in capitals.
        keeps_ends: whether a dot or a blank at the end of a name stays.
        one_case: whether ``A.py`` and ``a.py`` are one file. False also where the disk decides, which is asked then.
        backslash: whether ``\\`` stands between folders as ``/`` does.
        locks: whether a file that is read-only, or that a program has open, cannot be replaced.
        longest: characters of a whole path that every program takes; 0: paths as long as the disk takes.
    """

    system: str
    forbidden: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    keeps_ends: bool = True
    one_case: bool = False
    backslash: bool = False
    locks: bool = False
    longest: int = 0

    def unfit(self, name: str) -> str:
        """Say why a name from a board cannot be the name of a file in a folder here; ``""`` where it can.

        Args:
            name: one part of a path.
        """
        if name in ("", *_LINKS):
            return "that is no name of a file"
        if "/" in name or "\0" in name:
            return "the name holds a slash or a NUL"
        try:
            size = len(os.fsencode(name))
        except UnicodeEncodeError as error:
            return f"names on this computer are in {error.encoding} here (LANG=C.UTF-8 or PYTHONUTF8=1 changes that)"
        if size > MAX_NAME:
            return f"the name is longer than the {MAX_NAME} bytes that this computer allows"
        if self.forbidden & set(name):
            return f"{self.system} does not allow all of these characters in a name"
        if not self.keeps_ends and name[-1] in " .":
            return f"{self.system} does not keep a dot or a blank at the end of a name"
        if name.partition(".")[0].rstrip().upper() in self.devices:
            return f"{self.system} has a device of this name"
        return ""

    def unfit_path(self, typed: str) -> str:
        r"""Say why a path that a person typed names no file here, with the part that is wrong; ``""`` where it can.

        Windows would read from the console for ``con``, write a hidden stream of ``a`` for ``a:b``, and replace
        ``out`` for ``out.``. A drive (``C:``), a share (``\\server\share``), ``.`` and ``..`` are no names.
        """
        if not (self.forbidden or self.devices):
            return ""
        path = PureWindowsPath(typed)
        parts = [part for part in path.parts if part not in (path.anchor, path.drive, *_LINKS)]
        return next((f"{part}: {reason}" for part in parts if (reason := self.unfit(part))), "")

    def folded(self, path: str) -> str:
        """Return what all spellings of a path have in common that are one file here."""
        if not self.one_case:
            return path
        # NTFS compares character by character: that the capitals of ß are two letters does not count.
        return "".join(upper if len(upper := character.upper()) == 1 else character for character in path)

    def slashed(self, typed: str) -> str:
        """Return a path or pattern that a person typed with ``/`` between its folders."""
        return typed.replace("\\", "/") if self.backslash else typed

    def too_long(self, path: Path) -> str:
        """Say that a path is longer than most programs take, and what to do; ``""`` where it is not."""
        length = len(str(path.absolute()))
        if not self.longest or length <= self.longest:
            return ""
        return (
            f"its path has {length} characters, and {self.system} takes {self.longest} unless long paths are allowed: "
            "take a folder nearer to the top of the drive, or a shorter name"
        )


POSIX = HostRules("this computer")
"""Linux, and macOS, whose disks decide about capitals."""

_PORTS = frozenset(name + digit for name in ("COM", "LPT") for digit in "0123456789¹²³")

WINDOWS = HostRules(
    "Windows",
    forbidden=frozenset('\\:*?"<>|') | frozenset(map(chr, range(32))),
    devices=_PORTS | {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"},
    keeps_ends=False,
    one_case=True,
    backslash=True,
    locks=True,
    longest=259,
)

RUNNING = WINDOWS if os.name == "nt" else POSIX
"""The rules of the system that this runs on."""
