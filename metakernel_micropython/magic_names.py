"""What is said about a magic's name that nothing has: first a table of meanings, then the nearest spelling."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

CUTOFF = 0.8
"""How near a spelling has to be, from 0 to 1 (``difflib``): a far one would lead astray."""

MIN_HEADLESS = 5
"""Letters of the shortest name whose first letter may be the one that is missing or wrong."""

MEANT = {
    # What people try.
    "flash": "%esptool",
    "free": "%mem",
    "fetchfromfile": "%fetchfile",
    "readfile": "%fetchfile",
    "savefile": "%sendtofile",
    "savetofile": "%sendtofile",
    "sendbytes": "%writebytes",
    "sendfile": "%sendtofile",
    "serialdisconnect": "%disconnect",
    "softreboot": "%reboot",
    "writetofile": "%%writefile",
    # What other kernels for MicroPython have in their notebooks.
    "delete": "%rm",
    "discover": "%boards",
    "gc": "%mem",
    "gccollect": "%mem",
    "get_file": "%download",
    "hardreset": "%reboot --hard",
    "host": "%%python",
    "local": "%%python",
    "memory_info": "%mem",
    "meminfo": "%mem",
    "mkdirs": "%mkdir --parents",
    "platform": "%info",
    "register": "%connect",
    "rdiff": "%sync --dry-run",
    "rlist": "%tree",
    "rsync": "%sync",
    "rmdir": "%rm",
    "softreset": "%reboot",
    "uid": "%info",
    "upip": "%mip",
    "webrepl": "%websocketconnect",
}
"""Names of magics, in small letters and without blanks, and what they mean here."""

ANSWERS = {
    "pip": "!pip installs packages for the Python of this computer, %mip those for the board.",
    "conda": "!conda installs packages for the Python of this computer, %mip those for the board.",
    "debug": "The error and the lines that led to it stand above; print() shows values on the way.",
    "env": "A board has no environment variables; %python import os; os.environ shows those of this computer.",
    "gui": "There is no window to be kept up to date: %%plot and display() show figures in the notebook.",
    "pinfo": "NAME? shows what is known of a name.",
    "prun": "%timeit and %%time measure by the board's clock.",
    "xmode": "Errors are always shown with the lines of the cells and files that led to them.",
}
"""Names of magics of IPython that have no counterpart, and what does their work."""


def unknown_magic(wanted: dict[str, Any], line_magics: Collection[str], cell_magics: Collection[str]) -> str:
    """Say what is wrong with a magic's name; ``""`` when it is known.

    Args:
        wanted: the magic, as the parser tells it.
        line_magics: the names of the magics for a line.
        cell_magics: the names of those for a cell.
    """
    name = wanted.get("name", "")
    if wanted.get("prefix") == "!!!":
        return "There is no !!!. A line with ! is one command, %%shell on top makes the whole cell a script."
    line = wanted.get("type") == "line"
    table, other = (line_magics, cell_magics) if line else (cell_magics, line_magics)
    if name in table:
        return ""
    typed = wanted.get("prefix", "%") + name
    if name in other or (name.lower() in other and name.lower() not in table):
        right = ("%%" if line else "%") + name.lower()
        return f"{typed} is written {right}."
    if answer := ANSWERS.get(name.lower()):
        return f"There is no magic {typed}. {answer}"
    meant = _meant(name, "%" if line else "%%", table)
    return f"There is no magic {typed}." + (f" Did you mean {meant}?" if meant else "") + " %lsmagic lists them."


def _meant(name: str, prefix: str, names: Collection[str]) -> str:
    """Return the magic that was probably meant, as it is typed; ``""`` where nobody can tell.

    Args:
        name: what was typed, without ``%``.
        prefix: ``%`` or ``%%``.
        names: the magics with that prefix.
    """
    small = name.lower()
    if small in names:
        return prefix + small
    if meant := MEANT.get(small) or MEANT.get(small.replace("_", "").replace("-", "")):
        return meant
    near = [one for one in names if _mistyped(small, one)]
    best = get_close_matches(small, near, n=1, cutoff=CUTOFF)
    return prefix + best[0] if best else ""


def _mistyped(typed: str, name: str) -> bool:
    """Whether one name can be the other, mistyped: people get the first letter right. %start is no %restart."""
    if typed[:1] == name[:1] or sorted(typed) == sorted(name):
        return True
    return len(name) > MIN_HEADLESS and name[1:] in (typed, typed[1:])
