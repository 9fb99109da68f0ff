# The attributes of a module, a class or an object of a class of the user's, as a dict. For other snippets. No property
# and no __getattr__ runs.
def snippet(o):
    import builtins

    t = type(o)
    try:
        if t in (type(builtins), type) or hasattr(t, "__module__"):
            t = o.__dict__
    except Exception:
        pass
    return t if type(t) is dict else {}
