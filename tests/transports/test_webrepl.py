from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metakernel_micropython.errors import ConnectError, LineBusy, LineLost
from metakernel_micropython.transports import (
    ConnectionOptions,
    Transport,
    open_transport,
    parse,
    webrepl,
    websocket_handshake,
)

from ..boards import in_background
from ..webrepl_server import PASSWORD, BoardBehind, Quirks, WebReplServer
from .conftest import linux_only, read_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., WebReplServer]
    Keep = Callable[[Transport], Transport]

GREETING = b"WebREPL connected\r\n>>> "


@pytest.fixture
def serve(behind: BoardBehind) -> Iterator[Serve]:
    with ExitStack() as stack:

        def begin(tls: ssl.SSLContext | None = None, **quirks: Any) -> WebReplServer:
            server = WebReplServer(behind, Quirks(**quirks), tls)
            stack.callback(server.close)
            return server

        yield begin


def connected(server: WebReplServer, keep: Keep) -> Transport:
    line = keep(open_transport(server.address, ConnectionOptions(password=PASSWORD)))
    assert read_until(line, b">>> ") == GREETING
    return line


def wait_for(condition: Callable[[], object], timeout: float = 10) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


# -- a session ---------------------------------------------------------------------------------------------------------


def test_the_password_opens_the_line_and_bytes_pass_both_ways(serve: Serve, closing: Keep) -> None:
    server = serve()
    line = connected(server, closing)
    assert line.read(0.05) == b""
    line.write(b"\r\x03\x01")
    read_until(line, b"raw REPL; CTRL-B to exit\r\n>")
    line.write(b"print(6*7)\x04")
    assert read_until(line, b"\x04>") == b"OK42\r\n\x04\x04>"
    assert server.passwords == [PASSWORD.encode()]


@pytest.mark.parametrize("binary", [False, True])
def test_frames_need_not_be_text(serve: Serve, closing: Keep, binary: bool) -> None:
    server = serve(binary=binary, frame=1)
    line = connected(server, closing)
    data = b"R\x01\x80\x00\x01\xff" + "ä€".encode()
    server.say(data)
    assert read_until(line, data) == data


def test_small_writes_do_not_wait_for_each_other(serve: Serve, closing: Keep) -> None:
    line = connected(serve(), closing)
    assert line._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # type: ignore[attr-defined]


def test_a_write_that_is_longer_than_the_boards_buffer_arrives_whole(serve: Serve, closing: Keep) -> None:
    server = serve(takes_every=0.02)
    line = connected(server, closing)
    data = bytes(32 + number % 90 for number in range(2000))
    line.write(data)
    wait_for(lambda: len(server.seen) >= len(data))
    assert server.seen == data
    line.write(b"\x03")


def test_the_server_of_these_tests_drops_what_has_no_room_as_boards_do(
    serve: Serve, closing: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrepl, "BURST", 1_000_000)
    server = serve(takes_every=0.5)
    line = connected(server, closing)
    line.write(b"x" * 2000 + b"\x03")
    line.write(b"\x03")
    time.sleep(0.7)
    assert 0 < len(server.seen) < 2000


def test_what_raw_paste_has_on_its_way_is_not_slowed_down(serve: Serve, closing: Keep) -> None:
    line = connected(serve(), closing)
    start = time.monotonic()
    for _ in range(10):
        line.write(b"\x03" * 256)
    assert time.monotonic() - start < 10 * webrepl.BURST_PAUSE


def test_a_write_of_nothing_sends_nothing(serve: Serve, closing: Keep) -> None:
    server = serve()
    connected(server, closing).write(b"")
    assert server.seen == b""


def test_pings_are_answered(serve: Serve, closing: Keep) -> None:
    server = serve()
    line = connected(server, closing)
    ended = in_background(lambda: line.read())
    assert server.ping()
    line.close()
    assert isinstance(ended(), LineLost)


# -- how it ends -------------------------------------------------------------------------------------------------------


def test_closing_wakes_the_reader_and_says_goodbye_in_the_way_that_boards_understand(
    serve: Serve, closing: Keep
) -> None:
    server = serve()
    line = connected(server, closing)
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    start = time.monotonic()
    line.close()
    assert isinstance(ended(), LineLost)
    assert time.monotonic() - start < 3
    wait_for(lambda: server.closed_by)
    assert server.closed_by == [b""]
    for action in (lambda: line.read(1), lambda: line.write(b"x")):
        with pytest.raises(LineLost, match="is closed"):
            action()
    line.close()


def test_who_closes_can_connect_again_at_once(serve: Serve, closing: Keep) -> None:
    server = serve()
    for _ in range(5):
        connected(server, closing).close()
    assert server.sessions == 5


def test_the_end_of_the_connection_is_told_with_the_address_after_the_last_words(serve: Serve, closing: Keep) -> None:
    server = serve()
    line = connected(server, closing)
    server.say(b"last words")
    server.drop()
    assert read_until(line, b"words") == b"last words"
    with pytest.raises(LineLost, match=f"^The line to {line.address} is gone: the board closed it"):
        line.read(5)


@linux_only
def test_connections_leave_nothing_behind(serve: Serve, closing: Keep) -> None:
    server = serve(takes_every=0)

    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    connected(server, closing).close()
    wait_for(lambda: server.current is None)
    time.sleep(0.3)
    before = held()
    for number in range(15):
        line = connected(server, closing)
        ended = in_background(lambda line=line: line.read()) if number % 2 else None  # type: ignore[misc]
        line.close()
        if ended:
            ended()
        with pytest.raises(ConnectError):
            open_transport(server.address, ConnectionOptions(password="wrong"))
    wait_for(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))


# -- frames, without a server: the other end of a socket ---------------------------------------------------------------


@pytest.fixture
def pair(listener: socket.socket, closing: Keep) -> tuple[webrepl.WebReplLine, socket.socket]:
    connection = socket.create_connection(listener.getsockname())
    line = webrepl.WebReplLine(parse("ws://board"), connection)
    closing(line)
    other, _ = listener.accept()
    other.settimeout(10)
    return line, other


TEXT, BINARY, CLOSE, PING = b"\x81", b"\x82", b"\x88", b"\x89"


def test_a_frame_may_arrive_byte_by_byte(pair: tuple[Transport, socket.socket]) -> None:
    line, other = pair
    with other:
        for byte in TEXT + b"\x05hello" + b"\x82\x7e\x00\x03abc":
            other.sendall(bytes([byte]))
            time.sleep(0.005)
        assert read_until(line, b"abc") == b"helloabc"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 40))
def test_frames_are_joined_wherever_they_were_split(payloads: list[bytes], size: int) -> None:
    left, right = socket.socketpair() if os.name == "nt" else _tcp_pair()
    line = webrepl.WebReplLine(parse("ws://board"), left)
    sent = b""
    for payload in payloads:
        length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
        sent += TEXT + length + payload
    with right:
        for at in range(0, len(sent), size):
            right.sendall(sent[at : at + size])
        right.sendall(CLOSE + b"\x00")
        heard = b""
        with suppress(LineLost):
            while True:
                heard += line.read(10)
        assert heard == b"".join(payloads)
        right.close()
        line.close()


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        left = socket.create_connection(server.getsockname())
        right, _ = server.accept()
        right.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return left, right


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (CLOSE + b"\x02\x03\xe8", "the board closed it"),
        (CLOSE + b"\x00" + TEXT + b"\x01x", "the board closed it"),
        (b"\x83\x01x", "no WebSocket frame"),
        (b"\xc1\x01x", "no WebSocket frame"),  # compressed, which nobody offered
        (TEXT + b"\x7f" + (1 << 40).to_bytes(8, "big"), "too long"),
        (CLOSE + b"\x01x", "no WebSocket frame"),
    ],
)
def test_the_end_and_nonsense_are_told_after_what_came_before(
    pair: tuple[Transport, socket.socket], frames: bytes, says: str
) -> None:
    line, other = pair
    with other:
        other.sendall(TEXT + b"\x05hello" + frames)  # the connection stays open
        assert read_until(line, b"hello") == b"hello"
        for _ in range(2):
            with pytest.raises(LineLost, match=says):
                line.read(10)


def test_after_a_write_that_was_given_up_the_frames_are_still_whole(
    pair: tuple[Transport, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrepl, "BURST", 1_000_000_000)
    monkeypatch.setattr(webrepl, "_FRAME", 60_000)
    line, other = pair
    with other:
        with pytest.raises(LineBusy):
            line.write(b"x" * 50_000_000, 0.3)
        heard = bytearray()

        def read() -> None:
            while not heard.endswith(b"END"):
                heard.extend(other.recv(1 << 20))
                if len(heard) > 8 and heard[-9] == 0x81 and heard[-8] == 0x83:
                    mask, text = heard[-7:-3], heard[-3:]
                    heard[-3:] = bytes(a ^ b for a, b in zip(text, mask, strict=False))

        done = in_background(read)
        line.write(b"END", 10)
        assert done() is None
        at, sizes = 0, []
        while at < len(heard):
            assert heard[at] == 0x81, "a frame starts where the one before it ends"
            size, start = heard[at + 1] & 0x7F, at + 6
            if size == 126:
                size, start = int.from_bytes(heard[at + 2 : at + 4], "big"), at + 8
            sizes.append(size)
            at = start + size
        assert sizes[-1] == 3
        assert set(sizes[:-1]) == {60_000}


# -- what does not open ------------------------------------------------------------------------------------------------


def refusal(address: str, **options: Any) -> str:
    with pytest.raises(ConnectError) as caught:
        open_transport(address, ConnectionOptions(**{"password": PASSWORD, **options}))
    return str(caught.value)


@pytest.mark.parametrize(("password", "hint"), [("wrong-pw", False), ("a-long-wrong-password", True), ("", False)])
def test_a_wrong_password_is_denied_and_not_repeated(serve: Serve, password: str, hint: bool) -> None:
    server = serve()
    says = refusal(server.address, password=password)
    assert says.startswith(f"The WebREPL at {server.address} did not accept the password.")
    assert ("9 bytes" in says) is hint
    assert not password or password not in says
    wait_for(lambda: server.current is None)


@pytest.mark.parametrize("early", [False, True])
def test_a_second_client_is_told_that_there_is_another(serve: Serve, closing: Keep, early: bool) -> None:
    server = serve(drops_early=early)
    line = connected(server, closing)
    says = refusal(server.address)
    assert "one client at a time" in says
    assert server.address in says
    assert b"Concurrent WebREPL connection" in read_until(line, b"rejected")


def test_other_servers_are_told_apart(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrepl, "LOGIN_TIMEOUT", 0.5)
    assert "hello, I am a chat" in refusal(serve(asks=False).address)
    for status in (200, 301, 404, 500):
        assert "no WebREPL" in (says := refusal(serve(status=status).address)) or "not as a WebREPL" in says
    assert "HTTP status 404" in refusal(serve(status=404).address)


def test_a_board_that_says_nothing_to_the_password_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrepl, "LOGIN_TIMEOUT", 0.5)
    assert "said nothing when it got the password" in refusal(serve(answers=False).address)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (b"", "one client at a time"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not as a WebREPL"),
        (b"\xff\xfe\r\n\r\n", "not as a WebREPL"),
        (b"HTTP/1.0 200 OK\r\n\r\n<base href=/>", "HTTP status 200"),  # what boards answer to a browser
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "not as a WebREPL"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", "not as a WebREPL"),
    ],
)
def test_what_is_no_websocket_is_told_apart(listener: socket.socket, said: bytes, hint: str) -> None:
    def answer() -> None:
        other, _ = listener.accept()
        with other:
            other.recv(4096)
            other.sendall(said)

    done = in_background(answer)
    says = refusal(f"ws://127.0.0.1:{listener.getsockname()[1]}")
    assert hint in says
    assert done() is None


@pytest.mark.parametrize("drip", [b"", b"x", b"HTTP/1.1 404 No\r\nContent-Length: 99999999\r\n\r\n"])
def test_a_server_that_never_comes_to_the_point_is_given_up_at_the_deadline(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, drip: bytes
) -> None:
    monkeypatch.setattr(websocket_handshake, "CONNECT_TIMEOUT", 0.5)
    other: list[socket.socket] = []

    def drop_by_drop() -> None:
        end = time.monotonic() + 5
        other.append(listener.accept()[0])
        with suppress(OSError):
            other[0].sendall(drip)
            while drip and time.monotonic() < end:
                other[0].sendall(b"x")
                time.sleep(0.05)

    done = in_background(drop_by_drop)
    start = time.monotonic()
    says = refusal(f"ws://127.0.0.1:{listener.getsockname()[1]}")
    assert "did not answer in time" in says or (drip.startswith(b"HTTP") and "HTTP status 404" in says)
    assert time.monotonic() - start < 3
    done()
    other[0].close()


def test_a_port_that_nobody_serves_refuses() -> None:
    assert refusal("ws://127.0.0.1:1").startswith("ws://127.0.0.1:1 refused the connection: no WebREPL")


def test_a_host_that_does_not_exist_is_said_to_be_unknown() -> None:
    assert "no host of that name" in refusal("ws://no-such-board.invalid")


# -- where the password comes from -------------------------------------------------------------------------------------


def test_the_environment_may_have_the_password(serve: Serve, closing: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(webrepl.PASSWORD_VARIABLE, PASSWORD)
    server = serve()
    closing(open_transport(server.address)).close()
    closing(open_transport(server.address, ConnectionOptions(password=lambda _: pytest.fail("asked")))).close()
    assert "did not accept" in refusal(server.address, password="typed")  # what is typed goes first


def test_a_person_is_asked_when_the_board_asks(serve: Serve, closing: Keep) -> None:
    server, asked = serve(), []

    def answer(address: str) -> str:
        asked.append(address)
        return PASSWORD

    closing(open_transport(server.address, ConnectionOptions(password=answer)))
    assert asked == [server.address]
    assert "refused" in refusal("ws://127.0.0.1:1", password=lambda _: pytest.fail("asked"))


@pytest.mark.parametrize("nobody", [None, lambda _: None])
def test_where_nobody_can_be_asked_the_ways_to_give_it_are_named(serve: Serve, nobody: Any) -> None:
    says = refusal(serve().address, password=nobody)
    assert "Board.connect(..., password=...)" in says
    assert webrepl.PASSWORD_VARIABLE in says


def test_who_stops_at_the_question_leaves_no_session(serve: Serve) -> None:
    def stop(_: str) -> str:
        raise KeyboardInterrupt

    server = serve()
    with pytest.raises(KeyboardInterrupt):
        open_transport(server.address, ConnectionOptions(password=stop))
    wait_for(lambda: server.current is None)


def test_a_password_with_a_line_end_is_refused_before_the_board_sees_it(serve: Serve) -> None:
    server = serve()
    says = refusal(server.address, password="abc\ndef")
    assert "control character" in says
    assert "abc" not in says
    assert server.passwords == []


def test_a_password_is_in_no_repr(serve: Serve, closing: Keep) -> None:
    line = connected(serve(), closing)
    assert PASSWORD not in repr(ConnectionOptions(password=PASSWORD)) + repr(line) + line.address
    assert line.secrets == (PASSWORD,)  # type: ignore[attr-defined]


# -- after a restart ---------------------------------------------------------------------------------------------------


def test_a_line_that_does_not_come_back_says_what_the_board_has_to_do(serve: Serve, closing: Keep) -> None:
    server = serve()
    line = connected(server, closing)
    server.close()
    start = time.monotonic()
    with pytest.raises(ConnectError, match=r"did not come back within 1 s .* boot\.py has to .* refused"):
        line.reopen(1)  # type: ignore[attr-defined]
    assert time.monotonic() - start < 5


def test_a_password_that_changed_meanwhile_is_not_tried_again_and_again(serve: Serve, closing: Keep) -> None:
    server = serve()
    line = connected(server, closing)
    server.quirks.password = "other"
    server.drop()
    with pytest.raises(LineLost):
        line.read(10)
    with pytest.raises(ConnectError, match="did not accept"):
        line.reopen(5)  # type: ignore[attr-defined]
    assert len(server.passwords) == 2


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but its maker trusts, and its key."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "board")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_a_trusted_certificate_opens_the_line(
    serve: Serve,
    closing: Keep,
    tls: ssl.SSLContext,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server = serve(tls, frame=20_000)
    line = connected(server, closing)
    data = os.urandom(300_000) + b"<end>"
    saying = in_background(lambda: server.say(data))
    assert read_until(line, b"<end>") == data
    assert saying() is None
    line.write(b"\r\x03\x01")
    read_until(line, b"raw REPL; CTRL-B to exit\r\n>")
    ended = in_background(lambda: line.read())
    time.sleep(0.05)
    line.close()
    assert isinstance(ended(), LineLost)


def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Serve, tls: ssl.SSLContext) -> None:
    server = serve(tls)
    says = refusal(server.address)
    assert "self-signed certificate" in says.replace("self signed", "self-signed")
    assert "SSL_CERT_FILE" in says
    assert server.passwords == []


def test_a_server_without_tls_is_told(serve: Serve) -> None:
    assert "ws:// in place of wss://" in refusal(serve().address.replace("ws:", "wss:"))
