"""The file that a backup is: a zip with a board's files, and ``manifest.json``, which says what they are.

The manifest::

    {"format": "micropython-backup", "version": 1, "created": ISO 8601, "software": ...,
     "firmware": the banner, "facts": [[name, text] ...] as %info shows them,
     "root": the folder that was saved, "folders": [path ...],
     "files": [{"path": ..., "member": its name in the zip, "size": bytes, "sha256": ..., "time": ISO 8601, null} ...],
     "packages": {folder: {name: version}}, "left_out": [[path, reason] ...],
     "partitions": [{"label": ..., "type": ..., "subtype": ..., "address": ..., "size": ..., "encrypted": ...,
     "member": ..., "sha256": ...} ...]}

Paths are below the root, with slashes. A backup may come from strangers: everything is checked before anything is used.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import HostFileProblem

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "micropython-backup"
VERSION = 1
MANIFEST = "manifest.json"

MAX_MANIFEST = 8 * 1024 * 1024
"""Bytes of a manifest."""

MAX_CONTENT = 256 * 1024 * 1024
"""Bytes of all files together: more than any board's flash has, and what fits in memory here."""

MAX_FILES = 20_000

_LONGEST_PATH = 1024  # bytes


class BadBackup(HostFileProblem):
    """A file is no backup, or a damaged one."""


@dataclass
class Backup:
    """What was saved of a board.

    Attributes:
        root: the folder that was saved; ``""`` on boards without folders.
        firmware: the board's banner.
        created: when, in ISO 8601.
        facts: what the board told about itself.
        folders: paths below the root, each before its contents.
        files: contents by their paths below the root.
        times: when they were changed, in ISO 8601, where the board knew.
        packages: names and versions of the packages, by the folder that they are in.
        left_out: what was not saved, with the reason.
        partitions: of the flash of an ESP32, where they were asked for: what the manifest says of each, and content.
    """

    root: str
    firmware: str = ""
    created: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    partitions: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(map(len, self.files.values()))


def pack(backup: Backup) -> bytes:
    """Return a backup as a zip."""
    files: list[dict[str, Any]] = []
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (path, content) in enumerate(backup.files.items()):
            # A name that other programs may take for another one goes by a number.
            plain = path.isprintable() and "\\" not in path and ":" not in path
            member = f"files/{path}" if plain else f"numbered/{number}"
            archive.writestr(member, content)
            digest = hashlib.sha256(content).hexdigest()
            time = backup.times.get(path)
            files.append({"path": path, "member": member, "size": len(content), "sha256": digest, "time": time})
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "created": backup.created,
            "software": "metakernel_micropython",
            "firmware": backup.firmware,
            "facts": backup.facts,
            "root": backup.root,
            "folders": backup.folders,
            "files": files,
            "packages": backup.packages,
            "left_out": backup.left_out,
            "partitions": [_packed(archive, facts, content) for facts, content in backup.partitions],
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return buffer.getvalue()


def _packed(archive: zipfile.ZipFile, facts: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Add a partition to a zip, and return what the manifest says of it."""
    label = re.sub(r"[^\w.-]", "_", facts["label"])
    member = f"partitions/{facts['address']:#x}-{label}.bin"
    archive.writestr(member, content)
    return {**facts, "member": member, "sha256": hashlib.sha256(content).hexdigest()}


def is_backup(path: Path) -> bool:
    """Whether a file says that it is a backup."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _manifest(path, archive).get("format") == FORMAT
    except (OSError, ValueError, HostFileProblem, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return False


def load(path: Path) -> Backup:
    """Read a backup, and check all of it.

    Raises:
        BadBackup: it is none, is damaged, or holds what no backup holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        # What zipfile and zlib raise for damaged, encrypted and unknown content; RuntimeError is a password's.
        raise _bad(path, f"is damaged, or no zip ({error})") from error


def _read(path: Path, archive: zipfile.ZipFile) -> Backup:
    told = _manifest(path, archive)
    version = told.get("version")
    if told.get("format") != FORMAT or type(version) is not int:
        raise _bad(path, "is no backup of a board: its manifest is none")
    if version != VERSION:
        raise _bad(path, f"is a backup of version {version}, and this software knows version {VERSION}")
    root, folders, listed = told.get("root"), told.get("folders"), told.get("files")
    if not (isinstance(root, str) and isinstance(folders, list) and isinstance(listed, list)):
        raise _bad(path, "is a damaged backup: its manifest is not complete")
    if len(root) > _LONGEST_PATH or not root.isprintable() or ".." in root.split("/"):
        raise _bad(path, "is a damaged backup: its root is no folder of a board")
    backup = Backup(root, _text(told, "firmware"), _text(told, "created"))
    backup.folders = [_path(path, one) for one in folders]
    backup.left_out = _left_out(told.get("left_out"))
    partitions = told.get("partitions", [])
    if not isinstance(partitions, list):
        raise _bad(path, "is a damaged backup: its manifest is not complete")
    members = _members(path, archive, [*listed, *partitions])
    total = sum(members[one["member"]].file_size for one in partitions)
    for one in listed:
        name = _path(path, one.get("path"))
        total += members[one["member"]].file_size
        if total > MAX_CONTENT:
            raise _bad(path, f"holds more than {MAX_CONTENT // 1024**2} MiB, which no board has room for")
        if name in backup.files:
            raise _bad(path, f"is a damaged backup: it holds {name!r} twice")
        backup.files[name] = _content(path, archive, members[one["member"]], one)
    for one in partitions:
        if total > MAX_CONTENT or not isinstance(one.get("label"), str) or type(one.get("address")) is not int:
            raise _bad(path, "is a damaged backup: its partitions are none of a board's")
        backup.partitions.append((one, _content(path, archive, members[one["member"]], one)))
    split = [name.split("/") for name in (*backup.files, *backup.folders)]
    above = {"/".join(parts[:count]) for parts in split for count in range(1, len(parts))}
    if conflict := (above | set(backup.folders)) & set(backup.files):
        raise _bad(path, f"is a damaged backup: {min(conflict)!r} is a file and a folder in it")
    return backup


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise _bad(path, "is no backup of a board: it has no manifest.json") from None
    with archive.open(info) as file:
        text = file.read(MAX_MANIFEST + 1)
    if len(text) > MAX_MANIFEST:
        raise _bad(path, "is no backup of a board: its manifest is too large")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad(path, "is a damaged backup: its manifest is no JSON") from None
    return told if isinstance(told, dict) else {}


def _members(path: Path, archive: zipfile.ZipFile, listed: list[Any]) -> dict[str, zipfile.ZipInfo]:
    """Return the zip's members by name, where they are those of the manifest."""
    if len(listed) > MAX_FILES:
        raise _bad(path, f"holds more than {MAX_FILES} files")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename in members:
            raise _bad(path, f"is a damaged backup: it holds {info.filename!r} twice")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _bad(path, f"holds a link, {info.filename!r}, which no backup does")
        members[info.filename] = info
    members.pop(MANIFEST)
    names = [one.get("member") if isinstance(one, dict) else None for one in listed]
    if missing := [name for name in names if not isinstance(name, str) or name not in members]:
        raise _bad(path, f"is a damaged backup: {missing[0]!r} of its manifest is not in it")
    if extra := sorted(set(members) - {str(name) for name in names}):
        raise _bad(path, f"holds {extra[0]!r}, which its manifest does not tell of")
    return members


def _content(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: dict[str, Any]) -> bytes:
    with archive.open(info) as file:
        # The size that the zip tells bounds what is inflated, whatever there is.
        content = file.read(min(info.file_size, MAX_CONTENT) + 1)
    if len(content) != told.get("size") or hashlib.sha256(content).hexdigest() != told.get("sha256"):
        raise _bad(path, f"is a damaged backup: the content of {told['member']!r} is not what was saved")
    return content


def _path(path: Path, name: object) -> str:
    """Return a path below the root, where it is one."""
    if isinstance(name, str):
        parts = name.split("/")
        fits = len(name.encode("utf-8", "replace")) <= _LONGEST_PATH and not {"", ".", ".."} & set(parts)
        if fits and not {"\0", "\n", "\r"} & set(name) and name.encode("utf-8", "replace").decode() == name:
            return name
    raise _bad(path, f"holds {name!r:.100}, which is no name of a file below the board's folder")


def _left_out(told: object) -> list[tuple[str, str]]:
    """Return what was not saved, which a board that is made the same keeps."""
    pairs = told if isinstance(told, list) else []
    return [(one[0], one[1]) for one in pairs if isinstance(one, list) and [type(x) for x in one] == [str, str]]


def _text(told: dict[str, Any], key: str) -> str:
    value = told.get(key)
    return value[:_LONGEST_PATH] if isinstance(value, str) else ""


def _bad(path: Path, what: str) -> BadBackup:
    return BadBackup(f"{path} {what}. Nothing was changed on the board.")
