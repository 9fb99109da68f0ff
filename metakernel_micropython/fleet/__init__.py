"""Boards on many machines, through ipyparallel.

Start at ``client``, the notebook's side; ``engine`` is what runs on the machines with the boards, ``fleet_cell`` a cell
on the boards of the fleet.

May import ``cell``, ``sessions``, ``board`` and ``transports``; knows the kernel only as ``front_end.FrontEnd``.
"""
