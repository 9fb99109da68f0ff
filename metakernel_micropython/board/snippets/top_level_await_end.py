# Takes the class of top_level_await.py out of builtins.
def snippet():
    import builtins

    try:
        __mk_await
    except NameError:
        return
    del builtins.__mk_await
