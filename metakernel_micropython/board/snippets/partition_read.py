# Prints some bytes of a partition as Base64, a line for each kB, and their digest.
def snippet(kind, subtype, label, start, size):
    from binascii import b2a_base64
    from hashlib import sha256

    from esp32 import Partition

    block = 4096
    data = bytearray(block)
    total = sha256()
    (part,) = Partition.find(kind, subtype, label=label)
    while size > 0:
        part.readblocks(start // block, data)
        total.update(data)
        for at in range(0, block, 1024):
            print(b2a_base64(data[at : at + 1024]).decode().strip())
        start += block
        size -= block
    print(b2a_base64(total.digest()).decode().strip())
