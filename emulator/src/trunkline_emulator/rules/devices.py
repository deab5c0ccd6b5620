"""Gateways for analogue phones, session border controllers and what was seen on the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..values import Row
from ..warning_codes import INVALID_HEX, MAC_IN_USE, NOT_FOUND
from . import phones
from .checks import SHORT, Checked, empty, exists_in, group_named, like
from .dns import Naming
from .users import secret

if TYPE_CHECKING:
    from ..store import Store

_MAC = like(r"[0-9A-F]{12}", INVALID_HEX)


class Fxs(Naming):
    name = "Fxs"
    fields: ClassVar = {"MacAddress": (_MAC,), "Name": (SHORT,), "Group": (group_named,)}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        if old is None:
            filled["MacAddress"] = phones.plain(filled.get("MacAddress") or "")
            made = {"Password": secret(12), "Secret": secret(16)}
            filled |= {field: value for field, value in made.items() if empty(filled.get(field))}
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        if old is None and phones.holder(store, row["MacAddress"]) is not None:
            yield "MacAddress", MAC_IN_USE
        template = (given.get("Template") or {}).get("Id")
        if not empty(template) and template not in store.tables["FxsTemplates"].rows:
            yield "Template.Id", NOT_FOUND


class Sbcs(Checked):
    name = "Sbcs"
    required = ("DisplayName",)
    fields: ClassVar = {
        "Name": (like(r"[0-9A-Za-z_-]{1,12}"),),
        "DisplayName": (SHORT,),
        "Group": (group_named,),
        "PhoneUserId": (exists_in("Users"),),
    }
    defaults: ClassVar = {"HasConnection": False}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        return {**given, "Password": secret(12)} if old is None and empty(given.get("Password")) else given

    def removed(self, store: Store, row: Row) -> None:
        """Devices that came through it are seen directly from now on."""
        for device in store.rows("DeviceInfos"):
            if device["SbcName"] == row["Name"]:
                store.change("DeviceInfos", device, SbcName=None, ViaSBC=False)
