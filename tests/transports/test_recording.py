"""What a recording holds, and which files are none."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.board import Board
from metakernel_micropython.errors import ConnectError
from metakernel_micropython.transports import recording
from metakernel_micropython.transports.recorder import Recorder, open_log
from metakernel_micropython.transports.recording import Event, RecordingProblem, load
from metakernel_micropython.transports.tap import FROM_BOARD, MASK, TO_BOARD, Tap

HEADER = recording.header("2026-11-28T12:00:00+01:00", "a test")
END = '{"t": 9, "event": "end"}\n'


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "board.jsonl"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_line_is_recorded_with_all_that_went_over_it(virtual_address: str, tmp_path: Path) -> None:
    path = tmp_path / "board.jsonl"
    tap, recorder = Tap(), Recorder(path)
    tap.add(recorder)
    with Board.connect(virtual_address, tap=tap) as board:
        board.execute("print('h\xe9llo', '\\xff')")
        board.execute("__import__('sys').stdout.buffer.write(b'\\xff\\x00')")
    recorder.close()
    recorder.close()
    recorder.note(1.0, TO_BOARD, b"too late")
    assert not recorder.problem
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["format"] == "micropython-recording"
    assert lines[0]["version"] == 1
    assert [line["event"] for line in lines[1:]][:: len(lines) - 2] == ["open", "end"]
    events = load(path)
    assert (events[0].kind, events[0].text, events[-1].kind) == ("open", virtual_address, "closed")
    sent = b"".join(event.data for event in events if event.kind == recording.SENT)
    received = b"".join(event.data for event in events if event.kind == recording.RECEIVED)
    assert "print('héllo'".encode() in sent
    assert "OKhéllo ÿ\r\n\x04\x04>".encode() in received
    assert b"OK\xff\x00" in received
    times = [event.seconds for event in events]
    assert times == sorted(times)


@given(st.binary(max_size=300), st.booleans())
def test_every_byte_comes_back(data: bytes, sent: bool) -> None:
    kind = recording.SENT if sent else recording.RECEIVED
    line = Event(1.5, kind, data).encoded()
    assert line.count("\n") == 1
    told = json.loads(line)
    assert told["t"] == 1.5
    assert ("text" in told) != ("base64" in told)


def test_long_pieces_become_several_events(tmp_path: Path) -> None:
    path = tmp_path / "board.jsonl"
    recorder = Recorder(path)
    data = bytes(range(256)) * 1024
    recorder.note(0, FROM_BOARD, data)
    recorder.note(0, TO_BOARD, b"\x01" * 200_000)
    recorder.close()
    events = load(path)
    assert b"".join(event.data for event in events if event.kind == recording.RECEIVED) == data
    assert b"".join(event.data for event in events if event.kind == recording.SENT) == b"\x01" * 200_000
    assert max(len(event.data) for event in events) == recording.LONGEST_PIECE


def test_what_is_hidden_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "board.jsonl"
    recorder = Recorder(path)
    recorder.note(0, TO_BOARD, MASK)
    recorder.note(0, TO_BOARD, b"***")
    recorder.close()
    assert [(event.secret, event.data) for event in load(path)] == [(True, b""), (False, b"***")]


# -- where it is written -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    Recorder(tmp_path / "board.jsonl").close()
    assert stat.S_IMODE((tmp_path / "board.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["kept", "{}", '{"format": "other"}\n', "[" * 3000, "\0", '"micropython-recording"'])
def test_what_is_no_recording_is_not_overwritten(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConnectError, match=r"board\.jsonl is no recording, and is not overwritten"):
        open_log(path)
    assert path.read_text() == text
    open_log(path, replace=True).close()
    assert load(path) == []


@pytest.mark.parametrize("text", ["", HEADER, HEADER + "cut"])
def test_a_recording_is_replaced_by_the_next(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    Recorder(path).close()
    assert load(path) == []


def test_an_earlier_recorder_of_the_same_file_writes_no_more(tmp_path: Path) -> None:
    earlier = Recorder(tmp_path / "board.jsonl")
    later = Recorder(tmp_path / "." / "board.jsonl")
    later.note(0, TO_BOARD, b"later")
    earlier.note(0, TO_BOARD, b"earlier" * 50)
    earlier.close()
    later.close()
    assert [event.data for event in load(tmp_path / "board.jsonl")] == [b"later"]


def test_a_file_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="cannot be written"):
        open_log(tmp_path / "none" / "board.jsonl")
    with pytest.raises(ConnectError):
        open_log(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_ends_the_recording_and_nothing_else(virtual_address: str) -> None:
    tap = Tap()
    recorder = Recorder(Path("/dev/full"))
    tap.add(recorder)
    with Board.connect(virtual_address, tap=tap) as board:
        assert board.evaluate("6*7") == 42
    assert "space" in recorder.problem
    recorder.close()


def test_a_line_that_has_no_room_is_left_out_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "board.jsonl")
    recorder.note(0, TO_BOARD, b"first")
    real = recorder._file

    class Full:
        close, truncate = real.close, real.truncate
        written = 0

        @property
        def closed(self) -> bool:
            return real.closed

        def write(self, data: bytes) -> int:
            if self.written:
                raise OSError(28, "No space left on device")
            self.written = real.write(data[:10])
            return self.written

    monkeypatch.setattr(recorder, "_file", Full())
    recorder.note(0, TO_BOARD, b"second")
    recorder.close()
    assert recorder.problem == "No space left on device"
    assert [event.data for event in load(recorder.path, partial=True)] == [b"first"]
    assert recorder.path.read_bytes().endswith(b"}\n")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 2, len(END), len(END) + 1, len(END) + 20])
def test_a_recording_that_was_cut_is_refused_but_as_far_as_it_goes(tmp_path: Path, cut: int) -> None:
    events = Event(1, recording.OPEN, text="virtual").encoded() + Event(2, recording.SENT, b"x" * 30).encoded()
    whole = HEADER + events + END
    path = written(tmp_path, whole[: len(whole) - cut])
    with pytest.raises(RecordingProblem, match=r"was cut: its end is missing") as problem:
        load(path)
    assert f"replay:{path}?partial=1" in str(problem.value)
    kinds = [event.kind for event in load(path, partial=True)]
    assert kinds == (["open", "sent"] if cut <= len(END) else ["open"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no recording"),
        ("hello\n", "is no recording"),
        (b"\x7fELF" + bytes(5000), "is no recording"),
        ("[" * 100_000, "is no recording"),
        (HEADER.replace('"version": 1', '"version": 2') + END, "of version 2"),
        (HEADER.replace('"version": 1', '"version": true') + END, "of version that is no number"),
        (HEADER + "what\n" + END, "its line 2 is no JSON"),
        (HEADER + "\xff\n" + END, "its line 2 is no JSON"),
        (HEADER + "[" * 900_000 + "\n" + END, "its line 2 is no JSON"),
        (HEADER + "[]\n" + END, "its line 2 is no event"),
        (HEADER + '{"t": NaN, "event": "open"}\n' + END, "its line 2 is no event"),
        (HEADER + '{"t": -1, "event": "open"}\n' + END, "its line 2 is no event"),
        (HEADER + '{"t": "1", "event": "open"}\n' + END, "its line 2 is no event"),
        (HEADER + '{"t": 1, "event": 2}\n' + END, "its line 2 is no event"),
        (HEADER + '{"t": 1, "event": "open", "address": 2}\n' + END, "its line 2 is no event"),
        (HEADER + '{"t": 1, "event": "sent"}\n' + END, "its line 2 has no bytes"),
        (HEADER + '{"t": 1, "event": "sent", "text": 1}\n' + END, "its line 2 has no bytes"),
        (HEADER + '{"t": 1, "event": "sent", "text": "\\ud800"}\n' + END, "its line 2 has no bytes"),
        (HEADER + '{"t": 1, "event": "sent", "base64": "%"}\n' + END, "its line 2 has no bytes"),
        (HEADER + '{"t": 2, "event": "open"}\n{"t": 1, "event": "open"}\n' + END, "its line 3 goes back in time"),
        (HEADER + "x" * (recording.LONGEST_LINE + 1), "its line 2 is longer than 1024 KiB"),
    ],
    ids=lambda value: str(value)[:30] if len(str(value)) < 30 else None,
)
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    path = written(tmp_path, text if isinstance(text, bytes) else text.encode("latin-1"))
    for partial in (False, True):
        with pytest.raises(RecordingProblem) as problem:
            load(path, partial=partial)
        assert says in str(problem.value)
        assert "board.jsonl" in str(problem.value)
        assert len(str(problem.value)) < 400 + len(str(path))


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER)
    with path.open("r+b") as file:
        file.truncate(1 << 34)  # 16 GiB, none of which are on the disk
    with pytest.raises(RecordingProblem, match="is longer than"):
        load(path)


def test_a_recording_of_many_lines_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HEADER + Event(1, recording.OPEN, text="x").encoded() * 100 + END)
    assert len(load(path)) == 100
    monkeypatch.setattr(recording, "MOST_EVENTS", 50)
    with pytest.raises(RecordingProblem, match="more than 50 events"):
        load(path)
    monkeypatch.setattr(recording, "LARGEST", 1000)
    with pytest.raises(RecordingProblem, match="too much to replay"):
        load(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingProblem, match="cannot be read: No such file"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(RecordingProblem, match="it is no file"):
        load(tmp_path)
    with pytest.raises(RecordingProblem, match="cannot be read"):
        load(Path("a\0b"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RecordingProblem, match="it is no file"):
        load(tmp_path / "fifo")


def test_events_and_keys_of_later_software_are_left_aside(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEADER + '{"t": 1, "event": "weather", "rain": true}\n{"t": 2, "event": "closed", "x": 1}\n' + END
    )
    assert [event.kind for event in load(path)] == ["closed"]
