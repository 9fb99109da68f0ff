# The Adler-32 of a part of a file, as a pair of numbers: where it starts, and its size; -1 for the rest.
def snippet(path, start, size):
    file = open(path, "rb")
    while start:
        start -= len(file.read(min(start, 64)))
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
    file.close()
    return a, b
