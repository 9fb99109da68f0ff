"""What boards and their files say is text wherever it is shown: no markup, and no command to a terminal in a name."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..front_end import Reply

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def kernel(virtual_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    folder = tmp_path_factory.mktemp("board")
    if sys.platform != "win32":
        (folder / f"{MARKUP}.py").write_text(f"raise OSError({MARKUP!r})\n")
        (folder / "\x1b[2J\x1b]0;title\x07.txt").write_text(f"{MARKUP}\n")
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    try:
        made.do(f"%connect {virtual_address}:{folder} --timeout 60", timeout=90)
        yield made
    finally:
        made.close(now=True)


def check(reply: Reply) -> None:
    for _, _, content in reply.messages:
        page = content.get("data", {}).get("text/html", "")
        assert "<img" not in page
        assert "\x1b" not in page
        assert "text/markdown" not in content.get("data", {})
    assert "<img" not in json.dumps([p for p in reply.content.get("payload", []) if "text/html" in p.get("data", {})])


@pytest.mark.parametrize("magic", ["%ls", "%ls -r", "%tree", "%modules", "%info", "%mem", "%df"])
def test_names_and_facts_are_shown_as_text(kernel: Jupyter, magic: str) -> None:
    reply = kernel.run(magic)
    check(reply)
    assert "\x1b[2J" not in reply.plain
    assert "\x07" not in reply.plain
    if magic == "%ls" and sys.platform != "win32":
        assert MARKUP in reply.plain
        assert "\\x1b[2J\\x1b]0;title\\x07.txt" in reply.plain


@pytest.mark.parametrize(
    "code",
    [
        f"print({MARKUP!r})",
        f"class R:\n    def __repr__(self): return {MARKUP!r}\n    def _repr_html_(self): return {MARKUP!r}\nR()",
        f'print(\'{{"text/html": "{MARKUP}"}}\')',
        f"raise ValueError({MARKUP!r})",
        f"import sys\nsys.path.append({MARKUP!r})\nsys.path",
        "print('\\x1b[31mred\\x1b[0m')",
    ],
    ids=["print", "repr", "mime", "error", "path", "colour"],
)
def test_what_a_program_prints_is_a_stream_and_its_value_is_plain_text(kernel: Jupyter, code: str) -> None:
    reply = kernel.run(code)
    check(reply)
    kinds = {kind for _, kind, _ in reply.messages}
    assert kinds <= {"stream", "execute_result", "error"}
    for result in reply.of("execute_result"):
        assert set(result["data"]) == {"text/plain"}
