"""Paths as people see and type them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.host.paths import counted, drawn, host_paths, human, quoted, shown

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("größe 日本.py", "größe 日本.py"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202egpj", "a\\u202egpj"),
        ("\ud800", "\\ud800"),
    ],
)
def test_names_are_shown_without_surprises(name: str, seen: str) -> None:
    assert shown(name) == seen


@pytest.mark.parametrize(
    ("path", "typed"), [("a.py", "a.py"), ("a b", '"a b"'), ("it's", '"it\'s"'), ('a "b"', "'a \"b\"'"), ("", '""')]
)
def test_paths_are_quoted_where_they_need_it(path: str, typed: str) -> None:
    assert quoted(path) == typed


def test_sizes_are_for_people() -> None:
    assert [human(size) for size in (0, 1023, 1536, 3 << 20, 5 << 30)] == ["0 B", "1023 B", "1.5 KiB", "3 MiB", "5 GiB"]
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_a_tree_is_drawn_with_every_branch() -> None:
    entries = [("a", True), ("a/b", True), ("a/b/c", False), ("a/d", False), ("e", True), ("f", False)]
    assert list(drawn(entries)) == [
        "├── a/",
        "│   ├── b/",
        "│   │   └── c",
        "│   └── d",
        "├── e/",
        "└── f",
    ]


def test_windows_paths_are_completed_as_they_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Mein Projekt" / "src").mkdir(parents=True)
    (tmp_path / "Mein Projekt" / "main.py").touch()
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    def offered(word: str, *, windows: bool = True) -> list[str]:
        return host_paths(None, word, windows=windows)  # type: ignore[arg-type]  # asks no front end

    assert offered("M") == ['"Mein Projekt/']
    assert offered('"Mein Projekt\\') == ['"Mein Projekt\\main.py"', '"Mein Projekt\\src\\']
    assert offered('"Mein Projekt/s') == ['"Mein Projekt/main.py"', '"Mein Projekt/src/']
    assert offered(".\\.") == [".\\.git\\", '".\\Mein Projekt\\']
    assert offered("no\\such\\folder\\") == []
    assert '"Mein Projekt\\main.py"' not in offered('"Mein Projekt\\', windows=False), "a name may hold it elsewhere"


HIDDEN = ["a\n!{touch,X};#", "a\r!touch X", "a\x1b[2Jb", "a\u202egpj.exe", "a\u2028%rm b", "a\x85b", "a\u200bb", "-r"]
AWKWARD = ["a b", "a'b", 'a"b', "a'b\"c", "a # b", "#a", "a;b", "$(touch X)", "`touch X`", "{a,b}", "$HOME", "日本"]


def one_word(text: str) -> str:
    """What a magic makes of its arguments, which are one."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    (word,) = lexer
    return word


@pytest.mark.parametrize("name", AWKWARD)
def test_a_path_is_typed_as_one_argument(name: str) -> None:
    assert one_word(quoted(name)) == name


def test_paths_of_the_host_are_offered_as_one_argument_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*HIDDEN, *AWKWARD):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    offered = host_paths(None, "")  # type: ignore[arg-type]  # asks no front end
    assert sorted(map(one_word, offered)) == sorted(AWKWARD)
    assert {'"a # b"', '"a b"', '"日本"'} <= set(host_paths(None, '"a '))  # type: ignore[arg-type]
    assert all('"' not in one_word(found) for found in host_paths(None, '"'))  # type: ignore[arg-type]
