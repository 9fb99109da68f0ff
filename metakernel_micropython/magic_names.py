"""What is said about a magic's name that nothing has."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

MEANT = {
    "writetofile": "%%writefile",
    "serialdisconnect": "%disconnect",
    "sendbytes": "%writebytes",
    "savetofile": "%sendtofile",
    "savefile": "%sendtofile",
    "sendfile": "%sendtofile",
    "readfile": "%fetchfile",
    "fetchfromfile": "%fetchfile",
}
"""Names that people try, and what they mean, where the nearest spelling would be another magic."""


def unknown_magic(wanted: dict[str, Any], line_magics: Iterable[str], cell_magics: Iterable[str]) -> str:
    """Say what is wrong with a magic's name; ``""`` when it is known.

    Args:
        wanted: the magic, as the parser tells it.
        line_magics: the names of the magics for a line.
        cell_magics: the names of those for a cell.
    """
    name = wanted.get("name", "")
    line = wanted.get("type") == "line"
    table, other = (line_magics, cell_magics) if line else (cell_magics, line_magics)
    if name in table:
        return ""
    typed = wanted.get("prefix", "%") + name
    if name in other:
        right = ("%%" if line else "%") + name
        return f"{typed} is written {right}."
    if name in MEANT:
        return f"There is no magic {typed}. Did you mean {MEANT[name]}?"
    prefix = "%" if line else "%%"
    near = get_close_matches(name, table, n=1, cutoff=0.5)
    meant = f" Did you mean {prefix}{near[0]}?" if near else ""
    return f"There is no magic {typed}.{meant} %lsmagic lists them."
