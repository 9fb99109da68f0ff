# Whether this board can inflate what is deflated, and its free memory in bytes.
def snippet():
    import gc

    gc.collect()
    try:
        import deflate

        inflates = hasattr(deflate, "DeflateIO")
    except ImportError:
        inflates = False
    print((0, inflates, gc.mem_free()))
