# The addresses of network interfaces that are on. Where nobody has imported network, none is: to ask for one would wake
# the radio.
def snippet():
    import sys

    if "network" not in getattr(sys, "modules", ()):
        return
    import network

    for name in ("STA_IF", "AP_IF"):
        try:
            line = network.WLAN(getattr(network, name))
            if line.active():
                print(repr((name, line.ifconfig(), line.config("mac"))))
        except Exception:
            pass
