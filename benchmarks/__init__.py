"""This kernel beside its peers: the same work, on the same device, in the same run. See ``README.md``."""
