"""What each action does: `actions.json`, written by hand, one record a line.

Facts are from 3CX's published names, types and enums, from docs/pbx.md, and from what is publicly known of 3CX. Where
an action's meaning follows from its name only, the record is marked ``inferred``; a consequence that nobody has seen
is marked as assumed in its text.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

DATA_FILE = Path(__file__).with_name("actions.json")


class ActionDescription(msgspec.Struct, frozen=True):
    """What an action does, in one sentence; ``when`` adds when it is needed and what follows from it."""

    does: str
    when: str = ""
    inferred: bool = False

    def __str__(self) -> str:
        does = f"{self.does.removesuffix('.')} (inferred from its name)." if self.inferred else self.does
        return f"{does} {self.when}".rstrip()


def action_description(action_id: str) -> ActionDescription | None:
    """Return what an action such as ``fax.delete`` does; None for one that nobody has described."""
    return described_actions().get(action_id)


_DECODER = msgspec.json.Decoder(dict[str, ActionDescription])


@lru_cache(maxsize=1)
def described_actions() -> dict[str, ActionDescription]:
    """Return all descriptions by the id of their action."""
    return _DECODER.decode(DATA_FILE.read_bytes())
