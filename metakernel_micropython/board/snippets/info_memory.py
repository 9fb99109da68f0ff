# Bytes of the heap that are used and free once the garbage is gone.
def snippet():
    import gc

    gc.collect()
    print((gc.mem_alloc(), gc.mem_free()))
