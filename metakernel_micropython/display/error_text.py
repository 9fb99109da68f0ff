"""What a notebook says about an error.

The errors of boards carry their advice as data (``errors.Advice``) and say it in the words for a script. Here are the
words for a notebook: what to type into a cell. Whatever shows an error, or makes it part of another text, gets its text
here and not from ``str``.
"""

from __future__ import annotations

from ..errors import Advice, MicroPythonError

WORDS = {
    Advice.PLUG_IN: (
        "Plug a board in (with a cable that carries data), name its address, or use %connect virtual for the virtual "
        "board."
    ),
    Advice.CHECK_PORT: (
        "Check that this is the right port (%boards lists them) and baud rate, and that the board runs MicroPython. If "
        "its program cannot be interrupted, press its reset button while %connect {address} --timeout 60 tries."
    ),
    Advice.NAME_BAUD: "Name one as in %connect {address} --baud 9600.",
    Advice.STOP_AS_IT_STARTS: (
        "A program that cannot be interrupted may be running. Press the board's reset button while %connect {address} "
        "--timeout 60 tries: most boards can be stopped as they start. If that does not help, start it without main.py "
        "(many have a safe mode), or write its firmware anew."
    ),
    Advice.PRESS_RESET: "Try again, or press the board's reset button and connect again with %connect.",
    Advice.CONNECT_AGAIN: "The next cell connects again.",
    Advice.WITHOUT_RAW: "Connect without --raw to {wish}.",
    Advice.LOG_IN: ("Give it with --password, or set the environment variable {variable} before the kernel starts."),
    Advice.SOFT_RESET: "(%reboot without --hard soft-resets it.)",
    Advice.RESET_IF_AGAIN: "Try again; where it happens again, %reboot the board.",
    Advice.MAKE_ROOM: "Remove something first (%rm).",
    Advice.LIST_PARTS: "(%parts tells what is attached, and what can be.)",
    Advice.USE_VIRTUAL: "Connect to one with %connect virtual.",
    Advice.REMOVE_IT: "Remove it from the board first (%rm -r).",
}


def error_text(error: BaseException | str) -> str:
    """Return what an error says, with its advice in the words for a notebook; a text as it is."""
    return error.told(WORDS) if isinstance(error, MicroPythonError) else str(error)
