# Opens a file to be written; the function that it leaves writes pieces of Base64 and closes the file.
def snippet(path, old, module):
    decode = __import__(module).a2b_base64
    file = open(path, "wb")

    def write(data):
        written = file.write(data)
        if written is not None and written != len(data):
            raise OSError(28)

    if old:
        source = open(old, "rb")
        while True:
            data = source.read(512)
            if not data:
                break
            write(data)
        source.close()
    base = file.tell()

    def put(at, text):
        if text is None:
            file.close()
            return
        # A piece may come twice, where there was no memory for it the first time.
        if file.tell() != base + at:
            file.seek(base + at)
        write(decode(text))

    return put
