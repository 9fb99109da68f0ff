"""A notebook's cell on the boards of a fleet: ``%%fleet``, and ``%%on fleet:...``.

What the cell needs of the notebook's computer goes with it: files that its magics name, packages, values of ``%put``.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..board.files.folder_sync import NOT_COMPILED
from ..cell.output import Stage
from ..cell.parser import is_magic, leading_lines
from ..errors import MagicError
from ..sessions.broadcast import keep_values, page_for, sum_up
from ..sessions.magic_on_top import magic_on_top
from ..sessions.several_magics import SeveralMagics
from . import cell_files
from .fleet_run import FleetRun

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ..cell.runner import CellRunner
    from ..front_end import MagicsFrontEnd
    from ..host.mpy_compiler import Target
    from .client import Fleet

SHOWN = 16 * 1024 * 1024
"""Characters that all boards of a cell together may have shown."""

MOST, LEAST = 1024 * 1024, 4 * 1024
"""Characters of one board at most, and those that it has in any case."""

_PASSED_ON = "MICROPYTHON_MIP_"  # what names other places for packages in the environment


def fleet_of(front_end: MagicsFrontEnd) -> Fleet | None:
    """Return the fleet that ``%fleet`` connected; None where it did not."""
    return getattr(front_end.line_magics["fleet"], "fleet", None)


def run_cell(
    front_end: MagicsFrontEnd, runner: CellRunner, code: str, boards: Sequence[str], *, retry: bool = True
) -> None:
    """Run a cell on boards of the fleet, and show what they say.

    Args:
        front_end: whose cell it is.
        runner: runs its cells.
        code: what stands below the magic.
        boards: see ``Fleet.choose``; none: all.
        retry: see ``FleetRun.run``.

    Raises:
        MagicError: no fleet is connected, or the cell holds a magic that cannot work there.
        NotConnected: the fleet has no such board.
        BoardsFailed: it failed on some boards; the message says on which and why.
        KeyboardInterrupt: it was stopped.
    """
    fleet = fleet_of(front_end)
    if fleet is None:
        raise MagicError("No fleet is connected: run %fleet first.")
    for number, joined in fleet.gather_new().items():
        told = f"with {', '.join(joined)}" if joined else "without boards"
        front_end.Error(f"[engine {number} has joined {told}]")
    names = fleet.choose(boards or ["*"])
    code = code[len(leading_lines(code)) :]
    if not code.strip():
        return
    needed = _Needed(front_end, fleet, names)
    code = needed.look(code)
    fleet.send(list(needed.files.contents), needed.files.content, names)
    magics = SeveralMagics(front_end, code, "%%fleet")
    page = page_for(front_end, runner, names)
    report = magics.followed(page, names, runner)
    work = FleetRun(fleet, page, report)
    outcomes = []
    try:
        outcomes = work.run(needed.plain(runner, code), names, retry=retry)
    finally:
        page.close()
        report.close()
        keep_values(front_end, outcomes)
    for files in work.files:
        for path in cell_files.save(files):
            front_end.Print(f"Saved {path} on this computer")
    try:
        magics.sum_up(outcomes)
    finally:
        sum_up(outcomes, work.ran, stopped=work.stopped)


class _Needed:
    """What a cell needs of this computer.

    Args:
        front_end: whose cell it is.
        fleet: the boards.
        names: those that it runs on.
    """

    def __init__(self, front_end: MagicsFrontEnd, fleet: Fleet, names: list[str]) -> None:
        self.files = cell_files.CellFiles()
        self._front_end = front_end
        self._fleet = fleet
        self._names = names
        self._variables: dict[str, Any] = {}
        self._below = False  # whether what stands below the magic is for it alone
        self._compiled: list[tuple[str, str, Target, str]] = []
        self._downloads: dict[str, str] = {}  # digests by address, "" for what is not there

    def look(self, code: str) -> str:
        """Find out what the magics on top of the cell need; return the cell as it is sent.

        Raises:
            MagicError: one cannot work there, or something is missing.
        """
        lines = code.split("\n")
        at = 0
        while at < len(lines) and is_magic("\n".join(lines[at:])):
            lines[at] = self._magic(lines[at], "\n".join(lines[at + 1 :]))
            at += 1
            if self._below:
                break  # what stands there is the magic's
        return "\n".join(lines)

    def _magic(self, line: str, below: str) -> str:
        magic, kind, name, text = magic_on_top(self._front_end, f"{line}\n{below}", "%%fleet")
        self._below = kind == "cell" and not magic.wraps_cell
        if magic.not_on_fleet:
            raise MagicError(f"{line.split()[0]} does not work on a fleet: {magic.not_on_fleet}")
        if name == "put":
            self._variables |= _sendable(values := magic.values(text))  # type: ignore[attr-defined]
            return f"%put {' '.join(values)}"
        if not getattr(getattr(magic, f"{kind}_{name}"), "magic_arguments", ()):
            return line
        before = set(self.files.sent)
        self.files.add(magic, kind, name, text, self._names)
        args = magic.parsed(kind, name, text)
        if name == "mip":
            self._add_packages(args)
        elif getattr(args, "mpy", False):
            for sent in [sent for typed, sent in self.files.sent.items() if typed not in before]:
                sources = [(PurePosixPath(path).name, digest) for path, digest in sent.files.items()]
                self._compile([(name, self.files.content(digest)) for name, digest in sources if name.endswith(".py")])
        return line

    @property
    def _loaded(self) -> set[Target]:
        """What the boards load, without doubles: most are of one kind."""
        found = (self._fleet.members[name].loads for name in self._names)
        return {loads for loads in found if loads is not None}

    def _add_packages(self, args: Namespace) -> None:
        """Download what boards are to install: once, not once at each host."""
        from ..host.package_commands import downloads_for

        by_version = args.mpy or args.requirement is not None
        versions = {loads.version for loads in self._loaded} if by_version else set()
        for version in sorted(versions) or [0]:
            obtained, packages = downloads_for(args, version)
            for url, data in obtained.items():
                self._downloads[url] = self.files.keep(data) if data is not None else ""
            if args.mpy:
                files = [file for package in packages if not package.compiled for file in package.files.items()]
                self._compile([(PurePosixPath(path).name, data) for path, data in files if path.endswith(".py")])

    def _compile(self, sources: list[tuple[str, bytes]]) -> None:
        """Compile files once for each kind of board; what does not compile here is told where it is needed."""
        from ..host import mpy_compiler

        with tempfile.TemporaryDirectory(prefix="mpy-fleet-") as folder, suppress(mpy_compiler.CompileError):
            for name, data in sources:
                if name in NOT_COMPILED:
                    continue
                path = Path(folder, name)
                path.write_bytes(data)
                for loads in self._loaded:
                    made = self.files.keep(mpy_compiler.compiled(path, loads))
                    self._compiled.append((name, hashlib.sha256(data).hexdigest(), loads, made))

    def plain(self, runner: CellRunner, code: str) -> dict[str, Any]:
        """Return the cell as plain data."""
        return plain_cell(
            self._fleet,
            code,
            self.files,
            text=runner.text,
            number=runner.number,
            downloads=self._downloads,
            compiled=self._compiled,
            variables=self._variables,
            display=any(one.stage is Stage.DISPLAY for one in runner.followers.active()),
            allow_html=self._front_end.allow_html,
            reload=self._front_end.reload,
            limit=max(LEAST, min(MOST, SHOWN // len(self._names))),
        )


def _sendable(values: dict[str, Any]) -> dict[str, Any]:
    """Return values that can go to engines.

    Raises:
        MagicError: one cannot.
    """
    for name, value in values.items():
        try:
            pickle.dumps(value)
        except Exception as error:  # objects raise what they like
            raise MagicError(f"%put: {name} is a {type(value).__name__}, which cannot be sent to boards.") from error
    return values


def plain_cell(fleet: Fleet, code: str, files: cell_files.CellFiles, **more: Any) -> dict[str, Any]:
    """Return a cell as plain data, for ``engine.run``.

    Args:
        fleet: whose notebook it is.
        code: what the boards run, with magics on top of it.
        files: what these name.
        more: ``text`` (the cell as it was typed) and ``number``, for tracebacks; ``downloads`` (digests by address),
            ``compiled`` (names, digests and kinds of boards of sources, with the digests of their .mpy files),
            ``variables`` (values for ``%put``), ``display`` (whether boards have ``display()``), ``allow_html``,
            ``reload``, ``limit`` (characters of each board that are shown).
    """
    return {
        "user": fleet.notebook["user"],
        "code": code,
        "text": code,
        "number": 0,
        "files": files.plain(),
        "downloads": {},
        "compiled": [],
        "variables": {},
        "environment": {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
        "display": False,
        "allow_html": False,
        "reload": False,
        "limit": LEAST,
        **more,
    }
