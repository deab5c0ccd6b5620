"""The rule of service principals: their number is a client id, and a principal that goes takes its key along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..evidence import ASSUMED
from ..principals import forget_key
from ..values import Row
from ..warning_codes import INVALID, REQUIRED, refuse
from .rule import Rule

if TYPE_CHECKING:
    from ..store import Store

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")


class Principals(Rule):
    def prepare(self, store: Store, given: Row, old: Row | None) -> Row:
        """Only the PBX says that a principal is its own, or when it was used."""
        return {name: value for name, value in given.items() if name not in ("IsSystem", "LastUsed")}

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        if not row["Number"]:
            raise refuse(store, REQUIRED, "Number", fact=ASSUMED)
        if not _CLIENT_ID.fullmatch(row["Number"]):
            raise refuse(store, INVALID, "Number", fact=ASSUMED)

    def check_removal(self, store: Store, row: Row) -> None:
        if row.get("IsSystem"):
            raise refuse(store, "WARNINGS.CANNOT_BE_DELETED", fact=ASSUMED)

    def removed(self, store: Store, row: Row) -> None:
        forget_key(store, row["Number"])


RULES: dict[str, Rule] = {"ServicePrincipals": Principals()}
