# Opens a file to be written; the function that it leaves writes pieces whose Adler-32 is right, and closes the file.
def snippet(path, old):
    file = open(path, "wb")
    if old:
        source = open(old, "rb")
        while True:
            data = source.read(64)
            if not data:
                break
            file.write(data)
        source.close()

    # The smallest boards close a file that is full, and say how much had room.
    def put(low, data, high=0):
        if data is None:
            file.close()
            return
        a = 1
        b = 0
        for byte in data:
            a = (a + byte) % 65521
            b = (b + a) % 65521
        if a == low and b == high:
            if file.write(data) != len(data):
                raise OSError(28)
            print("+")

    return put
