# Evaluates an expression, or runs statements, with the local names of a frame (None: the global ones). A value is
# printed. Statements may give values to global names alone: MicroPython cannot change another function's local ones.
def snippet(names, source, expression):
    known = globals()
    if names:
        known = dict(known)
        known.update(names)
    if expression:
        print(repr(eval(source, known)))
        return
    exec(source, known)
    if names:
        for name in known:
            if name not in names and (name not in globals() or globals()[name] is not known[name]):
                globals()[name] = known[name]
