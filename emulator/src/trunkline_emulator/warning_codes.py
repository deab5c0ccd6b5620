"""Codes of ``Pbx.Warnings``, of which an older version knows fewer, and some by another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.catalog import Catalog

from .evidence import Fact
from .refusals import Refusal, bad_field

if TYPE_CHECKING:
    from .store import Store

REQUIRED = "WARNINGS.XAPI.REQUIRED"
NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"
ALREADY_IN_USE = "WARNINGS.XAPI.ALREADY_IN_USE"
DUPLICATE = "WARNINGS.XAPI.DUPLICATE"
OUT_OF_THE_RANGE = "WARNINGS.XAPI.OUT_OF_THE_RANGE"
INVALID = "WARNINGS.INVALID"
INVALID_IP_MASK = "WARNINGS.INVALID_IP_MASK"
MAC_IN_USE = "WARNINGS.MAC_ADDRESS_ALREADY_IN_USE"
INVALID_HEX = "WARNINGS.INVALID_HEX_CHARACTER"
TOO_MANY = "WARNINGS.XAPI.TOO_MANY_ITEMS_IN_LIST"
FILE_NOT_FOUND = "WARNINGS.XAPI.FILE_NOT_FOUND"
FORBIDDEN_CHANGE = "WARNINGS.XAPI.FORBIDDEN_CHANGE"

# Up to 20.0.8 a code such as WARNINGS.INVALID_PASSWORD is called WARNINGS.XAPI.INVALID_PASSWORD.
_NOW, _THEN = "WARNINGS.", "WARNINGS.XAPI."
_NEAREST = {MAC_IN_USE: ALREADY_IN_USE, TOO_MANY: OUT_OF_THE_RANGE}


def warning(catalog: Catalog, code: str) -> str:
    """Return the code as a version has it.

    One that it lacks is said as the nearest, or as that something is invalid.
    """
    known = catalog.enum_values("Pbx.Warnings")
    likely = (code, _NEAREST.get(code, INVALID), INVALID)
    names = [name for one in likely for name in (one, one.replace(_NOW, _THEN, 1))]
    return next((name for name in names if name in known), code)


def refuse(store: Store, code: str, field: str = "", *, fact: Fact, status: int = 400) -> Refusal:
    """Return a refusal with a code, for one field or for the request as a whole."""
    known = warning(store.catalog, code)
    return bad_field(field, known, fact=fact) if field else Refusal(status, known, fact=fact, details={"": known})
