# Two SHA-256 of a file: of its first bytes, and of the rest.
def snippet(path, split, module):
    new = __import__(module).sha256
    file = open(path, "rb")
    try:
        digests = []
        for size in (split, -1):
            digest = new()
            while size:
                data = file.read(512 if size < 0 else min(size, 512))
                if not data:
                    break
                digest.update(data)
                if size > 0:
                    size -= len(data)
            digests.append(digest.digest())
        print(tuple(digests))
    finally:
        file.close()
