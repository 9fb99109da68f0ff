# Takes the class of top_level_await.py out of builtins.
def snippet():
    import builtins

    try:
        del builtins.__mk_await
    except AttributeError:
        pass
