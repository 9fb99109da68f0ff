# Whether this board has all that today's firmware has for files, or an ImportError: free bytes of memory. What an
# earlier transfer left behind goes (_HELD in __init__.py).
def snippet():
    import gc
    import sys
    from binascii import a2b_base64, crc32
    from hashlib import sha256
    from os import mkdir, rename

    from deflate import DeflateIO

    sys.stdin.buffer, sys.stdout.buffer
    globals().pop("__mk_held  "[:9], None)
    gc.collect()
    return (gc.mem_free(),)
