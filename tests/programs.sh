#!/bin/sh
# Installs the programs that the tests use and Python packages do not bring: the micro:bit in QEMU, a browser.
# Where that cannot be done (not root, no apt), the tests that need them say so; with CI=true they fail.
set -u
firmware=/usr/share/firmware-microbit-micropython/firmware.hex
missing=
if ! command -v qemu-system-arm >/dev/null 2>&1 || [ ! -f "$firmware" ]; then
    missing="qemu-system-arm firmware-microbit-micropython"
fi
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then as_root="sudo -n"; else
        echo "For the tests on a micro:bit and in a browser: sudo apt-get install" $missing
        exit 0
    fi
fi
command -v apt-get >/dev/null 2>&1 || exit 0
echo "Installing a micro:bit and a browser:" $missing "..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
# One by one: where the system lacks one, the tests with the others can run.
for package in $missing; do
    $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
        echo "That did not work; the tests that need $package cannot run."
done
exit 0
