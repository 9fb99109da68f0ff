"""This computer's side of files, packages, firmware and values.

Start at ``transfer`` (files to and from a board), ``packages`` (MicroPython packages: found, downloaded), ``firmware``
(esptool) or ``dependencies`` (what a program made of cells lacks). ``board.files.host_files`` is the
only module that writes a person's files.

May import ``display``, ``board`` and ``transports``; knows the kernel only as ``front_end.FrontEnd``.
"""
