"""What 3CX's own codes mean, such as ``WARNINGS.XAPI.ALREADY_IN_USE``, and what to do next: `codes.json`.

The enum ``Pbx.Warnings`` lists the codes (published), without a word about them. But for the few that docs/pbx.md
names, a meaning follows from the code's name, and from the fields and actions that have it. The data has a code by its
last part: up to 20.0.8 some have another prefix.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

DATA_FILE = Path(__file__).with_name("codes.json")
FIELD = "{field}"


class Code(msgspec.Struct, frozen=True):
    """What a code means, as a clause in which `FIELD` stands for the field if it is about one, and what to do next.

    ``action`` is the id of an action that shows what helps, and needs no arguments; empty where there is none.
    """

    means: str
    next: str
    action: str = ""

    @property
    def about_field(self) -> bool:
        """Whether the code is about the value of one field."""
        return FIELD in self.means

    def clause(self, field: str) -> str:
        """Return what the code means for a field; without one, for ``it``."""
        if self.about_field:
            return self.means.replace(FIELD, field or "it")
        return f"{field}: {self.means}" if field else self.means


def code(name: str) -> Code | None:
    """Return what one of 3CX's codes means, whatever its prefix; None for one that is not known."""
    return codes().get(name.rpartition(".")[2]) if name.startswith("WARNINGS.") else None


_DECODER = msgspec.json.Decoder(dict[str, Code])


@lru_cache(maxsize=1)
def codes() -> dict[str, Code]:
    """Return what is known of each code, by its last part."""
    return _DECODER.decode(DATA_FILE.read_bytes())
