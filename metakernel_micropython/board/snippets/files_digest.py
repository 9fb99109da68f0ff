# The SHA-256 of a part of a file: where it starts, and its size; -1 for the rest.
def snippet(path, start, size, module):
    total = __import__(module).sha256()
    file = open(path, "rb")
    file.seek(start)
    while size:
        data = file.read(512 if size < 0 else min(size, 512))
        if not data:
            break
        total.update(data)
        if size > 0:
            size -= len(data)
    file.close()
    return total.digest()
