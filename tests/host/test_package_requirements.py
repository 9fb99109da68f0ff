"""Files of requirements: read, written, and compared with what would be installed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metakernel_micropython.host.package_requirements import Requirement, check, dumped, parse
from metakernel_micropython.host.package_web import PackageError
from metakernel_micropython.host.packages import Package, unfit


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


A = Requirement("a", "1.0", {"a.py": sha(b"1"), "p/x y.py": sha(b"2")})
B = Requirement("github:o/r", "v1", {"b.py": sha(b"3")})

_PATHS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(
    lambda path: not unfit(path) and path == path.strip()
)
_NAMES = st.from_regex(r"\A(github:)?[a-z0-9_][A-Za-z0-9_.\-/]{0,20}[a-z0-9]\Z")
_REQUIREMENTS = st.lists(
    st.builds(
        Requirement,
        _NAMES,
        st.from_regex(r"\A([0-9a-z_][0-9a-z_.+\-]{0,20})?\Z"),
        st.dictionaries(_PATHS, st.binary().map(sha), min_size=1, max_size=5),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one.name,
)


@given(_REQUIREMENTS)
def test_what_is_written_is_read_again(requirements: list[Requirement]) -> None:
    assert parse(dumped(requirements, ["a remark"]).encode(), "r.txt") == requirements


def test_comments_blank_lines_and_line_ends_of_windows() -> None:
    text = f"\ufeff# top\r\n\r\na@1.0  # why\r\n\tsha256:{sha(b'1').upper()} a.py\r\n    # more\r\n"
    assert parse(text.encode(), "r.txt") == [Requirement("a", "1.0", {"a.py": sha(b"1")})]
    assert parse(b"a\nhttps://x.example/b.py#part\n", "r.txt") == [
        Requirement("a"),
        Requirement("https://x.example/b.py#part"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no package"),
        ("# nothing\n", "names no package"),
        ("    sha256:" + "0" * 64 + "  a.py\n", "line 1: an indented line belongs to the package above"),
        ("a\n  md5:00 a.py\n", "line 2: 'md5:00 a.py' is no digest"),
        ("a\n  sha256:12  a.py\n", "is no digest"),
        ("a\n  sha256:" + "0" * 64 + "  ../a.py\n", r"line 2: a file cannot be called '../a.py': it leads out"),
        ("a\n  sha256:" + "0" * 64 + "  /etc/a\n", "it leads out"),
        ("a==1.0\n", "a version is named as in a@1.0"),
        ("a>=1.0\n", "a version is named as in a@1.0"),
        ("-e .\n", "is an option"),
        ("--index-url x\n", "is an option"),
        ("a b\n", "more than one word"),
        ("a@1\na@2\n", "line 2: a stands there twice"),
        (f"a\n  sha256:{sha(b'')} a.py\n  sha256:{sha(b'1')} a.py\n", "with different digests"),
        (f"a\n  sha256:{sha(b'')} a.py\nb\n", "digests for some packages, and none for b"),
        ("a\n" * 200_000, "more than 262144 bytes"),
        ("\n".join(f"a{n}" for n in range(101)), "more than 100 packages"),
    ],
)
def test_what_is_none_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PackageError, match=said):
        parse(text.encode(), "r.txt")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(PackageError, match=r"r\.txt is no text in UTF-8"):
        parse(b"\xff\xfe\0", "r.txt")


def test_packages_that_are_what_the_file_says_pass() -> None:
    packages = [
        Package("a", "1.0", "", {"a.py": b"1", "p/x y.py": b"2"}),
        Package("github:o/r", "", "", {"b.py": b"3"}),
    ]
    check(packages, [A, B], "r.txt")
    check([Package("c", "1", "", {"c.py": b""})], [Requirement("c")], "r.txt")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.py": b"other", "p/x y.py": b"2"}, rf"a\.py of a has the SHA-256 {sha(b'other')}, and not {sha(b'1')}"),
        ({"a.py": b"1"}, r"a has no p/x y\.py"),
        ({"a.py": b"1", "p/x y.py": b"2", "more.py": b""}, r"more\.py of a is not in it"),
    ],
)
def test_whatever_differs_is_named(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(PackageError, match=said) as caught:
        check([Package("a", "1.0", "", files)], [A], "r.txt")
    assert "Nothing was installed" in str(caught.value)


def test_a_package_that_another_needs_must_be_in_the_file() -> None:
    packages = [Package("a", "1.0", "", {"a.py": b"1", "p/x y.py": b"2"}, ["d"]), Package("d", "1", "", {"d.py": b""})]
    with pytest.raises(PackageError, match="d, which a needs, is not in it"):
        check(packages, [A], "r.txt")
