#!/bin/sh
# Installs the programs that the tests use and Python packages do not bring: the micro:bit in QEMU.
# Where that cannot be done (not root, no apt), the tests that need them say so; with CI=true they fail.
set -u
firmware=/usr/share/firmware-microbit-micropython/firmware.hex
if command -v qemu-system-arm >/dev/null 2>&1 && [ -f "$firmware" ]; then
    exit 0
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then as_root="sudo -n"; else
        echo "For the tests on a micro:bit: sudo apt-get install qemu-system-arm firmware-microbit-micropython"
        exit 0
    fi
fi
command -v apt-get >/dev/null 2>&1 || exit 0
echo "Installing a micro:bit (qemu-system-arm, firmware-microbit-micropython) ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq &&
    $as_root apt-get install -y -qq --no-install-recommends qemu-system-arm firmware-microbit-micropython >/dev/null ||
    echo "That did not work; the tests on a micro:bit cannot run."
exit 0
