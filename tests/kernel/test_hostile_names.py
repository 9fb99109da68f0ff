"""Names that come from a board are offered as what they are, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..host.test_paths import AWKWARD, HIDDEN, one_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..front_end import Jupyter

from ..front_end import Jupyter as Kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    """A kernel whose board holds files with such names, each with its name in it."""
    folder: Path = tmp_path_factory.mktemp("names")
    made = Kernel(folder)
    made.do(f"%connect {virtual_address}")
    made.do(f"for n in {[*HIDDEN, *AWKWARD]!r}:\n    with open(n, 'w') as f:\n        f.write('<' + n + '>')")
    yield made
    made.close(now=True)


@pytest.mark.parametrize("magic", ["%cat", "%rm", "%ls", "%fetchfile", "%run", "%mv"])
def test_files_of_the_board_stay_one_argument_behind_a_magic(kernel: Jupyter, magic: str) -> None:
    offered = kernel.complete(f"{magic} ")
    words = [found.removeprefix(f"{magic} ") for found in offered]
    assert all(found.isprintable() for found in offered)
    if magic != "%run":  # files of the computer
        assert {*AWKWARD} <= {one_word(word.rstrip("/")) for word in words if not word.endswith("/")}


def test_what_is_offered_behind_cat_is_the_file(kernel: Jupyter) -> None:
    offered = [found for found in kernel.complete("%cat ") if not found.endswith("/")]
    shown = [kernel.do(found).stdout.strip() for found in offered if "boot" not in found]
    assert {f"<{name}>" for name in AWKWARD} <= set(shown)
    assert kernel.complete('%cat "a ') == ['%cat "a # b"', '%cat "a b"']
    assert kernel.do('%cat "a b"  # "a" and b').stdout == "<a b>\n"


@pytest.mark.parametrize("opening", ['open("', "open('", 'f"/', "import os\nos.remove('/"])
def test_files_of_the_board_stay_within_a_string(kernel: Jupyter, opening: str) -> None:
    offered = kernel.complete(opening)
    if opening.startswith("open("):
        assert opening + "a b" in offered
        assert opening + "日本" in offered
    for found in offered:
        name = found.removeprefix(opening)
        assert name.isprintable()
        assert not set("'\"\\{}") & set(name)


def test_names_of_the_board_that_are_none_are_not_offered(kernel: Jupyter) -> None:
    kernel.do("class T: pass\nt = T()\nfor n in ('a\\n!touch', 'b;c', 'fine', 'd()'):\n    setattr(t, n, 1)")
    offered = [found.removeprefix("t.") for found in kernel.complete("t.")]
    assert "fine" in offered
    assert all(name.isidentifier() for name in offered)
