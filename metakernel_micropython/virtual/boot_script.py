# ruff: noqa: A001, D100, D101, D102, D103, E722, F821, PTH116, RUF005, S110, SIM105, UP031
# The part of the virtual board's firmware that MicroPython runs itself: this file is MicroPython, not Python.
#
# It is executed under the file name "firmware", with one name defined: "user", the globals of the real main module. It
# gives the interpreter what a board's port adds, and then executes for ever what the prompt has read. The prompt itself
# is the host's (pyexec.py), outside this heap, as on a board. Comments are stripped before MicroPython parses it.
#
# Each part, from one "# %%" to the next, is executed as a file of its own, all with the same globals: what compiling it
# takes is free again for the next, so that the heap stays in one piece, and what runs once does not stay.

import builtins
import errno
import gc
import io
import os
import sys
import time

import host
import machine
import micropython
import uctypes
import vfs

call = host.call  # name, text -> text
call("errors", "%d %d %d" % (id(OSError), id(errno.__dict__), id(errno.errorcode)))
words = machine.mem32
user.clear()
user["__name__"] = "__main__"
main = user
keep = {}  # the tables of modules: what refers to them otherwise is out of the garbage collector's sight

sys.path[:] = ["", ".frozen", "/lib", "/rom"]
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
    keep[module.__name__] = table


def reset():
    call("reset", "")


def unique_id():
    return bytes.fromhex(call("id", ""))


def freq(hz=None):
    said = call("frequency", "" if hz is None else str(int(hz)))
    if not said.isdigit():
        raise ValueError(said)
    return int(said) if hz is None else None


def reset_cause():
    return int(call("cause", ""))


def kbd_intr(character):
    call("kbd_intr", str(int(character)))


# %% Files and time

listing = os.ilistdir


def size(path, entry):
    try:
        return os.stat(path + "/" + entry[0])[6] if entry[1] == 0x8000 else 0
    except OSError:
        return 0


def ilistdir(path=""):
    # The file systems of boards tell the size of a file, too.
    path = path or "."
    return (
        entry if len(entry) > 3 else entry + (size(path, entry),)
        for entry in listing(path)
        if path != "/" or entry[0] != "rom"  # where the firmware's modules are
    )


def listdir(path=""):
    return [entry[0] for entry in ilistdir(path)]


room = os.statvfs


def statvfs(path):
    os.stat(path)
    try:
        return room(path)
    except OSError:
        # WASI cannot tell; the host can.
        total, free = call("room", "").split()
        return (4096, 4096, int(total), int(free), int(free), 0, 0, 0, 0, 255)


sleep = time.sleep


def sleep_us(us):
    # WASI's own ends with an interrupt.
    sleep(max(us, 0) / 1000000)


extend(time, (("sleep_us", sleep_us),))

# %% machine

parts = (
    ("pin", ("Pin",)),
    ("timer", ("Timer",)),
    ("analog", ("ADC", "PWM")),
    ("system", ("RTC", "WDT", "lightsleep", "deepsleep", "disable_irq", "enable_irq")),
    ("i2c", ("I2C", "SoftI2C")),
    ("spi", ("SPI", "SoftSPI")),
    ("uart", ("UART",)),
    ("pulses", ("bitstream", "dht_readinto", "time_pulse_us")),
    ("signal", ("Signal",)),
)
# What is asked of a board when it is connected: it loads nothing. The keys of a table are interned strings; a constant
# of more than ten characters is none, so they are taken from where they are.
names = ("reset", "unique_id", "freq", "reset_cause", "PWRON_RESET", "WDT_RESET")
PWRON_RESET, WDT_RESET = 1, 3
chip = tuple([pair for pair in globals().items() if pair[0] in names])
# The interpreter's own time_pulse_us and Signal take a pin for granted, and crash where they are given something else:
# in a copy of the table their places have another name twice.
pulse = machine.time_pulse_us
extend(machine, ())
at = words[id(machine.__dict__) + 12]
for place in range(words[id(machine.__dict__) + 8]):
    if words[at + 8 * place + 4] in (id(machine.Signal), id(pulse)):
        words[at + 8 * place] = words[at]
        words[at + 8 * place + 4] = words[at + 4]
firmware = []  # files whose lines no traceback shows
finished = []  # modules of machine that are whole


def table():
    # Which table machine has: three words of its dictionary, and what keeps it.
    dictionary = id(machine.__dict__)
    return words[dictionary + 4], words[dictionary + 8], words[dictionary + 12], keep["machine"]


def give(table):
    # It needs no memory.
    for place in range(3):
        words[id(machine.__dict__) + 4 + 4 * place] = table[place]
    keep["machine"] = table[3]


bare = table()


def complete(name):
    # machine.__getattr__, until all is there: a program has the memory of what it does not use. One that asks for a
    # name that no part has gets all of them, and then the interpreter's own answer; dir() does so.
    global present
    if name == "__init__":
        return str  # an import calls it
    if name in ("__file__", "__path__"):
        raise AttributeError(name)
    allowed = "1"
    try:
        allowed = call("irq", "0")  # no handler sees it half done
        for module in list(sys.modules):  # what an interrupt has left unfinished
            if module[:8] == "_machine" and module not in finished:
                del sys.modules[module]
        load = __import__("_machine.load", None, None, ("functions",))
        functions = load.functions(name, chip, parts, lazy, finished, firmware)
        give(bare)
        extend(machine, functions)
        sys.modules["_machine"].strip = strip
        sys.modules["_machine"].pulse = pulse
        present = table()
    except:  # Ctrl-C, no memory: the next use tries again
        give(present)
        raise
    finally:
        call("irq", allowed)
    return getattr(machine, name)


# %% The modules of the firmware that are files

extend(os, (("ilistdir", ilistdir), ("listdir", listdir), ("statvfs", statvfs)))
extend(micropython, (("kbd_intr", kbd_intr),))


class Rom:
    # Modules of the firmware that are files: the host's, which nothing here can change.

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def chdir(self, path):
        self.stat(path)

    def getcwd(self):
        return "/"

    def stat(self, path):
        found = call("rom", path)
        if not found:
            raise OSError(2)  # ENOENT; the name stood for WASI's number when this file was compiled
        folder = found == "folder"
        return (0x4000 if folder else 0x8000, 0, 0, 0, 0, 0, 0 if folder else int(found), 0, 0, 0)

    def ilistdir(self, path):
        call("rom file", path)
        for name in call("text", "").split():
            found = self.stat(path + "/" + name)
            yield name, found[0], 0, found[6]

    def open(self, path, mode):
        if "w" in mode or "a" in mode or "+" in mode:
            raise OSError(30)  # EROFS, which errno lacks
        self.stat(path)
        call("rom file", path)
        text = call("text", "")
        return io.BytesIO(text) if "b" in mode else io.StringIO(text)

    def statvfs(self, path):
        return (4096, 4096, 0, 0, 0, 0, 0, 0, 1, 255)

    def remove(self, *_):
        raise OSError(30)  # EROFS

    rmdir = mkdir = rename = remove


# %% Input and Ctrl-C


def input(prompt=""):
    print(prompt, end="")
    how = call("input", "")
    while how == "event":  # at the jump the handler runs
        how = call("input", "on")
    if how == "C":
        raise KeyboardInterrupt
    if how == "D":
        raise EOFError
    return call("text", "")


builtins.input = input

# Ctrl-C: the host finds the places that a board's interrupt handler writes to, then proves it.
call("locate", str(id(globals())) + " " + str(id(KeyboardInterrupt)))
micropython.schedule(call_locked := lambda _: call("locked", str(id(call_locked))), None)
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


# %% What the prompt has read


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
        if words[data + place] != own and words[data + place] not in firmware:
            for offset in (0, 4, 8):
                words[data + kept + offset] = words[data + place + offset]
            kept += 12
    if length:
        words[error + 4] = words[error + 4] & 0xFFFF | kept // 4 << 16


def below(levels, function, argument):
    # A program's frames lie below those of the calls of the host, which clears the stack between programs: what one has
    # left there keeps nothing alive in the next.
    if levels:
        return below(levels - 1, function, argument)
    return function(argument, main)


def execute():
    kind = call("next", "")
    if kind == "event":
        return  # at the next jump the handler runs
    try:
        if kind in ("single", "exec"):
            code = compile(call("text", ""), "<stdin>", kind)
            call("run", "")
            below(5, exec, code)
            code = None
        else:
            below(5, execfile, kind)
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


# %% The end of the start

vfs.mount(Rom(), "/rom")
if call("profile", "platform"):
    execfile("/rom/_board.py", globals())
# For "from machine import *", which gives what the module's table has, but for __all__.
lazy = (
    ("__getattr__", complete),
    (
        "__all__",
        [one for one in machine.__dict__ if one[0] != "_"]
        + [one for one, _ in chip]
        + [one for _, names in parts for one in names],
    ),
)
for one in lazy[1][1]:
    hasattr(call, one)  # interned: dir() goes through the strings that are so when it begins
extend(machine, chip + lazy)
present = table()
gc.collect()
call("ready", sys.version)
levels = 0
# The stack of the C code that started all this refers to the first table of the main module for ever, also when that
# has a larger one: it would keep alive what a program has there. So it gets a larger one now, and this place is taken.
main.update({one: one for one in range(9)})
for one in range(9):
    del main[one]
gc.collect()
taken = [object() for _ in range(8)]

# %% The loop: nothing else, for what it left on the stack would stay

while True:
    try:
        execute()
    except BaseException:
        # The heap is so full that not even the error could be printed; the host sees that and says so.
        pass
