"""Firmware for boards of every kind, from lists of what there is; and images of read-only files beside it.

Start at ``installation``, which is what %firmware does. ``firmware_index`` reads lists and chooses from them,
``firmware_cache`` keeps them and the files, ``file_download`` is the network, ``running_firmware`` asks a board,
``firmware_files`` sees whether a file is whole. ``write_methods`` has the ways onto a board, with ``drives``,
``drive_copy`` and ``dfu_util``. ``romfs_image`` makes an image of a folder, and ``romfs_deployment`` is what %romfs
does.

May import ``sessions`` and what lies below; knows the kernel only as a ``Protocol``.
"""
