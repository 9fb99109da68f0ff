"""How the pins of the virtual board are wired: levels, buses, and which pin belongs to which bus (see ``circuit``)."""
