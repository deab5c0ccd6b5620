"""Codes of ``Pbx.Warnings``, of which an older version knows fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .refusals import Refusal, bad_field

if TYPE_CHECKING:
    from .store import Store

# What says only that something is wrong; the name changed between versions.
_PLAIN = ("WARNINGS.INVALID", "WARNINGS.XAPI.INVALID")


def warning(store: Store, code: str) -> str:
    """The code if this version has it, else the one that says only that something is wrong."""
    known = store.catalog.enum_values("Pbx.Warnings")
    return code if code in known else next((plain for plain in _PLAIN if plain in known), _PLAIN[-1])


def refuse(store: Store, code: str, field: str = "", *, status: int = 400) -> Refusal:
    """A refusal with a code, for one field or for the request as a whole."""
    known = warning(store, code)
    return bad_field(field, known) if field else Refusal(status, known, details={"": known})
