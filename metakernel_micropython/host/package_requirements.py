"""Files of requirements: which packages in which versions, and the SHA-256 digest of each of their files.

    # a comment
    aioble@0.6.1
        sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0ba2570e0c7a7bd2e4a5f6  aioble/__init__.py
    github:owner/repository@v1.2
        sha256:...  module.py

A package's digests stand below it, indented, as ``sha256sum`` writes them. A file has digests for all packages, those
that others need among them, or for none: then nothing is promised but versions.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .package_web import PackageError
from .packages import MAX_FILES, MAX_PACKAGES, split_name, unfit
from .paths import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .packages import Package

MAX_SIZE = 256 * 1024
"""Bytes of a file of requirements."""

_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})\s+(\S.*)")


@dataclass
class Requirement:
    """A package that a file of requirements names.

    Attributes:
        name: as it is typed behind ``install``, without a version.
        version: in the index, or a repository's branch or tag; ``""`` for the latest.
        digests: for each of its files the SHA-256, in hexadecimal.
        remarks: what is to be known of it; comments in the file.
    """

    name: str
    version: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def compiled(self) -> bool:
        """Whether it is wanted as .mpy files."""
        return any(path.endswith(".mpy") for path in self.digests)


def parse(data: bytes, source: str) -> list[Requirement]:
    """Read a file of requirements.

    Args:
        data: its content.
        source: what it is called in errors.

    Raises:
        PackageError: it is none; the message names the line.
    """
    try:
        if len(data) > MAX_SIZE:
            raise PackageError(f"{source} has more than {MAX_SIZE} bytes, too many for a file of requirements.")
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise PackageError(f"{source} is no text in UTF-8, so no file of requirements.") from None
    found: dict[str, Requirement] = {}
    last: Requirement | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            if line[0] in " \t":
                _add_digest(last, text)
            else:
                last = _requirement(re.sub(r"\s+#.*", "", text))
                if found.setdefault(last.name, last) is not last:
                    raise PackageError(f"{last.name} stands there twice")
        except PackageError as error:
            raise PackageError(f"{source}, line {number}: {error}. Nothing was installed.") from None
    if not found:
        raise PackageError(f"{source} names no package.")
    if len(found) > MAX_PACKAGES or sum(len(one.digests) for one in found.values()) > MAX_FILES:
        raise PackageError(f"{source} names more than {MAX_PACKAGES} packages, or {MAX_FILES} files.")
    without = [one.name for one in found.values() if not one.digests]
    if without and len(without) < len(found):
        raise PackageError(
            f"{source} has digests for some packages, and none for {shown(', '.join(without[:5]))}: it needs them for "
            "all of them, or for none. Nothing was installed."
        )
    return list(found.values())


def _requirement(text: str) -> Requirement:
    if text.startswith("-"):
        raise PackageError(f"{shown(text[:80])!r} is an option, which such a file cannot have")
    if " " in text or "\t" in text:
        raise PackageError(f"{shown(text[:80])!r} is more than one word: a package is NAME or NAME@VERSION")
    name, version = split_name(text)
    if re.search(r"[=<>~!]=|[<>]", text) and not text.startswith(("http://", "https://")):
        raise PackageError(f"{shown(text[:80])!r}: a version is named as in {re.split('[=<>~!]', name)[0]}@1.0")
    return Requirement(name, version)


def _add_digest(requirement: Requirement | None, text: str) -> None:
    if requirement is None:
        raise PackageError("an indented line belongs to the package above it, and there is none")
    matched = _DIGEST.fullmatch(text)
    if matched is None:
        raise PackageError(f"{shown(text[:80])!r} is no digest, as in sha256:...  FILE")
    digest, path = matched[1].lower(), matched[2]
    if reason := unfit(path):
        raise PackageError(f"a file cannot be called {path[:80]!r}: {reason}")
    if requirement.digests.setdefault(path, digest) != digest:
        raise PackageError(f"{shown(path)} stands there twice, with different digests")


def dumped(requirements: Iterable[Requirement], remarks: Sequence[str] = ()) -> str:
    """Return the text of a file of requirements, with remarks on top."""
    lines = [f"# {remark}" for remark in remarks]
    for one in requirements:
        lines += [f"# {shown(remark)}" for remark in one.remarks]
        lines.append(f"{one.name}@{one.version}" if one.version else one.name)
        lines += [f"    sha256:{digest}  {path}" for path, digest in sorted(one.digests.items())]
    return "".join(line + "\n" for line in lines)


def check(packages: Sequence[Package], requirements: Sequence[Requirement], source: str) -> None:
    """See whether packages are what a file with digests says. One without digests allows everything.

    Args:
        packages: all that would be installed.
        requirements: what the file says.
        source: what the file is called in errors.

    Raises:
        PackageError: they are not; the message names what differs.
    """
    if not any(one.digests for one in requirements):
        return
    known = {one.name: one.digests for one in requirements}
    problems = []
    for package in packages:
        if package.name not in known:
            whose = next((one.name for one in packages if package.name in one.needs), "")
            problems.append(f"{package.name}, which {whose} needs, is not in it")
            continue
        digests = known[package.name]
        for path, data in package.files.items():
            digest = hashlib.sha256(data).hexdigest()
            if path not in digests:
                problems.append(f"{path} of {package.name} is not in it")
            elif digest != digests[path]:
                problems.append(f"{path} of {package.name} has the SHA-256 {digest}, and not {digests[path]}")
                if path.endswith(".mpy"):
                    problems[-1] += " (another version of mpy-cross compiles otherwise)"
        problems += [f"{package.name} has no {path}" for path in digests if path not in package.files]
    if problems:
        more = [f"and {len(problems) - 10} more"] if len(problems) > 10 else []
        lines = "".join(f"\n  {shown(problem)}" for problem in [*problems[:10], *more])
        raise PackageError(f"What would be installed is not what {source} says. Nothing was installed:{lines}")
