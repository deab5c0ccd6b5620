"""Seeds: what a fresh emulator holds. Each is a function that gives the rows of every set and each singleton's fields,
and has a model that tells the calls of the past.

A seed is written for the newest version; the store drops what an older one lacks. Every name, number and address in
it is made up: telephone numbers from the ranges kept for fiction, hosts under example.com, addresses from the
documentation networks.
"""

from __future__ import annotations

from collections.abc import Callable

from ..store import Seed
from ..telephony.model import CallModel, silent
from . import calls, demo, fresh

SEEDS: dict[str, Callable[[], Seed]] = {"demo": demo.seed, "empty": fresh.seed}
MODELS: dict[str, Callable[[], CallModel]] = {"demo": calls.demo, "empty": silent}
