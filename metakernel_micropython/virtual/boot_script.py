# ruff: noqa: A001, D100, D103, E722, F821, PTH116, RUF005, S102, S110, SIM105
# The part of the virtual board's firmware that MicroPython runs itself: this file is MicroPython, not Python.
#
# It is executed under the file name "firmware", with one name defined: "user", the globals of the real main module. It
# gives the interpreter what a board's port adds, and then executes for ever what the prompt has read. The prompt itself
# is the host's (pyexec.py), outside this heap, as on a board. Comments are stripped before MicroPython parses it.

import builtins
import gc
import os
import sys

import host
import machine
import micropython
import uctypes

call = host.call  # name, text -> text
words = machine.mem32
user.clear()
user["__name__"] = "__main__"
main = user
keep = []  # what only patched tables refer to, out of the garbage collector's sight

sys.path[:] = ["", ".frozen", "/lib"]
sys.argv.clear()

# The buffers are the line itself, the files around them translate line ends: the host tells them apart by descriptor.
for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
    words[id(stream.buffer) + 4] = 1000 + number


def extend(module, functions):
    # A built-in module's table is constant, but not out of reach: the module gets a longer copy. The layouts are
    # mp_obj_dict_t {base, map {flags and used << 3, alloc, table}} and mp_rom_map_elem_t {key, value}.
    dictionary = id(module.__dict__)
    used = words[dictionary + 8]
    table = bytearray(8 * (used + len(functions)))
    keep.append(table)
    keep.append(functions)
    at = uctypes.addressof(table)
    table[: 8 * used] = uctypes.bytearray_at(words[dictionary + 12], 8 * used)
    for name, function in functions:
        place = 0
        while place < used and words[at + 8 * place] != id(name):
            place += 1
        words[at + 8 * place] = id(name)
        words[at + 8 * place + 4] = id(function)
        if place == used:
            used += 1
    words[dictionary + 4] = used << 3 | 7
    words[dictionary + 8] = used
    words[dictionary + 12] = at


def reset():
    call("reset", "")


def kbd_intr(character):
    call("kbd_intr", str(int(character)))


listing = os.ilistdir


def size(path, entry):
    try:
        return os.stat(path + "/" + entry[0])[6] if entry[1] == 0x8000 else 0
    except OSError:
        return 0


def ilistdir(path=""):
    # The file systems of boards tell the size of a file, too.
    path = path or "."
    return (entry if len(entry) > 3 else entry + (size(path, entry),) for entry in listing(path))


room = os.statvfs


def statvfs(path):
    os.stat(path)
    try:
        return room(path)
    except OSError:
        # WASI cannot tell; the host can.
        total, free = call("room", "").split()
        return (4096, 4096, int(total), int(free), int(free), 0, 0, 0, 0, 255)


extend(os, (("ilistdir", ilistdir), ("statvfs", statvfs)))
extend(machine, (("reset", reset),))
extend(micropython, (("kbd_intr", kbd_intr),))


def input(prompt=""):
    print(prompt, end="")
    how = call("input", "")
    if how == "C":
        raise KeyboardInterrupt
    if how == "D":
        raise EOFError
    return call("text", "")


builtins.input = input

# Ctrl-C: the host finds the places that a board's interrupt handler writes to, then proves it.
call("locate", str(id(globals())) + " " + str(id(KeyboardInterrupt)))
micropython.schedule(call_locked := lambda _: call("locked", ""), None)
for _ in range(3):
    pass
call("unlocked", "")
del call_locked
own = 0
try:
    call("prove", "")
    for _ in range(100):
        pass
except KeyboardInterrupt as error:
    # The traceback of this one has one entry, and it names this file: entries are (file, line, function).
    own = words[words[id(error) + 8]]
call("proved", "yes" if own else "")


def strip(error):
    # A board's traceback does not show its firmware. mp_obj_exception_t is {base, alloc | len << 16, data, args}; an
    # instance of a user's class is {base, map (3 words), the exception}. Classes of the interpreter lie below its heap.
    error = id(error)
    if words[error] > id(main):
        error = words[error + 16]
    length = words[error + 4] >> 16
    data = words[error + 8]
    kept = 0
    for place in range(0, 4 * length, 12):
        if words[data + place] != own:
            for offset in (0, 4, 8):
                words[data + kept + offset] = words[data + place + offset]
            kept += 12
    if length:
        words[error + 4] = words[error + 4] & 0xFFFF | kept // 4 << 16


def execute():
    kind = call("next", "")
    try:
        if kind in ("single", "exec"):
            code = compile(call("text", ""), "<stdin>", kind)
            call("run", "")
            exec(code, main)
            code = None
        else:
            execfile(kind, main)
        if call("ran", ""):
            raise KeyboardInterrupt
    except:  # no class: comparing it would be a jump, and at jumps Ctrl-C comes in
        call("stop", "")
        error = sys.exc_info()[1]
        if isinstance(error, SystemExit):
            call("exit", "")
        strip(error)
        sys.print_exception(error)
        call("reported", "")


gc.collect()
call("ready", sys.version)
while True:
    try:
        execute()
    except BaseException:
        # The heap is so full that not even the error could be printed; the host sees that and says so.
        pass
