"""The order of a tournament, with contestants that only say what they were asked for."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.contestant import Contestant, Session
from benchmarks.errors import BenchmarkError, CannotError
from benchmarks.material import FOLDER, LARGE, RANDOM, SIZES, SMALL_FILES, SOURCE, Material
from benchmarks.measures import Measure
from benchmarks.results import Results
from benchmarks.tournament import Tournament

if TYPE_CHECKING:
    from collections.abc import Iterator


class Said(Session):
    def __init__(self, player: Player) -> None:
        self.player = player
        self.start = 1.0

    def ask(self, code: str) -> str:
        return ""

    def round_trip(self) -> float:
        return self.player.say("round trip")

    def output(self) -> float:
        return self.player.say("output")

    def write_file(self, source: Path, name: str) -> float:
        data = bytearray(source.read_bytes())
        if self.player.damages:
            data[100] ^= 1
        (self.player.board / name[1:]).write_bytes(data)
        return 0.5

    def read_file(self, name: str, target: Path) -> float:
        target.write_bytes((self.player.board / name[1:]).read_bytes())
        return 0.5


class Player(Contestant):
    title = "Player"

    def __init__(self, name: str, raises: Exception | None = None, board: Path = Path()) -> None:
        self.name = name
        self.raises = raises
        self.board = board
        self.damages = False
        self.sessions: list[list[str]] = []

    def versions(self) -> dict[str, str]:
        return {}

    @contextmanager
    def session(self) -> Iterator[Session]:
        self.sessions.append([])
        yield Said(self)

    def say(self, what: str) -> float:
        self.sessions[-1].append(what)
        if self.raises and what == "round trip":
            raise self.raises
        return 2.0


@pytest.fixture
def material(tmp_path: Path) -> Material:
    (tmp_path / "board").mkdir()
    return Material(tmp_path, tmp_path / "board")


ROUND_TRIP = Measure("round-trip", "", lambda session, _: session.round_trip(), "s", float, count=3)
OUTPUT = Measure("output", "", lambda session, _: session.output(), "s", float, warm=False)


def play(player: Player, material: Material, rounds: int = 2) -> Results:
    results = Results()
    Tournament("line", [player], [ROUND_TRIP, OUTPUT], material, results).run(rounds)
    return results


def test_a_round_goes_before_those_that_count(material: Material) -> None:
    player = Player("one")
    results = play(player, material)
    assert player.sessions == [["round trip"], *[["round trip"] * 3 + ["output"]] * 2]
    assert results.samples == {("round-trip", "one"): [2.0] * 6, ("output", "one"): [2.0] * 2}
    assert not results.missing


def test_what_it_cannot_do_is_asked_once_and_the_session_goes_on(material: Material) -> None:
    player = Player("one", CannotError("it has no ears"))
    results = play(player, material)
    assert player.sessions == [["round trip"], ["output"], ["output"]]
    assert results.missing == {("round-trip", "one"): "it has no ears"}
    assert results.samples == {("output", "one"): [2.0] * 2}


@pytest.mark.parametrize("kind", [BenchmarkError, ValueError])
def test_after_a_failure_a_new_session_does_the_rest(material: Material, kind: type[Exception]) -> None:
    player = Player("one", kind("it fell"))
    results = play(player, material)
    assert player.sessions == [["round trip"], ["round trip"], ["output"], ["round trip"], ["output"]]
    assert results.missing == {("round-trip", "one"): "failed in one round or more: it fell"}
    assert results.samples == {("output", "one"): [2.0] * 2}


def test_what_takes_long_is_done_once(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.tournament.ONCE", -1.0)
    assert play(Player("one"), material).samples == {("round-trip", "one"): [2.0], ("output", "one"): [2.0]}


def test_the_material_is_real_text_and_the_same_each_time(tmp_path: Path, material: Material) -> None:
    made = tmp_path / "material"
    assert {name: (made / name).stat().st_size for name in SIZES} == SIZES
    assert b"\ndef " in (made / SOURCE).read_bytes()
    assert len([path for path in (made / FOLDER).rglob("*") if path.is_file()]) == SMALL_FILES
    again = tmp_path / "again"
    again.mkdir()
    Material(again, tmp_path / "board")
    for name in (SOURCE, RANDOM, LARGE):
        assert (again / "material" / name).read_bytes() == (made / name).read_bytes()


def test_a_damaged_file_is_a_failure_and_not_a_time(tmp_path: Path, material: Material) -> None:
    player = Player("one", board=tmp_path / "board")
    session = Said(player)
    assert material.write(session, SOURCE) == 0.5
    assert material.read(session, SOURCE) == 0.5
    player.damages = True
    with pytest.raises(BenchmarkError, match=r"source\.py arrived damaged"):
        material.write(session, SOURCE)
