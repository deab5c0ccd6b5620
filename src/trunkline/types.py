"""The entities, bodies and enums of the 3CX Configuration API, for annotations.

    from trunkline.types import Contact, ContactPart, PeerType

``Contact`` is what a PBX answers: every field is there that all versions have, unless ``select`` leaves it out; what
came later or needs ``expand``, and all of a report's rows, may be missing. ``ContactPart`` is what a body may hold: any
of the fields, with dates as ``datetime`` if you like. A body that has no name of 3CX's is called after its action,
``FaxBulkFaxDeleteBody``. Enums are Literals; those that may hold several values at once (``"A,B"``) are ``str``.

Each name is made from the catalog when it is first used; type checkers read types.pyi, which says the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence  # noqa: F401 - from here to UUID: what fields name
from datetime import datetime, timedelta  # noqa: F401
from functools import lru_cache
from pathlib import PurePath
from typing import BinaryIO, Literal, NotRequired, TypedDict
from uuid import UUID  # noqa: F401

from .catalog import load, spelling

# What OData adds to an object; `@odata.etag` is taken from an answer's header.
Entity = TypedDict("Entity", {"@odata.context": str, "@odata.etag": str, "@odata.type": str}, total=False)
# The content of a file, or where it is; or its name, and one of these.
Upload = bytes | PurePath | BinaryIO | tuple[str, bytes | PurePath | BinaryIO]


@lru_cache(maxsize=1)
def _shapes() -> Mapping[str, spelling.Shape]:
    return {shape.name: shape for shape in spelling.shapes(load())}


def __getattr__(name: str) -> object:
    enum = load().enums.get(f"Pbx.{name}")
    if enum is not None:
        value: object = str if enum.flags else Literal[load().enum_values(f"Pbx.{name}")]
        return globals().setdefault(name, value)
    if name not in _shapes():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _, base, texts, firm, _ = _shapes()[name]
    fields = dict.fromkeys(Entity.__annotations__ if base else (), NotRequired[str])
    fields |= {field: text if field in firm else NotRequired[text] for field, text in texts.items()}
    value = globals().setdefault(name, TypedDict(name, fields))
    # Fields name their types as text, because types refer to each other in circles; typing.get_type_hints looks
    # such text up in this module's namespace, where they have to be by then.
    for other in set(re.findall(r"\w+", " ".join(texts.values()))) & set(__dir__()) - globals().keys():
        __getattr__(other)
    return value


def __dir__() -> list[str]:
    return sorted({"Entity", "Upload", *_shapes(), *map(spelling.short, load().enums)})
