# Prints how many bytes are free, after a collection.
def snippet():
    import gc

    gc.collect()
    print(gc.mem_free())
