"""The protocol alone: recorded and generated conversations, split in every way."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from metakernel_micropython.board.protocol.capabilities import CHUNK
from metakernel_micropython.board.protocol.control_bytes import CTRL_C, CTRL_D, RAW_PASTE_REQUEST
from metakernel_micropython.board.protocol.events import Done, Event, LateEnd, Output, Ready, Rebooted, Started, State
from metakernel_micropython.board.protocol.firmware_output import RAW_BANNER
from metakernel_micropython.board.protocol.repl import Repl
from metakernel_micropython.errors import SourceError

ATTACH = b"\r\n>>> \r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>"
LONG = b"print('" + b"x" * 400 + b"')"
TRACEBACK = (
    b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\n'
    b"ZeroDivisionError: divide by zero\r\n"
)
# Recorded from a micro:bit with MicroPython 1.9.2 that ran machine.reset().
MICROBIT_RESET = (
    b"\x00MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822\r\n"
    b'Type "help()" for more information.\r\n>>> '
)
ESP32_RESET = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
    b"configsip: 0, SPIWP:0xee\r\n"
)
# What timers, threads and programs print: 0x04 and ">" among it, but nothing that is a mark of the protocol.
PRINTED = st.binary(max_size=40).map(lambda data: data.replace(b"\x04", b"").replace(b"OK", b"").replace(b"R", b""))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *at], [*at, len(data)], strict=True)]


def joined(events: list[Event]) -> list[Event]:
    """The events with neighbouring outputs as one: what no split may change."""
    result: list[Event] = []
    for event in events:
        if isinstance(event, Output) and result and isinstance(result[-1], Output):
            result[-1] = Output(result[-1].data + event.data)
        else:
            result.append(event)
    return result


def converse(repl: Repl, data: bytes, cuts: list[int]) -> list[Event]:
    events: list[Event] = []
    for piece in pieces(data, cuts):
        events += repl.receive(piece)
    return joined(events)


def attached(*, raw_paste: bool | None = None) -> Repl:
    repl = Repl()
    repl.send_attach()
    assert repl.receive(ATTACH)[-1] == Ready()
    repl.capabilities.raw_paste = raw_paste
    return repl


def running(source: bytes = b"pass") -> Repl:
    repl = attached(raw_paste=False)
    repl.send_source(source)
    assert repl.receive(b"OK") == [Started()]
    return repl


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(noise=st.binary(max_size=200).filter(lambda data: RAW_BANNER not in data), cuts=CUTS)
def test_boot_noise_before_the_banner_is_output_however_it_is_split(noise: bytes, cuts: list[int]) -> None:
    repl = Repl()
    assert repl.send_attach() == b"\r\x03\x01"
    assert converse(repl, noise + b"|" + ATTACH, cuts) == [Output(noise + b"|\r\n>>> \r\n>>> \r\n"), Ready()]
    assert repl.state is State.READY


@given(output=PRINTED, traceback=st.sampled_from([b"", TRACEBACK, b"KeyboardInterrupt: \r\n", b"Stop\r\n"]), cuts=CUTS)
def test_a_short_source_goes_in_one_write_and_its_end_is_found(
    output: bytes, traceback: bytes, cuts: list[int]
) -> None:
    repl = attached()
    assert repl.send_source(b"1/0") == CTRL_C + b"1/0" + CTRL_D
    events = converse(repl, b"OK" + output + CTRL_D + traceback + CTRL_D + b">", cuts)
    assert events == [Started(), *([Output(output)] if output else []), Done(traceback)]
    assert repl.state is State.READY


# What a program prints around 0x04 and ">"; the first ones are all that the end of a program consists of.
LOOKS_ENDED = [b"\x04\x04>", b"\x04" + TRACEBACK + b"\x04>", b"\x04E: 1\r\n\x04>"]
SPEAKS_OF_ENDS = [
    b"a",
    b"\x04",
    b">",
    b"\r\n",
    b"Traceback",
    b"E: 1",
    b"\x04>x",
    b"\x04say hello\r\n\x04>",
    b"\x04E: 1\x04>",
]
ENDS = st.sampled_from([b"", TRACEBACK])


def _is_an_end(printed: bytes) -> bool:
    """Whether a program has printed all that an end consists of; told without the implementation."""
    return re.search(rb"\x04(?:|[A-Za-z_][\w.]*(?::[^\x04]*)?\r\n|Traceback [^\x04]*\r\n)\x04>", printed) is not None


@given(output=st.lists(st.sampled_from(SPEAKS_OF_ENDS), max_size=8), traceback=ENDS, cuts=CUTS)
@example(output=[b"\x04", b"\x04", b"\x04"], traceback=b"", cuts=[])
@example(output=[b"\x04say hello\r\n\x04>"], traceback=b"", cuts=list(range(20)))
@example(output=[b"\x04\xff\r\n\x04>"], traceback=TRACEBACK, cuts=[])
def test_0x04_in_the_output_is_data(output: list[bytes], traceback: bytes, cuts: list[int]) -> None:
    # A last byte that cannot be part of an end keeps the conversation unambiguous.
    printed = b"".join(output).replace(b"\x04\x04", b"\x04") + b"."
    assume(not _is_an_end(printed))
    events = converse(running(), printed + CTRL_D + traceback + CTRL_D + b">", cuts)
    assert events == [Output(printed), Done(traceback)]


@pytest.mark.parametrize(
    "between",
    [b"say hello\r\n", b"1: no name\r\n", b"\x00", b"E: no line end", b" E: 1\r\n", b"\r\n", b"(x)\r\n"],
)
def test_two_0x04_around_what_is_no_traceback_are_data(between: bytes) -> None:
    printed = b"a\x04" + between + b"\x04>b"
    for cuts in ([], list(range(40))):
        assert converse(running(), printed + b"\x04\x04>", cuts) == [Output(printed), Done(b"")]


@given(
    output=st.lists(st.sampled_from([*SPEAKS_OF_ENDS, *LOOKS_ENDED]), max_size=6),
    fake=st.sampled_from(LOOKS_ENDED),
    traceback=ENDS,
)
def test_an_end_that_the_program_prints_is_data_where_the_real_one_came_with_it(
    output: list[bytes], fake: bytes, traceback: bytes
) -> None:
    printed = b"".join(output).replace(b"\x04\x04", b"\x04") + fake + b"more."
    events = joined(running().receive(printed + CTRL_D + traceback + CTRL_D + b">"))
    assert events == [Output(printed), Done(traceback)]


@given(fake=st.sampled_from(LOOKS_ENDED), output=PRINTED, traceback=ENDS, cuts=CUTS)
def test_what_a_program_prints_behind_such_an_end_is_told_as_its_own(
    fake: bytes, output: bytes, traceback: bytes, cuts: list[int]
) -> None:
    repl = running()
    assert isinstance(joined(repl.receive(b"first" + fake))[-1], Done)
    rest = converse(repl, output + b"." + CTRL_D + traceback + CTRL_D + b">", cuts)
    assert rest == [Output(output + b"."), LateEnd(traceback)]
    assert repl.state is State.READY


@given(window=st.integers(1, 300), size=st.integers(129, 3000), noise=PRINTED, cuts=CUTS)
def test_raw_paste_sends_no_more_than_the_window_allows(window: int, size: int, noise: bytes, cuts: list[int]) -> None:
    noise = noise.replace(b"\x01", b"")
    source = b"#" * size
    repl = attached()
    assert repl.send_source(source) == CTRL_C + RAW_PASTE_REQUEST
    events = converse(repl, noise + b"R\x01" + window.to_bytes(2, "little") + b"\x01", cuts)
    assert events == ([Output(noise)] if noise else [])
    received, credit = b"", 2 * window
    while repl.sending:
        chunk = repl.data_to_send()
        assert chunk, "stuck although the board has room"
        credit -= len(chunk.removesuffix(CTRL_D))
        assert credit >= 0
        received += chunk
        if chunk.endswith(CTRL_D):
            break
        repl.receive(b"\x01")
        credit += window
    assert received == source + CTRL_D
    assert repl.data_to_send() == b""
    assert repl.receive(b"\x01" + CTRL_D + b"hi\r\n" + CTRL_D + CTRL_D + b">") == [
        Started(),
        Output(b"hi\r\n"),
        Done(b""),
    ]


@given(cuts=CUTS)
def test_a_syntax_error_during_the_send_is_answered_with_exactly_one_0x04(cuts: list[int]) -> None:
    repl = attached()
    repl.send_source(LONG)
    repl.receive(b"R\x01\x20\x00\x01")
    repl.data_to_send()
    error = b'Traceback (most recent call last):\r\n  File "<stdin>", line 1\r\nSyntaxError: invalid syntax\r\n'
    events = converse(repl, CTRL_D, cuts)
    assert repl.data_to_send() == CTRL_D
    assert repl.data_to_send() == b""
    events += converse(repl, CTRL_D + error + CTRL_D + b">", cuts)
    assert events == [Started(), Done(error)]


@given(cuts=CUTS)
def test_an_interrupt_during_raw_paste_sends_no_0x04_behind_it(cuts: list[int]) -> None:
    repl = attached()
    repl.send_source(LONG)
    repl.receive(b"R\x01\x20\x00\x01")
    repl.data_to_send()
    assert repl.send_interrupt() == (CTRL_C, [])
    repl.receive(b"\x01")
    assert repl.data_to_send() == b""
    events = converse(repl, b"\x04\x04KeyboardInterrupt: \r\n\x04>", cuts)
    assert events == [Started(), Done(b"KeyboardInterrupt: \r\n")]


def test_an_interrupt_before_raw_paste_is_granted_aborts_it_then() -> None:
    repl = attached()
    repl.send_source(LONG)
    assert repl.send_interrupt() == (b"", [])
    assert repl.receive(b"R\x01\x80\x00\x01") == []
    assert repl.data_to_send() == CTRL_C
    assert repl.data_to_send() == b""
    assert repl.receive(b"\x04\x04KeyboardInterrupt: \r\n\x04>")[-1] == Done(b"KeyboardInterrupt: \r\n")


@pytest.mark.parametrize("refusal", [b"R\x00>", b"ra", b"raw REPL; CTRL-B to exit\r\n>"])
def test_without_raw_paste_the_source_goes_in_small_chunks(refusal: bytes) -> None:
    repl = attached()
    repl.send_source(LONG)
    if refusal == b"ra":  # the start of the banner says nothing yet
        assert repl.receive(refusal) == []
        refusal = b"w REPL; CTRL-B to exit\r\n>"
    repl.receive(refusal)
    chunks = []
    while chunk := repl.data_to_send():
        chunks.append(chunk)
    assert b"".join(chunks) == LONG + CTRL_D
    assert max(map(len, chunks)) <= 33
    assert repl.receive(b"OK\x04\x04>") == [Started(), Done(b"")]
    # It is not asked again.
    assert repl.send_source(LONG) == CTRL_C + LONG[:CHUNK]
    assert repl.pause > 0


def test_an_interrupt_during_a_plain_send_ends_the_execution_without_an_answer() -> None:
    repl = attached(raw_paste=False)
    repl.send_source(LONG)
    assert repl.send_interrupt() == (CTRL_C, [Done(b"KeyboardInterrupt: \r\n")])
    assert repl.state is State.READY
    assert repl.data_to_send() == b""


@given(boot=PRINTED, cuts=CUTS, prefix=st.sampled_from([b"MPY: ", b"PYB: ", b"[MaixPy]: ", b""]))
def test_a_soft_reset_ends_with_its_own_event(boot: bytes, cuts: list[int], prefix: bytes) -> None:
    repl = attached()
    assert repl.send_soft_reset() == CTRL_C + CTRL_D
    text = b"OK\r\n" + prefix + b"soft reboot\r\n" + boot
    events = converse(repl, text + b"raw REPL; CTRL-B to exit\r\n>", cuts)
    assert events == [Output(text), Rebooted(hard=False)]
    assert repl.state is State.READY


@given(cuts=CUTS)
def test_system_exit_reboots_in_place_of_a_prompt(cuts: list[int]) -> None:
    repl = running()
    events = converse(repl, b"bye\r\n\x04\x04MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>", cuts)
    assert events == [Output(b"bye\r\n"), Output(b"MPY: soft reboot\r\n"), Rebooted(hard=False)] or events == [
        Output(b"bye\r\nMPY: soft reboot\r\n"),
        Rebooted(hard=False),
    ]


@given(cuts=CUTS, printed=PRINTED, reset=st.sampled_from([MICROBIT_RESET, ESP32_RESET]))
def test_a_hard_reset_in_the_middle_of_a_program_is_seen(cuts: list[int], printed: bytes, reset: bytes) -> None:
    repl = running()
    events = converse(repl, printed + reset, cuts)
    assert Rebooted(hard=True) in events
    assert repl.state is State.UNKNOWN


def test_printing_about_a_reboot_is_not_a_reboot() -> None:
    repl = running()
    text = b'MPY: soft reboot\r\nraw REPL\r\nMicroPython v1\r\nType "help()"\r\n>>> x\r\n'
    assert repl.receive(text + b"\x04\x04>") == [Output(text), Done(b"")]


def test_output_between_executions_is_output() -> None:
    repl = attached()
    assert repl.receive(b"tick\r\n") == [Output(b"tick\r\n")]
    assert repl.state is State.READY


@given(
    data=st.binary(max_size=400), cuts=CUTS, state=st.sampled_from(["unknown", "ready", "running", "paste", "plain"])
)
def test_no_input_raises_and_no_split_changes_the_meaning(data: bytes, cuts: list[int], state: str) -> None:
    def fresh() -> Repl:
        if state == "unknown":
            return Repl()
        if state == "running":
            return running()
        repl = attached(raw_paste={"paste": None, "plain": False, "ready": None}[state])
        if state != "ready":
            repl.send_source(LONG)
        return repl

    whole, split = fresh(), fresh()
    assert joined(whole.receive(data)) == converse(split, data, cuts)
    assert whole.state is split.state


@pytest.mark.parametrize("byte", [1, 2, 3, 4])
def test_a_source_with_a_command_byte_is_refused_with_its_line(byte: int) -> None:
    with pytest.raises(SourceError, match=rf"Line 2 holds the control character 0x0{byte}"):
        attached().send_source(b"ok\n'" + bytes([byte]) + b"'")
