"""The package as a stranger gets it: built, looked into, installed elsewhere, used."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from .boards import needs

ROOT = Path(__file__).parents[1]

LEFT_BEHIND = (
    *(".git", ".venv", ".*_cache", ".hypothesis", ".ipynb_checkpoints", "__pycache__"),
    *("*.egg-info", "build", "dist", "out", "*.csv", "*.pyc", ".DS_Store"),
)
"""What lies in a checkout and belongs to no distribution."""

BELONGS = {
    *(".ci", ".github", "benchmarks", "docs", "examples", "magics", "metakernel_micropython", "tests"),
    *(".pre-commit-config.yaml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in"),
    *("Makefile", "README.md", "RELIABILITY.md", "pyproject.toml"),
}
"""What lies on top of the project and belongs to it; a person's own files may lie beside."""


pytestmark = pytest.mark.timeout(400)  # the first test builds


@pytest.fixture(scope="module")
def distributions(
    tmp_path_factory: pytest.TempPathFactory, pip_environment: dict[str, str], build_isolation: list[str]
) -> Path:
    """A folder with the source distribution, and with the wheel that was built from it."""
    for tool in ("build", "twine", "check_wheel_contents"):
        needs(importlib.util.find_spec(tool), tool)
    source = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    out = tmp_path_factory.mktemp("dist")
    options = ["--no-isolation"] if build_isolation else []
    command = [sys.executable, "-m", "build", "--outdir", str(out), *options, str(source)]
    done = subprocess.run(command, env=pip_environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (built,) = distributions.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def source_distribution(distributions: Path) -> Path:
    (built,) = distributions.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory, pip_environment: dict[str, str]) -> Path:
    """A new environment with the wheel; what it depends on comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    python = _python(folder)
    command = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip())
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], env=pip_environment, check=True, timeout=100)
    # Behind the environment's own packages, and without the checkout that may be installed there for editing: its .pth
    # file is not read, because this folder is only put on the path.
    import jupyter_client

    (packages / "dependencies.pth").write_text(str(Path(jupyter_client.__file__).parents[1]) + "\n")
    return folder


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_the_source_distribution_holds_everything_of_the_project(source_distribution: Path, tmp_path: Path) -> None:
    with tarfile.open(source_distribution) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    ours = {
        path.relative_to(tmp_path / "checkout").as_posix()
        for path in (tmp_path / "checkout").rglob("*")
        if path.is_file()
    }
    assert {"tests/boards.py", "docs/cells.md", "examples/run.py", "benchmarks/README.md", "magics/connect.py"} <= ours
    missing = {name for name in ours - names if name.partition("/")[0] in BELONGS}
    assert missing == set()
    assert {name for name in names if name.endswith((".pyc", ".csv"))} == set()


def test_what_is_published_passes_the_checks_of_the_index(distributions: Path) -> None:
    files = [str(path) for path in distributions.iterdir()]
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2, done.stdout


def test_the_wheels_contents_are_as_those_of_wheels_should_be(wheel: Path) -> None:
    command = [sys.executable, "-m", "check_wheel_contents", "--config", str(ROOT / "pyproject.toml"), str(wheel)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name).decode() for name in names if name.endswith(("METADATA", "entry_points.txt"))}
    for name in (
        "metakernel_micropython/kernel.py",
        "metakernel_micropython/py.typed",
        "metakernel_micropython/board/protocol/repl.py",
        "metakernel_micropython/board/snippets/names.py",
        "metakernel_micropython/magics/__init__.py",
        "metakernel_micropython/magics/connect.py",
        "metakernel_micropython/transports/serial.py",
        "metakernel_micropython/virtual/__main__.py",
        "metakernel_micropython/virtual/parts/led.py",
        "metakernel_micropython/virtual/rom/asyncio/core.py",
        "metakernel_micropython/virtual/rom/neopixel.py",
        "metakernel_micropython/virtual/wiring/pinout.py",
        "metakernel_micropython/kernelspec/kernel.json",
        "metakernel_micropython/kernelspec/logo-64x64.png",
    ):
        assert name in names
    data = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    assert data == {
        f"share/jupyter/kernels/micropython/{name}"
        for name in ("kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg")
    }
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert tops == {"metakernel_micropython"}
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "metakernel_micropython").rglob("*.py")}
    assert sources <= set(names)
    assert any(name.endswith("LICENSE") for name in names)
    (points,) = (text for name, text in texts.items() if name.endswith("entry_points.txt"))
    assert "[pytest11]\nmetakernel_micropython = metakernel_micropython.pytest_plugin" in points
    (metadata,) = (text for name, text in texts.items() if name.endswith("METADATA"))
    assert "License-Expression: MIT" in metadata
    assert "# " in metadata.partition("\n\n")[2]  # the readme


def test_the_installed_package_lists_its_kernel_and_magics(environment: Path, tmp_path: Path) -> None:
    code = (
        "import metakernel_micropython, metakernel_micropython.magics as m, pkgutil\n"
        "print(metakernel_micropython.__file__, m.__file__, *[f.name for f in pkgutil.iter_modules(m.__path__)])"
    )
    done = subprocess.run(
        [str(_python(environment)), "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    package, magics, *names = done.stdout.split()
    assert Path(package).is_relative_to(environment)
    assert Path(magics).is_relative_to(environment)
    assert {"connect", "disconnect", "reboot"} <= set(names)
    assert (environment / "share" / "jupyter" / "kernels" / "micropython" / "kernel.json").is_file()


def test_a_cell_runs_through_the_installed_package(
    environment: Path, tmp_path: Path, virtual_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "import metakernel_micropython\nprint(metakernel_micropython.__file__)"
    notebook = nbformat.v4.new_notebook()
    cells = [f"%connect {virtual_address}", "x = 6\nx * 7", f"%%python\n{where}", "import mach"]
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells[:3]]
    monkeypatch.setenv("JUPYTER_PATH", str(environment / "share" / "jupyter"))
    monkeypatch.setenv("PATH", str(_python(environment).parent), prepend=os.pathsep)
    client = NotebookClient(
        notebook, kernel_name="micropython", timeout=60, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.create_kernel_manager()
    # The wheel's kernelspec says "python", which Jupyter takes for its own; here that is another one.
    client.km.kernel_spec.argv[0] = str(_python(environment))
    client.execute()
    assert notebook.cells[1].outputs[0].data["text/plain"] == "42"
    assert Path(notebook.cells[2].outputs[0].text.strip()).is_relative_to(environment)
