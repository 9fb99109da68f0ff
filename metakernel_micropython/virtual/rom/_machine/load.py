# What machine gets once a program uses something of it that is not there yet; boot_script.py puts it into its table.

import sys

loaded = {}  # modules of parts, by their names


def functions(name, always, parts, lazy, finished, firmware):
    # Pairs of a name and what it is. The names in parts are compared only: the keys of a module are interned strings, a
    # long constant is none, and would not be found in a table.
    wanted = [part for part in parts if name in part[1] or part[0] == "esp32"]  # which changes the others
    if not [part for part in wanted if name in part[1]]:
        wanted = parts
    for module, names in wanted:
        if module not in loaded:
            loaded[module] = __import__("_machine." + module, None, None, names)
            ours = [key for key in sys.modules if key[:8] == "_machine"]
            finished[:] = ours
            firmware[:] = [id(sys.modules[key].__file__) >> 3 for key in ours]
    pairs = list(always)
    for module, names in parts:
        if module in loaded:
            pairs += [pair for pair in loaded[module].__dict__.items() if pair[0] in names]
    if len(loaded) < len(parts):
        pairs += lazy
    return pairs
