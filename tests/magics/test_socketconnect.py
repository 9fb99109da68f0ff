"""%socketconnect."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..front_end import Jupyter


def test_a_board_behind_a_port_is_connected(plain: Jupyter, microbit_address: str) -> None:
    port = microbit_address.rpartition(":")[2]
    text = plain.do(f"%socketconnect 127.0.0.1 {port}").stdout
    assert text.startswith(f"Connected to {microbit_address}: MicroPython v")
    assert plain.do("6*7").value == "42"
    plain.do("%disconnect")
    assert "a raw line" in plain.do(f"%socketconnect --raw 127.0.0.1 {port}").stdout
    assert plain.fail("1").name == "NotConnected"
    plain.do("%disconnect")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_hosts_may_be_of_the_newer_kind(plain: Jupyter, host: str) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with listener:
        port = listener.getsockname()[1]
        assert f"Connected to socket://[::1]:{port}" in plain.do(f"%socketconnect {host} {port} --raw").stdout
        plain.do("%disconnect --raw")


@pytest.mark.parametrize(
    ("command", "name", "hint"),
    [
        ("%socketconnect", "MagicError", "usage: %socketconnect"),
        ("%socketconnect 127.0.0.1", "MagicError", "port"),
        ("%socketconnect 127.0.0.1 1", "ConnectError", "refused"),
        ("%socketconnect 127.0.0.1 http", "AddressError", "between 1 and 65535"),
        ("%socketconnect 127.0.0.1 0", "AddressError", "between 1 and 65535"),
        ("%socketconnect no-such-host.invalid 1", "ConnectError", "no host of that name"),
    ],
)
def test_what_is_wrong_is_told(plain: Jupyter, command: str, name: str, hint: str) -> None:
    error = plain.fail(command)
    assert error.name == name
    assert hint in error.value
    assert "Traceback" not in error.text
