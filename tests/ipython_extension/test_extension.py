"""What is different in a notebook of Python: whose names are whose, what IPython shows, and what is left behind."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Relay
    from ..conftest import Start
    from .python_notebook import PythonNotebook


def test_the_package_loads_without_ipython() -> None:
    code = "import metakernel_micropython, sys; sys.exit('IPython' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_value_is_the_cells_output_and_no_variable_of_python(virtual: PythonNotebook) -> None:
    assert virtual.python("5").value == "5"
    number = virtual.python("%%micropython\n_x = 3\n_x + 4")
    assert number.value == "7" and number.of("execute_result")[0]["execution_count"] == number.number
    assert virtual.python("_").value == "5"


def test_an_error_shows_the_boards_lines_alone_and_then_the_hint(virtual: PythonNotebook) -> None:
    reply = virtual.python("%%micropython\nsamples = 3\nprint(sample)")
    assert reply.error.name == "NameError"
    assert f"Cell In[{reply.number}], line 3" in reply.error.text and "metakernel" not in reply.error.text
    kinds = [kind for _, kind, _ in reply.messages]
    assert kinds == ["error", "stream"] and "samples" in reply.stderr
    assert virtual.python("%upload nowhere.py").error.name == "HostFileProblem"


def test_ipythons_own_magics_stay_and_ours_are_behind_mpy(virtual: PythonNotebook, tmp_path: Path) -> None:
    (tmp_path / "blink.py").write_text("blinked = __name__", encoding="utf-8")
    assert "Wall time" in virtual.python("%time _t = 1").stdout
    virtual.do("%cd /")
    virtual.python(f"%mpy run {tmp_path / 'blink.py'}")
    assert virtual.python("%mpy time blinked").stdout.startswith("'__main__'\nboard time")
    assert "board time" in virtual.python("%%mpy time\nblinked").stdout
    listed = virtual.python("%mpy").stdout
    assert "\n  %mpy run " in listed and "\n  %connect " in listed and "\n  %run" not in listed
    for name in ("python", "%lsmagic"):
        assert virtual.python(f"%mpy {name} 1").error.name == "MagicError"
    assert "no magic %synk" in virtual.python("%mpy synk").error.value
    assert "takes the name" in virtual.python("%%mpy\n1").error.value
    assert "usage: %upload" in virtual.python("%mpy upload --help").stdout
    assert "send" in virtual.python("%upload?").page


def test_names_of_python_are_filled_in_and_files_with_such_names_stay_what_they_are(virtual: PythonNotebook) -> None:
    virtual.python("y, name = 'wrong', 'a file'")
    virtual.python(
        "def touch(local):\n    get_ipython().run_line_magic('touch', '\"{local}\"')\ntouch('of a function')"
    )
    virtual.python("%touch x$(y) '{name}' {{name}} $$y $y")
    virtual.python("%mpy touch again-{y}")
    files = virtual.do("import os\nsorted(os.listdir())").value
    assert files == repr(sorted(["x$(y)", "a file", "{name}", "$y", "wrong", "of a function", "again-wrong"]))
    virtual.python("d = 1")
    virtual.python("%put table={d: 2}")
    assert virtual.python("%mpy time {1: 2}").stdout.startswith("{1: 2}\n")
    assert virtual.do("table").value == "{1: 2}"
    for name in files[1:-1].split(", "):
        virtual.do(f"import os\nos.remove({name})")


def test_what_is_shown_can_be_captured(virtual: PythonNotebook) -> None:
    reply = virtual.python(
        "%%capture out\nget_ipython().run_cell_magic('micropython', '', \"print('text')\\n[6 * 7]\")"
    )
    assert not reply.messages
    assert virtual.python("out.stdout, out.outputs[0].data['text/plain']").value == "('text\\n', '[42]')"


def test_tab_completes_what_belongs_to_boards_and_leaves_python_alone(virtual: PythonNotebook, tmp_path: Path) -> None:
    (tmp_path / "some_file.py").touch()
    virtual.python("host_value = 1")
    virtual.do("board_value = [1]")
    complete = virtual.complete_python
    assert complete("%%micropython\nboard_va") == ["%%micropython\nboard_value"]
    assert complete("%%mpy time\nimport sys\nsys.platf") == ["%%mpy time\nimport sys\nsys.platform"]
    assert complete("%get board_va") == ["%get board_value"]
    assert complete("%put host_va") == ["%put host_value"]
    assert complete("x = 1\n%connect virtual --boa") == ["x = 1\n%connect virtual --board"]
    assert complete(f"%mpy run {tmp_path}/some") == [f"%mpy run {tmp_path}/some_file.py"]
    assert "%mpy run" in complete("%mpy ru") and "%mpy python" not in complete("%mpy py")
    assert complete("host_va") == ["host_value"]
    assert "board_value" not in complete("board_va")


def test_a_line_end_that_is_filled_in_makes_no_program_for_the_board(virtual: PythonNotebook) -> None:
    virtual.do("ran = 0")
    virtual.python("name = 'a\\nran = 1'")
    for cell in ("%rm {name}", "%mpy rm {name}", "%%mpy plot --name {name}\n1"):
        error = virtual.python(cell).error
        assert (error.name, "line end" in error.value) == ("MagicError", True)
    assert virtual.do("ran").value == "0"


def test_tab_and_shift_tab_tell_of_the_board_and_of_nothing_else(virtual: PythonNotebook, tmp_path: Path) -> None:
    virtual.python("import os, pathlib\nos.makedirs('elsewhere', exist_ok=True)\nos.chdir('elsewhere')")
    virtual.python("pathlib.Path('zebra.txt').touch()\nsqueak = [1]\ndef squeeze(x):\n    'Of Python.'")
    virtual.do("squid = [2]\ndef squeeze(y):\n    'Of the board.'")
    complete, inspect = virtual.complete_python, virtual.inspect_python
    assert complete("%%micropython\nsqu") == ["%%micropython\nsqueeze", "%%micropython\nsquid"]
    assert complete("%%micropython\nopen('zeb") == [] and complete("open('zeb")
    assert complete("squ") == ["squeak", "squeeze"]
    assert "Of the board." in inspect("%%micropython\nsqueeze") and "Of Python." not in inspect(
        "%%micropython\nsqueeze"
    )
    assert "Of Python." in inspect("squeeze") and "Of the board." not in inspect("squeeze")
    assert "--baud" in inspect("x = 1\n%connect virtual\ny = 2", 20)
    assert "usage: %display" in inspect("%display", 4) and "usage: %mpy-cross" in inspect("%mpy-cross")
    assert "On the board:\nsquid: " in virtual.python("%%micropython\nsquid?").page
    virtual.python("os.chdir('..')")


def test_a_file_to_edit_comes_into_the_next_cell(virtual: PythonNotebook) -> None:
    virtual.python("%%sendtofile blink.py\nx = 1\n")
    for cell, alone in (("%mpy edit blink.py", True), ("%mpy edit blink.py\n_mine = 1", False)):
        payload = virtual.python(cell).content["payload"]
        text = "%%sendtofile blink.py\nx = 1\n"
        assert payload == [{"source": "set_next_input", "text": text, "replace": alone}]


def test_cells_have_their_tags(virtual: PythonNotebook) -> None:
    request = virtual.client.session.msg(
        "execute_request",
        {"code": "%%micropython\nkept = 1", "silent": False, "store_history": True, "user_expressions": {}},
        metadata={"tags": ["main"], "cellId": "one"},
    )
    virtual.client.shell_channel.send(request)
    assert virtual._ask(request["header"]["msg_id"], "execute_reply")["status"] == "ok"
    assert "kept = 1" in virtual.python("%deploy -n").stdout


def test_what_the_board_printed_between_cells_is_shown_before_the_next_of_any_kind(start: Start, relay: Relay) -> None:
    notebook = start({"MICROPYTHON_BOARD": relay.address})
    notebook.do("x = 1")
    relay.say(b"tick 1\r\n")
    assert notebook.python("%%checkpoint quiet\nx").stderr == ""  # a grader would take it for an error
    assert "[printed between cells]\ntick 1" in notebook.python("6 * 7").stderr


def test_another_thread_is_told_that_a_cell_runs(virtual: PythonNotebook) -> None:
    reply = virtual.python(
        "import contextlib, io, threading, time\n"
        "def run():\n"
        "    get_ipython().run_cell_magic('micropython', '', 'import time\\nprint(1)\\ntime.sleep(1)\\ndone = 1')\n"
        "other, out = threading.Thread(target=run), io.StringIO()\n"
        "with contextlib.redirect_stdout(out):\n"
        "    other.start()\n"
        "    while other.is_alive() and not out.getvalue():\n        time.sleep(0.01)\n"
        "    try:\n        get_ipython().run_line_magic('get', 'done')\n"
        "    except Exception as error:\n        refused = type(error).__name__\n"
        "    other.join()\n"
        "refused"
    )
    assert reply.value == "'CellRuns'"
    assert virtual.do("done").value == "1"


def test_another_kernel_is_given_the_board_that_it_asks_for(virtual: PythonNotebook) -> None:
    asked = {"device": "", "address": "virtual", "by": "The notebook other.ipynb"}
    assert virtual.control("micropython_release_request", asked)["status"] == "ok"
    assert "other.ipynb has taken" in virtual.fail("x").value


def test_unloading_frees_the_boards_and_puts_everything_back(virtual: PythonNotebook, tmp_path: Path) -> None:
    (tmp_path / "here.txt").touch()
    virtual.python("import comm\nmade = comm.create_comm")
    virtual.python("%unload_ext metakernel_micropython")
    assert "UsageError" in virtual.python("%connect virtual").stderr
    if sys.platform != "win32":  # where IPython has no %ls
        assert virtual.python(f"%ls {tmp_path}").stdout.strip() == "here.txt"
    try:
        virtual.load()
        assert virtual.python("made is comm.create_comm").value == "True"
        assert virtual.do("%boards").stdout.startswith("connected: none")
    finally:
        virtual.python("%load_ext metakernel_micropython")


def test_it_works_in_a_terminals_ipython(tmp_path: Path, virtual_address: str) -> None:
    cell = (
        "shell = get_ipython(); shell.run_line_magic('load_ext', 'metakernel_micropython'); "
        f"shell.run_line_magic('connect', '{virtual_address}'); "
        "shell.run_cell_magic('micropython', '', 'print(1)\\n[6 * 7]'); shell.run_cell_magic('micropython', '', '1/0')"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "-c", cell],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
    )
    assert "\n1\n" in ran.stdout and "[42]" in ran.stdout
    assert "divide by zero" in ran.stdout and "embedded_kernel" not in ran.stdout


@pytest.mark.parametrize("cells", [("%connect virtual", "%%micropython\n6 * 7", "%%micropython\n1/0", "print('next')")])
def test_a_notebook_that_is_executed_stops_at_the_error(cells: tuple[str, ...], tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    made = [nbformat.v4.new_code_cell(cell) for cell in ("%load_ext metakernel_micropython", *cells)]
    book = nbformat.v4.new_notebook(cells=made)
    with pytest.raises(CellExecutionError, match="divide by zero"):
        NotebookClient(
            book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        ).execute()
    assert book.cells[2].outputs[0]["data"]["text/plain"] == "42" and not book.cells[4].outputs
