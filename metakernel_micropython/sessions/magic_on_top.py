"""The magic on top of a cell that runs on several boards, where it can stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MagicError
from ..magic import BoardMagic

if TYPE_CHECKING:
    from ..front_end import MagicsFrontEnd

ABOVE = "Write it in a cell of its own."
"""What to do with a magic that is about this computer."""


def magic_on_top(front_end: MagicsFrontEnd, code: str, where: str = "%%on") -> tuple[BoardMagic, str, str, str]:
    """Return the magic on the first line of ``code``, its kind (``line`` or ``cell``), its name and its arguments.

    Args:
        front_end: whose cell it is.
        code: what is left of the cell.
        where: the magic above, which has the cell run on several boards.

    Raises:
        MagicError: there is no such magic, or it cannot stand in a cell on several boards; the message says why, and
            what to do instead.
    """
    info = front_end.parse_code(code)["magic"]
    typed = code.partition("\n")[0].split()[0]
    if problem := front_end.unknown_magic(info):
        raise MagicError(problem)
    kind = "line" if info["type"] == "line" else "cell"
    magic = (front_end.line_magics if kind == "line" else front_end.cell_magics).get(info["name"])
    if not isinstance(magic, BoardMagic):
        raise MagicError(f"{typed} does not work inside {where}: it is not about boards. {ABOVE}")
    if refusal := magic.refusal(kind, info["name"], info["args"]):
        raise MagicError(f"{typed} does not work inside {where}: {refusal}")
    return magic, kind, info["name"], info["args"]
