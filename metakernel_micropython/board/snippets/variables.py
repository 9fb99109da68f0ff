# The user's global names, one to a line: name, and what described.py tells of its value.
def snippet(module_at_start):
    given = __import__(module_at_start) if module_at_start else None
    for name in sorted(globals()):
        o = globals()[name]
        if name[:2] != "__" and not (given and getattr(given, name, given) is o):
            print((name,) + described(o))  # noqa: F821, RUF005 - no stars there
