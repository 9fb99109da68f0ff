# Answers requests about files until one of them ends it. Requests and answers are blocks with a CRC-32 (see
# board/files/file_server.py); anything that is wrong with one ends the program, and the host begins anew where it was.
# Texts come with the requests: literals in the source would be kept for ever.
def snippet(window, chunk, binascii, hashlib, inflate, options):
    import builtins
    import os
    import sys

    crc = __import__(binascii).crc32
    source = sys.stdin.buffer
    sink = sys.stdout.buffer
    file = None

    def answer(data):
        for byte in b"\x10\x04\r":
            data = data.replace(bytes((byte,)), bytes((16, byte + 64)))
        sink.write(b"\x16%04x%08x" % (len(data), crc(data)))
        for at in range(0, len(data), 256):
            sink.write(data[at : at + 256])

    def write(data):
        size = file.write(data)
        if size is not None and size != len(data):
            raise OSError(28)

    try:
        while True:
            head = source.read(13)
            data = bytearray(int(head[1:5], 16))
            for at in range(0, len(data), window):
                source.readinto(builtins.memoryview(data)[at : at + window])
                sink.write(b"\x06")
            if crc(data) != int(head[5:], 16):
                raise ValueError
            data = bytes(data)
            for byte in b"\x01\x02\x03\x04\r\x10":
                data = data.replace(bytes((16, byte + 64)), bytes((byte,)))
            kind = head[0]
            # w: bytes for the open file. z: the same, deflated.
            if kind == 119:
                write(data)
                data = b""
            elif kind == 122:
                module, name = inflate
                stream = getattr(__import__(module), name)(__import__("io").BytesIO(data), *options)
                while data:
                    data = stream.read(512)
                    write(data)
            # q: the end.
            elif kind == 113:
                break
            else:
                first, second, third = [text.decode() for text in data.split(b"\0")]
                data = b""
                # s: what is there. m: a folder, which is made if it can be.
                if kind in (115, 109):
                    try:
                        if kind == 109:
                            os.mkdir(first)
                    except OSError:
                        pass
                    data = repr(stat(first)).encode()
                # r: rename.
                elif kind == 114:
                    rename(first, second)
                # o: open a file at a place. d: the same, and the digest of what follows there. g: the same, and in
                # front of the digest the content in blocks, the last of which is empty.
                else:
                    if file:
                        file.close()
                    file = open(first, third)
                    file.seek(int(second))
                    if kind != 111:
                        total = __import__(hashlib).sha256()
                        data = True
                        while data:
                            data = file.read(chunk)
                            total.update(data)
                            if kind == 103:
                                answer(data)
                        data = total.digest()
            answer(data)
    finally:
        if file:
            file.close()
