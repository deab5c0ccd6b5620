"""Seeds: what a fresh emulator holds. Each is a function that gives the rows of every set and each singleton's fields,
and has a model that tells the calls of the past.

A seed is written for the newest version; the store drops what an older one lacks. Every name, number and address in
it is made up: telephone numbers from the ranges kept for fiction, hosts under example.com, addresses from the
documentation networks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from .. import builds
from ..ground import Ground, Seed
from ..telephony.model import CallModel, silent
from . import calls, demo, fresh, large

SEEDS: dict[str, Callable[[], Seed]] = {"demo": demo.seed, "empty": fresh.seed, "large": large.seed}
MODELS: dict[str, Callable[[], CallModel]] = {"demo": calls.demo, "empty": silent, "large": calls.demo}


def ground(seed: str | Path | Seed, version: str) -> Ground:
    """Return a seed in one version: one of `SEEDS` by name, a YAML or JSON file, or the rows themselves.

    ValueError for a name that is none, and for a file or rows that don't fit the types of 3CX.
    """
    if isinstance(seed, str) and seed in SEEDS:
        return _known(seed, version)
    if isinstance(seed, str) and not seed.endswith((".yaml", ".yml", ".json")):
        raise ValueError(f"No seed is called {seed!r}; there are {', '.join(sorted(SEEDS))}, and files of your own.")
    from . import files

    base, content = files.read(Path(seed)) if isinstance(seed, str | Path) else files.checked(seed, "The seed")
    return Ground(builds.load(version), content, MODELS[base]())


@lru_cache(maxsize=8)
def _known(name: str, version: str) -> Ground:
    return Ground(builds.load(version), SEEDS[name](), MODELS[name]())


def name_of(seed: str | Path | Mapping[str, object]) -> str:
    """How messages call a seed."""
    return str(seed) if isinstance(seed, str | Path) else "of one's own"
