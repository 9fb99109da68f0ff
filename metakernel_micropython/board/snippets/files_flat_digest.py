# Two Adler-32 of a file as pairs of numbers: of its first bytes, and of the rest.
def snippet(path, split):
    file = open(path, "rb")
    try:
        digests = []
        for size in (split, -1):
            a = 1
            b = 0
            while size:
                data = file.read(64 if size < 0 else min(size, 64))
                if not data:
                    break
                for byte in data:
                    a = (a + byte) % 65521
                    b = (b + a) % 65521
                if size > 0:
                    size -= len(data)
            digests.append((a, b))
        print(tuple(digests))
    finally:
        file.close()
