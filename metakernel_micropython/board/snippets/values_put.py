# Builds a value from pieces: each call puts one on a stack, or changes the one on top of it.
def snippet():
    stack = []

    def put(kind, value):
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
