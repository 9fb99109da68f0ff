"""A board's file system: single files, folders, packages.

Start at ``filesystem``: it decides how a file crosses the line. ``folder_sync`` makes a folder on the board like one on
this computer; ``host_files`` reads and writes that one's files.

May import ``board.protocol``, ``board.snippets`` and ``errors``.
"""
