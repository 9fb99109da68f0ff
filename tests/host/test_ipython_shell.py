"""%%python is IPython: what its people know of it, through a real kernel."""

from __future__ import annotations

import os
import sys
import time
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter, Reply


PIXEL = "class Pixel:\n    def _repr_png_(self):\n        return b'\\x89PNG', {'width': 1}\n"


def kinds(reply: Reply) -> list[str]:
    return [kind for _, kind, _ in reply.messages]


def late_output(kernel: Jupyter, seconds: float, last: str) -> list[dict[str, Any]]:
    """What the kernel says when no cell runs, up to the message that has a text in it."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            message = kernel.client.get_iopub_msg(timeout=0.2)
        except Empty:
            continue
        found.append(message)
        if last in str(message["content"].get("text", message["content"].get("data"))):
            return found
    raise AssertionError(f"{last!r} did not come within {seconds} s")


# -- values and displays ---------------------------------------------------------------------------------------------


def test_the_value_of_the_last_expression_is_out(plain: Jupyter) -> None:
    plain.do("%comment a cell that is no Python")
    reply = plain.do("%%python\n1\n6 * 7")
    assert reply.value == "42"
    number = reply.number
    assert plain.do(f"%python Out[{number}], _, _{number}, In[{number}]").value == "(42, 42, 42, '1\\n6 * 7')"


@pytest.mark.parametrize("code", ["6 * 7;", "6 * 7 ;  # hidden", "x = 6 * 7", "None", "", "# nothing"])
def test_no_value_is_shown(plain: Jupyter, code: str) -> None:
    assert plain.do(f"%%python\n{code}").messages == []


def test_a_line_hides_its_value_too(plain: Jupyter) -> None:
    assert plain.do("%python 6 * 7;").messages == []


def test_an_object_is_shown_in_all_its_forms(plain: Jupyter) -> None:
    plain.do("%%python\nclass Table:\n    def _repr_html_(self):\n        return '<table></table>'")
    shown = plain.do("%%python\nTable()").of("execute_result")[0]["data"]
    assert shown["text/html"] == "<table></table>"
    assert "Table at" in shown["text/plain"]
    assert plain.do("%python Table()").of("execute_result")[0]["data"]["text/html"] == "<table></table>"
    assert plain.do("%%python\nTable();\ndisplay(Table())").of("display_data")[0]["data"]["text/html"]


def test_a_picture_is_sent_as_text_with_its_size(plain: Jupyter) -> None:
    shown = plain.do(f"%%python\n{PIXEL}Pixel()").of("execute_result")[0]
    assert shown["data"]["image/png"].strip() == "iVBORw=="
    assert shown["metadata"] == {"image/png": {"width": 1}}


def test_a_data_frame_is_a_table(plain: Jupyter) -> None:
    shown = plain.do("%%python\nimport pandas\npandas.DataFrame({'speed': [1, 2]})").of("execute_result")[0]["data"]
    assert "<th>speed</th>" in shown["text/html"]
    assert "speed" in shown["text/plain"]


def test_several_values_are_shown_where_ipython_is_told_to(start: Start) -> None:
    kernel = start()
    kernel.do("%%python\nget_ipython().ast_node_interactivity = 'all'")
    shown = kernel.do("%%python\n1\n2").of("execute_result")
    assert [one["data"]["text/plain"] for one in shown] == ["1", "2"]


def test_what_is_displayed_stands_behind_what_was_printed(plain: Jupyter) -> None:
    reply = plain.do("%%python\nprint('before')\ndisplay('shown')\nprint('after')\n'value'")
    assert kinds(reply) == ["stream", "display_data", "stream", "execute_result"]
    assert reply.plain == "before\n'shown'\nafter\n"


def test_a_display_is_replaced_and_output_cleared(plain: Jupyter) -> None:
    reply = plain.do(
        "%%python\nfrom IPython.display import HTML, clear_output\n"
        "handle = display('first', display_id=True)\nhandle.update('second')\n"
        "clear_output(wait=True)\ndisplay(HTML('<b>x</b>'))"
    )
    assert kinds(reply) == ["display_data", "update_display_data", "clear_output", "display_data"]
    first, second = reply.of("display_data")[0], reply.of("update_display_data")[0]
    assert first["transient"] == second["transient"] != {}
    assert second["data"]["text/plain"] == "'second'"
    assert reply.of("clear_output") == [{"wait": True}]
    assert reply.of("display_data")[1]["data"]["text/html"] == "<b>x</b>"


def test_a_name_that_is_called_display_breaks_nothing(start: Start) -> None:
    kernel = start()
    assert kernel.do("%%python\ndisplay = 5\ndisplay").value == "5"
    assert kernel.do("%%python\n'value'").value == "'value'"
    assert kernel.do("%%python\nimport IPython.display\nIPython.display.display(1)").of("display_data")
    assert kernel.do("%%python\ndel display\ndisplay(2)").of("display_data")


# -- figures ---------------------------------------------------------------------------------------------------------


def test_figures_appear_and_are_closed(plain: Jupyter) -> None:
    reply = plain.do("%%python\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])", timeout=60)
    assert kinds(reply) == ["execute_result", "display_data"]
    assert reply.of("display_data")[0]["data"]["image/png"].startswith("iVBORw0KGgo")
    assert plain.do("%python plt.get_fignums()").value == "[]"
    assert len(plain.do("%%python\nplt.figure()\nplt.figure();").of("display_data")) == 2
    shown = plain.do("%%python\nplt.plot([1])\nplt.show()\nprint('after')")
    assert kinds(shown) == ["display_data", "stream"]
    assert plain.do("%%python\n%matplotlib inline\nplt.plot([1]);").of("display_data")
    assert plain.do("%python plt.gcf();").of("display_data")
    assert "no windows" in plain.do("%%python\n%gui qt").stderr


def test_figures_appear_where_matplotlib_was_loaded_before(start: Start) -> None:
    kernel = start()
    kernel.do("%connect virtual")
    kernel.do("%%plot\nprint(1)\nprint(2)", timeout=60)
    assert kernel.do("%%python\nimport matplotlib.pyplot as plt\nplt.plot([1]);", timeout=60).of("display_data")


def test_another_way_of_drawing_that_was_chosen_stays(start: Start) -> None:
    kernel = start({"MPLBACKEND": "agg"})
    shown = kernel.do("%%python\nimport matplotlib.pyplot as plt\nplt.plot([1]);\nplt.get_backend()", timeout=60)
    assert kinds(shown) == ["execute_result"]
    assert shown.value == "'agg'"


# -- output ----------------------------------------------------------------------------------------------------------


def test_what_goes_to_stderr_is_shown(plain: Jupyter) -> None:
    reply = plain.do(
        "%%python\nimport logging, sys\nprint('out')\nprint('err', file=sys.stderr)\nlogging.warning('logged')"
    )
    assert reply.stdout == "out\n"
    assert "err\n" in reply.stderr and "logged" in reply.stderr


def test_a_warning_is_shown_once_in_a_cell_and_again_by_the_next(plain: Jupyter) -> None:
    code = "%%python\nimport warnings\nfor _ in range(3):\n    warnings.warn('careful')"
    for _ in range(2):
        assert plain.do(code).stderr.count("UserWarning: careful") == 1
    old = plain.do("%%python\nwarnings.warn('old', DeprecationWarning)")
    assert old.stderr.count("DeprecationWarning: old") == 1


def test_progress_is_shown_while_it_goes_on(plain: Jupyter) -> None:
    reply = plain.do(
        "%%python\nimport time\nfrom tqdm import tqdm\nfor _ in tqdm(range(3)):\n    time.sleep(0.3)", timeout=30
    )
    assert "100%" in reply.stderr and reply.stdout == ""
    assert len(reply.streams("stderr")) > 1


def test_a_flood_of_output_arrives_in_few_messages(plain: Jupyter) -> None:
    reply = plain.do("%%python\nfor i in range(20_000):\n    print(i)", timeout=60)
    assert reply.stdout == "".join(f"{i}\n" for i in range(20_000))
    assert len(reply.streams()) < 2_000


def test_half_a_surrogate_pair_is_printed_as_an_escape(plain: Jupyter) -> None:
    reply = plain.do("%%python\nprint('before \\ud800 é after')")
    assert reply.stdout == "before \\ud800 é after\n"
    assert reply.stderr == ""
    error = plain.fail("%%python\nraise ValueError('odd \\ud800')")
    assert (error.name, error.value) == ("ValueError", "odd \\ud800")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forks_print_and_end(plain: Jupyter) -> None:
    code = (
        "%%python\nimport multiprocessing\ndef square(x):\n    print('x' * 300_000)\n    return x * x\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n    found = pool.map(square, range(3))\nfound"
    )
    reply = plain.do(code, timeout=60)
    assert reply.value == "[0, 1, 4]"
    assert reply.stdout.count("x") == 900_000


def test_stop_ends_a_flood(plain: Jupyter) -> None:
    reply = plain.run("%%python\nwhile True:\n    print('x' * 1000)", stop_after=1, timeout=30)
    assert reply.error.name == "KeyboardInterrupt"
    assert "jupyter_internals" not in reply.error.text
    assert plain.do("%python 1").value == "1"


def test_threads_print_into_their_cell_and_after_its_end(plain: Jupyter) -> None:
    code = (
        "%%python\nimport threading, time\n"
        "def work():\n    print('early', flush=True)\n    go.wait(20)\n    print('late')\n    display('shown late')\n"
        "go = threading.Event()\nthread = threading.Thread(target=work)\nthread.start()\ntime.sleep(0.5)"
    )
    assert plain.do(code).stdout == "early\n"
    plain.client.execute("%python go.set(); thread.join()")
    found = late_output(plain, 10, "shown late")
    assert "late\n" in [message["content"].get("text") for message in found]


def test_output_of_a_thread_goes_to_the_last_cell_whatever_is_asked_meanwhile(plain: Jupyter) -> None:
    plain.do(
        "%%python\nimport threading, time\n"
        "def work():\n    time.sleep(1)\n    print('late')\nthreading.Thread(target=work).start()"
    )
    reply = plain.do("%python 'the last cell'")
    plain.inspect("%%python\nthreading")
    late = late_output(plain, 10, "late\n")[-1]
    assert late["parent_header"]["msg_type"] == "execute_request"
    assert reply.ok


# -- errors ----------------------------------------------------------------------------------------------------------


def test_a_traceback_has_colours_and_the_lines_of_the_notebooks_cell(plain: Jupyter) -> None:
    plain.do("%%python\n\ndef inverse(x):\n    y = x\n    return 1 / y")
    error = plain.fail("# remark\n%%python\nz = 0\ninverse(z)")
    assert "\x1b[" in "".join(error.traceback)
    assert "----> 4 inverse(z)" in error.text
    assert "----> 5     return 1 / y" in error.text
    assert "metakernel" not in error.text and "IPython" not in error.text


@pytest.mark.parametrize(
    ("code", "name", "line"),
    [("x =", "SyntaxError", 2), ("x = 1\n  y = 2", "IndentationError", 3), ("1\n\nfor x in", "SyntaxError", 4)],
)
def test_an_error_of_syntax_names_the_line(plain: Jupyter, code: str, name: str, line: int) -> None:
    error = plain.fail(f"%%python\n{code}")
    assert error.name == name
    assert f"line {line}" in error.text


def test_groups_and_causes_of_exceptions_are_told(plain: Jupyter) -> None:
    reply = plain.run("%%python\nraise ExceptionGroup('many', [ValueError('one')])")
    assert reply.error.name == "ExceptionGroup"
    assert "ValueError: one" in reply.error.text and "metakernel" not in reply.error.text
    assert reply.stderr == ""
    told = plain.fail("%%python\ntry:\n    1/0\nexcept ZeroDivisionError:\n    raise KeyError('x')").text
    assert "ZeroDivisionError" in told and "KeyError" in told


def test_an_exception_that_cannot_be_told_ends_only_its_cell(plain: Jupyter) -> None:
    code = "%%python\nclass Odd(Exception):\n    def __str__(self):\n        1/0\nraise Odd"
    assert not plain.run(code).ok
    assert not plain.run("%%python\nclass Value:\n    def __repr__(self):\n        1/0\nValue()\n1/0").ok
    assert "ZeroDivisionError" in plain.do("%python Value()").stderr
    assert plain.do("%python 1").value == "1"


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "exit()", "quit", "import sys\nsys.exit()"])
def test_leaving_ends_the_cell_and_not_the_kernel(plain: Jupyter, code: str) -> None:
    reply = plain.run(f"%%python\n{code}")
    assert reply.error.name == "SystemExit"
    assert "Ctrl-D" not in reply.stderr + reply.error.text
    assert plain.do("%python 1").value == "1"


# -- questions and Stop ----------------------------------------------------------------------------------------------


def test_input_and_getpass_ask_the_person(plain: Jupyter) -> None:
    asked: list[tuple[str, bool]] = []

    def answer(message: dict[str, Any]) -> None:
        asked.append((message["content"]["prompt"], message["content"]["password"]))
        plain.client.input("Bob")

    code = "%%python\nimport getpass, builtins\n[input('who? '), builtins.input(), getpass.getpass('secret? ')]"
    assert plain.run(code, allow_stdin=True, stdin_hook=answer).value == "['Bob', 'Bob', 'Bob']"
    assert asked == [("who? ", False), ("", False), ("secret? ", True)]


def test_the_end_of_input_is_told(plain: Jupyter) -> None:
    reply = plain.run("%%python\ninput()", allow_stdin=True, stdin_hook=lambda message: plain.client.input("\x04"))
    assert reply.error.name == "EOFError"


def test_a_question_that_nobody_can_answer_says_so(plain: Jupyter) -> None:
    error = plain.fail("%%python\ninput('who? ')")
    assert error.name == "CannotAsk"
    assert "'who?'" in error.value and "JupyterLab" in error.value
    assert "python_cells" not in error.text


def test_stop_ends_a_question(plain: Jupyter) -> None:
    reply = plain.run("%%python\ninput('who? ')", allow_stdin=True, stdin_hook=lambda message: None, stop_after=1)
    assert reply.error.name == "KeyboardInterrupt"
    assert plain.do("%python 1").value == "1"


@pytest.mark.parametrize(
    "code",
    ["import time\ntime.sleep(60)", "while True: pass", "!sleep 60", "import asyncio\nawait asyncio.sleep(60)"],
)
def test_stop_ends_the_cell_where_it_is(plain: Jupyter, code: str) -> None:
    if code.startswith("!") and sys.platform == "win32":
        pytest.skip("no sleep on Windows")
    reply = plain.run(f"%%python\nx = 7\n{code}", stop_after=1)
    assert reply.error.name == "KeyboardInterrupt"
    assert f"----> {2 + len(code.splitlines())} " in reply.error.text
    assert "metakernel" not in reply.error.text
    assert plain.do("%python x").value == "7"


def test_stop_ends_a_program_of_the_board_that_python_has_started(jupyter: Jupyter) -> None:
    reply = jupyter.run("%%python\nboard.execute('while True: pass')", stop_after=1)
    assert reply.error.name == "DeviceError" and reply.error.value == "KeyboardInterrupt"
    assert jupyter.do("6 * 7").value == "42"


# -- await -----------------------------------------------------------------------------------------------------------


def test_await_works_in_a_cell_and_so_does_asyncio_run(plain: Jupyter) -> None:
    plain.do("%%python\nimport asyncio\nasync def later(x):\n    await asyncio.sleep(0.05)\n    return x")
    assert plain.do("%%python\nawait later(5)").value == "5"
    assert plain.do("%python await later(6)").value == "6"
    assert plain.do("%python asyncio.run(later(7))").value == "7"
    assert plain.do("%%python\nasync with asyncio.timeout(9):\n    x = await later(8)\nx").value == "8"
    assert plain.fail("%%python\nasync def bad():\n    1/0\nawait bad()").name == "ZeroDivisionError"


def test_a_task_goes_on_while_a_later_cell_awaits(plain: Jupyter) -> None:
    plain.do(
        "%%python\nimport asyncio\nasync def count():\n    for n in range(3):\n        await asyncio.sleep(0.05)\n"
        "    return n\nasync def begin():\n    return asyncio.create_task(count())\ntask = await begin()"
    )
    assert plain.do("%%python\nawait task").value == "2"


def test_a_cell_can_clean_up_when_stop_ends_what_it_awaits(plain: Jupyter) -> None:
    code = "%%python\nimport asyncio\ntry:\n    await asyncio.sleep(60)\nfinally:\n    print('cleaned up')"
    reply = plain.run(code, stop_after=1)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.stdout == "cleaned up\n"


# -- the board -------------------------------------------------------------------------------------------------------


def test_the_connected_board_is_there(jupyter: Jupyter) -> None:
    assert jupyter.do("%%python\nboard.execute('print(1 + 1)')").value == "'2\\n'"
    jupyter.do("%%python\nfound = board.evaluate('6 * 7')\nboard.values.put('limit', found)")
    assert jupyter.do("limit").value == "42"
    assert "Board on" in (jupyter.do("%python board").value or "")
    assert (
        jupyter.do("%%python\nfrom metakernel_micropython.board import Board\nisinstance(board, Board)").value == "True"
    )
    error = jupyter.fail("%%python\nboard.execute('1/0')")
    assert error.name == "DeviceError"
    assert "divide by zero" in error.value or "division by zero" in error.value
    assert "----> 2 board.execute" in error.text and "board.py" not in error.text


def test_a_board_that_is_missing_is_told(plain: Jupyter) -> None:
    error = plain.fail("%%python\nboard.execute('1')")
    assert error.name == "NotConnected" and "%connect" in error.value
    assert plain.do("%python board").value == "<Board: none is connected>"


def test_the_board_is_the_one_that_is_connected_when_it_is_used(start: Start, virtual_address: str) -> None:
    kernel = start()
    kernel.do("%%python\ndef ask():\n    return board.evaluate('6 * 7')")
    assert kernel.fail("%python ask()").name == "NotConnected"
    kernel.do(f"%connect {virtual_address}")
    assert kernel.do("%python ask()").value == "42"
    kernel.do("%disconnect")
    assert kernel.fail("%python ask()").name == "NotConnected"


def test_a_board_of_ones_own_stays(start: Start) -> None:
    kernel = start()
    kernel.do("%%python\nboard = 'wood'")
    assert kernel.do("%python board").value == "'wood'"
    kernel.do("%%python\n%reset -f")
    assert kernel.do("%python board").value == "<Board: none is connected>"


# -- commands of IPython ---------------------------------------------------------------------------------------------


def test_commands_of_ipython_work_inside_a_cell(plain: Jupyter) -> None:
    assert "per loop" in plain.do("%%python\n%timeit -n 2 -r 2 pass").stdout
    assert "per loop" in plain.do("%%python\n%%timeit -n 2 -r 2\npass").stdout
    assert "number of items" in plain.do("%%python\nlen?\n1").stdout
    error = plain.fail("%%python\n%nosuch")
    assert error.name == "UsageError" and "nosuch" in error.value


@pytest.mark.skipif(sys.platform == "win32", reason="commands of a POSIX shell")
def test_commands_of_the_shell_work_inside_a_cell(plain: Jupyter) -> None:
    reply = plain.do("%%python\nname = 'there'\n!echo hello $name\nwords = !echo one; echo two\nwords")
    assert reply.stdout == "hello there\n"
    assert reply.value == "['one', 'two']"
    reply = plain.do("%%python\n!exit 3\n_exit_code")
    assert reply.value == "3"
    assert "exit status 3" in reply.stderr


# -- what is left alone ----------------------------------------------------------------------------------------------

HOOKS = '''
import builtins, getpass, os, signal, sys

from metakernel_micropython.magic import BoardMagic, arguments


class HooksMagic(BoardMagic):
    @arguments()
    def line_hooks(self, args):
        """%hooks - what belongs to the whole process."""
        hooks = [sys.displayhook, sys.excepthook, sys.unraisablehook, builtins.input, getpass.getpass]
        handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
        self.kernel.Print([str(one) for one in (*hooks, *handlers)], sys.path, os.getcwd())


def register_magics(kernel):
    kernel.register_magics(HooksMagic)
'''


def test_what_belongs_to_the_process_is_left_as_it_is(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "ipython" / "metakernel" / "magics"
    folder.mkdir(parents=True)
    (folder / "hooks.py").write_text(HOOKS)
    kernel = start({"IPYTHONDIR": str(tmp_path / "ipython")})
    before = kernel.do("%hooks").stdout
    kernel.do("%%python\nimport asyncio\nawait asyncio.sleep(0)\n1")
    assert kernel.do("%hooks").stdout == before
    assert kernel.run("%%python\nwhile True: pass", stop_after=1).error.name == "KeyboardInterrupt"
    assert kernel.do("%hooks").stdout == before
    assert kernel.fail("%%python\nawait asyncio.sleep(0)\n1/0").name == "ZeroDivisionError"
    assert kernel.do("%hooks").stdout == before


def test_nothing_is_written_and_no_settings_are_read(start: Start, tmp_path: Path) -> None:
    ipython = tmp_path / "ipython"
    profile = ipython / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00.py").write_text("started = 1\n")
    (profile / "ipython_config.py").write_text("raise SystemExit\n")
    work = tmp_path / "work"
    work.mkdir()
    kernel = start({"IPYTHONDIR": str(ipython), "MICROPYTHON_HISTORY": "off"}, cwd=work)
    before = sorted(ipython.rglob("*"))
    assert kernel.fail("%python started").name == "NameError"
    kernel.do("%%python\n%cd .\n1/1")
    kernel.do("%python get_ipython().history_manager.enabled")
    kernel.close()
    assert sorted(ipython.rglob("*")) == before
    assert list(work.iterdir()) == []


def test_classes_of_cells_can_be_pickled(plain: Jupyter) -> None:
    assert (
        plain.do("%%python\nimport pickle\nclass Point:\n    x = 5\npickle.loads(pickle.dumps(Point())).x").value == "5"
    )


def test_names_of_the_board_and_of_cells_are_shared(jupyter: Jupyter) -> None:
    jupyter.do("%get samples=[1,2]")
    assert jupyter.do("%%python\nsamples").value == "[1, 2]"
    jupyter.do("%%python\nlimit = 3")
    jupyter.do("%put limit")
    assert jupyter.do("limit").value == "3"
    assert {"%put limit", "%put samples"} <= set(jupyter.complete("%put "))
    assert not {"%put In", "%put Out", "%put board", "%put kernel", "%put exit"} & set(jupyter.complete("%put "))
