# What this board has of the host's files: a text of lines, first the folder, then size and path of each below it.
# One answer to each, as bytes: "-" nothing, "d" a folder, "f" a file of another size, or the SHA-256 of one of that
# size (in Base64 where that is there). All are "=" alone where their SHA-256 is the expected one.
def snippet(text, expected, module, base64):
    import os

    new = __import__(module).sha256
    folder, *lines = text.split("\n")
    start = folder if not folder or folder[-1] == "/" else folder + "/"
    digest = new()
    sums = []
    for line in lines:
        at = line.find(" ")
        if at < 0:
            continue
        name = line[at + 1 :]
        path = start + name if name else folder
        data = b"-"
        try:
            found = os.stat(path)
            data = b"f"
            if found[0] & 0x4000:
                data = b"d"
            elif found[6] == int(line[:at]):
                file = open(path, "rb")
                part = new()
                while True:
                    data = file.read(512)
                    if not data:
                        break
                    part.update(data)
                file.close()
                data = part.digest()
        except OSError as error:
            # See files_stat.
            if error.args[0] not in (2, 20):
                raise
        digest.update(data)
        sums.append(data)
    if digest.digest() == expected:
        print("=")
    else:
        for data in sums:
            if base64 and len(data) > 1:
                data = __import__(base64).b2a_base64(data).strip()
            print(data)
