# tests_assert.py for boards with little memory.
def snippet():
    import builtins

    def message(number, left, right=0, *texts):
        text = "assert "
        try:
            text += ("not " if number == 1 else "") + repr(left)[:120]
            if number > 1:
                names = "== != < <= > >= in not_in is is_not".split()
                text += " " + names[number - 2].replace("_", " ") + " " + repr(right)[:120]
            return "%s\n%s" % (texts[0], text) if texts else text
        except (RuntimeError, MemoryError):  # the stack is full, or the heap
            return texts[0] if texts else text

    builtins.__mk_m = message
