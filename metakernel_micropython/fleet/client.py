"""Boards on many machines, through ipyparallel: the notebook's side (``engine`` is the other).

An engine owns boards of its host; where a host has several engines, they share its boards. A board's name is that of
its engine's number and its port, as in ``2/ttyACM0``.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..errors import ConnectError, MicroPythonError, NotConnected
from . import engine
from .stops import Stops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CONTROLLER_TIMEOUT = 15.0
"""Seconds that a cluster has to be there: one that is being started writes its connection file meanwhile."""

CLUSTER_TIMEOUT = 60.0
"""Seconds that the cluster has to answer, and its boards to connect."""

NEW_ENGINE_TIMEOUT = 15.0
"""Seconds that a host has to bring another engine for the boards of one that was lost."""

_POLL = 0.05


@dataclass(frozen=True)
class Member:
    """A board of the fleet: its name, its address on its host, its host and the engine that owns it now."""

    name: str
    address: str
    host: str
    engine: int
    banner: str


@dataclass(frozen=True)
class Failure:
    """What ended the cell on one board.

    Attributes:
        board: its name.
        name: the error's class.
        message: what it says.
        traceback: the board's own text; ``""`` where the error is not of its program.
    """

    board: str
    name: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


def cluster(profile: str | None = None, cluster_id: str | None = None) -> Any:
    """Return a client of the running cluster, with at least one engine.

    Raises:
        ConnectError: ipyparallel is missing, or no cluster or no engine answers.
    """
    try:
        from ipyparallel import Client
    except ImportError:
        raise ConnectError(
            'ipyparallel is not installed: pip install "metakernel-micropython[parallel]", then run this again.'
        ) from None
    try:
        client = Client(profile=profile, cluster_id=cluster_id, timeout=CONTROLLER_TIMEOUT)
    except Exception as error:  # it raises OSError, TimeoutError and its own
        raise ConnectError(
            f"No cluster answers ({str(error).splitlines()[0]}). Start one as in: ipcluster start -n 4"
        ) from error
    try:
        client.wait_for_engines(1, timeout=CONTROLLER_TIMEOUT, interactive=False)
    except Exception as error:
        client.close()
        raise ConnectError("The cluster has no engines. Start some as in: ipcluster engines -n 4") from error
    return client


@dataclass
class Fleet:
    """The boards of a cluster.

    Attributes:
        client: of ipyparallel.
        members: the boards that are connected, by name.
        problems: what was not connected, with the reason.
        user: tells the engines which notebook it is: boards are free when their last one has left.
    """

    client: Any
    members: dict[str, Member] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    user: str = field(default_factory=lambda: secrets.token_hex(8))

    def gather(self, virtual: int = 0) -> None:
        """Have every engine connect to its share of the boards of its host.

        Args:
            virtual: number of virtual boards for each engine, in place of those on its ports.

        Raises:
            ConnectError: an engine does not answer.
        """
        surveys = self._ask(dict.fromkeys(self.client.ids, (engine.survey,)))
        shares: dict[int, list[tuple[str, str]]] = {number: [] for number in surveys}
        hosts: dict[str, list[int]] = defaultdict(list)
        for number, told in surveys.items():
            hosts[told["host"]].append(number)
        for engines in hosts.values():
            if virtual:
                for number in engines:
                    shares[number] = [(f"{number}/virtual{i}", "virtual") for i in range(virtual)]
                continue
            for position, port in enumerate(surveys[engines[0]]["ports"]):
                number = engines[position % len(engines)]
                shares[number].append((f"{number}/{port.rpartition('/')[2]}", port))
        said = self._ask({number: (engine.own, share, self.user) for number, share in shares.items() if share})
        self.members.clear()
        self.problems.clear()
        for number, share in shares.items():
            for name, address in share:
                banner = said[number][name]
                if banner.startswith("!"):
                    self.problems[name] = banner[1:]
                else:
                    self.members[name] = Member(name, address, surveys[number]["host"], number, banner)

    def choose(self, patterns: Iterable[str]) -> list[str]:
        """Return the names of the boards that are meant: ``*``, an engine's number, a name, or a pattern of names.

        Raises:
            NotConnected: one means none.
        """
        chosen: dict[str, None] = {}
        for pattern in patterns:
            found = [name for name in self.members if fnmatchcase(name, pattern) or name.startswith(f"{pattern}/")]
            if not found:
                raise NotConnected(f"The fleet has no board {pattern}. %fleet lists them.")
            chosen.update(dict.fromkeys(found))
        return list(chosen)

    def run(
        self, code: str, names: Sequence[str], write: Callable[[str, str], None], *, retry: bool = True
    ) -> list[Failure]:
        """Run a cell on boards at the same time.

        Args:
            code: the cell.
            names: of the boards.
            write: gets a board's name and what it prints, as it comes.
            retry: run the cell again on the boards of an engine that was lost, by another one of their host.

        Returns:
            The boards that failed.

        Raises:
            KeyboardInterrupt: Stop was pressed; all boards were interrupted.
        """
        lost: list[str] = []
        failures = self._run_once(code, names, write, lost)
        if lost and retry and self._move(lost, write):
            again = [name for name in lost if self.members[name].engine in self.client.ids]
            rest: list[str] = []
            failures += self._run_once(code, again, write, rest)
            lost = [name for name in lost if name not in again or name in rest]
        failures += [Failure(name, "EngineLost", f"engine {self.members[name].engine} ended") for name in lost]
        return sorted(failures, key=lambda failure: list(names).index(failure.board))

    def _run_once(
        self, code: str, names: Sequence[str], write: Callable[[str, str], None], lost: list[str]
    ) -> list[Failure]:
        shares: dict[int, list[str]] = defaultdict(list)
        for name in names:
            shares[self.members[name].engine].append(name)
        failures: list[Failure] = []
        running: dict[int, Any] = {}
        stops = Stops(self.client)
        try:
            for number, share in shares.items():
                if number in self.client.ids:
                    running[number] = self.client[number].apply_async(engine.run, code, share)
                else:
                    lost += share
        except KeyboardInterrupt:
            stops.press(shares)  # one may have got its cell without our knowing
        told = dict.fromkeys(running, 0)
        while running:
            try:
                for number, result in list(running.items()):
                    result.wait(_POLL / len(running))
                    done = result.ready()
                    if done and not self._is_lost(result):
                        result.wait_for_output(CLUSTER_TIMEOUT)
                    told[number] = _tell(result.stdout, told[number], write)
                    if done:
                        del running[number]
                        if self._is_lost(result):
                            lost += shares[number]
                        else:
                            failures += _failures(result, shares[number])
                    else:
                        stops.look(number, result)
            except KeyboardInterrupt:
                if stops.pressed:
                    raise
                stops.press(running)
        if stops.pressed:
            raise KeyboardInterrupt
        return failures

    @staticmethod
    def _is_lost(result: Any) -> bool:
        return getattr(result.exception(0), "ename", "") == "EngineError"  # it comes wrapped as the engine's own error

    def _move(self, names: Sequence[str], write: Callable[[str, str], None]) -> bool:
        """Give boards of lost engines to others on their hosts; return whether any found one."""
        deadline = time.monotonic() + NEW_ENGINE_TIMEOUT
        waiting = list(names)
        moved = False
        while waiting and time.monotonic() < deadline:
            hosts: dict[str, int] = {}
            with suppress(MicroPythonError):
                for number, told in self._ask(dict.fromkeys(self.client.ids, (engine.survey,))).items():
                    hosts[told["host"]] = number
            for name in list(waiting):
                member = self.members[name]
                number = hosts.get(member.host, -1)
                if number < 0:
                    continue
                waiting.remove(name)
                said = self._ask({number: (engine.own, [(name, member.address)], self.user)})[number][name]
                if not said.startswith("!"):
                    self.members[name] = Member(name, member.address, member.host, number, said)
                    write(name, f"[engine {member.engine} was lost; the cell runs again through engine {number}]\n")
                    moved = True
            if waiting:
                time.sleep(0.5)
        return moved

    def close(self, *, for_all: bool = False) -> None:
        """Leave the cluster, which goes on; its boards are free once nobody else uses them, or at once ``for_all``."""
        with suppress(Exception):
            self._ask(dict.fromkeys(self.client.ids, (engine.release, "" if for_all else self.user)))
        self.client.close()

    def _ask(self, questions: dict[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call a function in engines at the same time; return what each answered."""
        asked = {number: self.client[number].apply_async(*call) for number, call in questions.items()}
        answers = {}
        deadline = time.monotonic() + CLUSTER_TIMEOUT
        for number, result in asked.items():
            try:
                answers[number] = result.get(timeout=max(0.1, deadline - time.monotonic()))
            except Exception as error:
                raise ConnectError(f"Engine {number} does not answer: {error}") from error
        return answers


def run_on_fleet(
    fleet: Fleet, code: str, targets: Sequence[str], write_labelled: Callable[[str, str], None], *, retry: bool = True
) -> list[Failure]:
    """Run a cell on the boards of a fleet that ``targets`` name (see ``Fleet.choose``), as ``%%fleet`` does."""
    return fleet.run(code, fleet.choose(targets or ["*"]), write_labelled, retry=retry)


def _failures(result: Any, names: Sequence[str]) -> list[Failure]:
    error = result.exception(0)
    if error is not None:  # of the engine itself: another version of this package there, for example
        return [Failure(name, type(error).__name__, str(error)) for name in names]
    return [Failure(name, *what) for name, what in result.get().items()]


def _tell(text: str, start: int, write: Callable[[str, str], None]) -> int:
    """Give the whole lines behind ``start`` to ``write``; return where they end."""
    end = text.rfind("\n") + 1
    for line in text[start:end].splitlines():
        try:
            board, said = json.loads(line)
            assert isinstance(board, str) and isinstance(said, str)
        except (ValueError, TypeError, AssertionError):
            continue  # something else in the engine printed
        write(board, said)
    return max(start, end)


class Labels:
    """Puts a name in front of each line of what several tell at the same time.

    Args:
        write: gets whole lines.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._rest: dict[str, str] = {}

    def __call__(self, name: str, text: str) -> None:
        """Take a text that a board told; the last line waits for its end."""
        whole, newline, rest = (self._rest.pop(name, "") + text).rpartition("\n")
        if newline:
            self._write("".join(f"[{name}] {line}\n" for line in whole.split("\n")))
        if rest:
            self._rest[name] = rest

    def flush(self) -> None:
        """Give the lines that have no end."""
        for name in list(self._rest):
            self(name, "\n")
