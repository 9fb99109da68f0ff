# A value as lines of a letter and a literal, containers before their items (see values.py).
def snippet(o):
    import struct

    def tell(*words):
        print(*words, sep="")

    stack = [iter((o,))]
    count = 0
    while stack:
        try:
            o = next(stack[-1])
        except StopIteration:
            stack.pop()
            continue
        count += 1
        t = type(o)
        name = str(t)[8:-2]
        letter = {list: "[", set: "<", frozenset: ">"}.get(t) or (isinstance(o, tuple) and "(")
        if o is None or t is bool:
            tell(str(o)[0])
        elif t is int:
            tell("i", hex(o))
        elif t is float:
            tell("f", struct.pack("<d", o))
        elif name == "complex":
            tell("c", struct.pack("<dd", o.real, o.imag))
        # In a list: its repr is printed piece by piece, where repr() would need the room for all of it.
        elif t is str or t is bytes:
            tell("s", [o])
        elif t is bytearray:
            tell("y", [bytes(o)])
        elif len(stack) > 100:
            tell("^")
            return
        elif letter:
            tell(letter, len(o))
            stack.append(iter(o))
        elif isinstance(o, dict):
            tell("{", len(o))
            stack.append(iter(o.items()))
        elif name == "array":
            tell("a", str(o[:0])[7], len(o))
            stack.append(iter(o))
        else:
            tell("?", name)
            return
    tell(".", count)
