"""%websocketconnect, %connect ws://... and the password, in a kernel."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking import BlockingKernelClient

from ..webrepl_server import PASSWORD, WebReplServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

    Answer = Callable[[dict[str, Any]], None]

VARIABLE = "MICROPYTHON_WEBREPL_PASSWORD"


@pytest.fixture
def kernel(plain: Jupyter) -> Iterator[Jupyter]:
    yield plain
    plain.run("%disconnect")


def answering(kernel: Jupyter, answer: str, asked: list[dict[str, Any]]) -> dict[str, Any]:
    """Options of a cell whose front end answers a question."""

    def hook(message: dict[str, Any]) -> None:
        asked.append(message["content"])
        kernel.client.input(answer)

    return {"allow_stdin": True, "stdin_hook": hook}


@pytest.mark.parametrize(
    "command",
    [
        "%connect ws://127.0.0.1:{port} --password {password}",
        "%connect --password={password} WS://127.0.0.1:{port}/",
        "%websocketconnect ws://127.0.0.1:{port} --password {password}",
        "%websocketconnect 127.0.0.1:{port} --password '{password}'",
        "%websocketconnect --password={password} ws://127.0.0.1:{port}",
    ],
)
def test_a_webrepl_is_connected(kernel: Jupyter, server: WebReplServer, command: str) -> None:
    text = kernel.do(command.format(port=server.port, password=PASSWORD)).stdout
    assert text.startswith(f"Connected to {server.address}: MicroPython v")
    assert text.count("MicroPython v") == 1
    assert kernel.do("x = 6\nx*7").value == "42"
    assert kernel.do("%disconnect").stdout == f"Disconnected from {server.address}.\n"


def test_verbose_and_raw(kernel: Jupyter, server: WebReplServer) -> None:
    command = f"%websocketconnect {server.address} --password {PASSWORD}"
    assert "WebREPL connected" in kernel.do(command + " --verbose").stdout
    assert "a raw line" in kernel.do(command + " --raw").stdout
    assert kernel.fail("1").name == "NotConnected"


def test_the_older_kernels_address_is_the_default(kernel: Jupyter) -> None:
    assert "ws://192.168.4.1:8266" in kernel.do("%websocketconnect --help").stdout
    assert kernel.complete("%websocketconnect w") == ["%websocketconnect ws://192.168.4.1:8266"]
    assert kernel.complete("%websocketconnect --p") == ["%websocketconnect --password"]
    assert "ws://HOST" in kernel.do("%connect --help").stdout


def test_a_long_cell_and_much_output_arrive_whole(kernel: Jupyter, server: WebReplServer) -> None:
    server.quirks.frame = 1024
    kernel.do(f"%connect {server.address} --password {PASSWORD}")
    assert kernel.do("n = 0\n" + "n += 1  # twenty kB of it\n" * 800 + "n").value == "800"
    assert len(kernel.do("for n in range(1024): print('x' * 1023)").stdout) == 1024 * 1024


def test_stop_reaches_the_board(kernel: Jupyter, server: WebReplServer) -> None:
    kernel.do(f"%connect {server.address} --password {PASSWORD}\nkept = 3")
    assert kernel.run("print('runs')\nwhile True: pass", stop_at="runs").error.name == "KeyboardInterrupt"
    assert kernel.do("kept").value == "3"


# -- resets ------------------------------------------------------------------------------------------------------------


def test_reboot_connects_again_without_a_question(kernel: Jupyter, server: WebReplServer) -> None:
    kernel.do(f"%connect {server.address} --password {PASSWORD}\nx = 1")
    assert "soft reboot" in kernel.do("%reboot").stdout
    assert kernel.fail("x").name == "NameError"
    assert server.passwords == [PASSWORD.encode()] * 2


def test_a_cell_that_resets_the_board_says_so_and_the_next_one_works(kernel: Jupyter, server: WebReplServer) -> None:
    kernel.do(f"%connect {server.address} --password {PASSWORD}\nx = 1")
    reply = kernel.run("print('before')\nraise SystemExit")
    assert reply.error.name == "BoardReset"
    assert "variables are gone" in reply.error.value
    assert reply.stdout.startswith("before\n")
    assert kernel.complete("whil") == ["while"]  # nobody waits for the board to complete a name
    assert kernel.do("6*7").value == "42"
    assert kernel.fail("x").name == "NameError"


def test_stop_ends_the_wait_for_a_board_that_stays_away(kernel: Jupyter, server: WebReplServer) -> None:
    server.quirks.away = None
    kernel.do(f"%connect {server.address} --password {PASSWORD}")
    assert kernel.fail("raise SystemExit").name == "BoardReset"
    reply = kernel.run("1", stop_at_start=1.0)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 10


def test_a_lost_connection_comes_back_without_a_question(kernel: Jupyter, server: WebReplServer) -> None:
    asked: list[dict[str, Any]] = []
    kernel.do(f"%connect {server.address}", **answering(kernel, PASSWORD, asked))
    kernel.do("x = 7")
    server.drop()
    time.sleep(0.3)
    reply = kernel.do("x", **answering(kernel, PASSWORD, asked))
    assert reply.value == "7"
    assert "connected again" in reply.stderr
    assert len(asked) == 1


def test_the_wait_for_a_lost_connection_can_be_stopped(kernel: Jupyter, server: WebReplServer) -> None:
    kernel.do(f"%connect {server.address} --password {PASSWORD}")
    server.close()
    time.sleep(0.3)
    reply = kernel.run("1", stop_at_start=1.0)
    assert reply.error.name == "KeyboardInterrupt"
    assert "waiting for the board" in reply.stderr
    assert f"{server.address}  lost:" in kernel.do("%boards").stdout


def test_a_hard_reboot_connects_again(kernel: Jupyter, server: WebReplServer) -> None:
    kernel.do(f"%connect {server.address} --password {PASSWORD}")
    kernel.do("x = 7")
    assert kernel.do("%reboot --hard\n'x' in globals()").value == "False"


# -- the password ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["%connect {}", "%websocketconnect {}"])
def test_a_person_is_asked_without_an_echo(kernel: Jupyter, server: WebReplServer, command: str) -> None:
    asked: list[dict[str, Any]] = []
    reply = kernel.do(command.format(server.address), **answering(kernel, PASSWORD, asked))
    assert [question["password"] for question in asked] == [True]
    assert server.address in asked[0]["prompt"]
    assert PASSWORD not in json.dumps([reply.messages, reply.content])
    kernel.do("%reboot", allow_stdin=True)
    assert kernel.do("1+1").value == "2"
    assert len(asked) == 1


def test_the_question_can_be_stopped(kernel: Jupyter, server: WebReplServer) -> None:
    reply = kernel.run(
        f"%connect {server.address}", allow_stdin=True, stdin_hook=lambda _: kernel.manager.interrupt_kernel()
    )
    assert reply.error.name == "KeyboardInterrupt"
    kernel.do(f"%connect {server.address} --password {PASSWORD}")


def test_a_wrong_answer_is_denied(kernel: Jupyter, server: WebReplServer) -> None:
    reply = kernel.run(f"%connect {server.address}", **answering(kernel, "wr0ng", []))
    assert "did not accept the password" in reply.error.value
    assert "wr0ng" not in json.dumps([reply.messages, reply.content])


def test_where_nobody_can_be_asked_the_ways_are_named(kernel: Jupyter, server: WebReplServer) -> None:
    error = kernel.fail(f"%connect {server.address}")
    assert error.name == "ConnectError"
    assert "--password" in error.value
    assert VARIABLE in error.value


def test_the_environment_may_have_it(start: Start, server: WebReplServer) -> None:
    kernel = start({VARIABLE: PASSWORD, "MICROPYTHON_BOARD": server.address})
    reply = kernel.do("6*7")  # the setting connects at the first cell
    assert f"Connected to {server.address}" in reply.stdout
    assert reply.value == "42"
    assert PASSWORD not in json.dumps([reply.messages, reply.content])


def test_the_board_of_the_setting_asks_at_the_first_cell(start: Start, server: WebReplServer) -> None:
    kernel = start({"MICROPYTHON_BOARD": server.address})
    assert "--password" in kernel.fail("6*7").value
    asked: list[dict[str, Any]] = []
    assert kernel.do("6*7", **answering(kernel, PASSWORD, asked)).value == "42"
    assert len(asked) == 1


def test_a_password_is_nowhere_to_be_seen(start: Start, server: WebReplServer, tmp_path: Path) -> None:
    kernel = start({"JUPYTER_DATA_DIR": str(tmp_path / "data"), "HOME": str(tmp_path)})
    seen: list[Any] = []
    for cell in (
        "%trace on",
        f"%connect {server.address} --password {PASSWORD} --verbose --log wire.log\nprint('in')",
        f"# again\n%websocketconnect {server.address} --password={PASSWORD} --raw",
        f"%connect {server.address} --password '{PASSWORD} --raw",
        f"%connect {server.address} --password wrong {PASSWORD}",
        f"%connect {server.address} --pasword {PASSWORD}",
        f"%connect ws://:{PASSWORD}@127.0.0.1:{server.port}",
        f"%websocketconnect :{PASSWORD}@127.0.0.1:{server.port}",
        f"%connect {server.address} --password {PASSWORD}",
        "%connect_info",
        "%boards",
        "%reboot",
        "1/0",
        "raise SystemExit",
        "1",
        "%disconnect",
    ):
        reply = kernel.run(cell)
        seen += [reply.messages, reply.content]
    seen.append(kernel.client.history(reply=True, hist_access_type="tail", n=100, timeout=10)["content"])
    assert "--password ***" in json.dumps(seen[-1])
    kernel.manager.shutdown_kernel()
    assert PASSWORD not in json.dumps(seen)
    told = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "wire.log" for path in told)
    for path in told:
        if path.suffix != ".ipynb":
            assert PASSWORD.encode() not in path.read_bytes(), path


def test_other_front_ends_do_not_see_it(kernel: Jupyter, server: WebReplServer) -> None:
    other = BlockingKernelClient(connection_file=kernel.manager.connection_file)
    other.load_connection_file()
    other.start_channels()
    try:
        other.wait_for_ready(10)
        kernel.do(f"%connect {server.address} --password {PASSWORD}")
        deadline = time.monotonic() + 10
        code = ""
        while "%connect" not in code:
            assert time.monotonic() < deadline
            message = other.get_iopub_msg(timeout=10)
            if message["msg_type"] == "execute_input":
                code = message["content"]["code"]
        assert code == f"%connect {server.address} --password ***"
    finally:
        other.stop_channels()


@pytest.mark.parametrize(
    ("command", "name", "hint"),
    [
        ("%websocketconnect ws://127.0.0.1:1 --password x", "ConnectError", "refused"),
        ("%websocketconnect socket://127.0.0.1:1", "MagicError", "ws://HOST:PORT"),
        ("%websocketconnect ws:// --password x", "AddressError", "the host is missing"),
        ("%websocketconnect a b", "MagicError", "usage: %websocketconnect"),
        ("%connect wss://127.0.0.1:1 --password x", "ConnectError", "refused"),
        ("%connect ws://h:0 --password x", "AddressError", "between 1 and 65535"),
        ("%connect ws://h --password", "MagicError", "--password"),
    ],
)
def test_what_is_wrong_is_told(kernel: Jupyter, command: str, name: str, hint: str) -> None:
    error = kernel.fail(command)
    assert error.name == name
    assert hint in error.value
    assert "Traceback" not in error.text
