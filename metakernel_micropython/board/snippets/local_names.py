# The names of a dict (None: the global ones), in the lines of items.py.
def snippet(names, start, count):
    names = globals() if names is None else names
    for name in sorted(name for name in names if type(name) is str)[start : start + count]:
        o = names[name]
        opens = len(o if type(o) in (list, tuple, dict, set) else attributes(o))  # noqa: F821
        print((name,) + described(o) + (opens, 0))  # noqa: F821, RUF005 - no stars there
