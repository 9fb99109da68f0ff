"""The reset by a bridge's modem lines. A pseudo-terminal has none, so what would be set is written down."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from metakernel_micropython.transports import open_transport, serial

from .conftest import Terminal, posix_only


@posix_only
@pytest.mark.parametrize(
    ("vid", "pid", "resets"), [(0x10C4, 0xEA60, True), (0x303A, 0x1001, True), (0x2E8A, 0x0005, False)]
)
def test_a_bridges_lines_reset_the_board_and_rest_again(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, vid: int, pid: int, resets: bool
) -> None:
    port = SimpleNamespace(
        device=terminal.device, vid=vid, pid=pid, serial_number=None, manufacturer=None, product=None
    )
    monkeypatch.setattr(list_ports, "comports", lambda: [port])
    line = open_transport(terminal.device)
    levels: list[tuple[bool | None, bool | None]] = []
    monkeypatch.setattr(serial, "_set_lines", lambda _fd, dtr, rts: levels.append((dtr, rts)))
    assert line.pulse_reset() is resets
    # RTS alone pulls EN; both equal is the idle state.
    assert levels == ([(False, True), (True, True)] if resets else [])
    line.close()


def test_a_line_without_modem_lines_resets_nothing() -> None:
    pytest.importorskip("wasmtime")
    line = open_transport("virtual")
    assert line.pulse_reset() is False
    line.close()
