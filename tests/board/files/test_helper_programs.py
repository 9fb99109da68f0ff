"""Helper programs that fail, on a scripted line."""

from __future__ import annotations

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.board.protocol.prompt_session import PromptSession
from metakernel_micropython.errors import FileProblem

from ..protocol.scripted import Line, prompt


@pytest.mark.parametrize("said", ["OSError: 5", "OSError: 2", "OSError: [Errno 5] EIO"])
def test_a_board_that_fails_when_asked_what_it_can_is_not_asked_why(said: str) -> None:
    asked = 0

    def answer(data: bytes) -> bytes | None:
        nonlocal asked
        if not data.endswith(b"\x04") or data.strip(b"\x03") == b"\x04":
            return prompt(data)
        asked += 1
        traceback = f'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\n{said}\r\n'
        return b"OK\x04" + traceback.encode() + b"\x04>"

    line = Line(prompt)
    with Board._attach(PromptSession(line), 5) as board:
        line.answer = answer
        with pytest.raises(FileProblem, match=r"The board on a scripted line failed.*OSError"):
            board.files.read("a.py")
        assert asked < 5
        line.answer = prompt
        assert board.execute("1") == "hi\n"
    line.close()
