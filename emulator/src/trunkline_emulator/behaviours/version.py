"""The version of the PBX as its status and its headers tell it: four parts."""

from __future__ import annotations

from ..store import Store


def version_of(store: Store) -> str:
    return four_parts(store.catalog.version or "")


def four_parts(version: str) -> str:
    return f"{version}.0" if version.count(".") == 2 and version[0].isdigit() else version
