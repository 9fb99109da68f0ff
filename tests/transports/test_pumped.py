"""RFC 2217, against pyserial's own server; and the pump below it, which Windows ports use too, against terminals."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import serial
import serial.rfc2217

from metakernel_micropython.errors import ConnectError, LineBusy, LineLost
from metakernel_micropython.transports import ConnectionOptions, Transport, open_transport
from metakernel_micropython.transports.pump import PumpedLine

from ..boards import in_background
from .conftest import Terminal

Keep = Callable[[Transport], Transport]

pytestmark = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning", "ignore:setName:DeprecationWarning")

ALL_BYTES = bytes(range(256))


class Server:
    """A serial port behind RFC 2217 that gives back what it is sent (``loop://``)."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        self.port = serial.serial_for_url("loop://", timeout=0.05)
        self.connection: socket.socket | None = None
        self.thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        self.thread.start()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.connection, _ = listener.accept()
            lock = threading.Lock()

            class Out:
                @staticmethod
                def write(data: bytes) -> None:
                    assert self.connection is not None
                    with lock:
                        self.connection.sendall(data)

            manager = serial.rfc2217.PortManager(self.port, Out)

            def back() -> None:
                with contextlib.suppress(OSError, serial.SerialException):
                    while self.port.is_open:
                        data = self.port.read(self.port.in_waiting or 1)
                        if data:
                            Out.write(b"".join(manager.escape(data)))

            threading.Thread(target=back, daemon=True).start()
            while data := self.connection.recv(1024):
                self.port.write(b"".join(manager.filter(data)))

    def end(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
        self.port.close()


@pytest.fixture
def server(listener: socket.socket) -> Iterator[Server]:
    made = Server(listener)
    yield made
    made.end()


def _read(line: Transport, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = line.read(5)
        assert part, got
        got += part
    return got


def test_every_byte_passes_rfc2217_unchanged(server: Server, closing: Keep) -> None:
    line = closing(open_transport(server.address, ConnectionOptions(baud=9600)))
    line.write(ALL_BYTES * 4)
    assert _read(line, 1024) == ALL_BYTES * 4
    assert server.port.baudrate == 9600
    assert line.read(0.1) == b""


def test_control_lines_reach_the_port_behind_rfc2217(server: Server, closing: Keep) -> None:
    closing(open_transport(server.address, ConnectionOptions(dtr=False, rts=False)))
    assert (server.port.dtr, server.port.rts) == (False, False)


def test_the_end_of_an_rfc2217_server_is_told(server: Server, closing: Keep) -> None:
    line = closing(open_transport(server.address))
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    server.end()
    error = ended()
    assert isinstance(error, LineLost)
    assert server.address in str(error)


def test_closing_rfc2217_wakes_the_reader(server: Server) -> None:
    line = open_transport(server.address)
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    line.close()
    assert isinstance(ended(), LineLost)
    with pytest.raises(LineLost):
        line.write(b"x")


def test_a_plain_tcp_port_is_no_rfc2217_server(listener: socket.socket) -> None:
    address = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}?timeout=0.3"
    with pytest.raises(ConnectError, match="not as an RFC 2217 server"):
        open_transport(address)


def test_a_refused_rfc2217_connection_is_a_sentence(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(ConnectError, match="refused the connection"):
        open_transport(f"rfc2217://127.0.0.1:{port}")


def _pumped(terminal: Terminal) -> PumpedLine:
    return PumpedLine(terminal.device, serial.Serial(terminal.device, timeout=None, exclusive=True))


def test_a_pumped_port_carries_bytes_both_ways(terminal: Terminal, closing: Keep) -> None:
    line = closing(_pumped(terminal))
    line.write(ALL_BYTES)
    assert os.read(terminal.master, 999) == ALL_BYTES
    os.write(terminal.master, ALL_BYTES)
    assert _read(line, 256) == ALL_BYTES
    assert line.read(0.05) == b""


def test_closing_a_pumped_port_wakes_the_reader_and_frees_it_at_once(terminal: Terminal) -> None:
    for _ in range(10):
        line = _pumped(terminal)
        ended = in_background(lambda line=line: line.read())
        line.close()
        assert isinstance(ended(), LineLost)


def test_a_pumped_port_that_does_not_read_is_busy_and_takes_up_again(terminal: Terminal, closing: Keep) -> None:
    line = closing(_pumped(terminal))
    with pytest.raises(LineBusy):
        line.write(b"x" * 1_000_000, 0.3)
    os.set_blocking(terminal.master, False)
    time.sleep(0.2)
    with contextlib.suppress(BlockingIOError):
        while os.read(terminal.master, 65536):
            pass
    line.write(b"again", 5)
    os.set_blocking(terminal.master, True)
    assert b"again" in os.read(terminal.master, 65536)


def test_closing_a_pumped_port_that_does_not_read_does_not_hang(terminal: Terminal) -> None:
    line = _pumped(terminal)
    ended = in_background(lambda: line.write(b"x" * 1_000_000, 60))
    time.sleep(0.2)
    line.close()
    assert isinstance(ended(), LineLost)


def test_a_pumped_port_that_vanishes_is_lost(terminal: Terminal, closing: Keep) -> None:
    line = closing(_pumped(terminal))
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    terminal.unplug()
    error = ended()
    assert isinstance(error, LineLost)
    assert terminal.device in str(error)
    with pytest.raises(LineLost):
        line.write(b"x")
