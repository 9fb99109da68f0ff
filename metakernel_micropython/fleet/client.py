"""Boards on many machines, through ipyparallel: the notebook's side (``engine`` is the other).

An engine owns boards of its host; where a host has several engines, they share its boards. A board's name is that of
its engine's number and its port, as in ``2/ttyACM0``.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..errors import ConnectError, MicroPythonError, NotConnected
from ..transports.port_scan import natural
from . import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..host.mpy_compiler import Target

CONTROLLER_TIMEOUT = 15.0
"""Seconds that a cluster has to be there: one that is being started writes its connection file meanwhile."""

CLUSTER_TIMEOUT = 60.0
"""Seconds that the cluster has to answer, and its boards to connect."""

SURVEY_TIMEOUT = 10.0
"""Seconds that an engine has to say what it is: one that runs another notebook's cell says nothing."""

NEW_ENGINE_TIMEOUT = 15.0
"""Seconds that a host has to bring another engine for the boards of one that was lost."""

PART = 4 * 1024 * 1024
"""Bytes of files that go to a host in one message."""


@dataclass(frozen=True)
class Member:
    """A board of the fleet.

    Attributes:
        name: as in ``2/ttyACM0``.
        address: on its host.
        host: where it is plugged in.
        engine: the engine that has it now.
        banner: what its prompt says it is.
        state: what it does, in words.
        free: bytes of its memory that are free; None where it does not tell.
        loads: the .mpy files that it loads; None for none.
    """

    name: str
    address: str
    host: str
    engine: int
    banner: str = ""
    state: str = ""
    free: int | None = None
    loads: Target | None = None


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
        notebook: who it is, see ``engine.own``.
        members: the boards that are connected, by name.
        problems: what was not connected, with the reason.
        silent: the engines that did not say what they are: they are at work.
        virtual: number of virtual boards for each engine, in place of those on its ports.
    """

    client: Any
    notebook: dict[str, Any]
    members: dict[str, Member] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    silent: list[int] = field(default_factory=list)
    virtual: int = 0
    _known: set[int] = field(default_factory=set)  # the engines that were asked for their boards

    def gather(self, *, take: bool = False) -> None:
        """Have every engine connect to its share of the boards of its host.

        Args:
            take: whether other notebooks lose those that they have.

        Raises:
            ConnectError: no engine answers.
        """
        before = dict(self.members)
        self.members.clear()
        self.problems.clear()
        self._gather(list(self.client.ids), before, take=take)

    def gather_new(self) -> dict[int, list[str]]:
        """Connect to the boards of engines that have joined; return their names by engine."""
        new = [number for number in self.client.ids if number not in self._known]
        if not new:
            return {}
        before = dict(self.members)
        self._gather(new, before, take=False)
        return {
            number: [name for name, one in self.members.items() if one.engine == number and name not in before]
            for number in new
        }

    def _gather(self, numbers: list[int], before: dict[str, Member], *, take: bool) -> None:
        surveys = self._ask(dict.fromkeys(numbers, (engine.survey,)), SURVEY_TIMEOUT, silent=True)
        self.silent = [number for number in numbers if number not in surveys]
        if not surveys:
            raise ConnectError("No engine of the cluster answers: they may run cells of other notebooks.")
        self._known.update(surveys)
        shares: dict[int, list[tuple[str, str]]] = {number: [] for number in surveys}
        hosts: dict[str, list[int]] = defaultdict(list)
        for number, told in surveys.items():
            hosts[told["host"]].append(number)
        for host, engines in hosts.items():
            had = [one for one in before.values() if one.host == host and one.engine in self.client.ids]
            for one in had:  # they stay where they are
                if one.engine in shares:
                    shares[one.engine].append((one.name, one.address))
            if self.virtual:
                for number in engines:
                    names = [f"{number}/virtual{i}" for i in range(self.virtual)]
                    shares[number] += [(name, "virtual") for name in names if name not in before]
                continue
            taken = {one.address for one in had}
            for position, port in enumerate(port for port in surveys[engines[0]]["ports"] if port not in taken):
                number = engines[position % len(engines)]
                shares[number].append((f"{number}/{port.rpartition('/')[2]}", port))
        questions = {number: (engine.own, share, self.notebook, take) for number, share in shares.items() if share}
        for number, said in self._ask(questions, CLUSTER_TIMEOUT).items():
            for name, address in shares[number]:
                self._note(name, address, surveys[number]["host"], number, said[name])

    def _note(self, name: str, address: str, host: str, number: int, said: dict[str, Any]) -> bool:
        """Keep what an engine says of a board; return whether that is connected."""
        if "problem" in said:
            self.problems[name] = said["problem"]
            return False
        self.members[name] = Member(name, host=host, engine=number, **{**said, "address": address})
        return True

    def choose(self, patterns: Iterable[str]) -> list[str]:
        """Return the names of the boards that are meant: ``*`` or ``all``, an engine's number, a name, or a pattern.

        Raises:
            NotConnected: one means none.
        """
        chosen: dict[str, None] = {}
        for pattern in patterns:
            wanted = "*" if pattern == "all" else pattern
            found = [name for name in self.members if fnmatchcase(name, wanted) or name.startswith(f"{wanted}/")]
            if not found:
                raise NotConnected(f"The fleet has no board {pattern}. %fleet lists them.")
            chosen.update(dict.fromkeys(found))
        return sorted(chosen, key=natural)

    def send(self, digests: Sequence[str], content: Callable[[str], bytes], names: Iterable[str]) -> int:
        """Bring contents to the hosts of boards, to each host what it lacks.

        Args:
            digests: of the contents.
            content: returns one.
            names: of the boards.

        Returns:
            The bytes that were sent.

        Raises:
            ConnectError: an engine does not answer.
        """
        hosts: dict[str, int] = {}
        for name in names:
            one = self.members[name]
            if one.engine in self.client.ids:
                hosts[one.host] = one.engine
        if not digests or not hosts:
            return 0
        sent = 0
        lacking = self._ask({number: (engine.missing, list(digests)) for number in hosts.values()}, CLUSTER_TIMEOUT)
        for number, missing in lacking.items():
            part: list[bytes] = []
            for position, digest in enumerate(missing):
                part.append(content(digest))
                if position == len(missing) - 1 or sum(map(len, part)) >= PART:
                    self._ask({number: (engine.keep, part)}, CLUSTER_TIMEOUT)
                    sent += sum(map(len, part))
                    part = []
        return sent

    def move(self, names: Sequence[str], tell: Callable[[str, str], object]) -> list[str]:
        """Give boards of lost engines to others on their hosts; return the boards that found one.

        Args:
            names: the boards.
            tell: called with a board's name and what became of it.
        """
        deadline = time.monotonic() + NEW_ENGINE_TIMEOUT
        waiting = list(names)
        moved: list[str] = []
        while waiting and time.monotonic() < deadline:
            hosts: dict[str, int] = {}
            with suppress(MicroPythonError):
                questions = dict.fromkeys(self.client.ids, (engine.survey,))
                for number, told in self._ask(questions, SURVEY_TIMEOUT, silent=True).items():
                    hosts[told["host"]] = number
            for name in list(waiting):
                member = self.members[name]
                number = hosts.get(member.host, -1)
                if number < 0:
                    continue
                waiting.remove(name)
                share = [(name, member.address)]
                said = self._ask({number: (engine.own, share, self.notebook)}, CLUSTER_TIMEOUT)[number][name]
                if self._note(name, member.address, member.host, number, said):
                    tell(name, f"[engine {member.engine} was lost; the cell runs again through engine {number}]")
                    moved.append(name)
            if waiting:
                time.sleep(0.5)
        return moved

    def close(self) -> None:
        """Leave the cluster, which goes on; the boards of this notebook are free."""
        with suppress(Exception):
            questions = dict.fromkeys(self.client.ids, (engine.release, self.notebook["user"]))
            self._ask(questions, SURVEY_TIMEOUT, silent=True)
        self.client.close()

    def _ask(self, questions: dict[int, tuple[Any, ...]], timeout: float, *, silent: bool = False) -> dict[int, Any]:
        """Call a function in engines at the same time; return what each answered.

        Args:
            questions: function and arguments by engine.
            timeout: seconds for all.
            silent: leave out those that do not answer.

        Raises:
            ConnectError: one does not answer.
        """
        asked = {number: self.client[number].apply_async(*call) for number, call in questions.items()}
        answers = {}
        deadline = time.monotonic() + timeout
        for number, result in asked.items():
            try:
                answers[number] = result.get(timeout=max(0.1, deadline - time.monotonic()))
            except Exception as error:
                if silent:
                    continue
                raise ConnectError(f"Engine {number} does not answer: {error}") from error
        return answers
