"""The other client of the same API, if it is installed. It ships no types for us to trust, so it is Any here."""

from __future__ import annotations

from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

DISTRIBUTION = "3cx-xapi-python-sdk"
MODULE = "threecx"
CLIENT = "ThreeCXClient"
HOW_TO_INSTALL = f"the peer {DISTRIBUTION} is not installed, so Trunkline runs alone: pip install '.[bench]'"


def installed() -> bool:
    return find_spec(MODULE) is not None


def version() -> str | None:
    return metadata.version(DISTRIBUTION) if installed() else None


def client(url: str, client_id: str, api_key: str) -> Any:
    """A client of the peer, as its README makes one; a context manager."""
    return getattr(import_module(MODULE), CLIENT)(base_url=url, client_id=client_id, client_secret=api_key)
