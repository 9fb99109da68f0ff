# Puts the function among the builtins, or among the global names where those are fixed, that says what an assert has
# seen (see board_tests/asserts.py, which numbers the operators). Values are told in 200 characters at most.
def snippet():
    import builtins

    parts = (str, bytes, list, tuple)

    def short(value):
        try:
            cut = type(value) in parts and len(value) > 200
            text = repr(value[:200] if cut else value)
        except MemoryError:
            return "(no memory to show it)"
        except Exception as error:
            return "(its repr raises %s)" % repr(error)[:80]
        if cut:
            return "%s ... (%d in all)" % (text[:150], len(value))
        return text if len(text) <= 200 else text[:150] + " ... " + text[-20:]

    def message(number, left, right=0, *texts):
        text = "assert "
        try:
            if number == 1:
                text += "not "
            text += short(left)
            if number > 1:
                names = "== != < <= > >= in not_in is is_not ".split(" ")
                text += " %s %s" % (names[number - 2].replace("_", " "), short(right))
            if (
                number == 2
                and type(left) == type(right)
                and type(left) in (str, bytes, list, tuple)
                and len(text) > 100
            ):
                at = 0
                while at < min(len(left), len(right)) and left[at] == right[at]:
                    at += 1
                text += "\nfirst difference at index %d of %d and %d" % (at, len(left), len(right))
                text += ": %s, %s" % (short(left[at : at + 20]), short(right[at : at + 20]))
            if texts:
                text = str(texts[0]) + "\n" + text
        except (RuntimeError, MemoryError):  # the stack is full, or the heap
            pass
        return text

    try:
        builtins.__mk_m = message
    except (AttributeError, TypeError):
        globals()["__mk_m"] = message
