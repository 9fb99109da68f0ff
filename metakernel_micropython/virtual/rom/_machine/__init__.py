# The parts of machine that firmware has for its chip: a board's pins, in memory that the host knows the address of.

from uctypes import addressof

from host import call

# Which board it is, and how many pins it has.
BOARD, PINS = call("board", "").split()
PINS = int(PINS)

# Of each pin: LEVEL that it drives, INPUT (what is on it if it drives none), MODE, NOTICE (WATCHED: the host wants to
# know of changes; HANDLED: a handler is set), PULL, EDGES (for which a handler is set). The host writes INPUT and
# NOTICE, also while a program runs, and only the firmware the others.
SIZE = 6
cells = bytearray(SIZE * PINS)
LEVEL, INPUT, MODE, NOTICE, PULL, EDGES = range(SIZE)
WATCHED, HANDLED = 1, 2

strip = print  # boot_script.py has what takes the firmware's own lines out of a traceback
# What the host's events are for: their names, and what to call.
handlers = {"reset": lambda _: call("reset", "watchdog")}


def dispatch(_):
    # Runs as an interrupt handler does. One that fails does not keep the others from running.
    while True:
        event = call("event", "")
        if not event:
            return
        name, _, what = event.partition(" ")
        handler = handlers.get(name)
        if handler:
            try:
                handler(what)
            except Exception as error:
                import sys

                strip(error)
                sys.print_exception(error)


call("hardware", "%d %d %d %d" % (addressof(cells), PINS, id(dispatch), id(None)))
