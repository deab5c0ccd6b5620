"""The version of the PBX as its status tells it: four parts."""

from __future__ import annotations

from ..store import Store


def version_of(store: Store) -> str:
    version = store.catalog.version or ""
    return f"{version}.0" if version.count(".") == 2 else version
