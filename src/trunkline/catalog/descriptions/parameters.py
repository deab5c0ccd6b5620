"""What each parameter of an action means: `parameters.json`, written by hand, one record a line.

Parameters are keys and function arguments in a path, and the fields of an OData action's body. A name means the same in
all actions, but where a record such as ``users.make_call dn`` stands for one. Meanings of the reports' arguments are
those of emulator/docs/reports.md; what nobody has seen is marked as assumed. ``inferred`` is what follows from a name
only.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

DATA_FILE = Path(__file__).with_name("parameters.json")


class ParameterDescription(msgspec.Struct, frozen=True):
    """What a parameter means, with its units and values."""

    means: str
    inferred: bool = False

    def __str__(self) -> str:
        return f"{self.means.removesuffix('.')} (inferred from its name)." if self.inferred else self.means


def parameter_description(action_id: str, name: str) -> ParameterDescription | None:
    """Return what a parameter of an action means; None for one that nobody has described."""
    described = described_parameters()
    return described.get(f"{action_id} {name}") or described.get(name)


_DECODER = msgspec.json.Decoder(dict[str, ParameterDescription])


@lru_cache(maxsize=1)
def described_parameters() -> dict[str, ParameterDescription]:
    """Return all descriptions, by a parameter's name or by an action and a name."""
    return _DECODER.decode(DATA_FILE.read_bytes())
