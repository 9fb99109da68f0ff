"""Commands of this computer's shell: what they print as they print it, their exit status, Stop.

Each command is a shell of its own. It cannot ask anything: its input is empty. It ends with all that it has started.
"""

from __future__ import annotations

import codecs
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MagicError
from ..interrupts import HeldInterrupts
from .process_group import PIECE, ProcessGroup

if TYPE_CHECKING:
    from collections.abc import Callable

POLL = 0.05
"""Seconds between two looks at whether a command has ended, or somebody has pressed Stop."""

INTERVAL = 0.02
"""Seconds between two messages of output: a program that prints line by line gets no message for each."""

GRACE = 0.4
"""Seconds that a command has for its end when somebody has pressed Stop."""

BACKGROUND = 0.5
"""Seconds that what a command has started may still run and print when the command itself has ended."""

LEFT = (
    "[the command had left something running, which was ended with it: each command ends with all that it has started"
    + ("]\n" if sys.platform == "win32" else "; setsid PROGRAM & keeps one]\n")
)

_running: set[ProcessGroup] = set()


class CommandFailed(MagicError):
    """A command of this computer's shell ended with an error.

    Args:
        status: its exit status; below 0 the signal that ended it.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(_failed(status))


def command_line(script: str, shell: str = "") -> list[str]:
    """Return the command line that has a shell run a script.

    Args:
        script: the commands.
        shell: the shell's name; ``""`` for the usual one: bash where there is one, else sh; PowerShell on Windows.

    Raises:
        MagicError: this computer has no such shell.
    """
    if sys.platform == "win32" and not shell:
        utf8 = "$ProgressPreference='SilentlyContinue';[Console]::OutputEncoding=[Text.Encoding]::UTF8\n"
        status = "\nif (-not $?) { if ($LASTEXITCODE) { exit $LASTEXITCODE } else { exit 1 } }"
        return ["powershell", "-NoProfile", "-NonInteractive", "-Command", utf8 + script + status]
    names = [shell] if shell else ["bash", "sh"]
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise MagicError(f"This computer has no {' and no '.join(names)}.")
    # What begins with a minus sign would be an option.
    return [found, "-c", " " + script if script.startswith("-") else script]


def run(script: str, show: Callable[[str, str], object], shell: str = "") -> None:
    """Run commands to their end.

    Args:
        script: the commands.
        show: gets what they print: ``stdout`` or ``stderr``, and the text.
        shell: as for ``command_line``.

    Raises:
        CommandFailed: the last of them ended with an error.
        MagicError: there is no such shell, or it could not be started.
        KeyboardInterrupt: somebody pressed Stop. They have ended then.
    """
    arguments = command_line(script, shell)
    # Python sends what it prints to a pipe when it ends, if nobody says otherwise.
    environment = {"PYTHONUNBUFFERED": "1", **os.environ}
    status: int | None = None
    with HeldInterrupts() as held:
        group = _start(arguments, environment)
        _running.add(group)
        left = False
        try:
            _follow(group, show, held)
            status = group.status
        finally:
            left = group.close()
            _running.discard(group)
        if left and not held.count:
            show("stderr", LEFT)
    if status:
        raise CommandFailed(status)


def kill_all() -> None:
    """End the commands that run, as the kernel ends; any thread may call it."""
    for group in list(_running):
        group.kill()


def _start(arguments: list[str], environment: dict[str, str]) -> ProcessGroup:
    try:
        return ProcessGroup(arguments, environment)
    except ValueError:  # a NUL, or half a surrogate pair
        raise MagicError("A command cannot hold this character: NUL, or one that is no text.") from None
    except OSError as error:
        try:
            Path.cwd().stat()
        except OSError:
            raise MagicError(
                "The kernel's folder is not there any more. %python import os; os.chdir('FOLDER') chooses another one."
            ) from None
        raise MagicError(f"The shell could not be started: {error.strerror or error}.") from None


def _follow(group: ProcessGroup, show: Callable[[str, str], object], held: HeldInterrupts) -> None:
    """Show what comes until the commands have ended."""
    decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
    stopped = ended = None
    while True:
        pieces = group.output.read(POLL)
        for name, data in pieces:
            if text := decoders[name].decode(data):
                show(name, text)
        now = time.monotonic()
        if held.count and stopped is None:
            stopped = now
            group.interrupt()
        elif stopped is not None and now - stopped > GRACE:
            group.kill()
        if group.status is None:
            if not group.output.open:
                group.wait(POLL)
            elif pieces and sum(len(data) for _, data in pieces) < PIECE:
                time.sleep(INTERVAL)
            continue
        ended = now if ended is None else ended
        late = now - ended > (BACKGROUND if stopped is None else 0)
        if not group.output.open or (late and not pieces) or now - ended > 2 * BACKGROUND:
            break
    for name, decoder in decoders.items():
        if text := decoder.decode(b"", final=True):
            show(name, text)


def _failed(status: int) -> str:
    if status < 0:
        try:
            return f"The command was ended by the signal {signal.Signals(-status).name}."
        except ValueError:
            return f"The command was ended by the signal {-status}."
    return f"The command failed with exit status {status}."
