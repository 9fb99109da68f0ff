# Takes the function of display.py out of builtins.
def snippet():
    import builtins

    try:
        ours = __mk_display
    except NameError:
        return
    del builtins.__mk_display
    # Looked up as programs do it: an attribute of builtins is what the firmware has of that name.
    try:
        if eval("show", {}) is ours:
            del builtins.show
    except NameError:
        pass
    try:
        if eval("display", {}) is ours:
            del builtins.display
    except NameError:
        pass
