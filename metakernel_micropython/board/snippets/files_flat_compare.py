# The same as files_compare for boards without folders or SHA-256: Adler-32 as pairs of numbers, no others.
def snippet(text):
    import os

    folder, *lines = text.split("\n")
    start = folder if not folder or folder[-1] == "/" else folder + "/"
    for line in lines:
        at = line.find(" ")
        if at < 0:
            continue
        name = line[at + 1 :]
        path = start + name if name else folder
        try:
            if hasattr(os, "stat"):
                size = os.stat(path)
                size = -1 if size[0] & 0x4000 else size[6]
            else:
                size = os.size(path)
        except OSError as error:
            # See files_stat; the last is what a micro:bit says.
            if error.args[0] not in (2, 20, "file not found"):
                raise
            size = -2
        if size != int(line[:at]):
            print("-df"[min(size, 0) + 2])
            continue
        a = 1
        b = 0
        file = open(path, "rb")
        while True:
            data = file.read(64)
            if not data:
                break
            for byte in data:
                a = (a + byte) % 65521
                b = (b + a) % 65521
        file.close()
        print((a, b))
