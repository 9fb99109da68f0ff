# The parts of machine that firmware has for its chip: a board's pins, in memory that the host knows the address of.

from uctypes import addressof

from host import call

PINS = 30

# Of each pin: level that it drives, level from outside, mode, flags (WATCHED: the host wants to know of changes;
# HANDLED: an interrupt handler is set; PULLED_UP; DRIVEN: something outside holds the level).
cells = bytearray(4 * PINS)
WATCHED, HANDLED, PULLED_UP, DRIVEN = 1, 2, 4, 8

strip = print  # boot_script.py has what takes the firmware's own lines out of a traceback
handlers = {"reset": lambda _: call("reset", "")}  # what the host's events are for: their names, and what to call


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
