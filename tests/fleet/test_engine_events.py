"""What an engine's boards say, as lines on the way to the notebook."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.fleet.engine_events import EventReport, deliver


class Page:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def write(self, name: str, stream: str, text: str) -> None:
        self.told.append(("write", name, stream, text))

    def display(self, name: str, data: dict[str, Any]) -> None:
        self.told.append(("display", name, data))

    def hold(self, name: str, stream: str, text: str) -> None:
        self.told.append(("hold", name, stream, text))

    def end(self, name: str) -> None:
        self.told.append(("end", name))

    def text(self, name: str, stream: str = "stdout") -> str:
        return "".join(one[3] for one in self.told if one[:3] == ("write", name, stream))


def delivered(lines: list[str]) -> Page:
    page = Page()
    text = "".join(line + "\n" for line in lines)
    assert deliver(text, 0, page, lambda: None) == len(text)
    return page


@given(
    pieces=st.lists(
        st.tuples(st.sampled_from("ab"), st.text(st.characters(exclude_characters="\r", codec="utf-8"), max_size=30)),
        max_size=30,
    ),
    cut=st.integers(1, 40),
)
def test_every_character_arrives_in_order(pieces: list[tuple[str, str]], cut: int) -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 100_000)
    for name, text in pieces:
        report.write(name, "stdout", text)
    for name in "ab":
        report.end(name)
    page, text, at = Page(), "".join(line + "\n" for line in lines), 0
    assert all("\n" not in line for line in lines)
    for end in [*range(cut, len(text), cut), len(text)]:  # it comes in pieces
        at = deliver(text[:end], at, page, lambda: None)
    for name in "ab":
        assert page.text(name) == "".join(said for whose, said in pieces if whose == name)


def test_of_a_bar_only_the_end_is_sent() -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 10_000)
    for done in range(1000):
        report.write("a", "stdout", f"\r{done} of 1000")
    report.write("a", "stdout", "\r" + " " * 20 + "\rSent x.py\n")
    report.end("a")
    assert delivered(lines).text("a") == "Sent x.py\n"
    assert sum(map(len, lines)) < 200


def test_a_board_that_says_too_much_is_cut_and_the_rest_is_counted() -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 1000)
    for number in range(1000):
        report.write("a", "stdout", f"line {number:4}\n")
    report.write("b", "stdout", "short\n")
    report.hold("a", "stdout", "x" * 5000)
    report.end("a")
    page = delivered(lines)
    assert page.text("a").startswith("line    0\nline    1\n")
    assert len(page.text("a")) <= 1001
    assert page.text("a", "stderr") == "[9000 characters more were left out: 1000 of each board are shown]\n"
    assert page.text("b") == "short\n"
    (held,) = [one for one in page.told if one[0] == "hold"]
    assert held[3] == "x" * 1000 + "\n[4000 characters more]"


def test_a_picture_that_is_too_large_is_left_out_and_told() -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 1000)
    report.display("a", {"text/plain": "<png>", "image/png": "x" * 5000})
    report.write("a", "stdout", "after\n")
    report.end("a")
    page = delivered(lines)
    assert not [one for one in page.told if one[0] == "display"]
    assert "characters more were left out" in page.text("a", "stderr")
    assert page.text("a") == "after\n"


def test_a_line_without_an_end_is_sent_after_a_while(monkeypatch: Any) -> None:
    monkeypatch.setattr("metakernel_micropython.fleet.engine_events.PATIENCE", 0.0)
    lines: list[str] = []
    report = EventReport(lines.append, 1000)
    report.write("a", "stdout", "12% ")
    assert lines == []
    report.look()
    assert delivered(lines).text("a") == "12% "


def test_nothing_is_sent_after_the_end() -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 1000)
    report.close()
    report.write("a", "stdout", "late\n")
    report.hold("a", "stdout", "1")
    assert lines == []


def test_what_something_else_printed_is_no_event() -> None:
    odd = [
        "noise",
        "[]",
        "[1, 2]",
        '["close", "a"]',
        '["__class__", "a"]',
        '["write", "a"]',
        "null",
        '["write", 3, 4, 5]',
    ]
    page = delivered([*odd, '["write", "a", "stdout", "x\\n"]'])
    assert page.told == [("write", "a", "stdout", "x\n")]


def test_texts_are_shown_as_people_are_to_see_them() -> None:
    lines: list[str] = []
    report = EventReport(lines.append, 1000, lambda text: text.replace("/tmp/copy", "proj"))
    report.write("a", "stdout", "Synced /tmp/copy\n")
    assert delivered(lines).text("a") == "Synced proj\n"
