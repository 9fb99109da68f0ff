# tests_hold.py for boards with little memory: nothing async, the builtins take names, and what tearDown raises is told
# as the board does it.
def snippet(mark, path):
    import builtins
    import sys

    names = {"__name__": path} if path else globals()

    def __mk_test(owner, name, kind):
        if type(name) is bytes:
            exec(b"\n" * owner + name, names)
            return
        phase = "s"
        one = None
        try:
            test = names.get(owner or name)
            if not test:
                phase = "n"  # what follows fails
            elif owner:
                if kind != "f":
                    test = test()
                    if hasattr(test, "setUp"):
                        test.setUp()
                    one = test
                test = getattr(test, name)
            if test:
                phase = "t"
            test()
        except (Exception, SystemExit) as error:
            print(mark, phase, sep="", end="")
            sys.print_exception(error)
            print(mark, end="")
        finally:
            if hasattr(one, "tearDown"):
                one.tearDown()

    builtins.__mk_test = __mk_test
