"""Paths as people see and type them."""

from __future__ import annotations

import pytest

from metakernel_micropython.host.paths import counted, drawn, human, quoted, shown


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
