"""The chain that takes a cell's output."""

from __future__ import annotations

import pytest

from metakernel_micropython.cell.output import FilterSink, Follower, Followers, Sink, Stage, chain


class Last:
    """The end of a chain."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.closed = 0

    def feed(self, text: str) -> None:
        self.texts.append(text)

    def close(self) -> None:
        self.closed += 1


class Named:
    """A filter that writes its name behind each text, and shows its name at the end."""

    def __init__(self, name: str, problem: Exception | None = None) -> None:
        self._name, self._problem = name, problem

    def feed(self, text: str) -> str:
        return text + self._name

    def flush(self) -> str:
        if self._problem is not None:
            raise self._problem
        return self._name


def following(at: Stage, filters: Named) -> Follower:
    class Following(Follower):
        stage = at

        def open(self, following: Sink) -> Sink:
            return FilterSink(filters, following)

    return Following()


def test_text_goes_through_the_followers_in_the_order_of_the_stages_whatever_came_first() -> None:
    followers, last = Followers(), Last()
    for stage in (Stage.PLOT, Stage.STOPWATCH, Stage.CAPTURE, Stage.DISPLAY):
        followers.of_all[stage] = following(stage, Named(f" {stage.name}"))
    head = chain(followers.active(), last)
    head.feed("text")
    assert last.texts == ["text STOPWATCH DISPLAY CAPTURE PLOT"]


def test_what_is_held_goes_through_all_that_stands_behind() -> None:
    last = Last()
    head = chain([following(Stage.STOPWATCH, Named("a")), following(Stage.PLOT, Named("b"))], last)
    head.close()
    assert last.texts == ["ab", "b"]
    assert last.closed == 1


def test_a_sink_that_fails_at_the_end_leaves_none_behind_it_open() -> None:
    last = Last()
    failing = following(Stage.STOPWATCH, Named("a", OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        chain([failing, following(Stage.PLOT, Named("b"))], last).close()
    assert last.texts == ["b"]
    assert last.closed == 1


def test_what_the_cell_asked_for_takes_the_place_of_the_notebooks_setting_until_its_end() -> None:
    followers = Followers()
    setting = following(Stage.PLOT, Named("setting"))
    own = following(Stage.PLOT, Named("own"))
    followers.of_all[Stage.PLOT] = setting
    followers.of_cell[Stage.PLOT] = own
    assert followers.active() == [own]
    followers.end_cell()
    assert followers.active() == [setting]
