"""What all magics have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

OURS = ["boards", "cd", "connect", "connect_info", "disconnect", "lsmagic", "reboot", "rebootdevice", "restart"]
OURS += ["get", "put", "time", "timeit", "info", "mem", "modules", "plot", "display", "browse"]
OURS += ["deploy", "mip", "run", "sync"]
OURS += [
    "serialconnect",
    "websocketconnect",
    "capture",
    "mpy-cross",
    "readbytes",
    "suppressendcode",
    "trace",
    "writebytes",
]


@pytest.mark.parametrize("name", OURS)
def test_help_is_printed_and_nothing_is_done(plain: Jupyter, name: str) -> None:
    for option in ("--help", "-h"):
        reply = plain.do(f"%{name} {option}\nprint('not run')")
        assert reply.stdout.startswith(f"usage: %{name}")
        assert "not run" not in reply.stdout


@pytest.mark.parametrize(
    "name", [name for name in OURS if name not in ("capture", "get", "mip", "put", "sync", "writebytes")]
)  # these want more
def test_an_unknown_option_fails_the_cell_with_the_usage(plain: Jupyter, name: str) -> None:
    error = plain.fail(f"%{name} --no-such-option")
    assert error.name == "MagicError"
    assert "--no-such-option" in error.value
    assert f"usage: %{name}" in error.value


@pytest.mark.parametrize("name", OURS)
def test_help_and_question_mark_agree(plain: Jupyter, name: str) -> None:
    assert plain.do(f"%{name}?").page.startswith(f"%{name} - ")


@pytest.mark.parametrize("name", OURS)
def test_each_magic_explains_itself_with_its_usage(plain: Jupyter, name: str) -> None:
    assert f"usage: %{name}" in plain.inspect(f"%{name}")


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("%conect", "%connect"),
        ("%reboo", "%reboot"),
        ("%onnect", "%connect"),
        ("%plt", "%plot"),
        ("%ocnnect", "%connect"),
        ("%rebot", "%reboot"),
        ("%serialconect --port x", "%serialconnect"),
        ("%discconnect", "%disconnect"),
        ("%%tim", "%%time"),
        ("%lsmagics", "%lsmagic"),
        ("%bords", "%boards"),
        # What people tried with the older kernel:
        ("%writetofile x", "%%writefile"),
        ("%%writetofile x", "%%writefile"),
        ("%serialdisconnect", "%disconnect"),
        ("%sendbytes x", "%writebytes"),
        ("%savetofile x", "%sendtofile"),
        ("%savefile x", "%sendtofile"),
        ("%sendfile x", "%sendtofile"),
        ("%readfile x", "%fetchfile"),
        ("%fetchfromfile x", "%fetchfile"),
        ("%CONNECT", "%connect"),
        ("%%Time", "%%time"),
        ("%discover", "%boards"),
        ("%softreset", "%reboot"),
        ("%hardreset", "%reboot --hard"),
        ("%rsync", "%sync"),
        ("%rlist", "%tree"),
        ("%upip install x", "%mip"),
        ("%%host", "%%python"),
        ("%%local", "%%python"),
        ("%meminfo", "%mem"),
        ("%gccollect", "%mem"),
    ],
)
def test_an_unknown_magic_names_the_nearest(plain: Jupyter, typed: str, nearest: str) -> None:
    error = plain.fail(f"{typed}\nprint(1)")
    assert error.name == "MagicError"
    assert f"Did you mean {nearest}?" in error.value
    assert typed.split()[0] in error.value


@pytest.mark.parametrize(
    "typed",
    ["%qqqqqq", "%slot", "%lot", "%%slot", "%cls", "%exit", "%rerun"],
)
def test_an_unknown_magic_without_a_neighbour_names_the_list(plain: Jupyter, typed: str) -> None:
    error = plain.fail(typed)
    assert "Did you mean" not in error.value
    assert "%lsmagic" in error.value


@pytest.mark.parametrize(("typed", "said"), [("%pinfo x", "NAME? shows"), ("%prun", "%timeit"), ("%env", "%python")])
def test_magics_of_ipython_without_a_counterpart_are_answered(plain: Jupyter, typed: str, said: str) -> None:
    assert said in plain.fail(typed).value


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("%%connect", "%connect"),
        ("%%boards", "%boards"),
        ("%show x", "%%show"),
        ("%start x", "%%start"),
        ("%writefile x", "%%writefile"),
    ],
)
def test_the_wrong_number_of_percent_signs_is_told(plain: Jupyter, typed: str, right: str) -> None:
    assert f"is written {right}" in plain.fail(typed).value


@pytest.mark.parametrize(
    ("cell", "ran"),
    [
        ("x = 1\n%boards", False),
        ("x = 1\n\n# note\n%%time\nx", False),
        ("x = 1\n!ls", False),
        ("%boards\nx = 1\n%boards", True),
    ],
)
def test_a_magic_below_code_fails_the_cell_before_it_runs(jupyter: Jupyter, cell: str, ran: bool) -> None:
    jupyter.do("x = 0")
    reply = jupyter.run(cell)
    assert reply.error.name == "SyntaxError"  # the board's word comes first
    assert "stands below code" in reply.stderr
    assert ("connected:" in reply.stdout) is ran
    assert jupyter.do("x").value == "0"


@pytest.mark.parametrize("cell", ["x = 7\nx\\\n% 4", "'''\n%boards\n'''", "(7\n% 4)", "# a\n'%d' % 3"])
def test_a_percent_sign_that_is_code_is_code(jupyter: Jupyter, cell: str) -> None:
    assert jupyter.do(cell).value in ("3", "'\\n%boards\\n'", "'3'")


@pytest.mark.parametrize(
    "name",
    "activity blockly brain conversation dot install install_magic jigsaw kernel kx pipe pmap "
    "processing scheme tutor".split(),
)
def test_metakernels_magics_that_make_no_sense_here_are_hidden(plain: Jupyter, name: str) -> None:
    listed = plain.do("%lsmagic").stdout.split()
    assert f"%{name}" not in listed
    assert f"%%{name}" not in listed
    assert plain.fail(f"%{name} x").name == "MagicError"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%python 6*7", "42"),
        ("%%python\nx = 20\nx + 1", "21"),
        ("!echo from the host", "from the host"),
        ("%shell echo from the host", "from the host"),
        ("%%shell\necho from the host", "from the host"),
        ("!printf '%s|' -n 2 'two  words' \"$((2 + 3))\"", "-n|2|two  words|5|"),
        ("%python 'two  words'", "'two  words'"),
        ("%python 42", "42"),
        ("%help %connect", "--baud"),
        ("%reload_magics", "%connect"),
        ("%magic magic", "magic"),
    ],
)
def test_metakernels_useful_magics_are_kept(plain: Jupyter, cell: str, expected: str) -> None:
    reply = plain.do(cell)
    pages = "".join(payload["data"]["text/plain"] for payload in reply.content["payload"])
    assert expected in reply.stdout + str(reply.value) + pages


@pytest.mark.parametrize(
    ("cell", "mime"),
    [
        ("%%html\n<b>x</b>", "text/html"),
        ("%html <b>x</b>", "text/html"),
        ("%%javascript\n1", "application/javascript"),
        ("%%latex\n$x$", "text/latex"),
    ],
)
def test_metakernels_displays_are_kept(plain: Jupyter, cell: str, mime: str) -> None:
    assert mime in plain.do(cell).of("display_data")[0]["data"]


def test_load_and_include_bring_code_from_the_host(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("x = 41\n")
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    assert kernel.do("%include code.py\nx + 1").value == "42"
    payload = kernel.do("%load code.py").content["payload"]
    assert payload[0]["text"] == "x = 41\n"


def test_a_file_that_is_missing_fails_the_cell(plain: Jupyter) -> None:
    for name in ("load", "include"):
        assert plain.fail(f"%{name} no-such-file.py").name == "FileNotFoundError"


def test_a_sticky_magic_holds_until_it_is_said_again(jupyter: Jupyter) -> None:
    jupyter.do("%%%time")
    assert "board time: " in jupyter.do("1").stdout
    jupyter.do("%%%time")
    assert "board time: " not in jupyter.do("1").stdout


def test_several_magics_and_code_run_in_their_order(jupyter: Jupyter) -> None:
    reply = jupyter.do("# first\n%boards\n!echo host\nprint('board')")
    at = [reply.stdout.index(text) for text in ("connected:", "host", "board\n")]
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("older", "today"),
    [
        ("%serialconnect", "%connect PORT"),
        ("%socketconnect", "%connect socket://HOST:PORT"),
        ("%websocketconnect", "%connect ws://HOST"),
        ("%rebootdevice", "%reboot"),
        ("%restart", "%reboot"),
        ("%%sendtofile", "%sendtofile"),
        ("%fetchfile", "%download"),
    ],
)
def test_the_list_says_which_commands_do_the_same(plain: Jupyter, older: str, today: str) -> None:
    (line,) = [line for line in plain.do("%lsmagic").stdout.splitlines() if line.split()[:1] == [older]]
    assert f"(the same as {today}" in line


def listed(listing: str) -> dict[str, list[str]]:
    """The commands of %lsmagic below each heading."""
    groups: dict[str, list[str]] = {}
    heading = ""
    for line in listing.splitlines():
        if line.startswith("  "):
            groups[heading].append(line.split()[0])
        else:
            heading = line
            groups[heading] = []
    return groups


def test_the_list_begins_with_what_a_beginner_needs(plain: Jupyter) -> None:
    groups = listed(plain.do("%lsmagic").stdout)
    first = next(iter(groups))
    needed = ["%connect", "%boards", "%info", "%ls", "%upload", "%run", "%reboot", "%lsmagic", "%NAME?", "NAME?"]
    assert (first, groups[first]) == ("To begin with", needed)
    commands = [name for names in groups.values() for name in names]
    assert len(commands) == len(set(commands))


def test_the_help_of_every_command_has_an_example(plain: Jupyter) -> None:
    groups = listed(plain.do("%lsmagic").stdout)
    commands = [name for names in groups.values() for name in names if name.startswith("%") and name != "%NAME?"]
    assert len(commands) > 80
    lacking = [name for name in commands if "Example" not in plain.do(f"{name}?").page]
    # What MetaKernel wrote: %help? tells how to begin, and %magic has nothing to show.
    assert set(lacking) <= {"%help", "%%help", "%magic"}
