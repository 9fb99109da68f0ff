# Keeps the function that runs tests one by one until tests_end.py. What goes wrong in one is told between marks with
# its traceback, behind a letter for the time: s before the test, t in it, e after it; n: there is no such test; a: no
# asyncio. Without a path the tests are among the global names, else they come in pieces of their file's source.
def snippet(mark, path):
    import builtins
    import sys

    names = globals()
    if path:
        names = {"__name__": path, "__file__": path}
        for name in ("__mk_m", "__mk_unittest", "__mk_p"):
            if name in globals():
                names[name] = globals()[name]

    def tell(phase, error):
        print(mark, phase, sep="", end="")
        sys.print_exception(error)
        print(mark, end="")

    # kind: f for a fixture of the module or of a class, a for a test that is async. A source (bytes) in place of a name
    # is run; owner is the number of lines above it.
    def __mk_test(owner, name, kind):
        if type(name) is bytes:
            if owner:
                name = b"\n" * owner + name
            if hasattr(builtins, "compile"):
                name = builtins.compile(name, path, "exec")
            exec(name, names)
            return
        if (owner or name) not in names:
            print(mark, "n", mark, sep="", end="")
            return
        if kind == "a":
            try:
                import asyncio
            except ImportError:
                try:
                    import uasyncio as asyncio
                except ImportError:
                    print(mark, "a", mark, sep="", end="")
                    return
        phase = "s"
        one = None
        try:
            try:
                if not owner:
                    test = names[name]
                elif kind == "f":
                    test = getattr(names[owner], name)
                else:
                    test = names[owner]()
                    if hasattr(test, "setUp"):
                        test.setUp()
                    one = test
                    test = getattr(one, name)
                phase = "t"
                if kind == "a":
                    asyncio.run(test())
                else:
                    test()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                tell(phase, error)
        finally:
            for step in ("tearDown", "doCleanups") if one is not None else ():
                try:
                    if hasattr(one, step):
                        getattr(one, step)()
                except BaseException as error:
                    tell("e", error)

    try:
        builtins.__mk_test = __mk_test
    except (AttributeError, TypeError):
        globals()["__mk_test"] = __mk_test
