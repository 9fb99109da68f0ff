# Entries of what the steps from a dict of names (None: the global ones) lead to. A line for each: the name, what
# described.py tells of its value, how many entries that has itself, and whether it is an attribute (1) or not. Steps
# are a name in the dict, then places of items, and names of attributes. Nothing of the user's runs: no property, no
# __getattr__, no __repr__, no __hash__ or __eq__ of a key.
def snippet(names, steps, start, count):
    known = (list, tuple, dict, set)

    # The pairs of a key and a value from a place on. Those of a dict do not look for their keys.
    def inside(o, start, count):
        found = []
        i = -1
        for pair in o.items() if type(o) is dict else o:
            i += 1
            if i >= start + count:
                break
            if i >= start:
                found.append(pair if type(o) is dict else (i, pair))
        return found

    o = (globals() if names is None else names)[steps[0]]
    for step in steps[1:]:
        o = attributes(o)[step] if type(step) is str else inside(o, step, 1)[0][1]  # noqa: F821
    attribute = int(type(o) not in known)
    if attribute:
        o = attributes(o)  # noqa: F821
        entries = [(name, o[name]) for name in sorted(o) if name[:2] != "__"][start : start + count]
    else:
        entries = inside(o, start, count)
    for name, o in entries:
        if not attribute:
            name = described(name)  # noqa: F821
            name = name[3] or name[0]
        opens = len(o if type(o) in known else attributes(o))  # noqa: F821
        print((name,) + described(o) + (opens, attribute))  # noqa: F821, RUF005 - no stars there
