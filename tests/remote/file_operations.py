"""Random operations on files, as a program for a board that does them in some folder and prints what came of each."""

from __future__ import annotations

import random

PROGRAM = """\
import os
files = {}

def run(root, operations):
    for kind, first, second, third in operations:
        try:
            if kind == 'open':
                if first in files:
                    files.pop(first).close()
                files[first] = open(root + second, third)
                done = ''
            elif kind == 'stat':
                found = os.stat(root + first)
                done = found[0] & 0xF000, found[6] if found[0] & 0x8000 else 0
            elif kind == 'listdir':
                done = sorted(os.listdir(root + first))
            elif kind == 'ilistdir':
                done = sorted([entry[:2] for entry in os.ilistdir(root + first)])
            elif kind == 'rename':
                done = os.rename(root + first, root + second)
            elif kind in ('mkdir', 'rmdir', 'remove'):
                done = getattr(os, kind)(root + first)
            elif first not in files:
                done = 'closed'
            elif kind == 'close':
                done = files.pop(first).close()
            elif kind == 'readinto':
                buffer = bytearray(second)
                count = files[first].readinto(buffer)
                done = count, bytes(buffer)
            elif kind == 'lines':
                done = [line for line in files[first]]
            elif kind == 'flush':
                done = files[first].flush()
            else:
                done = getattr(files[first], kind)(*[one for one in (second, third) if one is not None])
        except OSError as error:
            done = 'OSError', error.errno
        except UnicodeError:
            # How far it has read then is nobody's promise.
            done = 'UnicodeError', files.pop(first).close()
        print(repr((kind, done)))

def end(root):
    for file in files.values():
        file.close()
    files.clear()
    for folder in ('', '/folder', '/folder/inner'):
        try:
            names = sorted(os.listdir(root + folder))
        except OSError:
            continue
        for name in names:
            try:
                with open(root + folder + '/' + name, 'rb') as file:
                    print(folder, repr(name), file.read())
            except OSError:
                print(folder, repr(name))
"""

_NAMES = ("/a", "/b.txt", "/folder/c", "/folder/\u00fc \u20ac", "/folder/inner/x$(y)", '/it\'s "q"', "/new\nline")
_FOLDERS = ("/folder", "/folder/inner", "/other")
_MODES = ("r", "w", "a", "rb", "wb", "ab", "r+", "rb+", "w+b")
_DATA = (
    b"",
    b"one line\n",
    bytes(range(256)),
    b"\x03\x04\x1e?\x10\x16\r\n" * 40,
    "gr\u00fc\u00df dich\n".encode() * 90,
    b"x" * 5000,
)


def operations(seed: int, count: int) -> list[tuple[object, ...]]:
    """Return random operations, each a kind and three arguments."""
    chance = random.Random(seed)
    modes: dict[int, str] = {}
    found: list[tuple[object, ...]] = [("mkdir", "/folder", None, None), ("mkdir", "/folder/inner", None, None)]
    while len(found) < count:
        handle = chance.randrange(4)
        binary = "b" in modes.get(handle, "b")
        match chance.choice(
            "open open write write write read read readline readinto seek tell lines flush close stat stat listdir "
            "ilistdir mkdir rmdir remove rename".split()
        ):
            case "open":
                modes[handle] = chance.choice(_MODES)
                found.append(("open", handle, chance.choice(_NAMES), modes[handle]))
                if "a" in modes[handle]:  # what tell() says before the first write differs between file systems
                    found.append(("seek", handle, 0, 2))
            case "write":
                data = chance.choice(_DATA)
                found.append(("write", handle, data if binary else data.decode("utf-8", "ignore"), None))
            case "read":
                found.append(("read", handle, chance.choice((None, 0, 1, 7, 300, 5000)), None))
            case "readline":
                found.append(("readline", handle, None, None))
            case "readinto":
                found.append(("readinto", handle, chance.choice((1, 100)), None))
            case "seek":
                place = chance.choice(((0, 0), (0, 2), (300, 0))) if binary else (0, chance.choice((0, 2)))
                found.append(("seek", handle, *place))
            case "rename":
                # Not a folder to a file's name: the board's own file system opens folders.
                places = chance.choice((_NAMES, _NAMES, ("/folder/inner", "/other")))
                found.append(("rename", chance.choice(places), chance.choice(places), None))
            case "stat":
                found.append(("stat", chance.choice(_NAMES + _FOLDERS), None, None))
            case "listdir" | "ilistdir" as kind:
                found.append((kind, chance.choice(_FOLDERS), None, None))
            case "mkdir" | "rmdir" as kind:
                found.append((kind, chance.choice(_FOLDERS), None, None))
            case "remove":
                found.append(("remove", chance.choice(_NAMES), None, None))
            case kind:
                found.append((kind, handle, None, None))
    return found
