# Tells a pair of a name and a value; nothing where the value cannot be found.
def snippet(name, find):
    try:
        print(repr((name, find())))
    except Exception:
        pass
