"""Python's parser in several threads."""

from __future__ import annotations

import ast
import threading
import warnings

import pytest

from metakernel_micropython import syntax_tree


def test_a_parser_that_another_thread_has_disturbed_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = ast.parse, list[str]()

    def disturbed(source: str, mode: str = "exec") -> ast.AST:
        calls.append(source)
        if len(calls) == 1:
            raise SystemError("AST constructor recursion depth mismatch (before=51, after=40)")
        if len(calls) == 2:
            raise RecursionError
        return real(source, mode=mode)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert syntax_tree.literal_value(" [1, -2, 'x', None]\n") == [1, -2, "x", None]
    assert len(calls) == 3


def test_one_thread_parses_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    real, inside, most = ast.parse, list[int](), list[int]()
    both = threading.Event()

    def watched(source: str, mode: str = "exec") -> ast.AST:
        inside.append(1)
        most.append(len(inside))
        both.wait(0.2)  # time for another thread to come in, where it may
        inside.pop()
        return real(source, mode=mode)

    monkeypatch.setattr(ast, "parse", watched)
    threads = [threading.Thread(target=syntax_tree.parsed, args=("x = 1",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == [1, 1, 1]


def test_what_is_wrong_is_told_and_warned_of_is_not() -> None:
    with pytest.raises(SyntaxError):
        syntax_tree.parsed("x = (")
    with pytest.raises((RecursionError, MemoryError)):
        syntax_tree.parsed_expression("-" * 100_000 + "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert syntax_tree.parsed("1 is 1").body
