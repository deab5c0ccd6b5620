"""The hand-written facts of ``kinds.toml``, which the catalog does not have."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

FILE = Path(__file__).with_name("kinds.toml")


class KindEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind: its set or what it is a part of, and its natural key as alternatives of fields."""

    reason: str
    set: str = ""
    part: dict[str, str] = {}
    key: tuple[tuple[str, ...], ...] = ()
    single: str = ""
    unique: bool = False
    select: tuple[str, ...] = ()


class NamedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set that is read for the names of its entities."""

    set: str
    key: str
    reason: str


class ReferenceEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field refers to: a kind, and the field of it that the API has there."""

    kind: str
    by: str
    loose: bool = False


class Padding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of a fixed length, and what says that an element is not used."""

    length: int
    field: str
    unused: Any
    reason: str


class NotOurs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of a set that nobody configured: those with one of these values in a field."""

    field: str
    values: tuple[Any, ...]
    reason: str


class Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. The tables that have nothing but a text for each entry have the reason there."""

    kinds: dict[str, KindEntry]
    not_configuration: dict[str, str]
    not_managed: dict[str, str]
    named: dict[str, NamedEntry]
    references: dict[str, ReferenceEntry]
    people: dict[str, tuple[str, ...]]
    elements: dict[str, str]
    whole: dict[str, str]
    sets: dict[str, str]
    padded: dict[str, Padding]
    not_expanded: dict[str, str]
    computed: dict[str, str]
    volatile: dict[str, str]
    only_true: dict[str, str]
    not_ours: dict[str, NotOurs]


msgspec.json.Decoder(Tables)  # made ready before several threads read one (CONTRIBUTING.md)


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Return what ``kinds.toml`` holds."""
    return msgspec.toml.decode(FILE.read_bytes(), type=Tables)
