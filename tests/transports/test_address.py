import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.errors import AddressError
from metakernel_micropython.transports import Address, parse
from metakernel_micropython.transports.address import SCHEMES


@pytest.mark.parametrize(
    ("typed", "scheme", "target", "text"),
    [
        ("/dev/ttyUSB0", "serial", "/dev/ttyUSB0", "/dev/ttyUSB0"),
        (
            "/dev/serial/by-id/usb-a_b-if00",
            "serial",
            "/dev/serial/by-id/usb-a_b-if00",
            "/dev/serial/by-id/usb-a_b-if00",
        ),
        ("  /tmp/a link \n", "serial", "/tmp/a link", "/tmp/a link"),
        ("COM5", "serial", "COM5", "COM5"),
        ("com12", "serial", "COM12", "COM12"),
        (r"\\.\com12", "serial", "COM12", "COM12"),  # one port, one name
        ("auto", "auto", "", "auto"),
        ("AUTO", "auto", "", "auto"),
        ("id:E6614C311B7E6F35", "id", "E6614C311B7E6F35", "id:E6614C311B7E6F35"),
        ("2E8A:0005", "usb", "2e8a:0005", "2e8a:0005"),
        ("socket://pi:2000", "socket", "socket://pi:2000", "socket://pi:2000"),
        ("ws://192.168.4.1", "ws", "ws://192.168.4.1:8266", "ws://192.168.4.1:8266"),
        ("WS://[::1]:80/", "ws", "ws://[::1]:80", "ws://[::1]:80"),
        ("wss://board.local", "wss", "wss://board.local:8266", "wss://board.local:8266"),
        ("Socket://[::1]:2000/", "socket", "socket://[::1]:2000", "socket://[::1]:2000"),
        ("rfc2217://pi:4000?ign_set_control&timeout=5", "rfc2217", None, "rfc2217://pi:4000?ign_set_control&timeout=5"),
        ("exec:ssh -t pi 'micro python'", "exec", "ssh -t pi 'micro python'", "exec:ssh -t pi 'micro python'"),
        ("virtual", "virtual", "", "virtual"),
        ("virtual:~/board files", "virtual", "~/board files", "virtual:~/board files"),
    ],
)
def test_every_form_is_read(typed: str, scheme: str, target: str | None, text: str) -> None:
    address = parse(typed)
    assert (address.scheme, address.target, str(address)) == (scheme, text if target is None else target, text)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "An empty text"),
        ("sokcet://h:1", 'did you mean "socket://h:1"'),
        ("ttyUSB0", 'did you mean "/dev/ttyUSB0"'),
        ("COM5:", 'did you mean "COM5"'),
        ("viritual", 'did you mean "virtual"'),
        ("2e8a:5", 'did you mean "2e8a:0005"'),
        ("id:", "the serial number is missing"),
        ("exec:  ", "the command is missing"),
        ("exec:''", "the command is missing"),
        ("exec:sh 'x", "no closing quotation"),
        ("socket://host", "the port is missing"),
        ("socket://:5", "the host is missing"),
        ("socket://host:0", "between 1 and 65535"),
        ("socket://host:65536", "between 1 and 65535"),
        ("socket://host:http", "between 1 and 65535"),
        ("socket://host:5/path", "nothing may follow the port"),
        ("socket://host:5?logging=debug", "there is no option"),
        ("rfc2217://host:5?poll_moden", "did you mean poll_modem"),
        ("rfc2217://host:5?timeout=never", "timeout cannot be"),
        ("virtual:", "the folder is missing"),
        ("ws://", "the host is missing"),
        ("ws://host:0", "between 1 and 65535"),
        ("wss://host/board", "nothing may follow the port"),
        ("ws://user@host", "goes into --password"),
        ("http://192.168.4.1:8266", "an address is one of"),
        ("/dev/", "a folder"),
        ("COM0", "an address is one of"),
        ("/dev/tty\0", "control character"),
        ("/dev/\ud800", "half a character"),
        ("x" * 9999, "too long"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason_and_all_forms(typed: str, says: str) -> None:
    with pytest.raises(AddressError, match=re.escape(says)) as caught:
        parse(typed)
    for scheme in SCHEMES.values():
        assert scheme.form in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "typed",
    [
        "socket://user:s3cret@host:1",
        "rfc2217://user:s3cret@host",
        "ws://:s3cret@host:8266",
        "wss://user:s3/cret s3cret@host",
        "user:s3cret@192.168.4.1",
        "sokcet://user:s3cret@host:1",
    ],
)
def test_a_password_is_in_no_message(typed: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(typed)
    assert "s3" not in str(caught.value)


def test_a_password_in_a_command_is_run_but_not_shown() -> None:
    address = parse("exec:tool http://user:s3cret@host/")
    assert "s3cret" in address.target
    assert "s3cret" not in str(address) + repr(address)


@given(st.text())
def test_no_text_raises_anything_but_an_address_error(text: str) -> None:
    try:
        address = parse(text)
    except AddressError:
        return
    assert isinstance(address, Address)


_START = st.sampled_from(["", "/", "COM", "id:", "exec:", "virtual:", "socket://", "rfc2217://", "ws://", "\\\\.\\"])
_REST = st.text(alphabet=st.sampled_from("abC019:/?@[]%. '\"\\~=&#_-\t\xb2\uff1a\u2100")) | st.text()


@given(_START, _REST)
def test_what_an_address_says_of_itself_is_the_same_address(start: str, rest: str) -> None:
    try:
        address = parse(start + rest)
    except AddressError:
        return
    assert str(parse(str(address))) == str(address)
    if "***@" not in str(address):
        assert parse(str(address)) == address


@given(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True), st.integers(-5, 70000))
def test_a_port_is_taken_when_it_exists(host: str, port: int) -> None:
    if 1 <= port <= 65535:
        assert str(parse(f"socket://{host}:{port}")) == f"socket://{host}:{port}"
    else:
        with pytest.raises(AddressError):
            parse(f"socket://{host}:{port}")


def test_importing_the_package_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = {"serial", "pexpect", "wasmtime", "subprocess", "socket", "platformdirs"}
    code = f"import sys, metakernel_micropython.transports; print(sorted({heavy!r} & set(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "[]"
