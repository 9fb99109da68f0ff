# Prints how deep calls may be nested, where that is less than a pause in a function wants: 7, with an exec() within.
def snippet():
    depth = 0

    def deep(left):
        nonlocal depth
        depth += 1
        if left:
            deep(left - 1)
        else:
            exec("deep", {"deep": deep})
            depth = 0

    try:
        deep(6)
    except RuntimeError:
        print(depth)
