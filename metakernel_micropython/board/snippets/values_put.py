# Builds a value from pieces: each call puts one on a stack, or changes the one on top of it.
# Where less than a hundredth of the memory is left nothing could be compiled any more, not even what frees the stack.
def snippet():
    import gc

    stack = []
    least = (gc.mem_alloc() + gc.mem_free()) // 100

    def put(kind, value):
        if gc.mem_free() < least:
            gc.collect()
            if gc.mem_free() < least:
                stack.clear()
                raise MemoryError
        if kind == "+":
            stack.append(value)
        elif kind == "&":
            stack[-1] += value
        elif kind == "^":
            value = stack.pop()
            stack[-1].append(value)
        elif kind == "!":
            stack[-1] = value(stack[-1])
        elif kind == "=":
            return stack[-1]

    return put
