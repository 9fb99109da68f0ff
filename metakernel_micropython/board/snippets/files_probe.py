# What this board has for files, as one literal: module names, abilities, free bytes of memory, what it was built as.
def snippet():
    import gc
    import os
    import sys

    def first(attribute, *names):
        for name in names:
            try:
                if hasattr(__import__(name), attribute):
                    return name
            except ImportError:
                pass
        return ""

    gc.collect()
    print(
        (
            first("b2a_base64", "binascii", "ubinascii"),
            first("sha256", "hashlib", "uhashlib"),
            hasattr(os, "rename"),
            hasattr(os, "mkdir"),
            gc.mem_free(),
            getattr(sys.implementation, "_build", ""),
        )
    )
