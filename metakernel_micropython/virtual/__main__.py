"""``python -m metakernel_micropython.virtual``."""

from metakernel_micropython.virtual.cli import main

if __name__ == "__main__":
    main()
