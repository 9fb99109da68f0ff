"""Magics of other people: a file in the user's folder, a package with an entry point."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..conftest import Start

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_magic"

HELLO = """
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

class HelloMagic(BoardMagic):
    @arguments(argument("name", help="who is greeted"), argument("--loud", action="store_true", help="shout"))
    def line_hello(self, args: Namespace) -> None:
        '''%hello NAME - greet from the board.'''
        text = self.board.execute(f"print('hello', {args.name!r})")
        self.kernel.Print(text.upper() if args.loud else text, end="")

    def cell_count(self, args: Namespace) -> None:
        '''%%count - count the cell's lines.'''
        self.kernel.Print(len(self.code.splitlines()))
        self.evaluate = False

def register_magics(kernel):
    kernel.register_magics(HelloMagic)
"""


def with_files(folder: Path, **files: str) -> dict[str, str | None]:
    """Write the user's own magics; return the environment in which the kernel finds them."""
    magics = folder / "ipython" / "metakernel" / "magics"
    magics.mkdir(parents=True)
    for name, text in files.items():
        (magics / f"{name}.py").write_text(text)
    return {"IPYTHONDIR": str(folder / "ipython")}


def test_a_file_in_the_users_folder_is_a_magic_like_any_other(
    start: Start, tmp_path: Path, virtual_address: str
) -> None:
    kernel = start({**with_files(tmp_path, hello=HELLO), "MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    assert kernel.do("%hello you --loud").stdout == "HELLO YOU\n"
    assert kernel.do("%%count\na\nb").stdout == "2\n"
    assert "usage: %hello" in kernel.fail("%hello").value
    assert "greet from the board" in kernel.do("%hello?").page
    assert kernel.complete("%hello --l") == ["%hello --loud"]
    listed = kernel.do("%lsmagic").stdout
    assert "Your own" in listed
    assert "%hello" in listed
    assert kernel.do("print(1)").stdout == "1\n"


def test_a_magic_of_the_user_wins_over_a_built_in_one(start: Start, tmp_path: Path) -> None:
    own = HELLO.replace("line_hello", "line_boards").replace('argument("name", help="who is greeted"), ', "")
    kernel = start(
        with_files(tmp_path, boards=own.replace("self.board.execute(f\"print('hello', {args.name!r})\")", "'mine\\n'"))
    )
    assert kernel.do("%boards").stdout == "mine\n"
    assert "connected" in kernel.do("%connect_info").stdout


BROKEN = {
    "missing": ("import no_such_module_42", "no_such_module_42"),
    "syntax": ("def broken(:", "SyntaxError"),
    "error": ("1/0", "ZeroDivisionError"),
    "leaves": ("raise SystemExit('bye')", "SystemExit"),
    "empty": ("x = 1", "register_magics"),
    "refuses": ("def register_magics(kernel): raise RuntimeError('not today')", "not today"),
}


def test_broken_files_are_reported_once_and_break_nothing(start: Start, tmp_path: Path) -> None:
    broken = {name: code for name, (code, _) in BROKEN.items()}
    kernel = start(with_files(tmp_path, hello=HELLO, **broken))
    first = kernel.do("%lsmagic")
    for name, (_, problem) in BROKEN.items():
        (told,) = [line for line in first.stderr.split("could not be loaded")[:-1] if f"{name}.py" in line]
        assert told
        assert problem in first.stderr
        assert f"{name}.py" in first.stdout
    assert first.stderr.count("could not be loaded") == len(BROKEN)
    assert "%hello" in first.stdout
    assert kernel.do("%boards").stderr == ""


def test_files_of_the_user_shadow_no_module_of_the_host(start: Start, tmp_path: Path, virtual_address: str) -> None:
    kernel = start(
        {**with_files(tmp_path, json=HELLO, socket="x = 1", machine="x = 2"), "MICROPYTHON_BOARD": virtual_address}
    )
    assert kernel.do("1+1").value == "2"
    assert kernel.do("%%python\nimport json\njson.dumps([1])").value == "'[1]'"


def test_new_files_are_found_by_reload_magics(start: Start, tmp_path: Path) -> None:
    environment = with_files(tmp_path)
    kernel = start(environment)
    assert kernel.fail("%hello").name == "MagicError"
    (tmp_path / "ipython" / "metakernel" / "magics" / "hello.py").write_text(HELLO)
    kernel.do("%reload_magics")
    assert kernel.fail("%hello you").name == "NotConnected"


def entry_point(folder: Path, module: str, code: str, target: str) -> None:
    """A package as pip leaves it: a module and the metadata with its entry point."""
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[metakernel_micropython.magics]\n{module} = {target}\n")


@pytest.mark.parametrize("target", ["greeting:HelloMagic", "greeting"])
def test_an_entry_point_names_a_class_or_a_module(start: Start, tmp_path: Path, target: str) -> None:
    entry_point(tmp_path, "greeting", HELLO, target)
    kernel = start({"PYTHONPATH": str(tmp_path)})
    assert "greet from the board" in kernel.do("%hello --help").stdout


def test_broken_entry_points_are_reported_once_and_break_nothing(start: Start, tmp_path: Path) -> None:
    targets = {"one": "one:NoSuchClass", "two": "no_such_module", "three": "three:BoardMagic.no", "four": "four"}
    for name, target in targets.items():
        entry_point(tmp_path, name, HELLO, target)
    kernel = start({"PYTHONPATH": str(tmp_path)})
    told = kernel.do("%boards").stderr
    assert told.count("could not be loaded") == 3
    assert all(target in told for name, target in targets.items() if name != "four")
    assert kernel.do("%boards").stderr == ""
    kernel.do("%hello --help")


def test_the_users_file_wins_over_a_package(start: Start, tmp_path: Path) -> None:
    entry_point(tmp_path, "greeting", HELLO, "greeting")
    own = HELLO.replace("greet from the board", "my own greeting")
    kernel = start({**with_files(tmp_path, hello=own), "PYTHONPATH": str(tmp_path)})
    assert "my own greeting" in kernel.do("%hello --help").stdout


@pytest.fixture(scope="module")
def example(
    tmp_path_factory: pytest.TempPathFactory, pip_environment: dict[str, str], build_isolation: list[str]
) -> Path:
    target = tmp_path_factory.mktemp("packages")
    # pip writes into the folder that it builds in.
    copy = tmp_path_factory.mktemp("source") / "custom_magic"
    shutil.copytree(EXAMPLE, copy)
    options = [*build_isolation, "--no-deps", "--quiet", "--target", str(target)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(copy)], check=True, timeout=100, env=pip_environment
    )
    return target


def test_the_example_package_adds_its_magic(start: Start, example: Path, board_address: str) -> None:
    kernel = start({"PYTHONPATH": str(example), "MICROPYTHON_BOARD": board_address})
    kernel.do("x = 1")
    reply = kernel.do("%clock --seconds 0.5")
    assert "ppm" in reply.stdout
    assert reply.stderr == ""
    assert "%clock" in kernel.do("%lsmagic").stdout
    assert "usage: %clock" in kernel.fail("%clock --seconds x").value
    assert kernel.complete("%clock --se") == ["%clock --seconds"]
    names = kernel.do("print(sorted(globals()))").stdout
    assert eval(names) == sorted({"__name__", "x"}) or "t0" not in names
