# WLAN, with one access point that exists in the simulation: "virtual-wifi", with the key "micropython". No sockets.

import sys
import time

from machine import unique_id

STA_IF, AP_IF = 0, 1
if sys.platform == "esp32":
    STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
    STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 201, 202
    STAT_BEACON_TIMEOUT, STAT_ASSOC_FAIL, STAT_HANDSHAKE_TIMEOUT = 200, 203, 204
    AUTH_OPEN, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK, AUTH_WPA_WPA2_PSK = 0, 1, 2, 3, 4
else:
    STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 0, 1, 3
    STAT_CONNECT_FAIL, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = -1, -2, -3

_SSID, _KEY, _BSSID, _CHANNEL, _RSSI, _WPA2 = "virtual-wifi", "micropython", b"\x02\x00\x00\x00\x00\x01", 6, -50, 3
_TAKES = 500  # milliseconds until a connection has come or failed
_NOTHING = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
_LEASE = ("192.168.1.23", "255.255.255.0", "192.168.1.1", "192.168.1.1")
_OF_AP = ("192.168.4.1", "255.255.255.0", "192.168.4.1", "8.8.8.8")

_hostname = "mpy-esp32" if sys.platform == "esp32" else "mpy-rp2"
_country = "XX"
_ip = {"dns": "192.168.1.1", "prefer": 4}


def hostname(name=None):
    global _hostname
    if name is None:
        return _hostname
    if not isinstance(name, str):
        raise TypeError("can't convert %s to str" % type(name).__name__)
    if not 0 < len(name) <= 32:
        raise ValueError
    _hostname = name


def country(code=None):
    global _country
    if code is None:
        return _country
    if not isinstance(code, str):
        raise TypeError("can't convert %s to str" % type(code).__name__)
    if len(code) != 2:
        raise ValueError
    _country = code


def ipconfig(param=None, **values):
    if param is not None:
        if param not in _ip:
            raise ValueError("unknown config param")
        return _ip[param]
    for name in values:
        if name not in _ip:
            raise ValueError("unknown config param")
    _ip.update(values)


class _Interface:
    # There is one of each kind, and all objects of WLAN for it are the same.

    def __init__(self, kind):
        self.active = False
        self.begun = None  # when connecting began, in ticks
        self.outcome = STAT_IDLE  # what it comes to
        self.address = None  # what a program has set
        self.settings = {
            "mac": b"\x02" + unique_id()[-4:] + bytes((kind,)),
            "ssid": "MPY-" + unique_id()[-2:].hex() if kind else "",
            "channel": _CHANNEL if not kind else 1,
            "hidden": False,
            "security": _WPA2 if kind else 0,
            "txpower": 20,
            "pm": 0,
            "reconnects": -1,
            "max_clients": 4,
        }


_interfaces = {}


class WLAN:
    IF_STA, IF_AP = 0, 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = (0, 0, 1) if sys.platform == "esp32" else (16, 10555714, 17)
    SEC_OPEN, SEC_WEP, SEC_WPA, SEC_WPA2, SEC_WPA_WPA2 = 0, 1, 2, 3, 4

    def __init__(self, interface_id=0):
        if interface_id not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        if interface_id not in _interfaces:
            _interfaces[interface_id] = _Interface(interface_id)
        self._id = interface_id
        self._state = _interfaces[interface_id]

    def active(self, is_active=None):
        state = self._state
        if is_active is None:
            return state.active
        state.active = bool(is_active)
        if not is_active:
            self.disconnect()
        return state.active if sys.platform == "esp32" else None

    def _need(self, message="STA must be active"):
        if self._id != STA_IF or not self._state.active:
            raise OSError(message)

    def scan(self):
        self._need()
        time.sleep_ms(100)
        return [(_SSID.encode(), _BSSID, _CHANNEL, _RSSI, _WPA2, False)]

    def connect(self, ssid=None, key=None, *, bssid=None, auth=None, security=None, channel=None):
        if self._id != STA_IF or not self._state.active:
            from _machine.bus import error

            raise error("EPERM")
        name = ssid.decode() if isinstance(ssid, (bytes, bytearray)) else ssid
        key = key.decode() if isinstance(key, (bytes, bytearray)) else key
        if name is not None and not isinstance(name, str):
            raise TypeError("can't convert %s to str" % type(name).__name__)
        state = self._state
        state.settings["ssid"] = name or ""
        state.begun = time.ticks_ms()
        if name != _SSID or (bssid is not None and bssid != _BSSID):
            state.outcome = STAT_NO_AP_FOUND
        else:
            state.outcome = STAT_GOT_IP if key == _KEY else STAT_WRONG_PASSWORD

    def disconnect(self):
        self._state.begun = None
        self._state.outcome = STAT_IDLE
        self._state.address = None

    def _status(self):
        state = self._state
        if state.begun is not None:
            if time.ticks_diff(time.ticks_ms(), state.begun) < _TAKES:
                return STAT_CONNECTING
            state.begun = None
        return state.outcome

    def status(self, param=None):
        if param is None:
            return self._status()
        if param == "rssi" and self._id == STA_IF:
            return _RSSI if self.isconnected() else 0
        if param == "stations" and self._id == AP_IF:
            return []
        raise ValueError("unknown status param")

    def isconnected(self):
        # Nobody ever joins an access point of the board's.
        return self._id == STA_IF and self._status() == STAT_GOT_IP

    def ifconfig(self, addresses=None):
        state = self._state
        if addresses is None:
            if self._id == AP_IF:
                return (state.address or _OF_AP) if state.active else _NOTHING
            return (state.address or _LEASE) if self.isconnected() else _NOTHING
        if addresses == "dhcp":
            state.address = None
            return
        if len(addresses) != 4:
            raise ValueError("requested length 4 but object has length %d" % len(addresses))
        state.address = tuple(addresses)

    def ipconfig(self, param=None, **values):
        address, mask, gateway, dns = self.ifconfig()
        if param is not None:
            if param == "dhcp4":
                return self._state.address is None and self._id == STA_IF
            if param == "has_dhcp4":
                return self.isconnected() and self._state.address is None
            if param == "addr4":
                return address, mask
            if param == "gw4":
                return gateway
            if param == "addr6":
                return []
            raise ValueError("unexpected key")
        for name, value in values.items():
            if name == "addr4":
                if isinstance(value, str):
                    value = (value.split("/")[0], mask)
                self._state.address = (value[0], value[1], gateway, dns)
            elif name == "gw4":
                self._state.address = (address, mask, value, dns)
            elif name == "dhcp4":
                if value:
                    self._state.address = None
            else:
                raise ValueError("unexpected key")

    def config(self, *param, **values):
        settings = self._state.settings
        if param:
            if len(param) != 1 or values:
                raise TypeError("can query only one param")
            name = _setting(param[0])
            if name == "hostname":
                return _hostname
            if name == "key":
                raise ValueError("unknown config param")
            if name not in settings:
                raise ValueError("unknown config param")
            return settings[name]
        for name, value in values.items():
            name = _setting(name)
            if name == "hostname":
                hostname(value)
            elif name == "key":
                if value and len(value) < 8:
                    raise ValueError("AP password too short")
            elif name in settings:
                settings[name] = value
            else:
                raise ValueError("unknown config param")


def _setting(name):
    # Older names of some.
    return {"essid": "ssid", "password": "key", "authmode": "security", "dhcp_hostname": "hostname"}.get(name, name)
