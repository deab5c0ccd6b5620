"""The models of phone in the demo seed, and who has which."""

from __future__ import annotations

# Vendor, model, start of the MAC address, firmware.
MODELS = (
    ("Yealink", "T54W", "805EC0", "96.86.0.70"),
    ("Yealink", "T57W", "805EC0", "96.86.0.70"),
    ("Fanvil", "X5U", "0C383E", "2.12.1.7"),
    ("Snom", "D785", "000413", "10.1.159.12"),
    ("Grandstream", "GRP2614", "C074AD", "1.0.11.8"),
)
# Devices that were seen, and how many of them somebody has: the first is the phone of extension 101, and so on.
DEVICES = 15
PHONES = 12


def mac_of(number: int) -> str:
    return f"{MODELS[(number - 1) % len(MODELS)][2]}{number:06X}"
