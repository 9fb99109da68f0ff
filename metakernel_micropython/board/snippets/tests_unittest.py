# A small unittest for boards that have none: what stands for the module goes into builtins, or among the global names
# where those are fixed. Small boards have a small stack: no method calls another function of ours. Only the methods and
# functions come with it that tests name (see board_tests/preparation.py).
def snippet():
    import builtins

    class Names:
        pass

    class SkipTest(Exception):
        pass

    def short(value):
        text = repr(value)
        return text if len(text) <= 200 else text[:150] + " ... " + text[-20:]

    class Raises:
        def __init__(self, kinds):
            self.kinds = kinds

        def __enter__(self):
            return self

        def __exit__(self, kind, error, _):
            if kind is None:
                raise AssertionError(str(self.kinds).replace("<class '", "").replace("'>", "") + " was not raised")
            self.exception = error
            return issubclass(kind, self.kinds)

    class SubTest:
        def __init__(self, said):
            self.said = said

        def __enter__(self):
            return self

        def __exit__(self, kind, *_):
            if kind is not None:
                print("in subTest(%s)" % self.said)
            return False

    class TestCase:
        def fail(self, msg=None):
            raise AssertionError(msg or "fail() was called")

        def skipTest(self, reason):
            raise SkipTest(reason)

        def addCleanup(self, function, *arguments, **named):
            if not hasattr(self, "__mk_steps"):
                self.__mk_steps = []
            self.__mk_steps.append((function, arguments, named))

        def doCleanups(self):
            steps = getattr(self, "__mk_steps", [])
            while steps:
                function, arguments, named = steps.pop()
                function(*arguments, **named)

        def subTest(self, msg=None, **named):
            said = ", ".join(["%s=%s" % (key, short(named[key])) for key in named])
            return SubTest(said if msg is None else "%s %s" % (msg, said))

        def assertTrue(self, x, msg=None):
            if not x:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is not true")

        def assertFalse(self, x, msg=None):
            if x:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is not false")

        def assertEqual(self, x, y, msg=None):
            if not x == y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " != " + repr(y)[:200])

        def assertNotEqual(self, x, y, msg=None):
            if not x != y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " == " + repr(y)[:200])

        def assertAlmostEqual(self, x, y, places=None, msg=None, delta=None):
            near = x == y or abs(x - y) <= (0.5 * 10 ** -(7 if places is None else places) if delta is None else delta)
            if not near:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is not near " + repr(y)[:200])

        def assertNotAlmostEqual(self, x, y, places=None, msg=None, delta=None):
            near = x == y or abs(x - y) <= (0.5 * 10 ** -(7 if places is None else places) if delta is None else delta)
            if near:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is near " + repr(y)[:200])

        def assertIs(self, x, y, msg=None):
            if x is not y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is not " + repr(y)[:200])

        def assertIsNot(self, x, y, msg=None):
            if x is y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is " + repr(y)[:200])

        def assertIsNone(self, x, msg=None):
            if x is not None:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is not None")

        def assertIsNotNone(self, x, msg=None):
            if x is None:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is None")

        def assertIn(self, x, y, msg=None):
            if x not in y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " not in " + repr(y)[:200])

        def assertNotIn(self, x, y, msg=None):
            if x in y:
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " in " + repr(y)[:200])

        def assertIsInstance(self, x, y, msg=None):
            if not isinstance(x, y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is no " + repr(y)[:200])

        def assertNotIsInstance(self, x, y, msg=None):
            if isinstance(x, y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " is a " + repr(y)[:200])

        def assertGreater(self, x, y, msg=None):
            if not (x > y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " <= " + repr(y)[:200])

        def assertGreaterEqual(self, x, y, msg=None):
            if not (x >= y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " < " + repr(y)[:200])

        def assertLess(self, x, y, msg=None):
            if not (x < y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " >= " + repr(y)[:200])

        def assertLessEqual(self, x, y, msg=None):
            if not (x <= y):
                raise AssertionError(((msg and msg + " : ") or "") + repr(x)[:200] + " > " + repr(y)[:200])

        def assertRaises(self, kinds, function=None, *arguments, **named):
            if function is None:
                return Raises(kinds)
            with Raises(kinds):
                function(*arguments, **named)

    def skip(reason):
        def decorate(_):
            def __mk_skipped(*_):
                raise SkipTest(reason)

            return __mk_skipped

        return decorate

    def same(function):
        return function

    def skipIf(condition, reason):
        return skip(reason) if condition else same

    def skipUnless(condition, reason):
        return same if condition else skip(reason)

    def expectedFailure(function):
        def __mk_expected(*arguments):
            try:
                function(*arguments)
            except KeyboardInterrupt:
                raise
            except Exception as error:
                if type(error) is SkipTest:
                    raise
                return
            raise AssertionError("it was expected to fail, and has not")

        return __mk_expected

    def main(*_, **__):
        pass

    Names.SkipTest = SkipTest
    Names.TestCase = TestCase
    Names.IsolatedAsyncioTestCase = TestCase
    Names.skip = skip
    Names.skipIf = skipIf
    Names.skipUnless = skipUnless
    Names.expectedFailure = expectedFailure
    Names.main = main
    try:
        builtins.__mk_unittest = Names
    except (AttributeError, TypeError):
        globals()["__mk_unittest"] = Names
