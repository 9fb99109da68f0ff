# Gives something a new value: a global name, an item of what the steps from a dict of names lead to, or an attribute.
# Prints the new value. names is None for the global names.
def snippet(names, steps, source):
    known = dict(globals())
    if names is None:
        names = globals()
    else:
        known.update(names)
    value = eval(source, known)
    o = names
    for step in steps[:-1]:
        if o is names:
            o = o[step]
        elif type(step) is str:
            o = o.__dict__[step]
        else:
            o = list(o.values() if type(o) is dict else o)[step]
    last = steps[-1]
    if o is names:
        globals()[last] = value
    elif type(last) is str:
        setattr(o, last, value)
    elif type(o) is dict:
        o[list(o)[last]] = value
    else:
        o[last] = value
    print(repr(value))
