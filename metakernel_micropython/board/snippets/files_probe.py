# What this board has for files: module names, abilities, free bytes of memory.
# A text of up to ten bytes would be kept by the board for ever, a part of one is not.
def snippet():
    import gc
    import os
    import sys

    # The module that has an attribute; before MicroPython 1.21 its name may begin with u.
    def first(attribute, name):
        for module in (name, "u          "[:1] + name):
            try:
                if hasattr(__import__(module), attribute):
                    return module
            except ImportError:
                pass
        return ""

    # What an earlier transfer left behind when its line was cut (_HELD in __init__.py).
    held = globals().pop("__mk_held  "[:9], None)
    if held:
        held(0, None)
    inflate = first("DeflateIO", "deflate"), "DeflateIO"
    if not inflate[0]:
        name = "DecompIO   "[:8]
        inflate = first(name, "zlib       "[:4]), name
    gc.collect()
    return (
        first("b2a_base64", "binascii"),
        first("sha256", "hashlib"),
        hasattr(os, "rename"),
        hasattr(os, "mkdir"),
        gc.mem_free(),
        bool(first("crc32", "binascii"))
        and hasattr(getattr(sys, "stdin", None), "buffer")
        and hasattr(getattr(sys, "stdout", None), "buffer"),
        inflate,
    )
