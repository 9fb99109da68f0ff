"""The path that stands for a cell: JupyterLab computes the same from the text, and sets breakpoints there."""

from __future__ import annotations

import pytest

from metakernel_micropython.debugger.jupyter import HASH_SEED, _prefix, path_of


def murmur2(data: bytes, seed: int) -> int:
    """MurmurHash2 for x86, as its author has published it (https://github.com/aappleby/smhasher)."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (seed ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "ab", "abc", "abcd", "x = 1\n", "def f():\n    return 1\n" * 50),
        *("größer = 1", "print('日本語')", "'😀'", "x\r\ny", "\ufeffx", "\x00\x1e\x7f", "€" * 3),
    ],
)
def test_the_path_of_a_cell_is_the_hash_of_its_text_in_utf_8(text: str) -> None:
    assert path_of(text) == f"{_prefix()}{murmur2(text.encode(), HASH_SEED)}.py"


def test_half_a_surrogate_pair_counts_as_javascript_encodes_it() -> None:
    assert path_of("'\ud800'") == path_of("'\ufffd'")
