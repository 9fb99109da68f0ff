# Gives a global name the value of a name in a frame. names is None for the global names.
def snippet(names, source, target):
    globals()[target] = globals()[source] if names is None else names[source]
