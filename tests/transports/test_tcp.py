import socket
import time
from collections.abc import Callable

import pytest

from metakernel_micropython.errors import ConnectError, LineBusy, LineLost
from metakernel_micropython.transports import Transport, open_transport

from ..boards import in_background
from .conftest import Microbit, read_until

Keep = Callable[[Transport], Transport]


def _pair(listener: socket.socket) -> tuple[Transport, socket.socket]:
    line = open_transport(f"socket://127.0.0.1:{listener.getsockname()[1]}")
    other, _ = listener.accept()
    return line, other


def test_bytes_pass_both_ways_and_what_came_first_is_kept(listener: socket.socket, closing: Keep) -> None:
    line, other = _pair(listener)
    closing(line)
    with other:
        other.sendall(b"first")
        assert line.read(5) == b"first"
        line.write(b"\x01\x03\x04")
        assert other.recv(99) == b"\x01\x03\x04"
        assert line.read(0.05) == b""


def test_small_writes_do_not_wait_for_each_other(listener: socket.socket, closing: Keep) -> None:
    line, other = _pair(listener)
    closing(line)
    with other:
        assert line._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # type: ignore[attr-defined]


def test_the_end_of_the_connection_is_told_with_the_address(listener: socket.socket, closing: Keep) -> None:
    line, other = _pair(listener)
    closing(line)
    ended = in_background(lambda: line.read())
    other.close()
    error = ended()
    assert isinstance(error, LineLost)
    assert line.address in str(error)


def test_what_was_sent_before_the_end_is_read_first(listener: socket.socket, closing: Keep) -> None:
    line, other = _pair(listener)
    closing(line)
    other.sendall(b"last words")
    other.close()
    assert line.read(5) == b"last words"
    with pytest.raises(LineLost):
        line.read(5)


def test_closing_wakes_the_reader_and_tells_the_other_side(listener: socket.socket) -> None:
    line, other = _pair(listener)
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    line.close()
    assert isinstance(ended(), LineLost)
    with other:
        other.settimeout(5)
        assert other.recv(1) == b""


def test_what_was_written_last_arrives_after_close_also_with_bytes_unread(listener: socket.socket) -> None:
    line, other = _pair(listener)
    with other:
        other.sendall(b"nobody reads this")
        time.sleep(0.1)
        line.write(b"\x03\x02")
        line.close()
        other.settimeout(5)
        assert other.recv(9) == b"\x03\x02"
        assert other.recv(9) == b""


def test_a_side_that_does_not_read_is_busy_within_the_deadline(listener: socket.socket, closing: Keep) -> None:
    line, other = _pair(listener)
    closing(line)
    with other, pytest.raises(LineBusy):
        line.write(b"x" * 50_000_000, 0.3)


def test_a_port_that_nobody_serves_refuses(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(ConnectError, match=rf"^socket://127.0.0.1:{port} refused the connection\."):
        open_transport(f"socket://127.0.0.1:{port}")


def test_a_host_that_does_not_exist_is_said_to_be_unknown() -> None:
    with pytest.raises(ConnectError, match="no host of that name"):
        open_transport("socket://no-such-host.invalid:1")


def test_a_name_that_no_network_can_carry_is_a_connect_error() -> None:
    with pytest.raises(ConnectError):
        open_transport(f"socket://{'a' * 70}.invalid:1")


def test_a_host_that_does_not_answer_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    from metakernel_micropython.transports import tcp

    monkeypatch.setattr(tcp, "CONNECT_TIMEOUT", 0.3)
    # A listener whose queue is full lets further connections wait, as an unreachable host would.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(where)
            time.sleep(0.1)
            with pytest.raises(ConnectError, match="did not answer in time"):
                open_transport(f"socket://127.0.0.1:{where[1]}")
        finally:
            for one in waiting:
                one.close()


def test_the_microbit_answers_and_its_end_is_told(microbit_on_tcp: Microbit, closing: Keep) -> None:
    line = closing(open_transport(microbit_on_tcp.address))
    line.write(b"\r\x03")
    read_until(line, b">>> ")
    line.write(b"\x01")
    read_until(line, b"raw REPL; CTRL-B to exit\r\n>")
    line.write(b"print(6*7)\x04")
    assert read_until(line, b"\x04>").endswith(b"OK42\r\n\x04\x04>")
    line.write(b"while True: pass\x04")
    read_until(line, b"OK")
    time.sleep(0.3)  # while it compiles, Ctrl-C is data
    line.write(b"\x03")
    assert b"KeyboardInterrupt" in read_until(line, b"\x04>")
    ended = in_background(lambda: line.read())
    microbit_on_tcp.unplug()
    assert isinstance(ended(), LineLost)
